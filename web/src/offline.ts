/** The page kept on the device, on static sites only: sw.js holds the page and its bundle, never a film. */
const PREFIX = 'plainfilm-';

/**
 * Keeps the page for the next visit; nothing happens where the browser cannot. `onNewer` hears when
 * another version than the one shown has come and waits.
 */
export async function keepOffline(onNewer: () => void): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const kept = await navigator.serviceWorker.register('sw.js').catch(() => undefined);
  const look = () => kept?.waiting && navigator.serviceWorker.controller && onNewer();
  const watch = () => kept?.installing?.addEventListener('statechange', look);
  look();
  watch();
  kept?.addEventListener('updatefound', watch);
}

/** Takes the version that waits, and loads the page anew from it. */
export async function takeNewer(): Promise<void> {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  const kept = await navigator.serviceWorker.getRegistration();
  kept?.waiting?.postMessage('update');
}

/** Removes what was kept. */
export async function forget(): Promise<void> {
  const kept = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(kept.map((registration) => registration.unregister()));
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX)).map((name) => caches.delete(name)));
}

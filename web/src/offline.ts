/** The page kept on the device, on static sites only: sw.js holds the page and its bundle, never a film. */
const PREFIX = 'plainfilm-';

/** Keeps the page for the next visit; nothing happens where the browser cannot. */
export async function keepOffline(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  await navigator.serviceWorker.register('sw.js').catch(() => undefined);
}

/** Removes what was kept. */
export async function forget(): Promise<void> {
  const kept = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(kept.map((registration) => registration.unregister()));
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX)).map((name) => caches.delete(name)));
}

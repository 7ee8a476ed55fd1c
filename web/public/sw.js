// Keeps the page and its bundle on the device, so that it reads films without a network. `SITE`, the
// list of files and the hash of them all, is put before this by `plainfilm site`. No film ever comes
// here: only these files are answered, everything else goes by.
const CACHE = `plainfilm-${SITE.build}`;
const KEPT = ['./', ...SITE.files].map((file) => new URL(file, self.registration.scope).href);

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT.map((url) => new Request(url, { cache: 'no-cache' })))));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith('plainfilm-') && name !== CACHE))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('message', (event) => {
  if (event.data === 'update') self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return;
  const asked = event.request.mode === 'navigate' ? new URL('./', self.registration.scope).href : url.href;
  if (!KEPT.includes(asked)) return;
  event.respondWith(caches.match(asked, { cacheName: CACHE }).then((found) => found ?? fetch(event.request)));
});

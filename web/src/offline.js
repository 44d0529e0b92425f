// After the first visit everything comes from here: the network files are large and never change under one address.
const CACHE = 'tdn-lens-__VERSION__';
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== CACHE && name !== 'runtime') await caches.delete(name);
  await clients.claim();
})()));
addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET' || new URL(event.request.url).origin !== location.origin || event.request.headers.has('range')) return;
  event.respondWith((async () => {
    const cache = await caches.open(CACHE), known = await cache.match(event.request);
    if (known) return known;
    const answer = await fetch(event.request);
    if (answer.ok) await cache.put(event.request, answer.clone());
    return answer;
  })());
});

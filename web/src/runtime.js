// onnxruntime's program, which build.mjs packs to a sixth. Browsers that can't unpack brotli by themselves fetch a decoder in
// JavaScript for it, a second's work; the result is kept, so that only a first visit has it.
/* global RUNTIME */ // { file, bytes }, from build.mjs

// Its bytes, as ArrayBuffer or Uint8Array. `folder` is the address of the page.
export async function runtime(folder) {
  const url = new URL(RUNTIME.file, folder).href, cache = await globalThis.caches?.open('runtime').catch(() => null);
  const known = await cache?.match(url);
  if (known) return known.arrayBuffer();
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const bytes = await unpacked(answer);
  for (const old of (await cache?.keys()) ?? []) await cache.delete(old);
  await cache?.put(url, new Response(bytes)).catch(() => {}); // no room: unpacked again the next time
  return bytes;
}

async function unpacked(answer) {
  let native = null;
  try {
    native = new DecompressionStream('brotli');
  } catch {
    const { decompress } = await import('brotli/decompress');
    return decompress(new Uint8Array(await answer.arrayBuffer()), RUNTIME.bytes);
  }
  return new Response(answer.body.pipeThrough(native)).arrayBuffer();
}

// Clips as the lab's boards want them: views by segment and frame, and at half resolution as S-TDM reads them.

// What the worker's `read` gave with its views, for the network that reads it.
export function asClip(found, { num_segments: segments, window, input_size: size }) {
  const view = (t, l) => found.views.subarray((t * window + l) * size * size * 3, (t * window + l + 1) * size * size * 3), halves = new Map();
  const half = (t, l) => {
    const name = t * window + l;
    if (!halves.has(name)) halves.set(name, averaged(view(t, l), size));
    return halves.get(name);
  };
  return { ...found, segments, window, size, view, half };
}

// Averages of 2 x 2 pixels, not rounded: Float32Array [size / 2, size / 2, 3].
function averaged(view, size) {
  const half = size / 2, out = new Float32Array(half * half * 3);
  for (let y = 0, to = 0; y < half; y++) for (let x = 0; x < half; x++) for (let c = 0; c < 3; c++, to++) {
    const at = (2 * y * size + 2 * x) * 3 + c;
    out[to] = (view[at] + view[at + 3] + view[at + size * 3] + view[at + size * 3 + 3]) / 4;
  }
  return out;
}

// Clip `number` of `count` of grey cells [count, T, L, cells, cells], each enlarged as OpenCV's nearest rule does it.
export function enlarged(cells, number, count, { num_segments: segments, window, input_size: size }) {
  const frames = segments * window, each = cells.length / count / frames, side = Math.sqrt(each), views = new Uint8Array(frames * size * size * 3);
  const from = Array.from({ length: size }, (_, k) => Math.floor(k * (1 / (size / side))));
  for (let f = 0, to = 0; f < frames; f++) {
    const start = (number * frames + f) * each;
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++, to += 3) views.fill(cells[start + from[y] * side + from[x]], to, to + 3);
  }
  return asClip({ views }, { num_segments: segments, window, input_size: size });
}

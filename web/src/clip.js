// From an opened file to what the networks read and the page shows. In the worker, or in the page where only it can decode.
import { resize, seenBox, shownSize, toView } from './resize.js';
import { windowFrames } from './sampling.js';

// One clip of `source` (decode.js) for a network: views [T * L] of its size, and the frames at the middles of the windows.
export async function clipOf(source, network, showing) {
  const frames = windowFrames(source.frames, source.fps, network, showing);
  const size = network.preprocess.input_size, bytes = size * size * 3, flat = frames.flat(), middle = Math.floor(network.window / 2);
  const centres = frames.map((window) => window[middle]), [width, height] = shownSize(source.width, source.height);
  const views = new Uint8Array(flat.length * bytes), pictures = {};
  await source.read(new Set(flat), (index, pixels) => {
    const view = toView(pixels, source.width, source.height, 4, network.preprocess);
    flat.forEach((wanted, place) => { if (wanted === index) views.set(view, place * bytes); });
    if (centres.includes(index)) pictures[index] = resize(pixels, source.width, source.height, 4, width, height);
  });
  const box = seenBox(source.width, source.height, network.preprocess).map((edge, k) => Math.round(edge * (k % 2 ? height / source.height : width / source.width)));
  return {
    frames, width, height, box, fps: source.fps, count: source.frames, times_sec: centres.map((index) => source.times[index]),
    centres: centres.map((index) => pictures[index]), windows: windowsAtHalf(views, network), window_side: size / 2, views,
  };
}

// Every frame that any of the showings needs, by its number, and which each of them needs.
export async function filmOf(source, network, showings) {
  const views = {}, frames = showings.map((showing) => windowFrames(source.frames, source.fps, network, showing));
  await source.read(new Set(frames.flat(2)), (index, pixels) => { views[index] = toView(pixels, source.width, source.height, 4, network.preprocess); });
  return { views, frames, shape: source.width / source.height };
}

// The windows at half resolution, as S-TDM reads them.
function windowsAtHalf(views, { num_segments: segments, window, input_size: size }) {
  const half = size / 2, bytes = size * size * 3, out = new Uint8Array(segments * window * half * half * 3);
  for (let f = 0, to = 0; f < segments * window; f++) {
    for (let y = 0; y < half; y++) for (let x = 0; x < half; x++) for (let c = 0; c < 3; c++, to++) {
      const at = f * bytes + (2 * y * size + 2 * x) * 3 + c;
      out[to] = (views[at] + views[at + 3] + views[at + size * 3] + views[at + size * 3 + 3] + 2) >> 2;
    }
  }
  return out;
}

// The worker: reads clips and runs networks. Talks in messages {id, call, ...}; answers {id, ok} or {id, error, kind}.
import { order } from './changes.js';
import { ClipError, open } from './decode.js';
import { configure, Network, softmax } from './network.js';
import { resize, seenBox, shownSize, toView } from './resize.js';
import { windowFrames } from './sampling.js';

const networks = {}; // by role
let clip = null, reached = {}, film = null;

const CALLS = {
  async load({ base, folders }) {
    configure(`${base}ort/`);
    for (const [role, folder] of Object.entries(folders)) networks[role] ??= await Network.load(new URL(folder, base).href);
    return Object.fromEntries(Object.entries(networks).map(([role, network]) => [role, network.description]));
  },

  // Read a file by the rule of the networks (both take the same frames), and answer.
  async read({ file, repeat = 1, part = 1 }) {
    reached = {}; // of the clip before
    const first = networks.tdn.description, source = await open(file);
    const frames = windowFrames(source.frames, source.fps, first, { repeat, part });
    const size = first.preprocess.input_size, bytes = size * size * 3, flat = frames.flat(), middle = Math.floor(first.window / 2);
    const centres = frames.map((window) => window[middle]), [width, height] = shownSize(source.width, source.height);
    const views = new Uint8Array(flat.length * bytes), pictures = {};
    await source.read(new Set(flat), (index, pixels) => {
      const view = toView(pixels, source.width, source.height, 4, first.preprocess);
      flat.forEach((wanted, place) => { if (wanted === index) views.set(view, place * bytes); });
      if (centres.includes(index)) pictures[index] = resize(pixels, source.width, source.height, 4, width, height);
    });
    clip = { views, segments: first.num_segments, window: first.window, bytes };
    const box = seenBox(source.width, source.height, first.preprocess).map((edge, k) => Math.round(edge * (k % 2 ? height / source.height : width / source.width)));
    return {
      frames, width, height, box, fps: source.fps, count: source.frames, times_sec: centres.map((index) => source.times[index]),
      centres: centres.map((index) => pictures[index]), windows: windowsAtHalf(clip, size), window_side: size / 2,
    };
  },

  // Scores of every network, of the clip as it is or after a change: { role: {logits, probabilities} }.
  async answer({ change = '', dials = {}, key = 'plain' }) {
    const views = changed(change), answers = {};
    for (const [role, network] of Object.entries(networks)) {
      const found = await network.run(views, dials);
      reached[`${key} ${role}`] = found;
      answers[role] = { logits: Array.from(found.logits), probabilities: softmax(found.logits) };
    }
    return answers;
  },

  // Signed maps of classes {index: weight} of every network: { role: {res2, final} }.
  async maps({ weights, key = 'plain', method }) {
    const out = {};
    for (const [role, network] of Object.entries(networks)) out[role] = await network.maps(reached[`${key} ${role}`], weights, method);
    return out;
  },

  // Every frame that any of the showings needs, decoded once, for `step`.
  async film({ file, showings }) {
    const first = networks.tdn.description, source = await open(file), views = {};
    const frames = showings.map((showing) => windowFrames(source.frames, source.fps, first, showing));
    await source.read(new Set(frames.flat(2)), (index, pixels) => { views[index] = toView(pixels, source.width, source.height, 4, first.preprocess); });
    film = { views, frames, size: first.input_size, shape: source.width / source.height };
    return true;
  },

  // Answers to one showing, with a picture of what each segment shows and how many windows cross a seam.
  async step({ place }) {
    const { views, frames, size, shape } = film, windows = frames[place], answers = {}, all = new Uint8Array(windows.flat().length * size * size * 3);
    windows.flat().forEach((index, k) => all.set(views[index], k * size * size * 3));
    for (const [role, network] of Object.entries(networks)) {
      const { logits } = await network.run(all);
      answers[role] = { logits: Array.from(logits), probabilities: softmax(logits) };
    }
    const seams = windows.filter((window) => window.at(-1) < window[0]).length;
    return { answers, seams, strip: await strip(windows.map((window) => views[window[Math.floor(window.length / 2)]]), size, shape) };
  },

  // A clip that is already in memory: the camera's last seconds, views [T * L] of the network's size.
  async take({ views }) {
    const { num_segments: segments, window, input_size: size } = networks.tdn.description;
    clip = { views, segments, window, bytes: size * size * 3 };
    return true;
  },
};

function changed(name) {
  const places = order(name, clip.segments, clip.window);
  if (!places) return clip.views;
  const out = new Uint8Array(clip.views.length);
  places.forEach((from, to) => out.set(clip.views.subarray(from * clip.bytes, (from + 1) * clip.bytes), to * clip.bytes));
  return out;
}

// Pictures side by side, small, in the shape that the clip has.
async function strip(pictures, size, shape) {
  const height = 54, width = Math.max(1, Math.round(height * Math.min(shape, 4))), row = new OffscreenCanvas(width * pictures.length, height), context = row.getContext('2d');
  const square = new OffscreenCanvas(size, size), pixels = square.getContext('2d');
  pictures.forEach((picture, k) => {
    const tile = new ImageData(size, size);
    for (let from = 0, to = 0; from < picture.length; from += 3, to += 4) tile.data.set([picture[from], picture[from + 1], picture[from + 2], 255], to);
    pixels.putImageData(tile, 0, 0);
    context.drawImage(square, 0, 0, size, size, k * width, 0, width, height);
  });
  return row.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
}

// The windows at half resolution, as S-TDM reads them.
function windowsAtHalf({ views, segments, window, bytes }, size) {
  const half = size / 2, out = new Uint8Array(segments * window * half * half * 3);
  for (let f = 0, to = 0; f < segments * window; f++) {
    for (let y = 0; y < half; y++) for (let x = 0; x < half; x++) for (let c = 0; c < 3; c++, to++) {
      const at = f * bytes + (2 * y * size + 2 * x) * 3 + c;
      out[to] = (views[at] + views[at + 3] + views[at + size * 3] + views[at + size * 3 + 3] + 2) >> 2;
    }
  }
  return out;
}

let turn = Promise.resolve(); // one call after another: they share the clip
onmessage = ({ data: { id, call, ...given } }) => {
  turn = turn.then(async () => {
    try {
      postMessage({ id, ok: await CALLS[call](given) });
    } catch (error) {
      postMessage({ id, error: error.message, isForVisitor: error instanceof ClipError });
    }
  });
};

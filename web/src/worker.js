// The worker: reads clips and runs networks. Talks in messages {id, call, ...}; answers {id, ok} or {id, error, kind}.
import { order } from './changes.js';
import { ClipError, open } from './decode.js';
import { configure, Network, softmax } from './network.js';
import { resize, seenBox, shownSize, toView } from './resize.js';
import { windowFrames } from './sampling.js';

const networks = {}; // by role
let clip = null, reached = {};

const CALLS = {
  async load({ base, folders }) {
    configure(`${base}ort/`);
    for (const [role, folder] of Object.entries(folders)) networks[role] ??= await Network.load(new URL(folder, base).href);
    return Object.fromEntries(Object.entries(networks).map(([role, network]) => [role, network.description]));
  },

  // Read a file by the rule of the networks (both take the same frames), and answer.
  async read({ file, repeat = 1, part = 1 }) {
    reached = {}; // of the clip before
    const first = networks.tdn.description, film = await open(file);
    const frames = windowFrames(film.frames, film.fps, first, { repeat, part });
    const size = first.preprocess.input_size, bytes = size * size * 3, flat = frames.flat(), middle = Math.floor(first.window / 2);
    const centres = frames.map((window) => window[middle]), [width, height] = shownSize(film.width, film.height);
    const views = new Uint8Array(flat.length * bytes), pictures = {};
    await film.read(new Set(flat), (index, pixels) => {
      const view = toView(pixels, film.width, film.height, 4, first.preprocess);
      flat.forEach((wanted, place) => { if (wanted === index) views.set(view, place * bytes); });
      if (centres.includes(index)) pictures[index] = resize(pixels, film.width, film.height, 4, width, height);
    });
    clip = { views, segments: first.num_segments, window: first.window, bytes };
    const box = seenBox(film.width, film.height, first.preprocess).map((edge, k) => Math.round(edge * (k % 2 ? height / film.height : width / film.width)));
    return {
      frames, width, height, box, fps: film.fps, count: film.frames, times_sec: centres.map((index) => film.times[index]),
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

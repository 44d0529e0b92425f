// The worker: reads clips and runs networks. Talks in messages {id, call, ...}; answers {id, ok} or {id, error, kind}.
import { blanked, order } from './changes.js';
import { clipOf, filmOf } from './clip.js';
import { ClipError, open } from './decode.js';
import { configure, Network, softmax } from './network.js';

// Networks by role. Clips by who asked (the page, its lab, checks), and what networks reached with them.
const networks = {}, clips = {};
let reached = {}, film = null, hasDecoder = true;

const CALLS = {
  async load({ base, folders, decodes }) {
    hasDecoder = decodes;
    await configure(base);
    for (const [role, folder] of Object.entries(folders)) networks[role] ??= await Network.load(new URL(folder, base).href);
    return Object.fromEntries(Object.entries(networks).map(([role, network]) => [role, network.description]));
  },

  // Read a file by the rule of the networks (both take the same frames). `views` come along where they are wanted.
  async read({ file, repeat, part, by = 'page', wantsViews = false }) {
    const { views, ...shown } = await clipOf(await open(file, hasDecoder), networks.tdn.description, { repeat, part });
    taken(by, views);
    return { ...shown, ...(wantsViews && { views }) };
  },

  // A clip that is already in memory: views [T * L] of the network's size.
  async take({ views, by = 'page' }) {
    taken(by, views);
    return true;
  },

  // Scores of the networks, of the clip as it is or after a change (a name, or the segments in another order):
  // { role: {logits, probabilities} }, and where it is wanted what is `inside`, by name as {shape, data}.
  async answer({ change = '', segments, dials = {}, key = 'plain', by = 'page', roles = Object.keys(networks), wantsInside = false }) {
    const clip = clips[by], orders = networks.tdn.description.other_orders, answers = {};
    const views = changed(clip, segments ? bySegments(segments, clip.window) : order(change, clip.segments, clip.window, orders));
    for (const role of roles) {
      const found = await networks[role].run(views, dials, blanked(change));
      reached[`${by} ${key} ${role}`] = found;
      answers[role] = { logits: Array.from(found.logits), probabilities: softmax(found.logits), ...(wantsInside && { inside: found.inside }) };
    }
    return answers;
  },

  // Signed maps of classes {index: weight} of every network: { role: {res2, final} }.
  async maps({ weights, key = 'plain', method, by = 'page' }) {
    const out = {};
    for (const [role, network] of Object.entries(networks)) out[role] = await network.maps(reached[`${by} ${key} ${role}`], weights, method);
    return out;
  },

  // Every frame that any of the showings needs, decoded once, for `step`; or what `filmOf` gave elsewhere.
  async film({ file, showings, given }) {
    film = given ?? (await filmOf(await open(file, hasDecoder), networks.tdn.description, showings));
    return true;
  },

  // Answers to one showing, with a picture of what each segment shows and how many windows cross a seam.
  async step({ place }) {
    const { views, frames, shape } = film, size = networks.tdn.description.input_size, windows = frames[place], answers = {}, all = new Uint8Array(windows.flat().length * size * size * 3);
    windows.flat().forEach((index, k) => all.set(views[index], k * size * size * 3));
    for (const [role, network] of Object.entries(networks)) {
      const { logits } = await network.run(all);
      answers[role] = { logits: Array.from(logits), probabilities: softmax(logits) };
    }
    const seams = windows.filter((window) => window.at(-1) < window[0]).length;
    return { answers, seams, strip: await strip(windows.map((window) => views[window[Math.floor(window.length / 2)]]), size, shape) };
  },
};

// Whose clip it is from now on; what was reached with the one before is forgotten.
function taken(by, views) {
  const { num_segments: segments, window, input_size: size } = networks.tdn.description;
  reached = Object.fromEntries(Object.entries(reached).filter(([name]) => !name.startsWith(`${by} `)));
  return clips[by] = { views, segments, window, bytes: size * size * 3 };
}

const bySegments = (segments, window) => segments.flatMap((segment) => Array.from({ length: window }, (_, l) => segment * window + l));

// The clip with each place taken from another; as it is without `places`.
function changed(clip, places) {
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

let turn = Promise.resolve(); // one call after another: they share the clip
onmessage = ({ data: { id, call, ...given } }) => {
  turn = turn.then(async () => {
    try {
      postMessage({ id, ok: await CALLS[call](given) });
    } catch (error) {
      postMessage({ id, error: error.message, isForVisitor: error instanceof ClipError, seekable: error.seekable });
    }
  });
};

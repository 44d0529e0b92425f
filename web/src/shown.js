// From what the worker answers to what the viewer draws: the same data as app/views.py makes on the server.
import { METHODS, UNSIGNED } from './methods.js';

export const LAYERS = ['res2', 'final'];

// `networks` are descriptions by role, `site` the page's own (networks/site.json), `film` the address of the clip.
export function viewerData(result, versus, networks, site, film) {
  const { clip, maps, changed, target, file, pictures: urls, method } = result, panels = [];
  for (const role of Object.keys(networks)) for (const layer of LAYERS) {
    const how = method && method !== 'grad_cam' ? ` · ${METHODS[method]}` : '';
    const of = `${networks[role].system} · ${site.layers[layer]} · “${target}”${versus ? ` less “${versus}”` : ''}${how}`;
    panels.push(panel(of, layer, maps?.[role][layer], method));
    if (changed) panels.push({ ...panel(`${of} · ${changed.name}`, layer, changed.maps[role][layer], method), order: changed.order });
  }
  const middle = Math.floor(networks.tdn.window / 2), isAsFilmed = !result.showing && !changed && film;
  return {
    film: isAsFilmed ? { url: film } : null,
    clip: file.name, frames: { url: urls.frames }, windows: { url: urls.windows }, window_side: clip.window_side,
    count: clip.centres.length, width: clip.width, height: clip.height, box: clip.box, times_sec: clip.times_sec,
    numbers: clip.frames.map((window) => window[middle]), colours: site.colours, signed_colours: site.signed_colours, panels,
  };
}

export function panel(caption, layer, map, method) {
  if (!map) return { caption: `${caption} · computing`, layer };
  const [count, rows, columns] = map.shape, both = [1, -1].map((sign) => map.data.reduce((most, value) => Math.max(most, sign * value), 0));
  const [maximum, least] = both, isSigned = !UNSIGNED.includes(method);
  const packed = (sign, most) => (most > 0 ? base64(map.data, (value) => Math.round(255 * Math.max(0, sign * value) / most)) : '');
  return {
    caption: maximum > 0 ? caption : `${caption} · no positive evidence`, layer, rows, columns, maximum, least, count,
    values: packed(1, maximum), against: isSigned ? packed(-1, least) : '', message: maximum > 0 ? '' : 'No positive evidence for this class at this layer',
  };
}

function base64(values, toByte) {
  let text = '';
  for (const value of values) text += String.fromCharCode(toByte(value));
  return btoa(text);
}

// A row of the frames shown, and a row a segment of its window, as pictures that the viewer loads.
let drawn = {};
export async function pictures({ centres, width, height, windows, window_side: side }) {
  Object.values(drawn).forEach((url) => URL.revokeObjectURL(url));
  const count = centres.length, each = windows.length / (side * side * 3) / count;
  return drawn = {
    frames: await painted(count, 1, width, height, (k) => centres[k]),
    windows: await painted(each, count, side, side, (k) => windows.subarray(k * side * side * 3, (k + 1) * side * side * 3)),
  };
}

// A picture of `columns` x `rows` tiles, each given as RGB bytes, as an address.
export async function painted(columns, rows, width, height, pixels, { type = 'image/png', quality } = {}) {
  const canvas = new OffscreenCanvas(columns * width, rows * height), context = canvas.getContext('2d');
  for (let k = 0; k < columns * rows; k++) context.putImageData(tile(pixels(k), width, height), (k % columns) * width, Math.floor(k / columns) * height);
  return URL.createObjectURL(await canvas.convertToBlob({ type, quality }));
}

export function tile(from, width, height) {
  const made = new ImageData(width, height);
  for (let at = 0, to = 0; at < from.length; at += 3, to += 4) {
    made.data[to] = from[at];
    made.data[to + 1] = from[at + 1];
    made.data[to + 2] = from[at + 2];
    made.data[to + 3] = 255;
  }
  return made;
}

export function top(probabilities, count = 5) {
  return probabilities.map((share, index) => [share, index]).sort((a, b) => b[0] - a[0]).slice(0, count).map(([, index]) => index);
}

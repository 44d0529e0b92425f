// What is changed before looking again: of the clip, on the views [T][L]; of the network, a dial. As
// tdn/explain/clip_changes.py and network_changes.py, under the same names; what the page calls them comes from app/change_text.py.
import { roundHalfEven } from './sampling.js';

const identity = (segments, window) => Array.from({ length: segments }, (_, t) => Array.from({ length: window }, (_, l) => [t, l]));

// Each gives, for every place [t][l] of the changed clip, the place it is taken from.
const PLACES = {
  'freeze windows': (places, t, l, window) => places[t][Math.floor(window / 2)],
  'freeze clip': (places, t, l, window) => places[Math.floor(places.length / 2)][Math.floor(window / 2)],
  'reverse': (places, t, l, window) => places[places.length - 1 - t][window - 1 - l],
  'reverse inside windows': (places, t, l, window) => places[t][window - 1 - l],
  'shuffle segments': (places, t, l, window, orders) => places[orders.segments[t]][l],
  'shuffle inside windows': (places, t, l, window, orders) => places[t][orders.inside[l]],
};
export const DIALS = { 'S-TDM off': { s_tdm_weight: 0 }, 'S-TDM at its clip mean': { s_tdm_mean: 1 }, 'L-TDM gates off': { l_tdm_gate: 0 } };
export const BLANK = 'blank';

// Which frame of the clip stands where: Int32Array [T * L], or null where the clip stays. `orders` are those that shuffling
// takes, as Python draws them (network.json).
export function order(name, segments, window, orders) {
  const rule = PLACES[name];
  if (!rule) return null;
  const places = identity(segments, window);
  return Int32Array.from(places.flatMap((row, t) => row.map((_, l) => {
    const [from, inside] = rule(places, t, l, window, orders);
    return from * window + inside;
  })));
}

// Which segment's middle frame each segment of the changed clip shows; null where the clip stays.
export function segmentsShown(name, segments, window, orders) {
  const places = order(name, segments, window, orders), middle = window >> 1;
  return places && Array.from({ length: segments }, (_, t) => Math.floor(places[t * window + middle] / window));
}

// The region of "blank X0,Y0,X1,Y1" as shares of the picture, or null for another change.
export function blanked(name) {
  const edges = name.match(/^blank ([\d.]+),([\d.]+),([\d.]+),([\d.]+)$/)?.slice(1).map(Number);
  if (!edges) return null;
  const [x0, y0, x1, y1] = edges;
  return 0 <= x0 && x0 < x1 && x1 <= 1 && 0 <= y0 && y0 < y1 && y1 <= 1 ? edges : null;
}

// That region in the mean colour, which is 0 here: float32 [frames, 3, size, size], in place.
export function blank(normalised, size, [x0, y0, x1, y1]) {
  const edge = (share) => roundHalfEven(share * size);
  for (let plane = 0; plane < normalised.length; plane += size * size) {
    for (let y = edge(y0); y < edge(y1); y++) normalised.fill(0, plane + y * size + edge(x0), plane + y * size + edge(x1));
  }
}

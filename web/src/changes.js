// What is changed before looking again: of the clip, on the views [T][L]; of the network, a dial. As
// tdn/explain/interventions.py, and in the same words.

const identity = (segments, window) => Array.from({ length: segments }, (_, t) => Array.from({ length: window }, (_, l) => [t, l]));
// An order that is not the identity, the same every time.
const otherOrder = (count) => Array.from({ length: count }, (_, k) => (k * 3 + 2) % count);

// Each gives, for every place [t][l] of the changed clip, the place it is taken from.
const PLACES = {
  'freeze windows': (places, t, l, window) => places[t][Math.floor(window / 2)],
  'freeze clip': (places, t, l, window) => places[Math.floor(places.length / 2)][Math.floor(window / 2)],
  'reverse': (places, t, l, window) => places[places.length - 1 - t][window - 1 - l],
  'reverse inside windows': (places, t, l, window) => places[t][window - 1 - l],
  'shuffle segments': (places, t, l) => places[otherOrder(places.length)[t]][l],
};

export const CHANGES = [
  { name: 'freeze windows', title: 'Freeze each window (no short-term motion)' },
  { name: 'freeze clip', title: 'Freeze the whole clip (a photograph)' },
  { name: 'reverse', title: 'Play backwards' },
  { name: 'reverse inside windows', title: 'Backwards inside each window only' },
  { name: 'shuffle segments', title: 'Segments in another order' },
  { name: 'S-TDM off', title: 'S-TDM off', dials: { s_tdm_weight: 0 } },
  { name: 'S-TDM at its clip mean', title: 'S-TDM at its mean over the clip', dials: { s_tdm_mean: 1 } },
  { name: 'L-TDM gates off', title: 'L-TDM gates off', dials: { l_tdm_gate: 0 } },
];

// Which frame of the clip stands where: Int32Array [T * L], or null where the clip stays.
export function order(name, segments, window) {
  const rule = PLACES[name];
  if (!rule) return null;
  const places = identity(segments, window);
  return Int32Array.from(places.flatMap((row, t) => row.map((_, l) => {
    const [from, inside] = rule(places, t, l, window);
    return from * window + inside;
  })));
}

// The lab's boards, of what the networks answered: as app/lab/views.py makes them (tests/e2e/test_web_lab.py compares the
// two), in the words of app/lab/text.py. A clip is what the worker's `read` gives with its views; an opinion is
// {network, file, labels, probabilities}, `opinions` and `answers` are objects of them by role.
import { order } from './changes.js';
import { cellSheet, halves, photoSheet } from './sheets.js';
import { top } from './shown.js';

const BARS = 4, GAIN = 2, STRIP_TILE = 220, PALE = 0.75;

export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
export const best = ({ labels, probabilities }) => labels[top(probabilities, 1)[0]];
const of = ({ labels, probabilities }, label) => probabilities[labels.indexOf(label)];
const percent = (share) => String(Math.round(100 * share));
const twoFigures = (value) => String(Number(value.toPrecision(2)));
const below = (number) => String.fromCharCode(0x2080 + number);

// `words` are the names in capitals of app/lab/text.py.
export function makeBoards(words, { colours, shown_after: shownAfter }) {
  const segment = (number, count) => fill(words.SEGMENT, { segment: number + 1, count });
  const positions = ({ frames, times_sec: times }) => frames.map((window, number) => fill(words.POSITION, {
    segment: segment(number, frames.length), seconds: times[number].toFixed(2), frame: window[window.length >> 1],
  }));
  const on = (opinion, what) => fill(words.ON, { network: opinion.network, what });
  const outlined = (isKnown) => (isKnown ? words.OUTLINED : words.OUTLINED_ANSWER);
  const known = (opinion, right) => (opinion.labels.includes(right) ? right : best(opinion));

  // The likeliest classes and, where it is not among them, the right one in the last place.
  function card(opinion, right, { name = opinion.network, count = BARS } = {}) {
    const labels = top(opinion.probabilities, count).map((index) => opinion.labels[index]);
    if (opinion.labels.includes(right) && !labels.includes(right)) labels[labels.length - 1] = right;
    return { name, file: opinion.file, bars: labels.map((label) => ({ label, shares: [of(opinion, label)], right: label === right })) };
  }

  const board = (given) => ({ said: '', positions: [], segment: 0, frames: 0, weights: [], sheets: [], rows: [], outlined: '', cards: [], curve: null, effects_title: '', effects: [], ...given });
  const tile = (sheet, given = {}) => ({ sheet, row: 0, by: '', alone: false, caption: '', ...given });
  const row = (title, tiles, count, width = 220) => ({ title, tiles, count, width });
  const cards = (opinions, right) => Object.values(opinions ?? {}).map((one) => card(one, right));
  // Each window's frames, for a tile that plays: rows are frames, columns segments.
  const windows = ({ views, segments, window, size }, quality) => photoSheet(window, segments, size, size, (l, t) => views.subarray((t * window + l) * size * size * 3, (t * window + l + 1) * size * size * 3), { quality });
  const middles = (clip) => photoSheet(1, clip.segments, clip.size, clip.size, (_, t) => clip.view(t, clip.window >> 1));

  async function still(clip, at) {
    return board({ sheets: [await photoSheet(1, 1, clip.width, clip.height, () => clip.centres[at])], rows: [row(words.STILL, [tile(0, { alone: true })], 1, 320)] });
  }

  // The frame, its window playing, and what the networks say of the whole clip.
  async function revealed(clip, at, opinions, guess, right) {
    const made = await still(clip, at);
    made.sheets.push(await photoSheet(clip.window, 1, clip.size, clip.size, (l) => clip.view(at, l)));
    const tiles = [tile(0, { alone: true, caption: words.STILL_AGAIN }), tile(1, { alone: true, by: 'frame', caption: words.PLAYING })];
    made.rows = [row(fill(words.STILL_OF, { segment: at + 1, count: clip.segments }), tiles, 2, 260)];
    const verdict = guess === right ? words.RIGHT : fill(words.WRONG, { right });
    const said = Object.values(opinions).map((one) => fill(words.SAYS, { network: one.network, top: best(one) })).join('; ');
    return { ...made, frames: clip.window, said: fill(words.GUESSED, { guess, verdict, said }), outlined: words.OUTLINED, cards: cards(opinions, right) };
  }

  // The middle frames of all segments in two lines, so that a phone shows them large enough, and a window of TDN.
  async function belt(clip, said = '', opinions = null, right = null) {
    const scale = Math.min(1, STRIP_TILE / clip.width), size = [clip.width, clip.height].map((side) => Math.round(side * scale));
    const strip = [0, 1].map((line) => row(line ? '' : words.BELT_STRIP, [tile(0, { row: line, alone: true })], 1, 900));
    return board({
      said, positions: clip.frames.map((_, number) => segment(number, clip.segments)), segment: clip.segments >> 1, frames: clip.window,
      sheets: [await halves(clip.centres, clip.width, clip.height, ...size), await windows(clip)],
      rows: [...strip, row(words.BELT_WINDOW, [tile(1, { by: 'frame' })], 1, 220)],
      outlined: opinions ? words.OUTLINED : '', cards: cards(opinions, right),
    });
  }

  function beltSaid(guess, opinions, repeat, clip) {
    const { baseline } = opinions, said = best(baseline), step = (repeat / clip.segments) % 1;
    const fraction = (share) => { let [above, under] = [share * clip.segments, clip.segments]; while (above % 2 === 0) { above /= 2; under /= 2; } return `${above}/${under}`; };
    const part = step === 0 ? words.BELT_SAME : step === 0.5 ? words.BELT_HALF : step < 0.5 ? fill(words.BELT_ON, { part: fraction(step) }) : fill(words.BELT_BACK, { part: fraction(1 - step) });
    const others = Object.values(opinions).filter((one) => one !== baseline).map((one) => fill(words.SAYS, { network: one.network, top: best(one) })).join('; ');
    const verdict = said === guess ? words.BELT_RIGHT : fill(words.BELT_WRONG, { guess });
    return fill(words.BELT_SAID, { baseline: baseline.network, top: said, verdict, others, part, window: clip.window });
  }

  // Five frames at half resolution, and the four differences between them, in levels of 0 to 255.
  async function differences(clip) {
    const { size, window, segments } = clip, side = size / 2, half = (t, l) => clip.half(t, l);
    let largest = 0;
    for (let t = 0; t < segments; t++) for (let l = 1; l < window; l++) {
      const [now, before] = [half(t, l), half(t, l - 1)];
      for (let k = 0; k < now.length; k++) largest = Math.max(largest, Math.abs(now[k] - before[k]));
    }
    const sheets = [
      await photoSheet(window, segments, side, side, (l, t) => half(t, l).map(Math.round), { quality: 0.92 }),
      await photoSheet(window - 1, segments, side, side, (l, t) => differenceTile(half(t, l + 1), half(t, l)), { quality: 0.92 }),
    ];
    const count = window, frames = Array.from({ length: window }, (_, l) => tile(0, { row: l, caption: `x${below(l + 1)}` }));
    const changes = Array.from({ length: window - 1 }, (_, l) => tile(1, { row: l, caption: `x${below(l + 2)} − x${below(l + 1)}` }));
    return board({
      positions: positions(clip), segment: segments >> 1, sheets,
      rows: [row(fill(words.HALF_FRAMES, { height: side, width: side }), frames, count), row(fill(words.DIFFERENCES, { gain: GAIN, largest: Math.round(largest) }), changes, count)],
    });
  }

  const differenceTile = (now, before) => Uint8ClampedArray.from(now, (value, k) => 128 + GAIN * (value - before[k]));

  // Films of noise; a window plays.
  async function noise(clip, said = '', opinions = null, right = null) {
    const middle = Array.from({ length: clip.segments }, (_, t) => clip.view(t, clip.window >> 1));
    return board({
      said, positions: middle.map((_, number) => segment(number, clip.segments)), segment: clip.segments >> 1, frames: clip.window,
      sheets: [await windows(clip, 0.92), await halves(middle, clip.size, clip.size, clip.size, clip.size, 0.8)],
      rows: [row(words.NOISE_WINDOW, [tile(0, { by: 'frame' })], 1, 320), ...[0, 1].map((line) => row(line ? '' : words.NOISE_STRIP, [tile(1, { row: line, alone: true })], 1, 640))],
      outlined: opinions ? words.OUTLINED : '', cards: cards(opinions, right),
    });
  }

  // `counts` {network: how many of `asked` clips it names right}.
  function noiseSaid(guess, right, opinions, counts, asked) {
    const ones = Object.values(opinions), classes = ones[0].labels.length;
    return fill(words.NOISE_SAID, {
      guess, verdict: guess === right ? words.RIGHT : fill(words.NOISE_WRONG, { right }), asked, classes, blind: (asked / classes).toFixed(1),
      said: ones.map((one) => fill(words.NOISE_SAYS, { network: one.network, top: best(one), verdict: words.NOISE_VERDICTS[Number(best(one) === right)] })).join('; '),
      counts: Object.entries(counts).map(([network, count]) => fill(words.NOISE_COUNT, { network, count })).join(' and '),
    });
  }

  // Features before and after the sum at Res1 and Res2, and scores, at each of `weights` of S-TDM. `swept` are TDN's
  // opinions with what is inside, one a weight; `fused` alpha and beta.
  async function fusion(clip, weights, swept, baseline, fused, right) {
    const last = swept.at(-1), shown = known(last, right), middle = clip.window >> 1, sheets = [await middles(clip)], rows = [];
    sheets.push(await photoSheet(1, clip.segments, clip.size / 2, clip.size / 2, (_, t) => differenceTile(clip.half(t, middle + 1), clip.half(t, middle))));
    for (const stage of [1, 2]) {
      const named = [`rgb${stage}`, `diff${stage}`, `res${stage}`], moves = stage === 1 ? [false, false, true] : [true, false, true];
      const values = named.map((name, k) => (moves[k] ? swept : [last]).map(({ inside }) => inside[name]));
      const maximum = values.flat().reduce((most, { data }) => data.reduce((a, b) => Math.max(a, b), most), 0);
      const tiles = [tile(stage - 1, { caption: words.FUSION_INPUTS[stage - 1] })];
      for (const [k, found] of values.entries()) {
        tiles.push(tile(sheets.length, { by: moves[k] ? 'weight' : '', caption: words.FUSION_CAPTIONS[k] }));
        sheets.push(await cellSheet(found, maximum, colours));
      }
      rows.push(row(fill(words.FUSION, { network: last.network, stage, ...fused, maximum: twoFigures(maximum) }), tiles, 4, 190));
    }
    const everywhere = last.labels.map((label) => [label, Math.max(...swept.map((one) => of(one, label)))]).sort((a, b) => b[1] - a[1]).map(([label]) => label);
    const bars = [...new Set([shown, ...everywhere])].slice(0, BARS).map((label) => ({ label, shares: swept.map((one) => of(one, label)), right: label === shown }));
    return board({
      positions: positions(clip), segment: clip.segments >> 1, weights, sheets, rows, outlined: outlined(shown === right),
      cards: [{ name: fill(words.AT_WEIGHT, last), file: last.file, bars }, card(baseline, shown, { name: fill(words.NO_WEIGHT, baseline) })],
      curve: { label: shown, shares: swept.map((one) => of(one, shown)), other: of(baseline, shown) ?? 0, other_name: baseline.network },
    });
  }

  // A window before and after a change of the clip, and both networks' answers.
  async function compared(clip, change, before, after, right) {
    const places = order(change, clip.segments, clip.window), bytes = clip.size * clip.size * 3, turned = new Uint8Array(clip.views.length);
    places.forEach((from, to) => turned.set(clip.views.subarray(from * bytes, (from + 1) * bytes), to * bytes));
    const captions = [words.AS_FILMED, words.CHANGES[change]], wanted = shownAfter[change][right] ?? null, said = [], made = [];
    for (const [role, one] of Object.entries(before)) {
      const other = after[role], tops = { network: one.network, before: best(one), after: best(other) };
      const isUnmoved = one.probabilities.every((share, k) => Math.abs(share - other.probabilities[k]) <= 1e-8 + 1e-5 * other.probabilities[k]);
      said.push(fill(isUnmoved ? words.UNMOVED : tops.before === tops.after ? words.STILL_SAYS : tops.after === wanted ? words.TURNS_RIGHTLY : words.TURNS, tops));
      made.push(card(one, right, { name: on(one, captions[0]), count: 3 }), card(other, wanted, { name: on(other, captions[1]), count: 3 }));
    }
    return board({
      said: said.join(' '), positions: positions(clip), segment: clip.segments >> 1, frames: clip.window,
      sheets: [await windows(clip), await windows({ ...clip, views: turned })],
      rows: [row(words.CHANGED_WINDOWS, captions.map((caption, k) => tile(k, { by: 'frame', caption })), 2, 260)],
      outlined: wanted ? words.OUTLINED_AFTER : right ? words.OUTLINED : '', cards: made,
    });
  }

  // The size of L-TDM's gates in each stage, and the answer with all of them at zero.
  async function gates(clip, opened, shut, right) {
    const sheets = [await middles(clip)], tiles = [tile(0, { caption: words.CENTRE })], shown = known(opened, right);
    for (const [name, sizes] of Object.entries(opened.inside).filter(([name]) => name.startsWith('gate'))) {
      const maximum = sizes.data.reduce((a, b) => Math.max(a, b), 0);
      tiles.push(tile(sheets.length, { caption: fill(words.GATE, { stage: name.slice(4), maximum: twoFigures(maximum) }) }));
      sheets.push(await cellSheet([sizes], maximum, colours));
    }
    const tops = { on: best(opened), off: best(shut), top: best(opened) };
    return board({
      said: fill(words.GATES, { label: shown, on: percent(of(opened, shown)), off: percent(of(shut, shown)), answer: fill(tops.on === tops.off ? words.ANSWER_STAYS : words.ANSWER_TURNS, tops) }),
      positions: positions(clip), segment: clip.segments >> 1, sheets, rows: [row(fill(words.GATE_TITLE, opened), tiles, tiles.length, 220)],
      outlined: outlined(shown === right),
      cards: [card(opened, shown, { name: on(opened, words.GATES_ON) }), card(shut, shown, { name: on(shut, words.GATES_OFF) })],
    });
  }

  // The segments with those that stand in drawn pale (`places` says which stands where), the answers before and after,
  // and each segment's own effect. `answers` {role: {whole, without: [T], rest}}.
  async function dropped(clip, gone, places, answers, right) {
    const shown = known(answers.tdn.whole, right), made = [], effects = [];
    for (const { whole, without, rest } of Object.values(answers)) {
      made.push(card(whole, shown, { name: on(whole, words.WHOLE), count: 3 }), card(rest, shown, { name: on(rest, words.REST), count: 3 }));
      effects.push({ name: whole.network, label: shown, changes: without.map((one) => (of(one, shown) ?? 0) - (of(whole, shown) ?? 0)) });
    }
    const numbers = gone.map((one) => one + 1).join(', '), pale = (t) => (gone.includes(t) ? PALE : 0);
    return board({
      said: gone.length ? fill(gone.length > 1 ? words.WITHOUT : words.WITHOUT_ONE, { numbers }) : words.ALL_THERE,
      sheets: [await halves(places.map((from) => clip.centres[from]), clip.width, clip.height, clip.width >> 1, clip.height >> 1, 0.85, pale)],
      rows: [0, 1].map((line) => row(line ? '' : words.DROP_STRIP, [tile(0, { row: line, alone: true })], 1, 900)),
      outlined: outlined(shown === right), cards: made, effects_title: words.DROP_EFFECTS, effects,
    });
  }

  return { still, revealed, belt, beltSaid, differences, noise, noiseSaid, fusion, compared, gates, dropped };
}

// Which segment is shown at each place when those of `gone` are dropped: the nearest that is left, the earlier of two.
export function standIns(count, gone) {
  const left = Array.from({ length: count }, (_, segment) => segment).filter((segment) => !gone.includes(segment));
  return Array.from({ length: count }, (_, place) => left.reduce((found, segment) => (Math.abs(segment - place) < Math.abs(found - place) ? segment : found)));
}

// The stroboscope: both networks' answers over parts and repeats of the clip, drawn as they come.
import drawCurve from 'component:viewer/curve';
import { component } from './component.js';
import { readFilm } from './reading.js';

// How a clip can be shown: in part, as filmed, over and over. `place` stands below it on the curve's axis.
export const SHOWINGS = [
  ...[[1 / 3, '1/3', 'its first third'], [1 / 2, '1/2', 'its first half'], [3 / 4, '3/4', 'its first three quarters']].map(([part, place, title]) => ({ part, repeat: 1, place, title, name: `first ${Number((100 * part).toPrecision(6))}%` })),
  ...Array.from({ length: 16 }, (_, k) => ({ part: 1, repeat: k + 1, place: `${k + 1}`, title: k ? `${k + 1} times over` : 'as filmed', name: k ? `repeat ${k + 1}` : '' })),
];

// `page` says what is shown: worker, networks(), result(), target(), fail(error), pick(name of a showing).
export function makeCurve(place, page) {
  let of = null, points = [], run = 0;
  const show = component(drawCurve, place, (name, { change }) => {
    if (name === 'want') draw();
    if (name === 'halt') run++;
    if (name === 'pick') page.pick(change);
  });

  function forget() {
    run++;
    points.forEach(({ strip }) => URL.revokeObjectURL(strip));
    [of, points] = [null, []];
    show(null);
  }

  function tell() {
    const result = page.result();
    if (!result) return show(null);
    const networks = page.networks(), labels = networks.tdn.labels, target = page.target(), other = networks.tdn.opposites[target] ?? '';
    const share = (role, label) => points.map(({ answers }) => answers[role].probabilities[labels.indexOf(label)]);
    show({
      nonce: `${run} ${points.length} ${target}`, label: target, opposite: other, places: SHOWINGS.map((one) => one.place), segments: networks.tdn.num_segments,
      lines: Object.keys(networks).map((role) => ({ name: networks[role].system, shares: share(role, target), opposite: other ? share(role, other) : [] })),
      points: points.map((point) => ({ place: point.place, change: point.name, strip: point.strip, note: point.note })),
    });
    dispatchEvent(new CustomEvent('change-shown', { detail: { change: result.showing } }));
  }

  async function draw() {
    const mine = ++run, { file } = page.result(), { tdn } = page.networks();
    if (of !== file) [of, points] = [file, []];
    try {
      await readFilm(tdn, { file, showings: SHOWINGS });
      // As filmed first, then from left to right; those that are there are not asked again.
      const order = [3, ...SHOWINGS.keys()].filter((at, k, all) => all.indexOf(at) === k && !points.some((point) => point.place === at));
      for (const at of order) {
        const { strip, seams, answers } = await page.worker.call('step', { place: at });
        if (mine !== run) return;
        const note = seams ? `${seams} of ${tdn.num_segments} windows cross a seam, where time jumps back.` : '';
        points.push({ place: at, name: SHOWINGS[at].name, strip: URL.createObjectURL(strip), note, answers });
        points.sort((a, b) => a.place - b.place);
        tell();
      }
    } catch (error) {
      if (mine === run) page.fail(error);
    }
  }

  return { tell, forget, keepFor(file) { if (of !== file) forget(); } };
}

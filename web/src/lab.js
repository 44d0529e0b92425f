// The S-TDM lab of the Gradio page (app/lab), asked of the networks in this browser: `networks/lab.json` has its steps,
// words, clips and numbers, app/lab/board.* draws. A step's address is #lab/3 or #lab/differences.
import drawBoard from 'component:lab/board';
import drawFilm from 'component:lab/film';
import { best, makeBoards, standIns } from './boards.js';
import { component } from './component.js';
import { asClip, enlarged } from './lab-clips.js';
import { choice, list, make, ticks } from './lab-controls.js';
import { readClip } from './reading.js';

const KEPT = 24; // boards, each a few pictures

// `page`: worker, load() -> networks by role, own() -> the file under Analyse.
export function startLab(place, page) {
  const boards = new Map();
  let lab = null, networks = null, draw = null, newest = 0, made = null, shown = null, noiseCells = null, noiseRight = null;

  async function show(slug) {
    lab ??= await (await fetch('networks/lab.json')).json();
    const number = lab.steps.findIndex((step, k) => step.slug === slug || String(k + 1) === slug);
    if (shown === number && number >= 0) return;
    shown = Math.max(0, number);
    newest++;
    layOut(lab.steps[shown]);
    say('Loading the networks …');
    try {
      networks = await page.load();
    } catch {
      return say('The networks could not be loaded; check the connection and reload the page.', true);
    }
    made ??= makeBoards(lab.words, lab);
    say('');
    STEPS[lab.steps[shown].slug](place.querySelector('.lab-ask'));
  }

  function layOut({ slug, title, lead, beware }) {
    const steps = make('nav', { id: 'lab-steps', ariaLabel: 'Steps' });
    steps.append(...lab.steps.map(({ name }, k) => {
      const way = make('a', { href: `#lab/${k + 1}`, textContent: `${k + 1} ${name}` });
      if (k === shown) way.setAttribute('aria-current', 'step');
      return way;
    }));
    const step = make('div', { className: 'lab-step' }), ways = make('div', { className: 'lab-ways' });
    for (const [there, words] of [[shown - 1, lab.words.BACK], [shown + 1, lab.words.NEXT]]) if (lab.steps[there]) ways.append(make('a', { className: 'button', href: `#lab/${there + 1}`, textContent: words }));
    const picture = make('div', { className: 'lab-picture', id: `lab-board-${slug}` }), board = make('div', { id: 'board' });
    picture.append(board);
    step.append(
      make('h2', { className: 'lab-title', textContent: title }), make('div', { className: 'lab-lead', innerHTML: lead }), make('div', { className: 'lab-ask' }),
      make('p', { className: 'lab-status', role: 'status', ariaLive: 'polite' }), picture, make('div', { className: 'lab-beware', innerHTML: beware }), ways,
    );
    place.replaceChildren(steps, step);
    steps.children[shown].scrollIntoView({ block: 'nearest', inline: 'center' });
    draw = component(drawBoard, board);
  }

  function say(words, isError = false) {
    const line = place.querySelector('.lab-status');
    line.textContent = words;
    line.classList.toggle('error', isError);
  }

  // The board of this name, made where it is not there yet; what comes too late is dropped.
  async function put(name, make) {
    delete place.dataset.board;
    const mine = ++newest, tell = (words) => { if (mine !== newest) throw new Late(); say(words); };
    try {
      if (!boards.has(name)) {
        tell('The networks look …');
        const board = await make(tell);
        if (mine !== newest) return; // another step has taken the worker's clip meanwhile
        boards.set(name, board);
        if (boards.size > KEPT) {
          const [oldest, { sheets }] = boards.entries().next().value;
          sheets.forEach(({ picture }) => URL.revokeObjectURL(picture));
          boards.delete(oldest);
        }
      }
      if (mine !== newest) return;
      draw(boards.get(name));
      place.dataset.board = name;
      say('');
    } catch (error) {
      if (error instanceof Late || mine !== newest) return;
      say(error.isForVisitor ? error.message : 'Something unexpected went wrong in this page; reload it and try again.', true);
      if (!error.isForVisitor) console.error(error);
    }
  }

  const ask = (call, given) => page.load().then(() => page.worker.call(call, { by: 'lab', ...given }));
  const refuse = (words) => { throw Object.assign(new Error(words), { isForVisitor: true }); };

  async function read(file, given = {}) {
    const own = file instanceof File ? file : new File([await (await fetch(file)).blob()], file.split('/').pop(), { type: 'video/mp4' });
    await page.load();
    return asClip(await readClip(networks.tdn, { file: own, wantsViews: true, by: 'lab', ...given }), networks.tdn);
  }

  async function opinions(given = {}) {
    const answers = await ask('answer', given);
    return Object.fromEntries(Object.entries(answers).map(([role, one]) => [role, { network: networks[role].system, file: networks[role].file, labels: networks[role].labels, ...one }]));
  }

  // The clip that a list names: [a name for it, file, what it shows where that is known].
  function chosen(which) {
    if (which !== lab.words.OWN) return [which, lab.clips[which].file, lab.clips[which].label];
    const own = page.own() ?? refuse(lab.words.NO_OWN);
    return [`${own.name} ${own.size} ${own.lastModified}`, own, null];
  }
  const clips = (at = 0) => list(lab.words.CLIP, [...lab.clips.map(({ title }, k) => [String(k), title]), [lab.words.OWN, lab.words.OWN]], String(at));
  const changes = () => choice(lab.words.CHANGE, Object.entries(lab.words.CHANGES).map(([name, words]) => [name, words[0].toUpperCase() + words.slice(1)]));

  // A board of the clip that is chosen, anew whenever one of `controls` changes.
  function ofClip(slug, clip, controls, work) {
    const again = async () => {
      try {
        const [name, file, label] = chosen(clip.value()), values = controls.map((one) => one.value());
        await put([slug, name, ...values].join(' '), async (tell) => work(await read(file), label, tell, ...values));
      } catch (error) {
        if (!error.isForVisitor) throw error;
        newest++;
        say(error.message, true);
      }
    };
    for (const one of [clip, ...controls]) one.onchange(again);
    return again();
  }

  async function compare(clip, label, tell, change) {
    return made.compared(clip, change, await opinions(), await opinions({ change }), label);
  }

  // What stands in each step, in the order of app/lab/steps.py.
  const STEPS = {
    frame(asks) {
      const which = choice(lab.words.STILLS, lab.words.STILL_NAMES.slice(0, lab.stills.length).map((name, k) => [String(k), name]));
      const guess = choice(lab.words.GUESS, []), clip = () => lab.clips[lab.stills[which.value()]];
      asks.append(which.element, guess.element);
      const still = () => {
        guess.offer(lab.guesses[clip().label].map((label) => [label, label]));
        return put(`still ${which.value()}`, async () => { const found = await read(clip().file); return made.still(found, found.segments >> 1); });
      };
      which.onchange(still);
      guess.onchange(() => put(`guess ${which.value()} ${guess.value()}`, async () => {
        const found = await read(clip().file);
        return made.revealed(found, found.segments >> 1, await opinions(), guess.value(), clip().label);
      }));
      return still();
    },

    belt(asks) {
      const times = choice(lab.words.BELT_SHOWN, Object.keys(lab.words.BELT_TIMES).map((name) => [name, name]));
      const guess = choice(lab.words.BELT_GUESS, lab.guesses[lab.belt.label].map((label) => [label, label]), null);
      asks.append(times.element, guess.element);
      const repeat = () => lab.words.BELT_TIMES[times.value()], film = () => read(lab.belt.file, { part: lab.belt.part, repeat: repeat() });
      const first = () => { guess.clear(); return put(`belt ${repeat()}`, async () => made.belt(await film())); };
      times.onchange(first);
      guess.onchange(() => put(`belt ${repeat()} ${guess.value()}`, async () => {
        const clip = await film(), found = await opinions();
        return made.belt(clip, made.beltSaid(guess.value(), found, repeat(), clip), found, lab.belt.label);
      }));
      return first();
    },

    differences(asks) {
      const clip = clips();
      asks.append(clip.element);
      return ofClip('differences', clip, [], (found) => made.differences(found));
    },

    noise(asks) {
      const which = choice(lab.words.NOISE_FILMS, lab.words.STILL_NAMES.map((name, k) => [String(lab.words.NOISE_CLIPS[k]), name]));
      const guess = choice(lab.words.NOISE_GUESS, lab.words.NOISE_ANSWERS.map((label) => [label, label]), null);
      asks.append(which.element, guess.element);
      const film = async (number) => {
        noiseCells ??= new Uint8Array(await (await fetch('networks/noise.bin')).arrayBuffer());
        const clip = enlarged(noiseCells, number, lab.noise.length, networks.tdn);
        await ask('take', { views: clip.views });
        return clip;
      };
      const first = () => { guess.clear(); return put(`noise ${which.value()}`, async () => made.noise(await film(Number(which.value())))); };
      which.onchange(first);
      guess.onchange(() => put(`noise ${which.value()} ${guess.value()}`, async (tell) => {
        if (!noiseRight) {
          const right = {};
          for (const [number, label] of lab.noise.entries()) {
            tell(`The networks look at ${number + 1} of ${lab.noise.length} clips …`);
            await film(number);
            for (const one of Object.values(await opinions())) right[one.network] = (right[one.network] ?? 0) + Number(best(one) === label);
          }
          tell('The networks look …');
          noiseRight = right;
        }
        const number = Number(which.value()), clip = await film(number), found = await opinions(), label = lab.noise[number];
        return made.noise(clip, made.noiseSaid(guess.value(), label, found, noiseRight, lab.noise.length), found, label);
      }));
      return first();
    },

    fusion(asks) {
      const clip = clips();
      asks.append(clip.element);
      return ofClip('fusion', clip, [], async (found, label, tell) => {
        const { baseline } = await opinions({ roles: ['baseline'] }), swept = [];
        for (const weight of lab.weights) {
          tell(`The networks look: weight ${weight.toFixed(1)} …`);
          swept.push((await opinions({ roles: ['tdn'], dials: { s_tdm_weight: weight }, wantsInside: true })).tdn);
        }
        const { alpha, beta } = networks.tdn.card;
        return made.fusion(found, lab.weights, swept, baseline, { alpha, beta }, label);
      });
    },

    reverse(asks) {
      const clip = clips(), change = changes();
      asks.append(clip.element, change.element);
      return ofClip('reverse', clip, [change], compare);
    },

    gates(asks) {
      const clip = clips(lab.slow);
      asks.append(clip.element);
      return ofClip('gates', clip, [], async (found, label) => {
        const opened = await opinions({ roles: ['tdn'], wantsInside: true }), shut = await opinions({ roles: ['tdn'], dials: { l_tdm_gate: 0 } });
        return made.gates(found, opened.tdn, shut.tdn, label);
      });
    },

    drop(asks) {
      const clip = clips(), gone = ticks(lab.words.DROP, Array.from({ length: lab.words.SEGMENTS }, (_, k) => [k, String(k + 1)]));
      asks.append(clip.element, gone.element);
      return ofClip('drop', clip, [gone], async (found, label, tell, segments) => {
        if (segments.length === found.segments) refuse(lab.words.ALL_DROPPED);
        const sets = [[], ...Array.from({ length: found.segments }, (_, k) => [k]), segments], answers = { tdn: [], baseline: [] };
        for (const [k, set] of sets.entries()) {
          tell(`The networks look: ${k + 1} of ${sets.length} …`);
          for (const [role, one] of Object.entries(await opinions({ segments: standIns(found.segments, set) }))) answers[role].push(one);
        }
        const sorted = Object.fromEntries(Object.entries(answers).map(([role, all]) => [role, { whole: all[0], without: all.slice(1, -1), rest: all.at(-1) }]));
        return made.dropped(found, segments, standIns(found.segments, segments), sorted, label);
      });
    },

    film(asks) {
      const button = make('div', { id: 'film-button' }), change = changes();
      let film = null;
      asks.append(button, change.element);
      const again = () => film && put(`film ${film.lastModified} ${change.value()}`, async (tell) => compare(await read(film), null, tell, change.value()));
      component(drawFilm, button, (name, { path }) => { film = path; again(); });
      change.onchange(again);
    },

    numbers() {
      const dots = make('div', { id: 'lab-dots', innerHTML: lab.numbers }), tables = make('details', { id: 'lab-tables', innerHTML: lab.tables });
      tables.prepend(make('summary', { textContent: lab.details }));
      place.querySelector('.lab-picture').replaceChildren(dots, tables);
    },
  };

  // For the test that holds boards to those of Python: one that is shown, without its pictures.
  const board = () => { const found = boards.get(place.dataset.board); return { ...found, sheets: found.sheets.map(({ picture, ...rest }) => rest) }; };
  return { show, board, leave: () => { newest++; shown = null; place.replaceChildren(); } };
}

class Late extends Error {}

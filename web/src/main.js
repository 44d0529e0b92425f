// The page: asks the worker, keeps one result with an identity, draws it with the components of the Gradio page.
import drawCurve from 'component:curve';
import drawScores from 'component:scores';
import drawViewer from 'component:viewer';
import { CHANGES } from './changes.js';
import { focus, mask } from './focus.js';
import { startLive } from './live.js';
import { METHODS, UNSIGNED } from './methods.js';
import { saveFilm, saveMaps, savePicture } from './save.js';

const LAYERS = ['res2', 'final'], TOP = '', NONE = '';
// How a clip can be shown: in part, as filmed, over and over. `place` stands below it on the curve's axis.
const SHOWINGS = [
  ...[[1 / 3, '1/3', 'its first third'], [1 / 2, '1/2', 'its first half'], [3 / 4, '3/4', 'its first three quarters']].map(([part, place, title]) => ({ part, repeat: 1, place, title, name: `first ${Number((100 * part).toPrecision(6))}%` })),
  ...Array.from({ length: 16 }, (_, k) => ({ part: 1, repeat: k + 1, place: `${k + 1}`, title: k ? `${k + 1} times over` : 'as filmed', name: k ? `repeat ${k + 1}` : '' })),
];
const at = (id) => document.getElementById(id);
const base = new URL('.', location.href).href;

// One worker at a time; `stop` ends it, whatever it does, and the next call starts another.
const worker = {
  waiting: new Map(), number: 0, thread: null,
  start() {
    this.thread = new Worker(new URL('worker.js', base), { type: 'module' });
    this.thread.onmessage = ({ data: { id, ok, error, isForVisitor } }) => {
      const { done, failed } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) done(ok);
      else failed(Object.assign(new Error(error), { isForVisitor }));
    };
    this.thread.onerror = () => this.stop('the worker of this page could not be started; reload the page.');
  },
  call(call, given = {}) {
    if (!this.thread) this.start();
    const id = ++this.number;
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.thread.postMessage({ id, call, ...given });
    });
  },
  stop(reason = 'cancelled') {
    this.thread?.terminate();
    this.thread = null;
    for (const { failed } of this.waiting.values()) failed(Object.assign(new Error(reason), { isForVisitor: true }));
    this.waiting.clear();
    loaded = null;
  },
};

// A component of the Gradio page: its script gets what Gradio would give it.
function component({ html, css, run }, place, onEvent = () => {}) {
  const style = document.createElement('style'), props = { value: null }, watchers = [];
  style.textContent = css;
  place.innerHTML = html;
  document.head.append(style);
  run(place, props, (name, call) => watchers.push(call), (name, data) => onEvent(name, data));
  return (value) => {
    props.value = value;
    watchers.forEach((call) => call());
  };
}

const showScores = component(drawScores, at('scores'), (name, { label }) => { at('class').value = label; explain(); });
const showViewer = component(drawViewer, at('viewer'));
const showCurve = component(drawCurve, at('curve'), onCurve);

let site = null, loaded = null, networks = null, result = null, newest = 0, sample = null;

async function load() {
  site ??= await (await fetch('networks/site.json')).json();
  loaded ??= worker.call('load', { base, folders: { tdn: `networks/${site.pair[0]}/`, baseline: `networks/${site.pair[1]}/` } });
  networks = await loaded;
}

function say(words, { error = false, share = null } = {}) {
  at('status').textContent = words;
  at('status').classList.toggle('error', error);
  const bar = at('progress');
  bar.classList.toggle('idle', share === null);
  if (share !== null) bar.value = share;
  at('cancel').hidden = share === null;
}

// Everything for a file, in the order in which it is shown. Whatever is late is dropped: `mine` is no longer newest.
async function open(file, showing = '') {
  const { repeat, part, title } = SHOWINGS.find(({ name }) => name === showing) ?? SHOWINGS[3];
  const mine = ++newest, started = performance.now();
  if (curveOf !== file) forgetCurve();
  result = null;
  showViewer(null);
  showScores(null);
  enable(false);
  try {
    say('Loading the networks …', { share: 0.1 });
    await load();
    say('Reading the clip …', { share: 0.3 });
    const clip = await worker.call('read', { file, repeat, part });
    if (mine !== newest) return;
    say('Classifying …', { share: 0.6 });
    const answers = await worker.call('answer', {});
    if (mine !== newest) return;
    result = { file, clip, answers, changed: null, showing, shownAs: title, pictures: await pictures(clip) };
    draw();
    say('Drawing the maps …', { share: 0.8 });
    await explain();
    if (result?.file !== file) return;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    at('speed').textContent = `This clip took ${seconds} s on this device, ${navigator.hardwareConcurrency} cores, one thread used.`;
  } catch (error) {
    if (mine !== newest) return;
    result = null;
    say(error.isForVisitor ? error.message : 'Something unexpected went wrong in this page; reload it and try again.', { error: true });
    if (!error.isForVisitor) console.error(error);
  }
}

// Maps of the class chosen, less another where one is chosen, of the clip as it is or after a change.
async function explain() {
  const mine = ++newest, shown = result;
  if (!shown) return;
  const { target, weights } = question(), change = at('change').value, weight = Number(at('weight').value);
  const dials = { ...CHANGES.find((one) => one.name === change)?.dials };
  if (weight !== 1 && !('s_tdm_weight' in dials)) dials.s_tdm_weight = weight;
  const isChanged = Boolean(change) || weight !== 1;
  say(isChanged ? 'Looking again …' : 'Drawing the maps …', { share: 0.7 });
  try {
    const method = at('method').value, maps = await worker.call('maps', { weights, method });
    if (mine !== newest) return;
    const after = isChanged ? { name: change || `S-TDM at ${weight}`, answers: await worker.call('answer', { change, dials, key: 'changed' }) } : null;
    if (after) after.maps = await worker.call('maps', { weights, method, key: 'changed' });
    if (mine !== newest) return;
    Object.assign(shown, { target, method, maps, changed: after });
    draw();
    await showFocus(shown);
    tellCurve();
    tell();
    say(summary());
    enable(true);
  } catch (error) {
    if (mine === newest) say(error.isForVisitor ? error.message : 'The maps could not be made; reload the page and try again.', { error: true });
  }
}

function question() {
  const labels = networks.tdn.labels, best = labels[top(result.answers.tdn.probabilities)[0]];
  const target = at('class').value || best, versus = at('versus').value;
  const weights = { [labels.indexOf(target)]: 1 };
  if (versus && versus !== target) weights[labels.indexOf(versus)] = -1;
  return { target, versus, weights };
}

function top(probabilities, count = 5) {
  return probabilities.map((share, index) => [share, index]).sort((a, b) => b[0] - a[0]).slice(0, count).map(([, index]) => index);
}

function summary() {
  const { clip, answers, changed, showing, shownAs } = result, labels = networks.tdn.labels;
  const told = Object.entries(answers).map(([role, { probabilities }]) => {
    const [best] = top(probabilities, 1), after = changed && top(changed.answers[role].probabilities, 1)[0];
    const says = (index, shares) => `“${labels[index]}” (${Math.round(100 * shares[index])}%)`;
    return `${networks[role].system}: ${says(best, probabilities)}${after === null ? '' : `, after the change ${says(after, changed.answers[role].probabilities)}`}.`;
  });
  const length = `${clip.count} frames${showing ? `, shown: ${shownAs}` : ''}.`;
  return [...told, length].join(' ');
}

function draw() {
  const { answers, changed } = result, labels = networks.tdn.labels, { target } = question(), index = labels.indexOf(target);
  const now = changed ? changed.answers : answers;
  showScores({
    cards: Object.entries(now).map(([role, { probabilities }]) => ({
      name: networks[role].system + (changed ? ` · ${changed.name}` : ''), file: networks[role].file, target,
      target_probability: probabilities[index], before: changed ? answers[role].probabilities[index] : null,
      bars: top(probabilities).map((one) => ({ label: labels[one], probability: probabilities[one], explained: one === index })),
    })),
  });
  showViewer(viewerData());
}

// What the viewer draws: the same data as app/views.py makes on the server.
function viewerData() {
  const { clip, maps, changed, target, file, pictures: urls } = result, versus = question().versus;
  const panels = [];
  for (const role of Object.keys(networks)) for (const layer of LAYERS) {
    const how = result.method && result.method !== 'grad_cam' ? ` · ${METHODS[result.method]}` : '';
    const of = `${networks[role].system} · ${site.layers[layer]} · “${target}”${versus ? ` less “${versus}”` : ''}${how}`;
    panels.push(panel(of, layer, maps?.[role][layer]));
    if (changed) panels.push(panel(`${of} · ${changed.name}`, layer, changed.maps[role][layer]));
  }
  const middle = Math.floor(networks.tdn.window / 2), isAsFilmed = !result.showing && !changed && at('clip').src;
  return {
    film: isAsFilmed ? { url: at('clip').src } : null,
    clip: file.name, frames: { url: urls.frames }, windows: { url: urls.windows }, window_side: clip.window_side,
    count: clip.centres.length, width: clip.width, height: clip.height, box: clip.box, times_sec: clip.times_sec,
    numbers: clip.frames.map((window) => window[middle]), colours: site.colours, signed_colours: site.signed_colours, panels,
  };
}

function panel(caption, layer, map) {
  if (!map) return { caption: `${caption} · computing`, layer };
  const [count, rows, columns] = map.shape, both = [1, -1].map((sign) => map.data.reduce((most, value) => Math.max(most, sign * value), 0));
  const [maximum, least] = both;
  const isSigned = !UNSIGNED.includes(result?.method);
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
async function pictures({ centres, width, height, windows, window_side: side }) {
  Object.values(drawn).forEach((url) => URL.revokeObjectURL(url));
  const count = centres.length, each = windows.length / (side * side * 3) / count;
  return drawn = {
    frames: await painted(count, 1, width, height, (k) => centres[k]),
    windows: await painted(each, count, side, side, (k) => windows.subarray(k * side * side * 3, (k + 1) * side * side * 3)),
  };
}

async function painted(columns, rows, width, height, pixels) {
  const canvas = new OffscreenCanvas(columns * width, rows * height), context = canvas.getContext('2d');
  for (let k = 0; k < columns * rows; k++) {
    const tile = new ImageData(width, height), from = pixels(k);
    for (let at = 0, to = 0; at < from.length; at += 3, to += 4) tile.data.set([from[at], from[at + 1], from[at + 2], 255], to);
    context.putImageData(tile, (k % columns) * width, Math.floor(k / columns) * height);
  }
  return URL.createObjectURL(await canvas.convertToBlob({ type: 'image/png' }));
}

// Motion focus where it is known exactly what moves: in the drawn samples.
async function showFocus({ maps, clip }) {
  const entry = site.samples.find((one) => one.file === sample), place = at('focus');
  place.hidden = true;
  if (!entry?.mask) return;
  entry.packed ??= await (await fetch(`networks/${entry.mask}`)).json();
  const middle = Math.floor(networks.tdn.window / 2), masks = clip.frames.map((window) => mask(entry.packed, window[middle]));
  const rows = [];
  for (const [role, layers] of Object.entries(maps)) for (const layer of LAYERS) {
    const found = focus(layers[layer], masks);
    if (!found) return;
    rows.push([`${networks[role].system} · ${site.layers[layer]}`, `${Math.round(100 * found.share)}%`, found.lift.toFixed(1), found.area]);
  }
  place.querySelector('tbody').replaceChildren(...rows.map((cells) => {
    const line = document.createElement('tr');
    line.append(...cells.slice(0, 3).map((words) => Object.assign(document.createElement('td'), { textContent: words })));
    return line;
  }));
  place.querySelector('p').textContent = `What moves covers ${Math.round(100 * rows[0][3])}% of the picture: an even map would have 1.0 times chance. The sample's own masks say what moves; for a clip of your own the page with a server measures it by optical flow.`;
  place.hidden = false;
}

// The page's address names the sample and what is asked of it; a visitor's own clip never gets there.
const ASKED = ['class', 'versus', 'method', 'change', 'showing', 'weight'], USUAL = { class: TOP, versus: NONE, method: 'grad_cam', change: NONE, showing: '', weight: '1' };
function tell() {
  const address = new URL(location.href);
  address.search = '';
  if (sample) {
    address.searchParams.set('sample', sample.replace('.mp4', ''));
    for (const id of ASKED) if (at(id).value !== USUAL[id]) address.searchParams.set(id, at(id).value);
  }
  if (address.href !== location.href) history.replaceState(null, '', address);
}

// The stroboscope: both networks' answers over parts and repeats of the clip, drawn as they come.
let curveOf = null, curve = null, curveRun = 0;

function forgetCurve() {
  curveRun++;
  curve?.forEach(({ strip }) => URL.revokeObjectURL(strip));
  curveOf = curve = null;
  showCurve(null);
}

function tellCurve() {
  if (!result) return showCurve(null);
  const labels = networks.tdn.labels, { target } = question(), other = networks.tdn.opposites[target] ?? '';
  const points = curve ?? [], share = (role, label) => points.map(({ answers }) => answers[role].probabilities[labels.indexOf(label)]);
  showCurve({
    nonce: `${curveRun} ${points.length} ${target}`, label: target, opposite: other, places: SHOWINGS.map(({ place }) => place), segments: networks.tdn.num_segments,
    lines: Object.keys(networks).map((role) => ({ name: networks[role].system, shares: share(role, target), opposite: other ? share(role, other) : [] })),
    points: points.map(({ place, name, strip, note }) => ({ place, change: name, strip, note })),
  });
  dispatchEvent(new CustomEvent('change-shown', { detail: { change: result.showing } }));
}

async function runCurve() {
  const mine = ++curveRun, { file } = result;
  if (curveOf !== file) [curveOf, curve] = [file, []];
  try {
    await worker.call('film', { file, showings: SHOWINGS });
    // As filmed first, then from left to right; those that are there are not asked again.
    const order = [3, ...SHOWINGS.keys()].filter((place, k, all) => all.indexOf(place) === k && !curve.some((point) => point.place === place));
    for (const place of order) {
      const { strip, seams, answers } = await worker.call('step', { place });
      if (mine !== curveRun) return;
      const note = seams ? `${seams} of ${networks.tdn.num_segments} windows cross a seam, where time jumps back.` : '';
      curve.push({ place, name: SHOWINGS[place].name, strip: URL.createObjectURL(strip), note, answers });
      curve.sort((a, b) => a.place - b.place);
      tellCurve();
    }
  } catch (error) {
    if (mine === curveRun) say(error.isForVisitor ? error.message : 'The curve could not be drawn; reload the page and try again.', { error: true });
  }
}

function onCurve(name, { change }) {
  if (name === 'want') runCurve();
  if (name === 'halt') curveRun++;
  if (name === 'pick') {
    at('showing').value = change;
    open(result.file, change);
  }
}

function enable(on) {
  for (const id of ['class', 'versus', 'method', 'change', 'showing', 'weight', 'save', 'film', 'raw']) at(id).disabled = !on;
}

function play(url, isPicture) {
  const clip = at('clip');
  if (clip.src.startsWith('blob:')) URL.revokeObjectURL(clip.src);
  clip.srcObject = null;
  clip.removeAttribute('poster');
  if (isPicture) {
    clip.removeAttribute('src');
    clip.poster = url; // a moving picture plays as a poster
    clip.load();
    return;
  }
  clip.src = url;
  if (!matchMedia('(prefers-reduced-motion: reduce)').matches) clip.play().catch(() => {});
}

function fresh() {
  at('class').value = TOP;
  at('versus').value = at('change').value = NONE;
  at('method').value = 'grad_cam';
  at('showing').value = '';
  setWeight(1);
}

function setWeight(value) {
  at('weight').value = value;
  at('weight-now').textContent = value;
}

async function openSample(entry, asked = {}) {
  fresh();
  for (const [id, value] of Object.entries(asked)) if ([...at(id)?.options ?? []].some((option) => option.value === value)) at(id).value = value;
  if (Number(asked.weight) >= 0) setWeight(Number(asked.weight));
  sample = entry.file;
  at('credit').textContent = entry.credit ?? '';
  [...at('samples').children].forEach((button) => button.setAttribute('aria-pressed', button.dataset.file === sample));
  play(`samples/${entry.file}`);
  const blob = await (await fetch(`samples/${entry.file}`)).blob();
  if (sample === entry.file) await open(new File([blob], entry.file, { type: 'video/mp4' }), at('showing').value);
}

async function openOwn(file) {
  fresh();
  sample = null;
  at('credit').textContent = '';
  [...at('samples').children].forEach((button) => button.setAttribute('aria-pressed', 'false'));
  play(URL.createObjectURL(file), file.type.startsWith('image/'));
  await open(file);
}

function fill(select, entries) {
  select.replaceChildren(...entries.map(([value, title]) => new Option(title, value)));
}

at('file').addEventListener('change', (event) => { if (event.target.files[0]) openOwn(event.target.files[0]); event.target.value = ''; });
for (const id of ['class', 'versus', 'method', 'change']) at(id).addEventListener('change', explain);
at('weight').addEventListener('input', (event) => { at('weight-now').textContent = event.target.value; });
at('weight').addEventListener('change', explain);
at('showing').addEventListener('change', () => { if (result) open(result.file, at('showing').value); });
at('cancel').addEventListener('click', () => { newest++; worker.stop(); result = null; forgetCurve(); say('Cancelled. Choose a clip.'); });
at('save').addEventListener('click', () => savePicture(at('viewer'), result));
at('film').addEventListener('click', () => saveFilm(at('viewer'), result).catch((error) => say(error.message, { error: true })));
at('raw').addEventListener('click', () => saveMaps(result, networks));
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => { event.preventDefault(); if (event.dataTransfer.files[0]) openOwn(event.dataTransfer.files[0]); });
startLive({ button: at('live'), video: at('clip'), worker, load, say, top, networks: () => networks, viewer: showViewer, panel, site: () => site, begin: () => { newest++; result = null; enable(false); showScores(null); forgetCurve(); } });

// For checks from outside: a file in, numbers out, without touching what is shown.
window.tdnLens = {
  async analyse(file) {
    await load();
    const clip = await worker.call('read', { file });
    return { ...(await this.answer()), frames: clip.frames };
  },
  // The same of pixels that are given: views Uint8Array [T, L, H, W, 3].
  async answerViews(views, method) {
    await load();
    await worker.call('take', { views });
    return this.answer(method);
  },
  async answer(method) {
    const answers = await worker.call('answer', {});
    const labels = networks.tdn.labels, target = top(answers.tdn.probabilities, 1)[0];
    const signed = await worker.call('maps', { weights: { [target]: 1 }, method }), maps = {};
    for (const [role, layers] of Object.entries(signed)) {
      for (const [layer, { shape, data }] of Object.entries(layers)) maps[`${role}_${layer}`] = { shape, data: data.map((value) => Math.max(0, value)) };
    }
    const said = Object.fromEntries(Object.entries(answers).map(([role, { logits, probabilities }]) => {
      const [best] = top(probabilities, 1);
      return [role, { label: labels[best], probability: probabilities[best], logits }];
    }));
    return { ...said, maps };
  },
};

async function begin() {
  try {
    await load();
  } catch (error) {
    console.error(error);
    return say('The networks could not be loaded; check the connection and reload the page.', { error: true });
  }
  const labels = networks.tdn.labels;
  fill(at('class'), [[TOP, 'the one TDN names'], ...labels.map((label) => [label, label])]);
  fill(at('versus'), [[NONE, 'no other class'], ...labels.map((label) => [label, label])]);
  fill(at('method'), Object.entries(METHODS));
  fill(at('change'), [[NONE, 'nothing: as filmed'], ...CHANGES.map(({ name, title }) => [name, title])]);
  fill(at('showing'), SHOWINGS.map(({ name, title }) => [name, title]));
  at('samples').replaceChildren(...site.samples.map((entry) => {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: entry.title, title: entry.credit || '' });
    button.dataset.file = entry.file;
    button.addEventListener('click', () => openSample(entry));
    return button;
  }));
  if ('serviceWorker' in navigator) navigator.serviceWorker.register('offline.js').catch(() => {});
  const asked = Object.fromEntries(new URLSearchParams(location.search)), wanted = site.samples.find(({ file }) => file === `${asked.sample}.mp4`);
  if (site.samples.length) await openSample(wanted ?? site.samples[0], wanted ? asked : {});
  document.documentElement.dataset.ready = 'yes';
}

begin();

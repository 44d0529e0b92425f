// The page: asks the worker, keeps one result with an identity, draws it with the components of the Gradio page.
import drawScores from 'component:viewer/scores';
import drawViewer from 'component:viewer/viewer';
import { BLANK, blanked, DIALS, segmentsShown } from './changes.js';
import { makeChecks } from './checks.js';
import { component } from './component.js';
import { makeCurve, SHOWINGS } from './curve.js';
import { doubt } from './doubt.js';
import { showFocus } from './focus-table.js';
import { startLab } from './lab.js';
import { startLive } from './live.js';
import { METHODS } from './methods.js';
import { readClip } from './reading.js';
import { chooseRegion } from './region.js';
import { saveFilm, saveMaps, savePicture } from './save.js';
import { panel, pictures, tile, top, viewerData } from './shown.js';
import { base, worker } from './thread.js';

const TOP = '', NONE = '';
const at = (id) => document.getElementById(id);

// Components of the Gradio page know a dark page by this class.
document.documentElement.classList.toggle('dark', matchMedia('(prefers-color-scheme: dark)').matches);

const showScores = component(drawScores, at('scores'), (name, { label }) => { at('class').value = label; explain(); });
const showViewer = component(drawViewer, at('viewer'));
const curve = makeCurve(at('curve'), {
  worker, networks: () => networks, result: () => result, target: () => question().target,
  fail: (error) => say(error.isForVisitor ? error.message : 'The curve could not be drawn; reload the page and try again.', { error: true }),
  pick(change) { at('showing').value = change; open(result.file, change); },
});

const region = chooseRegion(at('region'), explain);

let site = null, words = null, loaded = null, networks = null, result = null, newest = 0, sample = null;
worker.whenStopped = () => { loaded = null; };

async function load() {
  site ??= await (await fetch('networks/site.json')).json();
  words ??= await (await fetch('networks/page.json')).json();
  loaded ??= worker.call('load', { base, decodes: 'VideoDecoder' in window, folders: { tdn: `networks/${site.pair[0]}/`, baseline: `networks/${site.pair[1]}/` } });
  return networks = await loaded;
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
  curve.keepFor(file);
  result = null;
  showViewer(null);
  showScores(null);
  enable(false);
  try {
    say('Loading the networks …', { share: 0.1 });
    await load();
    say('Reading the clip …', { share: 0.3 });
    const clip = await readClip(networks.tdn, { file, repeat, part });
    if (mine !== newest) return;
    say('Classifying …', { share: 0.6 });
    const answers = await worker.call('answer', {});
    if (mine !== newest) return;
    result = { file, clip, answers, changed: null, showing, shownAs: title, pictures: await pictures(clip) };
    showRegion(clip);
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
  const { target, weights } = question(), change = changeAsked(), weight = Number(at('weight').value), dials = { ...DIALS[change] };
  if (weight !== 1 && !('s_tdm_weight' in dials)) dials.s_tdm_weight = weight;
  const isChanged = Boolean(change) || weight !== 1;
  say(isChanged ? 'Looking again …' : 'Drawing the maps …', { share: 0.7 });
  try {
    const method = at('method').value, maps = await worker.call('maps', { weights, method });
    if (mine !== newest) return;
    const after = isChanged ? { name: change || `S-TDM at ${weight}`, answers: await worker.call('answer', { change, dials, key: 'changed' }) } : null;
    if (after) after.order = segmentsShown(change, networks.tdn.num_segments, networks.tdn.window, networks.tdn.other_orders);
    if (after) after.maps = await worker.call('maps', { weights, method, key: 'changed' });
    if (mine !== newest) return;
    Object.assign(shown, { target, method, maps, changed: after });
    draw();
    await showFocus(at('focus'), shown, site.samples.find((one) => one.file === sample), networks, site);
    curve.tell();
    tell();
    say(summary());
    enable(true);
  } catch (error) {
    if (mine === newest) say(error.isForVisitor ? error.message : 'The maps could not be made; reload the page and try again.', { error: true });
  }
}

// The change by its name; that of a region says which.
function changeAsked() {
  const change = at('change').value;
  at('region').hidden = change !== BLANK;
  return change === BLANK ? `${BLANK} ${region.value()}` : change;
}

function question() {
  const labels = networks.tdn.labels, best = labels[top(result.answers.tdn.probabilities)[0]];
  const target = at('class').value || best, versus = at('versus').value;
  const weights = { [labels.indexOf(target)]: 1 };
  if (versus && versus !== target) weights[labels.indexOf(versus)] = -1;
  return { target, versus, weights };
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
    cards: Object.entries(now).map(([role, { logits, probabilities }]) => ({
      name: networks[role].system + (changed ? ` · ${changed.name}` : ''), file: networks[role].file, target,
      target_probability: probabilities[index], before: changed ? answers[role].probabilities[index] : null,
      doubt: doubt(logits, probabilities, networks[role].card.accuracy, words.doubts),
      bars: top(probabilities).map((one) => ({ label: labels[one], probability: probabilities[one], explained: one === index })),
    })),
  });
  showViewer(viewerData(result, question().versus, networks, site, at('clip').src));
}

// What the networks see of the middle frame, to choose a region of it.
function showRegion({ centres, width, height, box: [x0, y0, x1, y1] }) {
  const whole = new OffscreenCanvas(width, height), seen = new OffscreenCanvas(x1 - x0, y1 - y0);
  whole.getContext('2d').putImageData(tile(centres[centres.length >> 1], width, height), 0, 0);
  seen.getContext('2d').drawImage(whole, -x0, -y0);
  region.show(seen);
}

// The page's address names the sample and what is asked of it; a visitor's own clip never gets there.
const ASKED = ['class', 'versus', 'method', 'change', 'showing', 'weight'], USUAL = { class: TOP, versus: NONE, method: 'grad_cam', change: NONE, showing: '', weight: '1' };
function tell() {
  const address = new URL(location.href);
  address.search = '';
  if (sample) {
    address.searchParams.set('sample', sample.replace('.mp4', ''));
    for (const id of ASKED) if (at(id).value !== USUAL[id]) address.searchParams.set(id, id === 'change' ? changeAsked() : at(id).value);
  }
  if (address.href !== location.href) history.replaceState(null, '', address);
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
  at('region').hidden = true;
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
  const edges = blanked(asked.change ?? '');
  if (edges) { at('change').value = BLANK; region.set(edges); }
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
at('cancel').addEventListener('click', () => { newest++; worker.stop(); result = null; curve.forget(); say('Cancelled. Choose a clip.'); });
at('save').addEventListener('click', () => savePicture(at('viewer'), result));
at('film').addEventListener('click', () => saveFilm(at('viewer'), result).catch((error) => say(error.message, { error: true })));
at('raw').addEventListener('click', () => saveMaps(result, networks));
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', (event) => { event.preventDefault(); if (event.dataTransfer.files[0]) openOwn(event.dataTransfer.files[0]); });
const live = startLive({ button: at('live'), video: at('clip'), worker, load, say, top, networks: () => networks, viewer: showViewer, panel, site: () => site, begin: () => { newest++; result = null; enable(false); showScores(null); curve.forget(); } });

const lab = startLab(at('lab'), { worker, load, own: () => result?.file ?? null });

// The address says which half of the page is shown: #lab/3 is a step of the lab, anything else is Analyse.
let opening = null;
async function route() {
  const step = location.hash.match(/^#lab(?:\/([\w-]+))?$/);
  at('analyse').hidden = Boolean(step);
  at('lab').hidden = !step;
  for (const [id, isHere] of [['to-analyse', !step], ['to-lab', step]]) at(id).toggleAttribute('aria-current', Boolean(isHere));
  if (step) {
    at('clip').pause();
    live.stop();
    return lab.show(step[1] ?? '1');
  }
  lab.leave();
  opening ??= first();
  return opening;
}

window.tdnLens = makeChecks({ worker, load, lab });

// The sample that the address names, or the first one.
async function first() {
  const asked = Object.fromEntries(new URLSearchParams(location.search)), wanted = site.samples.find(({ file }) => file === `${asked.sample}.mp4`);
  if (site.samples.length) await openSample(wanted ?? site.samples[0], wanted ? asked : {});
}

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
  at('strobe').innerHTML = words.strobe;
  fill(at('change'), [[NONE, 'nothing: as filmed'], ...Object.entries(words.changes)]);
  fill(at('showing'), SHOWINGS.map(({ name, title }) => [name, title]));
  at('samples').replaceChildren(...site.samples.map((entry) => {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: entry.title, title: entry.credit || '' });
    button.dataset.file = entry.file;
    button.addEventListener('click', () => openSample(entry));
    return button;
  }));
  if ('serviceWorker' in navigator) navigator.serviceWorker.register('offline.js').catch(() => {});
  addEventListener('hashchange', route);
  await route();
  document.documentElement.dataset.ready = 'yes';
}

begin();

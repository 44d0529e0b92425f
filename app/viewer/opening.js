// Draws `props.value` (OpeningData of opening.py): a film with maps moving over it, and what both networks say to it. All of
// it is there from the start; the switch asks no server, but for the film of a change that has one of its own.
const find = (selector) => element.querySelector(selector);
const root = find('.opening'), sentence = find('h2'), choice = find('.switch'), play = find('.play'), answers = find('.answers'), why = find('.why'), sources = find('.sources');
const FINE = 6; // values of a map are drawn so many times finer than they are
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%`;
const reduced = matchMedia('(prefers-reduced-motion: reduce)');
const films = new Map(); // way -> { video, round }
let data = null, way = null, wantsPlay = !reduced.matches, isSeen = true, screens = [], poster = null;

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// One player for each film; ways of the same film at the same pace share it.
function filmOf(one) {
  const key = `${one.video.url} ${one.rounds}`;
  if (films.has(key)) return films.get(key);
  const video = make('video'), film = { video, round: 0, rounds: one.rounds, end: one.end_sec };
  Object.assign(video, { muted: true, playsInline: true, preload: 'auto', tabIndex: -1, src: one.video.url });
  const again = () => {
    film.round = (film.round + 1) % film.rounds;
    video.currentTime = 0;
    if (wantsPlay && isSeen && current().includes(film)) video.play().catch(() => {});
  };
  film.again = again;
  video.addEventListener('ended', again);
  video.addEventListener('play', () => { told(); requestAnimationFrame(follow); });
  video.addEventListener('pause', told);
  for (const event of ['loadeddata', 'seeked']) video.addEventListener(event, draw);
  video.addEventListener('loadedmetadata', () => { video.currentTime = one.start_sec; });
  sources.append(video);
  films.set(key, film);
  return film;
}

const current = () => [...new Set(screens.map((one) => one.film))];
const now = (film) => film.round * film.end + Math.min(film.video.currentTime, film.end);

// How far the map of a moment counts at `at` seconds: two neighbours where the film has no cuts, else the nearest one.
function weights(one, at) {
  const knots = one.knots_sec, next = knots.findIndex((knot) => knot > at);
  if (next <= 0) return [[next < 0 ? knots.length - 1 : 0, 1]];
  const part = (at - knots[next - 1]) / (knots[next] - knots[next - 1]);
  if (!one.is_smooth) return [[part < 0.5 ? next - 1 : next, 1]];
  return [[next - 1, 1 - part], [next, part]];
}

function decode(network) {
  network.cells ||= Uint8Array.from(atob(network.values), (letter) => letter.charCodeAt(0));
  return network.cells;
}

// The map at a time, finer than its cells and coloured; what is no evidence is transparent.
function mapAt(screen, at) {
  const { rows, columns } = screen.network, cells = decode(screen.network), size = rows * columns, mixed = new Float32Array(size);
  for (const [knot, share] of weights(screen.way, at)) for (let k = 0; k < size; k++) mixed[k] += share * cells[knot * size + k];
  const width = columns * FINE, height = rows * FINE, layer = screen.layer;
  if (layer.width !== width) Object.assign(layer, { width, height });
  const context = layer.getContext('2d'), pixels = context.createImageData(width, height);
  for (let y = 0, k = 0; y < height; y++) {
    const v = Math.max(0, Math.min(rows - 1, (y + 0.5) / FINE - 0.5)), top = Math.floor(v), bottom = Math.min(top + 1, rows - 1);
    for (let x = 0; x < width; x++, k += 4) {
      const u = Math.max(0, Math.min(columns - 1, (x + 0.5) / FINE - 0.5)), left = Math.floor(u), right = Math.min(left + 1, columns - 1);
      const upper = mixed[top * columns + left] * (1 - u + left) + mixed[top * columns + right] * (u - left);
      const lower = mixed[bottom * columns + left] * (1 - u + left) + mixed[bottom * columns + right] * (u - left);
      const value = upper * (1 - v + top) + lower * (v - top), colour = 3 * Math.round(value);
      pixels.data.set([data.colours[colour], data.colours[colour + 1], data.colours[colour + 2], data.opacity * value], k);
    }
  }
  context.putImageData(pixels, 0, 0);
  return layer;
}

function drawScreen(screen) {
  const { canvas, film, line } = screen, context = canvas.getContext('2d'), { width, height } = canvas, [x0, y0, x1, y1] = data.box;
  const isThere = film.video.readyState >= 2 && !film.video.seeking, at = isThere ? now(film) : screen.way.start_sec;
  if (isThere) context.drawImage(film.video, 0, 0, width, height);
  else if (poster && !screen.isDrawn && screen.way === data.ways[data.shown]) context.drawImage(poster, 0, 0, width, height);
  else return;
  screen.isDrawn = true;
  context.imageSmoothingEnabled = true;
  context.drawImage(mapAt(screen, at), x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height);
  line.style.setProperty('--at', at / (film.end * film.rounds));
  element.dataset.maps = screens.length;
}

const draw = () => { if (data) screens.forEach(drawScreen); };

function list(network) {
  const made = make('ol');
  for (const { label, probability, kind } of network.said) {
    const line = make('li', kind);
    line.style.setProperty('--share', probability);
    line.append(make('span', '', label), make('span', '', percent(probability)));
    made.append(line);
  }
  return made;
}

function column(one, number, title) {
  const box = make('div'), network = one.networks[number], frame = make('div', 'frame'), canvas = make('canvas'), line = make('div', 'line'), film = filmOf(one);
  Object.assign(canvas, { width: data.width, height: data.height });
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `${network.words}; ${one.name.toLowerCase()}`);
  for (const knot of one.knots_sec) {
    const mark = make('i');
    mark.style.left = `${100 * knot / (one.end_sec * one.rounds)}%`;
    line.append(mark);
  }
  frame.append(canvas, line);
  screens.push({ canvas, line, network, way: one, film, layer: document.createElement('canvas') });
  box.append(make('h4', '', title), frame, list(network));
  return box;
}

// The way it opens in stands beside every other one, in step with it.
function show(index) {
  way = data.ways[index];
  const usual = data.ways[data.shown], isUsual = way === usual, left = current();
  sentence.textContent = way.sentence;
  why.textContent = way.why;
  [...choice.children].forEach((button, number) => {
    button.setAttribute('aria-checked', number === index);
    button.tabIndex = number === index ? 0 : -1;
  });
  screens = [];
  answers.classList.toggle('compared', !isUsual);
  answers.replaceChildren(...way.networks.map((network, number) => {
    const card = make('section', 'card'), columns = make('div', 'columns');
    if (!isUsual) columns.append(column(usual, number, `Before: ${usual.name.toLowerCase()}`));
    columns.append(column(way, number, isUsual ? usual.name : `After: ${way.name.toLowerCase()}`));
    card.append(make('h3', '', network.name), columns, make('p', 'reads', network.reads));
    return card;
  }));
  find('.knots span').textContent = way.is_smooth
    ? 'a moment the networks look at; between two, the maps are interpolated'
    : 'a moment the networks look at; its map stands until half way to the next, as this film has cuts';
  const films = current();
  left.filter((film) => !films.includes(film)).forEach((film) => film.video.pause());
  for (const film of films) {
    film.round = 0;
    const one = screens.find((screen) => screen.film === film && screen.way === way)?.way ?? usual;
    if (film.video.readyState) film.video.currentTime = films.length > 1 && way.rounds === 1 ? way.start_sec : one.start_sec;
  }
  draw();
  run();
  element.dataset.way = index;
}

// Both films keep the same time where they are equally long; the one of the change leads.
function keepStep() {
  const [lead, other] = [filmOf(way), filmOf(data.ways[data.shown])];
  if (lead === other || way.rounds > 1) return;
  if (Math.abs(lead.video.currentTime - other.video.currentTime) > 0.2 && !other.video.seeking && lead.video.currentTime > 0.3) other.video.currentTime = lead.video.currentTime;
}

function follow() {
  const playing = current().filter((film) => !film.video.paused);
  if (!element.isConnected || !playing.length || follow.waiting) return;
  playing.filter((film) => film.video.currentTime >= film.end - 0.02).forEach((film) => film.again());
  keepStep();
  draw();
  follow.waiting = true;
  requestAnimationFrame(() => { follow.waiting = false; follow(); });
}

const isPaused = () => current().every((film) => film.video.paused);

function told() {
  play.firstElementChild.textContent = isPaused() ? '▶' : '❚❚';
  play.setAttribute('aria-label', isPaused() ? 'Play the film' : 'Pause the film');
}

function run() {
  for (const { video } of current()) {
    if (wantsPlay && isSeen) video.play().catch(() => {}); // refused where films may not play by themselves
    else video.pause();
  }
  told();
}

function open() {
  if (!props.value || !props.value.ways || data === props.value) return;
  data = props.value;
  // A link that asks for something else leads to that.
  const given = window.pageLink ? window.pageLink.given : new URLSearchParams();
  if ((given.has('sample') && given.get('sample') !== data.sample) || given.has('change') || given.has('tdn') || given.has('baseline')) {
    element.closest('#opening').classList.add('elsewhere');
    return;
  }
  root.style.setProperty('--shape', `${data.width} / ${data.height}`);
  root.style.setProperty('--ratio', data.width / data.height);
  find('.credit').textContent = data.credit;
  find('.question').textContent = data.question;
  choice.replaceChildren(...data.ways.map((one, index) => {
    const button = make('button', '', one.name);
    button.type = 'button';
    button.setAttribute('role', 'radio');
    button.addEventListener('click', () => show(index));
    return button;
  }));
  root.hidden = false;
  const picture = new Image();
  picture.onload = () => { poster = picture; draw(); };
  picture.src = data.poster.url;
  show(data.shown);
  new IntersectionObserver(([entry]) => { isSeen = entry.isIntersecting; run(); }).observe(answers);
}

choice.addEventListener('keydown', (event) => {
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = (data.ways.indexOf(way) + step + data.ways.length) % data.ways.length;
  show(next);
  choice.children[next].focus();
});
play.addEventListener('click', () => { wantsPlay = isPaused(); run(); });
watch('value', open);
open();

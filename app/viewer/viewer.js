// Draws `props.value` (ViewerData of viewer.py). Everything here happens in the browser: no request after the frames, but for
// the film when somebody plays it. viewer.maps.js colours, viewer.film.js plays, viewer.curve.js tells how evidence is spread.
const find = (selector) => element.querySelector(selector);
const viewer = find('.viewer'), play = find('.play'), seek = find('.seek'), position = find('.position'), grid = find('.grid'), strip = find('.strip'),
      invitation = find('.invitation'), opacity = find('.opacity'), colours = find('.colours'), scale = find('.scale-colours'), line = find('.line'), about = find('.about'),
      unseen = find('.unseen'), rule = find('.rule'), curve = find('.curve'),
      inside = find('.window'), layers = find('.layers'), speed = find('.speed'), signed = find('.signed'), copy = find('.copy');
const RULES = { clip: 'per clip', shared: 'shared by the networks', frame: 'per frame, contrast only' };
const MOST = { clip: 'most in each map', shared: 'most of both networks', frame: 'most at each moment' };
// What a layer is good for, beside its name.
const GOOD_FOR = { res2: 'fine, where', final: 'coarse, what decided' };
const link = window.pageLink, asked = (name) => link && link.given.get(name);
// How a viewer looks when nobody has touched it: what differs from this stands in the link.
const USUAL = { layers: 'both', scale: 'clip', colours: '', opacity: '80', signed: '' };
let shown = null, current = 0, newest = 0, opened = '', enlarged = null;

const make = (tag, name, text) => Object.assign(document.createElement(tag), { className: name || '' }, text === undefined ? {} : { textContent: text });
const canvas = (width, height) => Object.assign(make('canvas'), { width, height });
const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

// A busy server or a bad line may lose a picture once.
function loadPicture(file, tries = 3) {
  return new Promise((done, failed) => {
    const picture = new Image();
    picture.onload = () => done(picture);
    picture.onerror = () => (tries > 1 ? setTimeout(() => loadPicture(file, tries - 1).then(done, failed), 300) : failed(new Error(`${file.url} does not load`)));
    picture.src = file.url;
  });
}

// A caption has the whole condition of its map; the eye finds the class once above all maps, and the scale once below.
function describe(panel) {
  const short = (value) => Number(value.toPrecision(2));
  const drawn = cells(panel), caption = drawn ? panel.caption.replace(/ · no positive evidence$/, '') : panel.caption;
  const scaled = drawn ? ` · ${RULES[rule.value]}${rule.value === 'frame' ? '' : `, max ${short(amount(panel) / scaling(panel, current))}`}` : '';
  const key = make('span', 'key'), [before, label, after] = parts(caption);
  key.style.background = panel.colour;
  panel.message_box.textContent = drawn ? '' : panel.message || '';
  const name = make('b', '', before);
  panel.words.replaceChildren(...(panel.cells ? [key] : []), name, make('span', alike() ? 'whole' : '', label), after, make('span', 'whole', scaled));
  if (GOOD_FOR[panel.layer]) name.dataset.good = GOOD_FOR[panel.layer];
  panel.words.title = caption + scaled;
  panel.canvas.setAttribute('aria-label', [caption + scaled, panel.message_box.textContent].filter(Boolean).join('. '));
  panel.enlarge.setAttribute('aria-label', `Enlarge ${before}${after}`);
}

// "TDN · Res2", " · “a class”", and what follows.
function parts(caption) {
  const found = caption.match(/^(.*?)( · “.*?”(?: less “.*?”)?)(.*)$/);
  return found ? found.slice(1) : [caption, '', ''];
}

const classOf = (panel) => parts(panel.caption)[1].replace(' · ', '');
const alike = () => new Set(shown.panels.map(classOf)).size === 1;

function draw() {
  if (!shown) return;
  const segments = segmentsNow(), isMoving = isPlaying() && !steps, sec = film && film.sec !== null ? film.sec : null;
  for (const panel of shown.panels.filter((one) => !one.box.hidden)) {
    const { context } = panel, tile = panel.order ? panel.order[current] : current;
    if (sec !== null && film.video.readyState >= 2) context.drawImage(film.video, 0, 0, shown.width, shown.height);
    else if (sec === null) context.drawImage(shown.picture, tile * shown.width, 0, shown.width, shown.height, 0, 0, shown.width, shown.height);
    else continue;
    lay(panel, segments, isMoving);
    panel.canvas.parentElement.classList.toggle('knot', sec !== null && isKnot());
  }
  const [[first], second] = segments, numbers = ` · frame ${shown.numbers[current]}`;
  position.textContent = second
    ? `${sec.toFixed(2)} s · between ${first + 1} and ${second[0] + 1}, interpolated`
    : `Moment ${current + 1} of ${shown.count} · ${(sec ?? shown.times_sec[current]).toFixed(2)} s${isKnot() ? numbers : ''}`;
  seek.value = current;
  if (!isPlaying()) seek.setAttribute('aria-valuetext', position.textContent);
  line.style.setProperty('--at', Math.min(1, (sec ?? shown.times_sec[current]) / lineLength()));
  drawCurve();
  [...strip.children].forEach((tile, segment) => tile.classList.toggle('now', segment === current));
}

function showKnot(segment) {
  if (!shown) return;
  current = Math.max(0, Math.min(shown.count - 1, Math.round(segment)));
  if (film) film.sec = null;
  draw();
  drawWindow();
  tell();
}

// The visitor's choice of a moment ends the film.
function go(segment) {
  halt();
  showKnot(segment);
}

// The page's address follows what the visitor sees.
function tell() {
  if (!shown.link || !shown.link.sample) return;
  const now = { layers: layers.value, scale: rule.value, colours: colours.value, opacity: opacity.value, signed: signed.checked ? 'yes' : '' };
  const told = Object.entries(now).map(([name, value]) => [name, value === (name === 'colours' ? Object.keys(shown.colours)[0] : USUAL[name]) ? '' : value]);
  link.put({ segment: current + 1, ...Object.fromEntries(told) });
}

function drawScale() {
  const table = shown && (signed.checked ? shown.signed_colours : shown.colours[colours.value]), context = scale.getContext('2d'), row = context.createImageData(256, 1);
  if (!table) return;
  for (let i = 0; i < 256; i++) row.data.set([...table.slice(3 * i, 3 * i + 3), Math.round(signed.checked ? Math.abs(2 * i - 255) : i)], 4 * i);
  context.putImageData(row, 0, 0);
  find('.least').textContent = signed.checked ? 'against the class' : '0';
  find('.most').textContent = signed.checked ? 'for it' : MOST[rule.value];
}

function figure(panel) {
  const box = make('figure'), picture = make('div', 'picture'), message = make('div', 'message'), caption = make('figcaption');
  caption.textContent = panel.caption || '';
  if (!shown) {
    box.append(picture, caption);
    return box;
  }
  const drawn = canvas(shown.width, shown.height), enlarge = make('button', 'enlarge', '⤢');
  drawn.setAttribute('role', 'img');
  enlarge.type = 'button';
  enlarge.addEventListener('click', () => enlargeOnly(enlarged === panel ? null : panel));
  Object.assign(panel, { canvas: drawn, words: caption, message_box: message, box, enlarge });
  describe(panel);
  panel.context = drawn.getContext('2d');
  follow(drawn);
  picture.append(drawn, message, enlarge);
  box.append(picture, caption);
  return box;
}

// A place from left to right stands for a moment: on the maps, and on the curve.
function follow(place) {
  const there = (event) => { const at = place.getBoundingClientRect(); go(Math.floor((event.clientX - at.left) / at.width * shown.count)); };
  place.addEventListener('pointerdown', there);
  place.addEventListener('pointermove', (event) => { if (event.buttons) there(event); });
}

// One map alone, as large as there is room; null: those of the chosen layers.
function enlargeOnly(panel) {
  enlarged = panel;
  choosePanels();
  draw();
  if (panel) panel.enlarge.focus({ preventScroll: true });
}

function choosePanels() {
  if (!shown) return;
  const only = layers.value;
  shown.panels.forEach((panel) => {
    panel.box.hidden = enlarged ? panel !== enlarged : only !== 'both' && panel.layer !== only;
    panel.enlarge.setAttribute('aria-pressed', panel === enlarged);
  });
  grid.classList.toggle('alone', Boolean(enlarged));
}

function offerColours() {
  const wanted = colours.value || asked('colours'), names = Object.keys(shown.colours);
  colours.replaceChildren(...names.map((name) => new Option(name, name)));
  colours.value = names.includes(wanted) ? wanted : names[0];
}

function invite() {
  openFilm(null);
  shown = enlarged = null;
  delete element.dataset.maps;
  grid.replaceChildren(...Array.from({ length: 4 }, () => figure({})));
  grid.classList.remove('alone');
  strip.replaceChildren();
  position.textContent = about.textContent = '';
  invitation.hidden = false;
  curve.hidden = inside.hidden = line.hidden = true;
  viewer.classList.add('empty');
  play.disabled = seek.disabled = true;
}

function retell() {
  drawScale();
  colours.disabled = signed.checked;
  if (!shown) return;
  choosePanels();
  shown.panels.forEach(describe);
  draw();
  tell();
}

async function show() {
  const value = props.value, mine = ++newest;
  if (!value || !value.panels) return invite();
  const picture = await loadPicture(value.frames);
  if (mine !== newest) return; // a newer result came while this one loaded
  const panels = value.panels.map((panel, number) => ({ ...panel, colour: LINES[number % LINES.length], cells: panel.values && bytes(panel.values) }));
  panels.forEach((panel) => { panel.both = together(panel, panel.cells, panel.against && bytes(panel.against)); });
  const place = enlarged && shown.panels.length === panels.length ? shown.panels.indexOf(enlarged) : -1;
  shown = { ...value, picture, panels };
  enlarged = panels[place] || null;
  openFilm(value.film);
  inside.hidden = !value.windows;
  inside.querySelectorAll('canvas').forEach((tile) => tile.remove());
  offerColours();
  grid.style.setProperty('--shape', `${value.width} / ${value.height}`);
  grid.replaceChildren(...panels.map(figure));
  grid.tabIndex = 0;
  about.textContent = alike() ? `Evidence for ${classOf(panels[0])}` : '';
  strip.replaceChildren(...Array.from({ length: value.count }, (_, segment) => thumbnail(segment)));
  const [x0, y0, x1, y1] = value.box;
  unseen.hidden = x0 <= 0 && y0 <= 0 && x1 >= value.width && y1 >= value.height;
  find('.with-signed').hidden = !panels.some((panel) => panel.against);
  copy.hidden = !(value.link && value.link.sample);
  invitation.hidden = true;
  viewer.classList.remove('empty');
  play.disabled = seek.disabled = false;
  seek.max = value.count - 1;
  // A new clip opens where the first network's last map has most of its evidence; another class of the same one where it was.
  const name = `${value.clip} ${value.times_sec}`, isMain = value.link && !value.link.change;
  if (opened !== name && panels[0].cells) {
    opened = name;
    halt();
    if (film) film.sec = null;
    const wanted = isMain && Math.round(asked('segment')), evidence = shares(panels.find((panel) => panel.layer === 'final' && panel.cells) || panels[0]);
    current = wanted ? Math.max(0, Math.min(value.count, wanted) - 1) : evidence.indexOf(Math.max(...evidence));
    if (wanted) link.given.delete('segment'); // of the first result only
  }
  if (value.link) isMain ? link.reset(value.link) : link.put(value.link);
  drawLine();
  drawWindow();
  retell();
  element.dataset.maps = panels.filter((panel) => panel.cells || panel.message).length;
}

// As the link asks; what it can't mean is left as it is.
for (const [name, control] of Object.entries({ layers, scale: rule, opacity })) {
  const usual = control.value, wanted = asked(name);
  if (wanted) control.value = wanted;
  if (wanted && control.value !== wanted) control.value = usual;
}
signed.checked = asked('signed') === 'yes';

seek.addEventListener('input', () => go(+seek.value));
opacity.addEventListener('input', () => { draw(); if (shown) tell(); });
for (const control of [rule, colours, layers, signed]) control.addEventListener('change', retell);
layers.addEventListener('change', () => enlargeOnly(null));
speed.addEventListener('change', () => { if (isPlaying()) { halt(); start(); } });
new IntersectionObserver(([entry]) => { isNear = entry.isIntersecting; if (shown) drawWindow(); }, { rootMargin: '400px' }).observe(inside);
inside.addEventListener('toggle', () => { if (shown) drawWindow(); });
play.addEventListener('click', toggle);
line.addEventListener('click', (event) => { const at = line.getBoundingClientRect(); seekTo((event.clientX - at.left) / at.width * lineLength()); });
follow(curve.querySelector('canvas'));
copy.addEventListener('click', async () => {
  const address = link.write();
  try {
    await navigator.clipboard.writeText(address);
    copy.textContent = 'Copied';
  } catch { // no clipboard without https: the address of the page is the same
    copy.textContent = 'Copy it from the address bar';
  }
  setTimeout(() => { copy.textContent = 'Copy link'; }, 2500);
});
viewer.addEventListener('keydown', (event) => {
  const own = event.target.closest('select, button, summary, input'); // they have a use of their own for these keys
  if (!shown || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === 'Escape' && enlarged) return enlargeOnly(null);
  if (event.key === ' ' && (!own || own === seek)) { event.preventDefault(); toggle(); }
  const to = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: shown.count - 1 }[event.key];
  if (to !== undefined && !own) { event.preventDefault(); go(to); }
  if (/^[1-9]$/.test(event.key) && (!own || own.matches('button')) && shown.panels[event.key - 1]) enlargeOnly(enlarged === shown.panels[event.key - 1] ? null : shown.panels[event.key - 1]);
});
watch('value', show);
show();

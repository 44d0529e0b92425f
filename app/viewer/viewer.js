// Draws `props.value` (ViewerData of viewer.py). Everything here happens in the browser: no request after the frames.
const find = (selector) => element.querySelector(selector);
const viewer = find('.viewer'), play = find('.play'), seek = find('.seek'), position = find('.position'), grid = find('.grid'), strip = find('.strip'),
      invitation = find('.invitation'), opacity = find('.opacity'), colours = find('.colours'), scale = find('.scale-colours'),
      unseen = find('.unseen'), rule = find('.rule'), curve = find('.curve'),
      inside = find('.window'), layers = find('.layers'), speed = find('.speed'), signed = find('.signed'), copy = find('.copy');
const LINES = ['#c1440e', '#e8a33d', '#1f5fa8', '#62a5d9', '#3f7d4e', '#8fbf7f', '#6b4c9a', '#b39ddb'];
const RULES = { clip: 'per clip', shared: 'shared by the networks', frame: 'per frame, contrast only' };
const PLAY_MS = 350, UNSEEN = 0.45;
const link = window.pageLink, asked = (name) => link && link.given.get(name);
// How a viewer looks when nobody has touched it: what differs from this stands in the link.
const USUAL = { layers: 'both', scale: 'clip', colours: '', opacity: '60', signed: '' };
let shown = null, current = 0, timer = null, newest = 0, opened = '';

const make = (tag, name) => Object.assign(document.createElement(tag), { className: name || '' });
const canvas = (width, height) => Object.assign(make('canvas'), { width, height });
const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

function loadPicture(file) {
  return new Promise((done, failed) => {
    const picture = new Image();
    picture.onload = () => done(picture);
    picture.onerror = failed;
    picture.src = file.url;
  });
}

// Where each pixel of the box falls between two cells: half-pixel centres, edges repeated, as cv2.INTER_LINEAR.
function between(pixels, cells) {
  return Array.from({ length: pixels }, (_, pixel) => {
    const at = Math.max(0, Math.min(cells - 1, (pixel + 0.5) * cells / pixels - 0.5)), low = Math.floor(at);
    return { low, high: Math.min(low + 1, cells - 1), part: at - low };
  });
}

// The map of one segment in the pixels of the box, 0..255, kept after the first time; below zero what speaks against the
// class, on the same scale, where that is asked for.
function placed(panel, segment) {
  const key = `${signed.checked}${segment}`;
  if (panel.placed[key]) return panel.placed[key];
  const [x0, y0, x1, y1] = shown.box, width = x1 - x0, height = y1 - y0;
  panel.across ||= between(width, panel.columns);
  panel.down ||= between(height, panel.rows);
  const from = segment * panel.rows * panel.columns, out = new Float32Array(width * height), v = cells(panel);
  for (let y = 0, k = 0; y < height; y++) {
    const { low, high, part } = panel.down[y], top = from + low * panel.columns, bottom = from + high * panel.columns;
    for (let x = 0; x < width; x++, k++) {
      const a = panel.across[x];
      const upper = v[top + a.low] + (v[top + a.high] - v[top + a.low]) * a.part;
      const lower = v[bottom + a.low] + (v[bottom + a.high] - v[bottom + a.low]) * a.part;
      out[k] = upper + (lower - upper) * part;
    }
  }
  return (panel.placed[key] = out);
}

// The values of a panel that are drawn: 255 (or -255) stands for `amount(panel)`.
function cells(panel) {
  return signed.checked ? panel.both : panel.cells;
}

function amount(panel) {
  return signed.checked ? Math.max(panel.maximum, panel.least) : panel.maximum;
}

// What the values of a panel are multiplied by under the chosen scale (tdn/explain/scale.py): they come per clip.
function scaling(panel) {
  if (rule.value === 'shared') return amount(panel) / Math.max(...shown.panels.filter((other) => other.layer === panel.layer).map(amount));
  if (rule.value === 'clip') return 1;
  const size = panel.rows * panel.columns;
  const own = cells(panel).subarray(current * size, (current + 1) * size).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return own ? 255 / own : 1;
}

function describe(panel) {
  const short = (value) => Number(value.toPrecision(2));
  const drawn = cells(panel), caption = drawn ? panel.caption.replace(/ · no positive evidence$/, '') : panel.caption;
  const words = drawn ? [caption, `${RULES[rule.value]}${rule.value === 'frame' ? '' : `, max ${short(amount(panel) / scaling(panel))}`}`] : [caption];
  const key = make('span', 'key');
  key.style.background = panel.colour;
  panel.message_box.textContent = drawn ? '' : panel.message || '';
  panel.words.replaceChildren(...(panel.cells ? [key] : []), words.join(' · '));
  panel.canvas.setAttribute('aria-label', [...words, panel.message_box.textContent].filter(Boolean).join('. '));
}

// The same formula as tdn/show/overlay.py `blend`: a pixel's opacity is opacity * (0.25 + 0.75 * value), or opacity *
// |value| where values have a sign, and the middle of their colours is nothing.
function colourOver(pixels, panel) {
  const [x0, y0, x1, y1] = shown.box, values = placed(panel, current), strength = opacity.value / 100, both = signed.checked;
  const table = both ? shown.signed_colours : shown.colours[colours.value], factor = scaling(panel);
  for (let y = 0, k = 0; y < shown.height; y++) {
    for (let x = 0; x < shown.width; x++, k += 4) {
      if (x < x0 || x >= x1 || y < y0 || y >= y1) {
        for (let c = 0; c < 3; c++) pixels[k + c] *= UNSEEN;
        continue;
      }
      const value = Math.max(-255, Math.min(255, factor * values[(y - y0) * (x1 - x0) + x - x0]));
      const colour = 3 * Math.round(both ? (value + 255) / 2 : value), share = strength * (both ? Math.abs(value) / 255 : 0.25 + 0.75 * value / 255);
      for (let c = 0; c < 3; c++) pixels[k + c] += (table[colour + c] - pixels[k + c]) * share;
    }
  }
}

// Each segment's share of the map's evidence, as the figure draws it.
function shares(panel) {
  const size = panel.rows * panel.columns;
  const sums = Array.from({ length: shown.count }, (_, t) => panel.cells.subarray(t * size, (t + 1) * size).reduce((sum, value) => sum + value, 0));
  const total = sums.reduce((sum, value) => sum + value, 0);
  return sums.map((sum) => (total ? sum / total : 0));
}

function drawCurve() {
  const picture = curve.querySelector('canvas'), context = picture.getContext('2d'), { width, height } = picture;
  const lines = shown.panels.filter((panel) => panel.cells).map((panel) => ({ panel, values: shares(panel) }));
  curve.hidden = !lines.length;
  const top = Math.max(1 / shown.count, ...lines.flatMap((line) => line.values)) * 1.08;
  const x = (t) => (t + 0.5) / shown.count * width, y = (share) => height - 4 - share / top * (height - 8);
  context.clearRect(0, 0, width, height);
  context.fillStyle = 'rgba(128, 128, 128, .18)';
  context.fillRect(current / shown.count * width, 0, width / shown.count, height);
  context.setLineDash([6, 6]);
  context.strokeStyle = 'rgba(128, 128, 128, .8)';
  context.beginPath();
  context.moveTo(0, y(1 / shown.count));
  context.lineTo(width, y(1 / shown.count));
  context.stroke();
  context.setLineDash([]);
  context.lineWidth = 3;
  for (const { panel, values } of lines) {
    context.strokeStyle = panel.colour;
    context.beginPath();
    values.forEach((share, t) => (t ? context.lineTo(x(t), y(share)) : context.moveTo(x(t), y(share))));
    context.stroke();
  }
  const told = lines.map(({ panel, values }) => `${panel.caption}: ${Math.round(100 * values[current])}%`);
  picture.setAttribute('aria-label', `Evidence in segment ${current + 1}: ${told.join('; ')}`);
}

// The differences of Eq. 1: what changes from one frame to the next, grey where nothing does.
function drawWindow() {
  if (!shown.window) return;
  const [frames, differences] = [inside.querySelector('.frames'), inside.querySelector('.differences')];
  const side = shown.window_side, tiles = shown.window[current];
  const paint = (pixels) => {
    const tile = canvas(side, side);
    tile.getContext('2d').putImageData(pixels, 0, 0);
    return tile;
  };
  const change = (next, before) => {
    const out = new ImageData(side, side);
    for (let k = 0; k < out.data.length; k++) out.data[k] = k % 4 === 3 ? 255 : 128 + next.data[k] - before.data[k];
    return out;
  };
  frames.replaceChildren(...tiles.map(paint));
  differences.replaceChildren(...tiles.slice(1).map((tile, k) => paint(change(tile, tiles[k]))));
}

function draw() {
  if (!shown) return;
  for (const panel of shown.panels) {
    const frame = shown.tiles[panel.order ? panel.order[current] : current];
    const picture = new ImageData(new Uint8ClampedArray(frame.data), shown.width, shown.height);
    if (cells(panel)) colourOver(picture.data, panel);
    panel.context.putImageData(picture, 0, 0);
  }
  const seconds = shown.times_sec[current].toFixed(2);
  position.textContent = `Segment ${current + 1} of ${shown.count} · ${seconds} s · frame ${shown.numbers[current]}`;
  seek.setAttribute('aria-valuetext', position.textContent);
  drawCurve();
  drawWindow();
  [...strip.children].forEach((tile, segment) => tile.classList.toggle('now', segment === current));
}

function go(segment) {
  if (!shown) return;
  current = Math.max(0, Math.min(shown.count - 1, Math.round(segment)));
  seek.value = current;
  draw();
  tell();
}

// The page's address follows what the visitor sees.
function tell() {
  if (!shown.link || !shown.link.sample) return;
  const now = { layers: layers.value, scale: rule.value, colours: colours.value, opacity: opacity.value, signed: signed.checked ? 'yes' : '' };
  const told = Object.entries(now).map(([name, value]) => [name, value === (name === 'colours' ? Object.keys(shown.colours)[0] : USUAL[name]) ? '' : value]);
  link.put({ segment: current + 1, ...Object.fromEntries(told) });
}

function stop() {
  clearInterval(timer);
  timer = null;
  play.firstElementChild.textContent = '▶';
  play.setAttribute('aria-label', 'Play');
}

function toggle() {
  if (timer) return stop();
  play.firstElementChild.textContent = '❚❚';
  play.setAttribute('aria-label', 'Pause');
  timer = setInterval(() => go((current + 1) % shown.count), PLAY_MS / speed.value);
}

function drawScale() {
  const table = shown && (signed.checked ? shown.signed_colours : shown.colours[colours.value]), context = scale.getContext('2d'), line = context.createImageData(256, 1);
  if (!table) return;
  for (let i = 0; i < 256; i++) line.data.set([...table.slice(3 * i, 3 * i + 3), 255], 4 * i);
  context.putImageData(line, 0, 0);
  find('.least').textContent = signed.checked ? 'against the class' : '0';
  find('.most').textContent = signed.checked ? 'for it' : 'max of each map';
}

function figure(panel) {
  const box = make('figure'), picture = make('div', 'picture'), message = make('div', 'message'), caption = make('figcaption');
  caption.textContent = panel.caption || '';
  if (!shown) {
    box.append(picture, caption);
    return box;
  }
  const drawn = canvas(shown.width, shown.height);
  drawn.setAttribute('role', 'img');
  Object.assign(panel, { canvas: drawn, words: caption, message_box: message, box });
  describe(panel);
  panel.context = drawn.getContext('2d');
  const follow = (event) => { const at = drawn.getBoundingClientRect(); go(Math.floor((event.clientX - at.left) / at.width * shown.count)); };
  drawn.addEventListener('pointerdown', follow);
  drawn.addEventListener('pointermove', (event) => { if (event.buttons) follow(event); });
  picture.append(drawn, message);
  box.append(picture, caption);
  return box;
}

function thumbnail(segment) {
  const small = canvas(96, Math.max(1, Math.round(96 * shown.height / shown.width)));
  small.getContext('2d').drawImage(shown.picture, segment * shown.width, 0, shown.width, shown.height, 0, 0, small.width, small.height);
  small.addEventListener('click', () => { stop(); go(segment); });
  small.addEventListener('pointerenter', (event) => { if (event.pointerType === 'mouse') { stop(); go(segment); } });
  return small;
}

function offerColours() {
  const wanted = colours.value || asked('colours'), names = Object.keys(shown.colours);
  colours.replaceChildren(...names.map((name) => new Option(name, name)));
  colours.value = names.includes(wanted) ? wanted : names[0];
}

function invite() {
  shown = null;
  grid.replaceChildren(...Array.from({ length: 4 }, () => figure({})));
  strip.replaceChildren();
  position.textContent = '';
  invitation.hidden = false;
  curve.hidden = inside.hidden = true;
  viewer.classList.add('empty');
  play.disabled = seek.disabled = true;
}

// The pixels of each frame, cut once from a row of pictures.
function cut(picture, count, width, height, top = 0) {
  const row = canvas(width, height), context = row.getContext('2d', { willReadFrequently: true });
  return Array.from({ length: count }, (_, number) => {
    context.drawImage(picture, number * width, top, width, height, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  });
}

// 255 for the larger of what speaks for and against the class, so that both have one scale; null where there is neither.
function together(panel, positive, against) {
  if (!positive && !against) return null;
  const most = Math.max(panel.maximum, panel.least), out = new Float32Array(panel.rows * panel.columns * props.value.count);
  for (let k = 0; k < out.length; k++) out[k] = ((positive ? positive[k] * panel.maximum : 0) - (against ? against[k] * panel.least : 0)) / most;
  return out;
}

function chooseLayers() {
  const only = layers.value;
  if (shown) shown.panels.forEach((panel) => { panel.box.hidden = only !== 'both' && panel.layer !== only; });
}

function retell() {
  drawScale();
  colours.disabled = signed.checked;
  if (!shown) return;
  chooseLayers();
  shown.panels.forEach(describe);
  draw();
  tell();
}

async function show() {
  const value = props.value, mine = ++newest;
  if (!value || !value.panels) {
    stop();
    return invite();
  }
  const [picture, rows] = await Promise.all([loadPicture(value.frames), value.windows && loadPicture(value.windows)]);
  if (mine !== newest) return; // a newer result came while this one loaded
  const panels = value.panels.map((panel, number) => ({ ...panel, colour: LINES[number % LINES.length], cells: panel.values && bytes(panel.values), placed: {} }));
  panels.forEach((panel) => { panel.both = together(panel, panel.cells, panel.against && bytes(panel.against)); });
  const side = value.window_side;
  const windows = rows && Array.from({ length: value.count }, (_, segment) => cut(rows, rows.naturalWidth / side, side, side, segment * side));
  shown = { ...value, picture, panels, tiles: cut(picture, Math.round(picture.naturalWidth / value.width), value.width, value.height), window: windows };
  inside.hidden = !windows;
  grid.style.setProperty('--shape', `${value.width} / ${value.height}`);
  grid.replaceChildren(...panels.map(figure));
  grid.tabIndex = 0;
  strip.replaceChildren(...Array.from({ length: value.count }, (_, segment) => thumbnail(segment)));
  const [x0, y0, x1, y1] = value.box;
  unseen.hidden = x0 <= 0 && y0 <= 0 && x1 >= value.width && y1 >= value.height;
  offerColours();
  find('.with-signed').hidden = !panels.some((panel) => panel.against);
  copy.hidden = !(value.link && value.link.sample);
  invitation.hidden = true;
  viewer.classList.remove('empty');
  play.disabled = seek.disabled = false;
  seek.max = value.count - 1;
  // A new clip opens where the maps together have most of their evidence; another class of the same one where it was.
  const name = `${value.clip} ${value.times_sec}`, isMain = value.link && !value.link.change;
  if (opened !== name && panels[0].cells) {
    opened = name;
    const lines = panels.filter((panel) => panel.cells).map(shares), wanted = isMain && Math.round(asked('segment'));
    const evidence = Array.from({ length: value.count }, (_, t) => lines.reduce((sum, line) => sum + line[t], 0));
    current = wanted ? Math.max(0, Math.min(value.count, wanted) - 1) : evidence.indexOf(Math.max(...evidence));
    if (wanted) link.given.delete('segment'); // of the first result only
  }
  if (value.link) isMain ? link.reset(value.link) : link.put(value.link);
  retell();
  go(current);
  element.dataset.maps = panels.filter((panel) => panel.cells || panel.message).length;
}

// As the link asks; what it can't mean is left as it is.
for (const [name, control] of Object.entries({ layers, scale: rule, opacity })) {
  const usual = control.value, wanted = asked(name);
  if (wanted) control.value = wanted;
  if (wanted && control.value !== wanted) control.value = usual;
}
signed.checked = asked('signed') === 'yes';

seek.addEventListener('input', () => { stop(); go(+seek.value); });
opacity.addEventListener('input', () => { draw(); if (shown) tell(); });
for (const control of [rule, colours, layers, signed]) control.addEventListener('change', retell);
speed.addEventListener('change', () => { if (timer) { stop(); toggle(); } });
play.addEventListener('click', toggle);
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
  if (event.key === ' ' && shown && (!own || own === seek)) { event.preventDefault(); toggle(); }
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step && !own) { event.preventDefault(); stop(); go(current + step); }
});
watch('value', show);
show();

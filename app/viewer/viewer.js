// Draws `props.value` (ViewerData of viewer.py). Everything here happens in the browser: no request after the frames.
const find = (selector) => element.querySelector(selector);
const viewer = find('.viewer'), play = find('.play'), seek = find('.seek'), position = find('.position'), grid = find('.grid'), strip = find('.strip'),
      invitation = find('.invitation'), opacity = find('.opacity'), colours = find('.colours'), scale = find('.scale-colours'),
      unseen = find('.unseen'), rule = find('.rule'), curve = find('.curve'),
      inside = find('.window');
const LINES = ['#c1440e', '#e8a33d', '#1f5fa8', '#62a5d9', '#3f7d4e', '#8fbf7f', '#6b4c9a', '#b39ddb'];
const RULES = { clip: 'per clip', shared: 'shared by the networks', frame: 'per frame, contrast only' };
const PLAY_MS = 350, UNSEEN = 0.45;
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

// The map of one segment in the pixels of the box, 0..255, kept after the first time.
function placed(panel, segment) {
  if (panel.placed[segment]) return panel.placed[segment];
  const [x0, y0, x1, y1] = shown.box, width = x1 - x0, height = y1 - y0;
  panel.across ||= between(width, panel.columns);
  panel.down ||= between(height, panel.rows);
  const from = segment * panel.rows * panel.columns, out = new Float32Array(width * height);
  for (let y = 0, k = 0; y < height; y++) {
    const { low, high, part } = panel.down[y], top = from + low * panel.columns, bottom = from + high * panel.columns;
    for (let x = 0; x < width; x++, k++) {
      const a = panel.across[x], v = panel.cells;
      const upper = v[top + a.low] + (v[top + a.high] - v[top + a.low]) * a.part;
      const lower = v[bottom + a.low] + (v[bottom + a.high] - v[bottom + a.low]) * a.part;
      out[k] = upper + (lower - upper) * part;
    }
  }
  return (panel.placed[segment] = out);
}

// What the values of a panel are multiplied by under the chosen scale (tdn/explain/scale.py): they come per clip.
function scaling(panel) {
  if (rule.value === 'shared') return panel.maximum / Math.max(...shown.panels.filter((other) => other.layer === panel.layer).map((other) => other.maximum));
  if (rule.value === 'clip') return 1;
  const size = panel.rows * panel.columns, own = Math.max(...panel.cells.subarray(current * size, (current + 1) * size));
  return own ? 255 / own : 1;
}

function describe(panel) {
  const amount = (value) => Number(value.toPrecision(2));
  const words = panel.cells ? [panel.caption, `${RULES[rule.value]}${rule.value === 'frame' ? '' : `, max ${amount(panel.maximum / scaling(panel))}`}`] : [panel.caption];
  const key = make('span', 'key');
  key.style.background = panel.colour;
  panel.words.replaceChildren(...(panel.cells ? [key] : []), words.join(' · '));
  panel.canvas.setAttribute('aria-label', [...words, panel.message].filter(Boolean).join('. '));
}

// The same formula as tdn/explain/overlay.py `blend`: a pixel's opacity is opacity * (0.25 + 0.75 * value).
function colourOver(pixels, panel) {
  const [x0, y0, x1, y1] = shown.box, values = placed(panel, current), table = shown.colours[colours.value], strength = opacity.value / 100;
  const factor = scaling(panel);
  for (let y = 0, k = 0; y < shown.height; y++) {
    for (let x = 0; x < shown.width; x++, k += 4) {
      if (x < x0 || x >= x1 || y < y0 || y >= y1) {
        for (let c = 0; c < 3; c++) pixels[k + c] *= UNSEEN;
        continue;
      }
      const value = Math.min(255, factor * values[(y - y0) * (x1 - x0) + x - x0]), colour = 3 * Math.round(value), share = strength * (0.25 + 0.75 * value / 255);
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
    if (panel.cells) colourOver(picture.data, panel);
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
  timer = setInterval(() => go((current + 1) % shown.count), PLAY_MS);
}

function drawScale() {
  const table = shown && shown.colours[colours.value], context = scale.getContext('2d'), line = context.createImageData(256, 1);
  if (!table) return;
  for (let i = 0; i < 256; i++) line.data.set([...table.slice(3 * i, 3 * i + 3), 255], 4 * i);
  context.putImageData(line, 0, 0);
}

function figure(panel) {
  const box = make('figure'), picture = make('div', 'picture'), message = make('div', 'message'), caption = make('figcaption');
  caption.textContent = panel.caption || '';
  message.textContent = panel.message || '';
  if (!shown) {
    box.append(picture, caption);
    return box;
  }
  const drawn = canvas(shown.width, shown.height);
  drawn.setAttribute('role', 'img');
  Object.assign(panel, { canvas: drawn, words: caption });
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
  return small;
}

function offerColours() {
  const wanted = colours.value, names = Object.keys(shown.colours);
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

async function show() {
  const value = props.value, mine = ++newest;
  if (!value || !value.panels) {
    stop();
    return invite();
  }
  const [picture, rows] = await Promise.all([loadPicture(value.frames), value.windows && loadPicture(value.windows)]);
  if (mine !== newest) return; // a newer result came while this one loaded
  const panels = value.panels.map((panel, number) => ({ ...panel, colour: LINES[number % LINES.length], cells: panel.values && bytes(panel.values), placed: [] }));
  const side = value.window_side;
  const windows = rows && Array.from({ length: value.count }, (_, segment) => cut(rows, rows.naturalWidth / side, side, side, segment * side));
  shown = { ...value, picture, panels, tiles: cut(picture, value.count, value.width, value.height), window: windows };
  inside.hidden = !windows;
  grid.style.setProperty('--shape', `${value.width} / ${value.height}`);
  grid.replaceChildren(...panels.map(figure));
  grid.tabIndex = 0;
  strip.replaceChildren(...Array.from({ length: value.count }, (_, segment) => thumbnail(segment)));
  const [x0, y0, x1, y1] = value.box;
  unseen.hidden = x0 <= 0 && y0 <= 0 && x1 >= value.width && y1 >= value.height;
  offerColours();
  drawScale();
  invitation.hidden = true;
  viewer.classList.remove('empty');
  play.disabled = seek.disabled = false;
  seek.max = value.count - 1;
  // A new clip opens where the first map has most of its evidence.
  if (opened !== value.frames.url && panels[0].cells) {
    opened = value.frames.url;
    const evidence = shares(panels[0]);
    current = evidence.indexOf(Math.max(...evidence));
  }
  go(current);
  element.dataset.maps = panels.filter((panel) => panel.cells || panel.message).length;
}

seek.addEventListener('input', () => { stop(); go(+seek.value); });
opacity.addEventListener('input', draw);
rule.addEventListener('change', () => { if (shown) shown.panels.forEach(describe); draw(); });
colours.addEventListener('change', () => { drawScale(); draw(); });
play.addEventListener('click', toggle);
grid.addEventListener('keydown', (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) { event.preventDefault(); stop(); go(current + step); }
});
watch('value', show);
show();

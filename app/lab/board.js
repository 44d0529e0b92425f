// Draws `props.value` (Board of board.py). Everything is there from the start: moving through it asks no server.
const find = (selector) => element.querySelector(selector);
const root = find('.board'), said = find('.said'), rows = find('.rows'), cards = find('.cards'),
      bySegment = find('.by-segment'), play = find('.play'), segment = find('.segment'), position = find('.position'),
      byWeight = find('.by-weight'), weight = find('.weight'), weightValue = find('.weight-value'),
      curve = find('.curve'), plot = curve.querySelector('svg');
const FRAME_MS = 240, HELD = 3; // the last frame stands a moment, so that each run has a start and an end
const LEFT = 34, RIGHT = 312, TOP = 8, BOTTOM = 122;
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%`;
let board = null, tick = 0, timer = null, newest = 0, wantsPlay = !matchMedia('(prefers-reduced-motion: reduce)').matches;

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function drawn(tag, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function load(sheet) {
  return new Promise((done, failed) => {
    const picture = new Image();
    picture.onload = () => done(picture);
    picture.onerror = failed;
    picture.src = sheet.picture;
  });
}

const weightIndex = () => (board.weights.length ? +weight.value : 0);
const frame = () => (timer ? Math.min(tick, board.frames - 1) : board.frames >> 1);
const at = (shares) => shares[Math.min(weightIndex(), shares.length - 1)];

function tileRow(row) {
  const box = make('section', 'row'), tiles = make('div', 'tiles');
  box.style.setProperty('--count', row.count);
  box.style.setProperty('--widest', `${row.width}px`);
  for (const tile of row.tiles) {
    const figure = make('figure'), sheet = board.sheets[tile.sheet], picture = make('canvas', sheet.is_smooth ? '' : 'cells');
    Object.assign(picture, { width: sheet.width, height: sheet.height });
    picture.setAttribute('role', 'img');
    picture.setAttribute('aria-label', [tile.caption, row.title].filter(Boolean).join('. '));
    figure.append(picture);
    if (tile.caption) figure.append(make('figcaption', '', tile.caption));
    tiles.append(figure);
    board.tiles.push({ ...tile, ...sheet, context: picture.getContext('2d') });
  }
  if (row.title) box.append(make('h4', '', row.title));
  box.append(tiles);
  return box;
}

function card(one) {
  const box = make('section', 'card'), head = make('header'), list = make('ol');
  head.append(make('h3', '', one.name), make('span', '', one.file));
  for (const bar of one.bars) {
    const line = make('li', bar.right ? 'right' : ''), share = make('span');
    line.append(make('span', '', bar.label), share);
    list.append(line);
    board.bars.push({ ...bar, line, share });
  }
  box.append(head, list);
  return box;
}

const x = (index) => LEFT + (RIGHT - LEFT) * board.weights[index];
const y = (share) => BOTTOM - (BOTTOM - TOP) * share;

function label(text, left, top, anchor) {
  const made = drawn('text', { x: left, y: top, 'text-anchor': anchor });
  made.textContent = text;
  return made;
}

function drawCurve() {
  const { shares, other, other_name, label: name } = board.curve;
  plot.replaceChildren(
    drawn('path', { class: 'axis', d: `M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}M${LEFT} ${y(0.5)}H${RIGHT}M${LEFT} ${TOP}H${RIGHT}` }),
    ...[0, 0.5, 1].map((share) => label(percent(share).replace('.0', ''), LEFT - 4, y(share) + 3.5, 'end')),
    ...[0, 0.5, 1].map((value) => label(value, LEFT + (RIGHT - LEFT) * value, BOTTOM + 12, 'middle')),
    label("S-TDM's weight", (LEFT + RIGHT) / 2, BOTTOM + 25, 'middle'),
    drawn('path', { class: 'other', d: `M${LEFT} ${y(other)}H${RIGHT}` }),
    drawn('polyline', { class: 'line', points: shares.map((share, index) => `${x(index)},${y(share)}`).join(' ') }),
    (board.dot = drawn('circle', { r: 4.5 })),
  );
  curve.querySelector('figcaption').textContent = `TDN's probability of “${name}”; dashed: ${other_name}, ${percent(other)}`;
}

const points = (change) => ({ '-1': '−', 0: '', 1: '+' })[Math.sign(Math.round(100 * change))] + Math.abs(Math.round(100 * change));

// Down from the line: what the answer loses without that segment.
function effect({ name, label: said, changes }) {
  const box = make('figure'), plot = drawn('svg', { viewBox: '0 0 320 92', role: 'img' }), middle = 40, reach = 28;
  const caption = `${name}: “${said}”`;
  plot.setAttribute('aria-label', `${caption}. ${changes.map((change, index) => `Without segment ${index + 1}: ${points(change)}`).join('. ')}`);
  plot.append(drawn('path', { class: 'axis', d: `M4 ${middle}H316` }));
  changes.forEach((change, index) => {
    const left = 8 + (index * 304) / changes.length, height = reach * Math.abs(change), centre = left + 152 / changes.length;
    plot.append(
      drawn('rect', { class: change < 0 ? 'less' : 'more', x: left + 5, y: change < 0 ? middle : middle - height, width: 304 / changes.length - 10, height }),
      label(points(change), centre, change < 0 ? middle + height + 11 : middle - height - 4, 'middle'),
      label(index + 1, centre, 90, 'middle'),
    );
  });
  box.append(plot, make('figcaption', '', caption));
  return box;
}

function drawEffects(value) {
  const box = find('.effects');
  box.hidden = !value.effects.length;
  box.replaceChildren(make('h4', '', value.effects_title), ...value.effects.map(effect));
}

function sortBars() {
  for (const list of cards.querySelectorAll('ol')) {
    const lines = board.bars.filter((bar) => bar.line.parentElement === list).sort((one, other) => at(other.shares) - at(one.shares));
    if (lines.some((bar, index) => list.children[index] !== bar.line)) list.append(...lines.map((bar) => bar.line));
  }
}

function draw() {
  if (!board) return;
  for (const tile of board.tiles) {
    const row = { frame, weight: weightIndex }[tile.by]?.() ?? tile.row, column = tile.alone ? 0 : +segment.value;
    tile.context.drawImage(board.pictures[tile.sheet], column * tile.width, row * tile.height, tile.width, tile.height, 0, 0, tile.width, tile.height);
  }
  for (const bar of board.bars) {
    bar.share.textContent = percent(at(bar.shares));
    bar.line.style.setProperty('--share', at(bar.shares));
  }
  sortBars();
  if (board.positions.length) {
    position.textContent = board.positions[+segment.value];
    segment.setAttribute('aria-valuetext', position.textContent);
  }
  if (board.weights.length) {
    const value = board.weights[weightIndex()];
    weightValue.textContent = `${value.toFixed(1)}${{ 0: ' · off', 1: ' · as trained' }[value] || ''}`;
    weight.setAttribute('aria-valuetext', weightValue.textContent);
  }
  if (board.curve) {
    board.dot.setAttribute('cx', x(weightIndex()));
    board.dot.setAttribute('cy', y(at(board.curve.shares)));
    plot.setAttribute('aria-label', `${curve.querySelector('figcaption').textContent}. At weight ${board.weights[weightIndex()]}: ${percent(at(board.curve.shares))}`);
  }
}

function stop() {
  clearInterval(timer);
  timer = null;
  play.firstElementChild.textContent = '▶';
  play.setAttribute('aria-label', 'Play the window');
  draw();
}

function start() {
  play.firstElementChild.textContent = '❚❚';
  play.setAttribute('aria-label', 'Pause');
  tick = 0;
  timer = setInterval(() => {
    if (!element.isConnected) return stop();
    tick = (tick + 1) % (board.frames + HELD);
    draw();
  }, FRAME_MS);
  draw();
}

async function show() {
  const value = props.value, mine = ++newest;
  if (!value || !value.rows) return;
  const pictures = await Promise.all(value.sheets.map(load));
  if (mine !== newest) return; // a newer one came while this one loaded
  const isFirst = !board || board.positions.length !== value.positions.length;
  clearInterval(timer);
  timer = null;
  board = { ...value, pictures, tiles: [], bars: [] };
  said.textContent = value.said;
  bySegment.hidden = !value.positions.length && !value.frames;
  segment.hidden = position.hidden = !value.positions.length;
  segment.max = value.positions.length - 1;
  if (isFirst) segment.value = value.segment;
  play.hidden = !value.frames;
  byWeight.hidden = !value.weights.length;
  weight.max = value.weights.length - 1;
  if (isFirst) weight.value = value.weights.length - 1;
  rows.replaceChildren(...value.rows.map(tileRow));
  cards.replaceChildren(...value.cards.map(card));
  find('.outlined').textContent = value.outlined;
  curve.hidden = !value.curve;
  if (value.curve) drawCurve();
  drawEffects(value);
  root.classList.toggle('no-side', !value.cards.length);
  root.classList.toggle('many', value.cards.length > 2);
  root.classList.remove('waiting');
  if (value.frames && wantsPlay) start(); else stop();
  element.dataset.drawn = mine;
}

segment.addEventListener('input', draw);
weight.addEventListener('input', draw);
play.addEventListener('click', () => {
  wantsPlay = !timer;
  if (timer) stop(); else start();
});
watch('value', show);
show();

// Draws `props.value` (CurveData of curve.py): points come one by one, and moving over those that are there asks no server.
const find = (selector) => element.querySelector(selector);
const root = find('.curve'), want = find('.want'), halt = find('.halt'), state = find('.state'), given = find('.given'), what = find('.what'),
      strip = find('.strip'), note = find('.note'), plots = find('.plots'), choose = find('.choose'), step = find('.step'), apply = find('.apply'),
      key = find('.key'), numbers = find('.numbers'), table = find('table');
const TOP = 8, BOTTOM = 40, LEFT = 38, RIGHT = 10;
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 && share > 0 ? 1 : 0)}%`;
let data = null, present = null, at = null, isAsked = false, isPointed = false, shape = '';

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text != null) made.textContent = text;
  return made;
}

function drawn(tag, attributes, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text != null) made.textContent = text;
  return made;
}

// A network has a colour, a kind of line and a kind of point of its own.
function mark(kind, x, y) {
  const r = 3.6, className = `mark-${kind}`;
  if (kind === 0) return drawn('circle', { cx: x, cy: y, r, class: className });
  const corners = [[], [[-r, -r], [r, -r], [r, r], [-r, r]], [[0, -r - 1], [r + 1, r], [-r - 1, r]], [[0, -r - 1], [r + 1, 0], [0, r + 1], [-r - 1, 0]]][kind % 4];
  return drawn('polygon', { points: corners.map(([dx, dy]) => `${x + dx},${y + dy}`).join(' '), class: className });
}

const filmed = () => data.points.findIndex((point) => !point.change);
const words = (point) => !point.change ? 'As filmed' : point.change.startsWith('repeat') ? `${data.places[point.place]} times over` : `The first ${data.places[point.place]} of the clip`;

function plot(title, share) {
  const box = make('figure'), width = Math.max(280, plots.clientWidth > 940 ? (plots.clientWidth - 20) / 2 : plots.clientWidth), height = innerWidth > 700 ? 210 : 178;
  const picture = drawn('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${title}; the numbers stand in the table below` });
  const low = height - BOTTOM, gap = (width - LEFT - RIGHT) / data.places.length;
  const x = (place) => LEFT + gap * (place + 0.5), y = (value) => low - (low - TOP) * value;
  const parts = data.places.indexOf('1');
  if (at !== null && data.points[at]) picture.append(drawn('rect', { class: 'now', x: x(data.points[at].place) - gap / 2, y: TOP - 4, width: gap, height: low - TOP + 8, rx: 3 }));
  picture.append(
    drawn('path', { class: 'axis', d: [0, 0.5, 1].map((value) => `M${LEFT} ${y(value)}H${width - RIGHT}`).join('') }),
    ...[0, 0.5, 1].map((value) => drawn('text', { x: LEFT - 5, y: y(value) + 4, 'text-anchor': 'end' }, percent(value))),
    drawn('path', { class: 'cut', d: `M${x(parts) - gap / 2} ${TOP}V${low + 4}` }),
  );
  data.places.forEach((name, place) => {
    // On a narrow screen not every number has room.
    if (gap > 21 || place < parts || (place - parts) % 2 === 0) picture.append(drawn('text', { x: x(place), y: low + 15, 'text-anchor': 'middle' }, gap > 21 || place >= parts ? name : ['⅓', '½', '¾'][place] || name));
  });
  picture.append(drawn('text', { x: LEFT, y: low + 31 }, 'part'), drawn('text', { x: (x(parts) + x(data.places.length - 1)) / 2, y: low + 31, 'text-anchor': 'middle' }, 'times over'));
  data.lines.forEach((line, kind) => {
    const spots = data.points.map((point, index) => [x(point.place), y(share(line)[index])]);
    picture.append(drawn('polyline', { class: `line-${kind}`, points: spots.map((spot) => spot.join(',')).join(' ') }), ...spots.map((spot) => mark(kind, ...spot)));
  });
  box.append(make('figcaption', '', title), picture);
  return box;
}

// The point at a place on the screen, -1 for none. The charts may be drawn anew between any two events, so that it is asked
// of those that are there now.
function pointed({ clientX, clientY }) {
  for (const picture of plots.querySelectorAll('svg')) {
    const { left, right, top, bottom, width } = picture.getBoundingClientRect();
    if (!data || clientX < left || clientX > right || clientY < top || clientY > bottom) continue;
    const gap = (picture.viewBox.baseVal.width - LEFT - RIGHT) / data.places.length;
    const place = Math.floor(((clientX - left) / width * picture.viewBox.baseVal.width - LEFT) / gap);
    return data.points.findIndex((point) => point.place === Math.max(0, Math.min(data.places.length - 1, place)));
  }
  return -1;
}

// The step that the before and after below show; as filmed where they show none of these.
function current() {
  const found = data.points.findIndex((point) => present && point.change === present);
  return found >= 0 ? found : Math.max(0, filmed());
}

function drawPlots() {
  const panels = [plot(`“${data.label}”`, (line) => line.shares)];
  if (data.opposite) panels.push(plot(`Its opposite, “${data.opposite}”`, (line) => line.opposite));
  plots.replaceChildren(...panels);
}

function drawStep() {
  const point = data.points[at];
  given.hidden = choose.hidden = !point;
  if (!point) return;
  what.textContent = `${words(point)}: what the networks were given, one frame a segment, in order`;
  strip.setAttribute('aria-label', what.textContent);
  note.textContent = point.note;
  strip.querySelectorAll('i').forEach((tile) => { tile.style.backgroundImage = `url("${point.strip}")`; });
  if (shape !== point.strip) measure(point.strip);
  step.max = data.points.length - 1;
  step.value = at;
  step.setAttribute('aria-valuetext', words(point));
  apply.hidden = point.change === (present || '');
  apply.textContent = point.change ? `Look again ${words(point)[0].toLowerCase()}${words(point).slice(1)}` : 'Back to as filmed';
  key.replaceChildren(...data.lines.map((line, kind) => {
    const entry = make('li'), sign = drawn('svg', { viewBox: '0 0 34 14', 'aria-hidden': 'true' });
    sign.append(drawn('line', { class: `line-${kind}`, x1: 0, x2: 34, y1: 7, y2: 7 }), mark(kind, 17, 7));
    const other = data.opposite ? `, opposite ${percent(line.opposite[at])}` : '';
    entry.append(sign, make('span', '', line.name), make('b', '', `${percent(line.shares[at])}${other}`));
    return entry;
  }));
}

// Strips are T pictures side by side; the browser tells their shape.
function measure(source) {
  const picture = new Image();
  shape = source;
  picture.onload = () => {
    const count = strip.children.length;
    strip.style.setProperty('--shape', `${picture.naturalWidth / count} / ${picture.naturalHeight}`);
  };
  picture.src = source;
}

function drawTable() {
  const head = make('tr'), titles = ['', ...data.lines.flatMap((line) => (data.opposite ? [line.name, `${line.name}, opposite`] : [line.name]))];
  head.append(...titles.map((title) => make('th', '', title)));
  table.replaceChildren(head, ...data.points.map((point, index) => {
    const row = make('tr');
    row.append(make('th', '', words(point)), ...data.lines.flatMap((line) => [line.shares, line.opposite].filter((shares) => shares.length).map((shares) => make('td', '', percent(shares[index])))));
    return row;
  }));
  numbers.hidden = !data.points.length;
}

function go(index) {
  if (!data || index === at) return;
  at = index;
  drawStep();
  drawPlots();
}

function pick() {
  present = data.points[at].change;
  drawStep();
  trigger('pick', { change: present });
}

function show() {
  const before = data;
  data = props.value && props.value.places ? props.value : null;
  // Another class or clip: nobody has asked for its curve.
  if (before && data && (before.label !== data.label || data.points.length < before.points.length)) isAsked = false;
  const done = data ? data.points.length : 0, isWhole = data && done === data.places.length;
  if (isAsked && (isWhole || !data)) isAsked = false;
  want.hidden = isAsked || isWhole;
  want.disabled = !data;
  want.textContent = done ? 'Go on with the curve' : 'Draw the curve';
  halt.hidden = !isAsked;
  find('.ask').hidden = isWhole;
  state.textContent = !data ? 'Here the curve of the clip that is shown will be drawn.' : isWhole ? '' : isAsked ? `${done} of ${data.places.length} …` : done ? `${done} of ${data.places.length}, stopped` : `${data.lines.map((line) => line.name).join(', ')}: ${data.places.length} answers each, a few seconds.`;
  plots.hidden = key.hidden = !done;
  element.dataset.points = done;
  if (!done) {
    given.hidden = choose.hidden = numbers.hidden = true;
    plots.replaceChildren();
    table.replaceChildren();
    at = null;
    return;
  }
  at = current();
  tiles();
  drawStep();
  drawPlots();
  drawTable();
}

function tiles() {
  const count = data.segments;
  if (strip.children.length === count) return;
  strip.style.setProperty('--count', count);
  strip.replaceChildren(...Array.from({ length: count }, (_, segment) => {
    const tile = make('i');
    tile.style.backgroundPosition = `${100 * segment / Math.max(1, count - 1)}% 0`;
    return tile;
  }));
}

want.addEventListener('click', () => { isAsked = true; show(); state.textContent = 'Reading the clip …'; trigger('want', {}); });
halt.addEventListener('click', () => { isAsked = false; trigger('halt', {}); show(); });
step.addEventListener('input', () => { isPointed = false; go(+step.value); });
plots.addEventListener('click', (event) => {
  const index = pointed(event);
  if (index >= 0) { go(index); pick(); }
});
plots.addEventListener('pointermove', (event) => {
  const index = event.pointerType === 'mouse' ? pointed(event) : -1;
  if (index >= 0 && index !== at) { isPointed = true; go(index); }
});
// Where the mouse pointed is looked at no more; what the slider chose stays.
plots.addEventListener('pointerleave', () => { if (isPointed) { isPointed = false; go(current()); } });
apply.addEventListener('click', pick);
// What the change below the curve is, whoever chose it; another clip or class begins as filmed.
addEventListener('change-shown', (event) => {
  present = event.detail.change || '';
  if (data && data.points.length) go(current());
});
let width = 0;
new ResizeObserver(() => {
  if (root.clientWidth === width) return;
  width = root.clientWidth;
  if (data && data.points.length) drawPlots();
}).observe(root);
watch('value', show);
show();

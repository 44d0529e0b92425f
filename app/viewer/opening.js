// Draws `props.value` (OpeningData of opening.py): a film, what both networks say to it, and where they look. All of it is
// there from the start; the switch asks no server.
const find = (selector) => element.querySelector(selector);
const root = find('.opening'), sentence = find('h2'), choice = find('.switch'), video = find('video'), play = find('.play'), round = find('.round'),
      answers = find('.answers'), strips = find('.strips'), why = find('.why');
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%`;
const reduced = matchMedia('(prefers-reduced-motion: reduce)');
let data = null, way = null, rounds = 0, wantsPlay = !reduced.matches, isSeen = true, moving = [];

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function column(network, title) {
  const box = make('div'), list = make('ol');
  for (const { label, probability, kind } of network.said) {
    const line = make('li', kind);
    line.style.setProperty('--share', probability);
    line.append(make('span', '', label), make('span', '', percent(probability)));
    list.append(line);
  }
  box.append(...(title ? [make('h4', '', title)] : []), list);
  return box;
}

function strip(network, title) {
  const box = make('div', 'strip'), words = make('p'), tiles = make('div', 'tiles');
  words.append(make('strong', '', network.name), ` ${title}`);
  tiles.setAttribute('role', 'img');
  tiles.setAttribute('aria-label', network.words);
  for (let segment = 0; segment < data.count; segment++) {
    const tile = make('i');
    tile.style.backgroundImage = `url("${network.strip.url}")`;
    tile.style.backgroundPosition = `${100 * segment / Math.max(1, data.count - 1)}% 0`;
    tiles.append(tile);
  }
  box.append(words, tiles);
  return box;
}

// The way it opens in stands beside every other one: before and after.
function show(index) {
  way = data.ways[index];
  const usual = data.ways[data.shown], isUsual = way === usual;
  sentence.textContent = way.sentence;
  why.textContent = way.why;
  [...choice.children].forEach((button, number) => {
    button.setAttribute('aria-checked', number === index);
    button.tabIndex = number === index ? 0 : -1;
  });
  answers.replaceChildren(...way.networks.map((network, number) => {
    const card = make('section', 'card'), columns = make('div', 'columns');
    if (!isUsual) columns.append(column(usual.networks[number], usual.name));
    columns.append(column(network, isUsual ? '' : way.name));
    card.append(make('h3', '', network.name), columns, make('p', 'reads', network.reads));
    return card;
  }));
  moving = way.networks.map((network) => strip(network, way.name.toLowerCase()));
  const before = isUsual ? [] : usual.networks.map((network) => strip(network, usual.name.toLowerCase()));
  strips.replaceChildren(...moving.flatMap((one, number) => [...(before[number] ? [before[number]] : []), one]));
  rounds = 0;
  if (video.currentTime) video.currentTime = 0; // a film that has not begun shows its poster
  mark();
  element.dataset.way = index;
}

function again() {
  rounds = (rounds + 1) % way.rounds;
  video.currentTime = 0;
  if (wantsPlay && isSeen) video.play().catch(() => {});
}

// Which of the pictures below the film has reached.
function mark() {
  const at = (rounds + Math.min(0.999, video.currentTime / way.end_sec)) / way.rounds, now = Math.floor(at * data.count);
  round.textContent = way.rounds > 1 ? `${rounds + 1} of ${way.rounds}` : '';
  moving.forEach((one) => [...one.lastChild.children].forEach((tile, segment) => tile.classList.toggle('now', segment === now)));
}

function follow() {
  if (!element.isConnected || video.paused) return;
  if (video.currentTime >= way.end_sec) again();
  mark();
  requestAnimationFrame(follow);
}

function told() {
  play.firstElementChild.textContent = video.paused ? '▶' : '❚❚';
  play.setAttribute('aria-label', video.paused ? 'Play the film' : 'Pause the film');
}

function run() {
  if (wantsPlay && isSeen) video.play().catch(() => {}); // refused where films may not play by themselves
  else video.pause();
}

function open() {
  if (!props.value || !props.value.ways) return;
  data = props.value;
  // A link that asks for something else leads to that.
  const given = window.pageLink ? window.pageLink.given : new URLSearchParams();
  if ((given.has('sample') && given.get('sample') !== data.sample) || given.has('change') || given.has('tdn') || given.has('baseline')) {
    element.closest('#opening').classList.add('elsewhere');
    return;
  }
  root.style.setProperty('--shape', `${data.width} / ${data.height}`);
  root.style.setProperty('--count', data.count);
  find('figcaption').textContent = data.credit;
  video.muted = true;
  video.poster = data.poster.url;
  video.src = data.video.url;
  choice.replaceChildren(...data.ways.map((one, index) => {
    const button = make('button', '', one.name);
    button.type = 'button';
    button.setAttribute('role', 'radio');
    button.addEventListener('click', () => { show(index); run(); });
    return button;
  }));
  root.hidden = false;
  show(data.shown);
  new IntersectionObserver(([entry]) => { isSeen = entry.isIntersecting; run(); }).observe(video);
  run();
}

choice.addEventListener('keydown', (event) => {
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = (data.ways.indexOf(way) + step + data.ways.length) % data.ways.length;
  show(next);
  run();
  choice.children[next].focus();
});
play.addEventListener('click', () => { wantsPlay = video.paused; run(); });
video.addEventListener('play', () => { told(); requestAnimationFrame(follow); });
video.addEventListener('pause', told);
video.addEventListener('ended', again);
watch('value', open);
told();
open();

// The clip itself, every frame at its own rate. Its maps are of a few moments, the knots; between two of them they are
// interpolated. Where the browser can't play the clip, or there is none, the knots follow each other.
const STEP_MS = 350;
let film = null, steps = null; // film: { url, video, sec, isBroken, wants }; sec is null where a knot was chosen

const isPlaying = () => Boolean(steps || (film && film.video && !film.video.paused));
const canPlay = () => film && !film.isBroken;

// Another clip: its film is loaded when somebody wants to see it. Another class of the same one: it plays on.
function openFilm(file) {
  if (film && file && film.url === file.url) return;
  halt();
  find('.sources').replaceChildren();
  film = file ? { url: file.url, video: null, sec: null, isBroken: false } : null;
}

function videoOf(one) {
  if (one.video) return one.video;
  const video = one.video = document.createElement('video');
  Object.assign(video, { muted: true, playsInline: true, loop: true, preload: 'auto', src: one.url, tabIndex: -1 });
  find('.sources').replaceChildren(video); // a player must be there to play; what is seen is drawn of it
  const isShown = () => film === one && video.readyState >= 2 && !video.seeking;
  // The frame on the screen, where the browser tells it; else what its clock says.
  const see = (_, frame) => {
    if (film !== one) return video.pause();
    if (isShown()) lookAt(frame ? frame.mediaTime : video.currentTime);
    if (!video.paused) follow();
  };
  const follow = () => { video.requestVideoFrameCallback ? video.requestVideoFrameCallback(see) : requestAnimationFrame(() => see()); };
  video.addEventListener('play', () => { told(); follow(); });
  video.addEventListener('pause', () => { told(); if (film === one) draw(); });
  video.addEventListener('seeked', () => { if (video.paused && one.sec !== null && isShown()) lookAt(video.currentTime); });
  video.addEventListener('loadedmetadata', () => {
    if (film !== one) return;
    drawLine();
    // Frames must be those that the maps are of: some decoders don't turn a film that a phone held upright.
    const turned = video.videoWidth / video.videoHeight / (shown.width / shown.height);
    if (turned < 0.95 || turned > 1.05) broke(one);
  });
  video.addEventListener('error', () => broke(one));
  return video;
}

function broke(one) {
  if (film !== one || one.isBroken) return;
  one.isBroken = true;
  one.sec = null;
  one.video.pause();
  drawLine();
  draw();
  if (one.wants) step();
}

function step() {
  steps = setInterval(() => showKnot((current + 1) % shown.count), STEP_MS / speed.value);
  told();
}

function start() {
  if (!canPlay()) return step();
  const video = videoOf(film), one = film;
  one.wants = true;
  video.playbackRate = +speed.value;
  if (one.sec === null) {
    one.sec = shown.times_sec[current];
    video.currentTime = one.sec;
  }
  video.play().catch(() => { if (one.wants) broke(one); });
  told();
}

// It stands still where it is.
function halt() {
  clearInterval(steps);
  steps = null;
  if (film && film.video) {
    film.wants = false;
    film.video.pause();
  }
  told();
}

function toggle() {
  return isPlaying() ? halt() : start();
}

// A time of the film, playing or not.
function seekTo(sec) {
  if (!canPlay()) return go(nearest(sec));
  const video = videoOf(film);
  film.sec = sec;
  video.currentTime = sec;
}

// The film shows this time now.
function lookAt(sec) {
  film.sec = sec;
  const found = nearest(sec);
  if (found !== current) {
    current = found;
    drawWindow();
    tell();
  }
  draw();
}

function nearest(sec) {
  return shown.times_sec.reduce((best, time, segment) => (Math.abs(time - sec) < Math.abs(shown.times_sec[best] - sec) ? segment : best), 0);
}

// How far each segment's map counts now: one at a knot, two between two of them.
function segmentsNow() {
  if (!film || film.sec === null) return [[current, 1]];
  const knots = shown.times_sec, next = knots.findIndex((knot) => knot > film.sec + 1e-3);
  if (next <= 0) return [[next < 0 ? knots.length - 1 : 0, 1]];
  const part = Math.max(0, (film.sec - knots[next - 1]) / (knots[next] - knots[next - 1]));
  return part < 1e-3 ? [[next - 1, 1]] : [[next - 1, 1 - part], [next, part]];
}

// Whether the frame shown is one that the networks looked at.
const isKnot = () => !film || film.sec === null || shown.times_sec.some((knot) => Math.abs(knot - film.sec) < 0.02);

function told() {
  play.firstElementChild.textContent = isPlaying() ? '❚❚' : '▶';
  play.setAttribute('aria-label', isPlaying() ? 'Pause' : 'Play');
}

// A line as long as the film with its knots; a click goes there.
function drawLine() {
  const length = lineLength();
  line.hidden = !canPlay() || !(length > 0);
  line.replaceChildren(...shown.times_sec.map((knot) => {
    const mark = make('i');
    mark.style.left = `${100 * Math.min(1, knot / length)}%`;
    return mark;
  }));
  find('.pace').textContent = canPlay()
    ? 'Plays every frame. Dots and white borders: moments the networks looked at; in between, evidence is interpolated.'
    : 'Plays the moments the networks looked at, one by one.';
}

// Until the film is loaded: the first knot is half a segment after the start.
const lineLength = () => (film && film.video && film.video.duration) || shown.times_sec.at(-1) + shown.times_sec[0];

// Which frames a clip is made of: the rules of tdn/data/sampling.py, tested on the same table (tests/data/sampling.json).

// Python's rounding: halves go to the even number.
export function roundHalfEven(value) {
  const below = Math.floor(value), rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

// The middles of `count` equal parts of 0 ... length - 1, rounded down.
export function spread(length, count) {
  return Array.from({ length: count }, (_, part) => Math.floor(length * (2 * part + 1) / (2 * count)));
}

// Frames of the source that make up the thinned video.
export function thin(frames, fps, { fps: target = null, max_frames: most = null, min_frames: least = null } = {}) {
  let kept = frames;
  if (target !== null) kept = Math.min(kept, Math.max(roundHalfEven(frames * target / fps), least ?? 1));
  if (most !== null) kept = Math.min(kept, most);
  return spread(frames, Math.max(1, kept));
}

// First frames of windows spread evenly over the whole video, however short.
export function evenStarts(frames, segments, window) {
  return spread(Math.max(1, frames - window + 1), segments);
}

// First frames of the windows at the middles of the segments; the released rule collapses where a video is short.
export function centreStarts(frames, segments, window) {
  const places = frames - window + 1;
  return places <= segments ? Array(segments).fill(0) : spread(places, segments);
}

// Frame numbers of the video for each window, [T][L]: thin the video, then sample what is left. `repeat` shows the film
// that many times, end to end; `part` is the share of its frames that is used (tdn/data/film.py).
export function windowFrames(frames, fps, network, { repeat = 1, part = 1 } = {}) {
  const used = Math.max(1, roundHalfEven(frames * part)), { num_segments: segments, window, preprocess } = network;
  const kept = thin(used * repeat, fps, preprocess);
  const starts = (preprocess.sampling === 'even' ? evenStarts : centreStarts)(kept.length, segments, window);
  return starts.map((start) => Array.from({ length: window }, (_, k) => kept[Math.min(start + k, kept.length - 1)] % used));
}

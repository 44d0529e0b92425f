// Frames by a <video> that seeks: for browsers without WebCodecs, or where those lack the codec that <video> has. Only in a
// page, for a worker has no <video>.

const PATIENCE_MS = 1000;

// `seekable` says where frames are (decode.js): {frames, fps, times, first, width, height}. As `open` there; throws an Error
// with the sentence `otherwise` where the browser can't play the file either.
export async function openBySeeking(file, seekable, otherwise) {
  const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true, preload: 'auto', src: URL.createObjectURL(file) });
  const refuse = () => Object.assign(new Error(otherwise), { isForVisitor: true });
  const happens = (name) => new Promise((done, failed) => {
    video.addEventListener(name, done, { once: true });
    video.addEventListener('error', () => failed(refuse()), { once: true });
  });
  // `seeked` may come before the frame is there to be drawn: the frame's own callback says when it is, where there is one.
  const presented = (from, to) => new Promise((done) => {
    const look = (_, { mediaTime }) => (mediaTime > from - 1e-3 && mediaTime < to ? done() : video.requestVideoFrameCallback(look));
    if (!video.requestVideoFrameCallback) return done();
    video.requestVideoFrameCallback(look);
    setTimeout(done, PATIENCE_MS); // a page that is hidden, or the frame was there before
  });
  const seek = (time) => { const there = happens('seeked'); video.currentTime = time; return there; };
  await happens('loadeddata');
  if (!video.videoWidth) throw refuse(); // its sound alone
  if (!Number.isFinite(video.duration)) await seek(1e9); // a recording without its length: the end says where it is
  const { times, first, frames, fps, width, height } = seekable;
  return {
    ...seekable,
    async read(wanted, onFrame) {
      const canvas = new OffscreenCanvas(width, height), context = canvas.getContext('2d', { willReadFrequently: true });
      for (const index of [...wanted].sort((a, b) => a - b)) {
        // Into the middle of the frame: its own time, rounded, may still belong to the one before.
        const next = index + 1 < frames ? times[index + 1] : times[index] + 1 / fps;
        const shown = presented(first + times[index], first + next);
        await seek(first + (times[index] + next) / 2);
        await shown;
        context.drawImage(video, 0, 0, width, height);
        onFrame(index, context.getImageData(0, 0, width, height).data);
      }
    },
    close() {
      URL.revokeObjectURL(video.src);
      video.removeAttribute('src');
      video.load();
    },
  };
}

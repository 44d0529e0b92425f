// Counts to three, films for three seconds, uploads. Nothing is sent before the film is over.
const find = (selector) => element.querySelector(selector);
const go = find('.go'), word = find('.word'), screen = find('.screen'), video = find('video'), count = find('.count');
const COUNT = 3, FILM_MS = 3000;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const REASONS = {
  NotAllowedError: 'The camera was not allowed; allow it in the browser’s address bar, and press again.',
  NotFoundError: 'This device has no camera that the browser can use.',
  NotReadableError: 'The camera is in use by another program.',
};

function recorded(stream) {
  return new Promise((done, failed) => {
    const kind = ['video/mp4;codecs=avc1', 'video/webm;codecs=vp8', 'video/webm'].find((one) => MediaRecorder.isTypeSupported(one));
    const recorder = new MediaRecorder(stream, kind ? { mimeType: kind } : {}), parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onerror = () => failed(new Error('recorder'));
    recorder.onstop = () => {
      const type = (recorder.mimeType || 'video/webm').split(';')[0];
      done(new File(parts, `swipe.${type.endsWith('mp4') ? 'mp4' : 'webm'}`, { type }));
    };
    recorder.start();
    setTimeout(() => recorder.stop(), FILM_MS);
  });
}

async function film() {
  go.disabled = true;
  let stream = null;
  try {
    if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) {
      word.textContent = 'This browser gives no camera to this page; it asks for https, or for a page of this machine.';
      return;
    }
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, facingMode: 'user' }, audio: false });
    video.srcObject = stream;
    screen.hidden = false;
    await video.play();
    for (let left = COUNT; left > 0; left--) {
      count.textContent = left;
      word.textContent = `${left} …`;
      await wait(1000);
    }
    count.textContent = '';
    word.textContent = 'Now: swipe once.';
    const made = await recorded(stream);
    word.textContent = 'The networks look at it …';
    const sent = await upload(made);
    trigger('filmed', { path: sent.path });
    word.textContent = 'Filmed. Press again for another.';
  } catch (error) {
    word.textContent = REASONS[error.name] || 'The film did not arrive; press again.';
  } finally {
    stream?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    screen.hidden = true;
    go.disabled = false;
  }
}

go.addEventListener('click', film);

// The camera stays on: its last two seconds are explained again and again, at the rate this device manages.
import { shownSize } from './resize.js';
import { spread } from './sampling.js';

const SECONDS = 2, RATE = 15;

export function startLive(page) {
  const { button, video, worker } = page;
  let stream = null, ring = [], timer = null;

  async function start() {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
    } catch (error) {
      const why = error.name === 'NotAllowedError' ? 'The camera was refused; allow it for this page, or choose a clip.' : 'There is no camera that this page can use; choose a clip.';
      return page.say(why, { error: true });
    }
    page.begin();
    button.textContent = 'Stop the camera';
    page.say('Loading the networks …');
    await page.load();
    video.srcObject = stream;
    await video.play();
    ring = [];
    timer = setInterval(catchFrame, 1000 / RATE);
    page.say('Move something in front of the camera …');
    while (stream) await look();
  }

  function stop() {
    clearInterval(timer);
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    button.textContent = 'Camera';
    page.say('The camera is off. Choose a clip, or start it again.');
  }

  // A frame at the network's size (for the network) and at a size to show.
  function catchFrame() {
    if (!video.videoWidth) return;
    const size = page.networks().tdn.input_size, [width, height] = shownSize(video.videoWidth, video.videoHeight, 320);
    const cut = (w, h) => {
      const canvas = new OffscreenCanvas(w, h), context = canvas.getContext('2d', { willReadFrequently: true });
      context.imageSmoothingQuality = 'high';
      context.drawImage(video, 0, 0, w, h);
      return { canvas, data: context.getImageData(0, 0, w, h).data };
    };
    ring.push({ view: cut(size, size).data, shown: cut(width, height).canvas, width, height, time: performance.now() });
    while (ring.length > SECONDS * RATE) ring.shift();
  }

  async function look() {
    const { num_segments: segments, window, input_size: size, labels } = page.networks().tdn;
    if (ring.length < SECONDS * RATE) return new Promise((done) => { setTimeout(done, 100); });
    const frames = ring.slice(), started = performance.now();
    const starts = spread(frames.length - window + 1, segments);
    const views = new Uint8Array(segments * window * size * size * 3);
    starts.forEach((from, t) => {
      for (let l = 0; l < window; l++) {
        const { view } = frames[from + l], to = (t * window + l) * size * size * 3;
        for (let k = 0, place = to; k < view.length; k += 4) { views[place++] = view[k]; views[place++] = view[k + 1]; views[place++] = view[k + 2]; }
      }
    });
    try {
      await worker.call('take', { views });
      const answers = await worker.call('answer', { key: 'live' }), best = page.top(answers.tdn.probabilities, 1)[0];
      const maps = await worker.call('maps', { weights: { [best]: 1 }, key: 'live' });
      if (!stream) return;
      const rate = 1000 / (performance.now() - started), told = Object.entries(answers).map(([role, { probabilities }]) => {
        const [index] = page.top(probabilities, 1);
        return `${page.networks()[role].system}: “${labels[index]}” (${Math.round(100 * probabilities[index])}%)`;
      });
      page.say(`${told.join(' · ')} · ${rate.toFixed(1)} answers a second`);
      await draw(frames, starts.map((from) => from + Math.floor(window / 2)), maps, labels[best]);
    } catch (error) {
      if (stream) { stop(); page.say('The camera stopped: the networks gave no answer.', { error: true }); }
    }
  }

  async function draw(frames, centres, maps, label) {
    const { width, height } = frames[0], row = new OffscreenCanvas(width * centres.length, height), context = row.getContext('2d');
    centres.forEach((index, t) => context.drawImage(frames[index].shown, t * width, 0));
    const url = URL.createObjectURL(await row.convertToBlob({ type: 'image/jpeg', quality: 0.8 })), site = page.site();
    const panels = Object.entries(maps).flatMap(([role, layers]) => ['res2', 'final'].map((layer) => page.panel(`${page.networks()[role].system} · ${site.layers[layer]} · “${label}”`, layer, layers[layer])));
    page.viewer({
      clip: 'camera', frames: { url }, window_side: 0, count: centres.length, width, height, box: [0, 0, width, height],
      times_sec: centres.map((index) => (frames[index].time - frames[0].time) / 1000), numbers: centres, colours: site.colours, signed_colours: site.signed_colours, panels,
    });
    setTimeout(() => URL.revokeObjectURL(url), 3000);
  }

  button.addEventListener('click', () => (stream ? stop() : start()));
  return { stop: () => stream && stop() };
}

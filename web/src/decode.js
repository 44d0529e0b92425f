// From a file to frames, by the browser's own decoders. Runs in the worker.
import { ALL_FORMATS, BlobSource, EncodedPacketSink, Input, VideoSampleSink } from 'mediabunny';

export class ClipError extends Error {}

const MOST_PIXELS = 40e6, MOST_FRAMES = 40000;
// Formats that the picture decoder of the browser reads and the demuxer does not.
const PICTURES = ['image/gif', 'image/webp', 'image/png', 'image/apng', 'image/avif'];

// What is in the file: { frames, fps, times [s, after the first], width, height, read(wanted, onFrame) }. `read` hands out
// each wanted frame once, in order, as (index, RGBA pixels). Throws ClipError with one sentence.
// Where the browser can't decode but its <video> may, the error has `seekable`: what seeking.js needs.
export async function open(file, hasDecoder = true) {
  if (!file.size) throw new ClipError(`${file.name}: the file is empty; choose another.`);
  if (PICTURES.includes(file.type)) return openPictures(file);
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  if (!(await input.canRead())) {
    throw new ClipError(`${file.name}: no video format that is read here; expected MP4, MOV, WebM, MKV, MPEG-TS or an animated GIF.`);
  }
  const track = await input.getPrimaryVideoTrack();
  if (!track) throw new ClipError(`${file.name}: there is no picture in this file; choose a video.`);
  const width = track.displayWidth, height = track.displayHeight;
  if (width * height > MOST_PIXELS) throw new ClipError(`${file.name}: ${width} x ${height} pixels; expected at most 40 million.`);
  const times = [];
  for await (const packet of new EncodedPacketSink(track).packets(undefined, undefined, { metadataOnly: true })) {
    times.push(packet.timestamp);
    if (times.length > MOST_FRAMES) throw new ClipError(`${file.name}: more than ${MOST_FRAMES} frames; cut the clip first.`);
  }
  times.sort((a, b) => a - b);
  const shown = times.filter((time) => time > -1e-6); // an edit list leaves out what lies before zero
  if (!shown.length) throw new ClipError(`${file.name}: no frame could be found in this file.`);
  if (!hasDecoder || !(await track.canDecode())) {
    const codec = (await track.getCodec?.()) ?? track.codec ?? 'unknown';
    const error = new ClipError(`${file.name}: this browser can't decode ${codec.toUpperCase()} video; convert it to H.264, or use the page with a server.`);
    throw Object.assign(error, { seekable: { ...timing(shown), first: shown[0], width, height } });
  }
  return {
    ...timing(shown),
    width,
    height,
    async read(wanted, onFrame) {
      const canvas = new OffscreenCanvas(width, height), context = canvas.getContext('2d', { willReadFrequently: true });
      const last = Math.max(...wanted);
      let index = 0;
      for await (const sample of new VideoSampleSink(track).samples()) {
        try {
          if (sample.timestamp < shown[0] - 1e-6) continue;
          if (wanted.has(index)) {
            sample.draw(context, 0, 0, width, height);
            onFrame(index, context.getImageData(0, 0, width, height).data);
          }
        } finally {
          sample.close();
        }
        if (index++ >= last) break;
      }
      if (index <= last) throw new ClipError(`${file.name}: the file breaks off after ${index} of ${shown.length} frames; cut it there or choose another.`);
    },
  };
}

// Frames, their times after the first, and the rate by the median distance: a long pause is a pause, not a slow film.
function timing(times) {
  const steps = times.slice(1).map((time, index) => time - times[index]).sort((a, b) => a - b);
  const middle = steps.length ? steps[Math.floor(steps.length / 2)] : 0;
  return { frames: times.length, fps: middle > 0 ? 1 / middle : 25, times: times.map((time) => time - times[0]) };
}

async function openPictures(file) {
  if (typeof ImageDecoder === 'undefined' || !(await ImageDecoder.isTypeSupported(file.type))) {
    throw new ClipError(`${file.name}: this browser does not read moving pictures of this kind here; convert it to MP4.`);
  }
  const decoder = new ImageDecoder({ data: await file.arrayBuffer(), type: file.type });
  await decoder.tracks.ready;
  const count = decoder.tracks.selectedTrack.frameCount, times = [];
  let size = null, time = 0;
  for (let index = 0; index < count; index++) {
    const { image } = await decoder.decode({ frameIndex: index });
    size ??= [image.displayWidth, image.displayHeight];
    times.push(time);
    time += (image.duration || 1e5) / 1e6;
    image.close();
  }
  const [width, height] = size;
  return {
    ...timing(times),
    width,
    height,
    async read(wanted, onFrame) {
      const canvas = new OffscreenCanvas(width, height), context = canvas.getContext('2d', { willReadFrequently: true });
      for (const index of [...wanted].sort((a, b) => a - b)) {
        const { image } = await decoder.decode({ frameIndex: index });
        context.fillRect(0, 0, width, height); // what is transparent is black
        context.drawImage(image, 0, 0, width, height);
        image.close();
        onFrame(index, context.getImageData(0, 0, width, height).data);
      }
    },
  };
}

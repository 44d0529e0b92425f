import { BufferTarget, CanvasSource, getFirstEncodableVideoCodec, Mp4OutputFormat, Output, QUALITY_HIGH, WebMOutputFormat } from 'mediabunny';

// Downloads: the panels as they are on the page, and the raw maps.

function offer(blob, name) {
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const stem = (result) => `${result.file.name.replace(/\.[^.]*$/, '')}-${result.target}`.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 80);

// Draws the panels of the viewer with their captions, two in a row, on a canvas of `paper`.
function paper(viewer) {
  const figures = [...viewer.querySelectorAll('figure')].filter((figure) => !figure.hidden && figure.querySelector('canvas'));
  const { width, height } = figures[0].querySelector('canvas'), line = 44, even = (size) => size + (size % 2);
  const canvas = new OffscreenCanvas(even(2 * width + 12), even(Math.ceil(figures.length / 2) * (height + line))), context = canvas.getContext('2d');
  const draw = () => {
    context.fillStyle = '#fff';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.font = '13px system-ui, sans-serif';
    figures.forEach((figure, k) => {
      const x = (k % 2) * (width + 12), y = Math.floor(k / 2) * (height + line);
      context.drawImage(figure.querySelector('canvas'), x, y);
      context.fillStyle = '#111';
      const lines = [''];
      for (const word of figure.querySelector('figcaption').textContent.split(' ')) {
        const longer = `${lines.at(-1)} ${word}`.trim();
        if (context.measureText(longer).width > width && lines.length < 2) lines.push(word);
        else lines[lines.length - 1] = longer;
      }
      lines.forEach((text, row) => context.fillText(text, x, y + height + 15 + 16 * row, width));
    });
  };
  return { canvas, draw };
}

export async function savePicture(viewer, result) {
  const { canvas, draw } = paper(viewer);
  draw();
  offer(await canvas.convertToBlob({ type: 'image/png' }), `${stem(result)}.png`);
}

// The same panels, segment by segment, two a second. Throws an Error with one sentence where the browser can't encode.
export async function saveFilm(viewer, result) {
  const codec = await getFirstEncodableVideoCodec(['avc', 'vp9', 'av1', 'vp8']);
  if (!codec) throw new Error('This browser can\'t write video; download the PNG instead.');
  const isMp4 = codec === 'avc' || codec === 'av1', target = new BufferTarget(), { canvas, draw } = paper(viewer);
  const output = new Output({ format: isMp4 ? new Mp4OutputFormat() : new WebMOutputFormat(), target });
  const source = new CanvasSource(canvas, { codec, bitrate: QUALITY_HIGH });
  output.addVideoTrack(source);
  await output.start();
  const seek = viewer.querySelector('.seek'), shown = seek.value;
  const go = (segment) => { seek.value = segment; seek.dispatchEvent(new Event('input')); };
  for (let segment = 0; segment <= Number(seek.max); segment++) {
    go(segment);
    draw();
    await source.add(segment / 2, 1 / 2);
  }
  go(shown);
  await output.finalize();
  offer(new Blob([target.buffer], { type: isMp4 ? 'video/mp4' : 'video/webm' }), `${stem(result)}.${isMp4 ? 'mp4' : 'webm'}`);
}

// Everything a reader needs to use the numbers: signed maps, scores, frames, networks.
export function saveMaps(result, networks) {
  const maps = {};
  for (const [role, layers] of Object.entries(result.maps)) for (const [layer, { shape, data }] of Object.entries(layers)) maps[`${role}_${layer}`] = { shape, values: Array.from(data) };
  const told = {
    file: result.file.name, target: result.target, method: result.method, showing: result.showing, frames: result.clip.frames, labels: networks.tdn.labels,
    networks: Object.fromEntries(Object.entries(networks).map(([role, one]) => [role, { file: one.file, system: one.system }])),
    logits: Object.fromEntries(Object.entries(result.answers).map(([role, one]) => [role, one.logits])), maps,
  };
  offer(new Blob([JSON.stringify(told)], { type: 'application/json' }), `${stem(result)}.json`);
}

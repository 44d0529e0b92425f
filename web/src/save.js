// Downloads: the panels as they are on the page, and the raw maps.

function offer(blob, name) {
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const stem = (result) => `${result.file.name.replace(/\.[^.]*$/, '')}-${result.target}`.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 80);

// The panels of the viewer with their captions, two in a row.
export async function savePicture(viewer, result) {
  const figures = [...viewer.querySelectorAll('figure')].filter((figure) => !figure.hidden && figure.querySelector('canvas'));
  const first = figures[0].querySelector('canvas'), width = first.width, height = first.height, line = 44;
  const canvas = new OffscreenCanvas(2 * width + 12, Math.ceil(figures.length / 2) * (height + line)), context = canvas.getContext('2d');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.font = '13px system-ui, sans-serif';
  figures.forEach((figure, k) => {
    const x = (k % 2) * (width + 12), y = Math.floor(k / 2) * (height + line);
    context.drawImage(figure.querySelector('canvas'), x, y);
    context.fillStyle = '#111';
    const words = figure.querySelector('figcaption').textContent.split(' '), lines = [''];
    for (const word of words) {
      const longer = `${lines.at(-1)} ${word}`.trim();
      if (context.measureText(longer).width > width && lines.length < 2) lines.push(word);
      else lines[lines.length - 1] = longer;
    }
    lines.forEach((text, row) => context.fillText(text, x, y + height + 15 + 16 * row, width));
  });
  offer(await canvas.convertToBlob({ type: 'image/png' }), `${stem(result)}.png`);
}

// Everything a reader needs to use the numbers: signed maps, scores, frames, networks.
export function saveMaps(result, networks) {
  const maps = {};
  for (const [role, layers] of Object.entries(result.maps)) for (const [layer, { shape, data }] of Object.entries(layers)) maps[`${role}_${layer}`] = { shape, signed: Array.from(data) };
  const told = {
    file: result.file.name, target: result.target, repeat: result.repeat, frames: result.clip.frames, labels: networks.tdn.labels,
    networks: Object.fromEntries(Object.entries(networks).map(([role, one]) => [role, { file: one.file, system: one.system }])),
    logits: Object.fromEntries(Object.entries(result.answers).map(([role, one]) => [role, one.logits])), maps,
  };
  offer(new Blob([JSON.stringify(told)], { type: 'application/json' }), `${stem(result)}.json`);
}

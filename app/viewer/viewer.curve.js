// How a map's evidence is spread over the moments, and what the networks read at the one that is shown.
const LINES = ['#c1440e', '#e8a33d', '#1f5fa8', '#62a5d9', '#3f7d4e', '#8fbf7f', '#6b4c9a', '#b39ddb'];

// Each segment's share of the map's evidence, as the figure draws it.
function shares(panel) {
  const size = panel.rows * panel.columns;
  const sums = Array.from({ length: shown.count }, (_, t) => panel.cells.subarray(t * size, (t + 1) * size).reduce((sum, value) => sum + value, 0));
  const total = sums.reduce((sum, value) => sum + value, 0);
  return sums.map((sum) => (total ? sum / total : 0));
}

function drawCurve() {
  const picture = curve.querySelector('canvas'), context = picture.getContext('2d'), { width, height } = picture;
  const lines = shown.panels.filter((panel) => panel.cells && !panel.box.hidden).map((panel) => ({ panel, values: panel.shares ||= shares(panel) }));
  curve.hidden = !lines.length;
  const top = Math.max(1 / shown.count, ...lines.flatMap((line) => line.values)) * 1.08;
  const x = (t) => (t + 0.5) / shown.count * width, y = (share) => height - 4 - share / top * (height - 8);
  const at = segmentsNow().reduce((sum, [segment, share]) => sum + segment * share, 0);
  context.clearRect(0, 0, width, height);
  context.fillStyle = 'rgba(128, 128, 128, .18)';
  context.fillRect(current / shown.count * width, 0, width / shown.count, height);
  context.fillStyle = 'rgba(128, 128, 128, .9)';
  context.fillRect(x(at) - 1.5, 0, 3, height);
  context.setLineDash([6, 6]);
  context.strokeStyle = 'rgba(128, 128, 128, .8)';
  context.beginPath();
  context.moveTo(0, y(1 / shown.count));
  context.lineTo(width, y(1 / shown.count));
  context.stroke();
  context.setLineDash([]);
  context.lineWidth = 3;
  for (const { panel, values } of lines) {
    context.strokeStyle = panel.colour;
    context.beginPath();
    values.forEach((share, t) => (t ? context.lineTo(x(t), y(share)) : context.moveTo(x(t), y(share))));
    context.stroke();
  }
  const told = lines.map(({ panel, values }) => `${panel.caption}: ${Math.round(100 * values[current])}%`);
  picture.setAttribute('aria-label', `Evidence in moment ${current + 1}: ${told.join('; ')}`);
}

// What the networks read is loaded when somebody comes near it.
let isNear = false;

async function windowsOf(result) {
  const rows = await loadPicture(result.windows), side = result.window_side;
  result.window = Array.from({ length: result.count }, (_, segment) => cut(rows, rows.naturalWidth / side, side, segment * side));
  if (result === shown) drawWindow();
}

// The differences of Eq. 1: what changes from one frame to the next, grey where nothing does.
function drawWindow() {
  if (!shown.windows || !inside.open || !isNear) return;
  if (!shown.window) {
    shown.loading ||= windowsOf(shown).catch(() => {}); // a file of a result that is gone
    return;
  }
  const [frames, differences] = [inside.querySelector('.frames'), inside.querySelector('.differences')];
  const side = shown.window_side, tiles = shown.window[current];
  const paint = (pixels) => {
    const tile = canvas(side, side);
    tile.getContext('2d').putImageData(pixels, 0, 0);
    return tile;
  };
  const change = (next, before) => {
    const out = new ImageData(side, side);
    for (let k = 0; k < out.data.length; k++) out.data[k] = k % 4 === 3 ? 255 : 128 + next.data[k] - before.data[k];
    return out;
  };
  frames.replaceChildren(...tiles.map(paint));
  differences.replaceChildren(...tiles.slice(1).map((tile, k) => paint(change(tile, tiles[k]))));
}

function thumbnail(segment) {
  const small = canvas(96, Math.max(1, Math.round(96 * shown.height / shown.width)));
  small.getContext('2d').drawImage(shown.picture, segment * shown.width, 0, shown.width, shown.height, 0, 0, small.width, small.height);
  small.addEventListener('click', () => go(segment));
  small.addEventListener('pointerenter', (event) => { if (event.pointerType === 'mouse' && !isPlaying()) go(segment); });
  return small;
}

// The pixels of each frame of a window, cut once from a row of pictures.
function cut(picture, count, side, top) {
  const row = canvas(side, side), context = row.getContext('2d', { willReadFrequently: true });
  return Array.from({ length: count }, (_, number) => {
    context.drawImage(picture, number * side, top, side, side, 0, 0, side, side);
    return context.getImageData(0, 0, side, side);
  });
}

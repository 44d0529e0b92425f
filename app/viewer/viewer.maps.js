// From the values of a map to colours over a picture. A panel's values come scaled per clip, as bytes.
const DIMMED = 0.45; // of what the networks don't see
const FINE = 2, COARSE = 4; // one colour for so many pixels, standing still and playing; the browser smooths them
const places = new Map();

// The values of a panel that are drawn: 255 (or -255, against the class) stands for `amount(panel)`.
function cells(panel) {
  return signed.checked ? panel.both : panel.cells;
}

function amount(panel) {
  return signed.checked ? Math.max(panel.maximum, panel.least) : panel.maximum;
}

// 255 for the larger of what speaks for and against the class, so that both have one scale; null where there is neither.
function together(panel, positive, against) {
  if (!positive && !against) return null;
  const most = Math.max(panel.maximum, panel.least), out = new Float32Array(panel.rows * panel.columns * props.value.count);
  for (let k = 0; k < out.length; k++) out[k] = ((positive ? positive[k] * panel.maximum : 0) - (against ? against[k] * panel.least : 0)) / most;
  return out;
}

// What a segment's values are multiplied by under the chosen scale (tdn/explain/scale.py): they come per clip.
function scaling(panel, segment) {
  if (rule.value === 'shared') return amount(panel) / Math.max(...shown.panels.filter((other) => other.layer === panel.layer).map(amount));
  if (rule.value === 'clip') return 1;
  const size = panel.rows * panel.columns;
  const own = cells(panel).subarray(segment * size, (segment + 1) * size).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return own ? 255 / own : 1;
}

// A panel's values, -255..255, mixed of segments with a share each: [[segment, share], ...].
function mixed(panel, segments) {
  const size = panel.rows * panel.columns, all = cells(panel), out = new Float32Array(size);
  for (const [segment, share] of segments) {
    const factor = share * scaling(panel, segment);
    for (let k = 0, from = segment * size; k < size; k++) out[k] += factor * all[from + k];
  }
  return out;
}

// Where each pixel falls between two cells: half-pixel centres, edges repeated, as cv2.INTER_LINEAR.
function between(pixels, count) {
  const key = `${pixels} ${count}`;
  if (places.has(key)) return places.get(key);
  const low = new Uint16Array(pixels), high = new Uint16Array(pixels), part = new Float32Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const at = Math.max(0, Math.min(count - 1, (pixel + 0.5) * count / pixels - 0.5));
    low[pixel] = Math.floor(at);
    high[pixel] = Math.min(low[pixel] + 1, count - 1);
    part[pixel] = at - low[pixel];
  }
  places.set(key, { low, high, part });
  return places.get(key);
}

// The colour of each value from -255 to 255, with its opacity, as a pixel (ABGR). The same formula as
// tdn/show/overlay.py `blend`: opacity * |value|, so that nothing lies over the film where there is no evidence.
function paints() {
  const both = signed.checked, table = both ? shown.signed_colours : shown.colours[colours.value];
  return Uint32Array.from({ length: 511 }, (_, at) => {
    const value = at - 255, colour = 3 * (both ? Math.round(at / 2) : Math.max(0, value));
    const alpha = Math.round(opacity.value / 100 * (both ? Math.abs(value) : Math.max(0, value)));
    return (alpha << 24) | (table[colour + 2] << 16) | (table[colour + 1] << 8) | table[colour];
  });
}

// Values as a picture of their own, larger than they are.
function coloured(panel, values, width, height) {
  const across = between(width, panel.columns), down = between(height, panel.rows), layer = panel.layer_picture ||= canvas(1, 1), { columns } = panel;
  if (layer.width !== width || layer.height !== height) Object.assign(layer, { width, height });
  const context = layer.getContext('2d'), image = context.createImageData(width, height), pixels = new Uint32Array(image.data.buffer), paint = paints(), row = new Float32Array(columns);
  for (let y = 0, k = 0; y < height; y++) {
    const top = down.low[y] * columns, bottom = down.high[y] * columns, part = down.part[y];
    for (let c = 0; c < columns; c++) row[c] = Math.max(-255, Math.min(255, values[top + c] + (values[bottom + c] - values[top + c]) * part)) + 255.5;
    for (let x = 0; x < width; x++, k++) {
      const left = row[across.low[x]];
      pixels[k] = paint[(left + (row[across.high[x]] - left) * across.part[x]) | 0];
    }
  }
  context.putImageData(image, 0, 0);
  return layer;
}

// Lay the map of these segments over the picture that the panel shows. At opacity 0 the picture stays as it is.
function lay(panel, segments, isPlaying) {
  if (!cells(panel) || !+opacity.value) return;
  const [x0, y0, x1, y1] = shown.box, { context } = panel, fine = isPlaying ? COARSE : FINE;
  const size = [x1 - x0, y1 - y0].map((pixels) => Math.ceil(pixels / fine));
  context.fillStyle = `rgba(0, 0, 0, ${1 - DIMMED})`;
  context.beginPath();
  context.rect(0, 0, shown.width, shown.height);
  context.rect(x0, y0, x1 - x0, y1 - y0);
  context.fill('evenodd');
  context.drawImage(coloured(panel, mixed(panel, segments), ...size), x0, y0, x1 - x0, y1 - y0);
}

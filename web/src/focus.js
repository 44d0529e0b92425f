// How much of a map lies on what moves: energy share and lift of tdn/measure/focus.py, with the exact masks of the samples.

// One mask [rows, columns] of 0 and 1 from the packed masks of a sample ({shape: [F, rows, columns], bits: base64}).
export function mask({ shape: [frames, rows, columns], bits }, frame) {
  const bytes = Uint8Array.from(atob(bits), (letter) => letter.charCodeAt(0)), size = rows * columns, out = new Uint8Array(size);
  const from = Math.min(frame, frames - 1) * size;
  for (let k = 0; k < size; k++) out[k] = (bytes[(from + k) >> 3] >> (7 - ((from + k) & 7))) & 1;
  return { rows, columns, cells: out };
}

// A map [T, h, w] (cut below zero) and a mask a segment: { share, lift }, null where no mask has anything in it.
export function focus({ shape: [segments, h, w], data }, masks) {
  let inside = 0, all = 0, area = 0, size = 0;
  for (let t = 0; t < segments; t++) {
    const { rows, columns, cells } = masks[t];
    for (let y = 0; y < rows; y++) {
      const [top, bottom, down] = between(y, rows, h);
      for (let x = 0; x < columns; x++) {
        const [left, right, across] = between(x, columns, w), at = (row, column) => Math.max(0, data[(t * h + row) * w + column]);
        const upper = at(top, left) + (at(top, right) - at(top, left)) * across, lower = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * across;
        const value = upper + (lower - upper) * down, moves = cells[y * columns + x];
        all += value;
        inside += value * moves;
        area += moves;
        size++;
      }
    }
  }
  if (!area) return null;
  const share = all > 0 ? inside / all : 0;
  return { share, lift: share / (area / size), area: area / size };
}

// Between which two cells a pixel lies, and how far: half-pixel centres, edges repeated.
function between(pixel, pixels, cells) {
  const at = Math.max(0, Math.min(cells - 1, (pixel + 0.5) * cells / pixels - 0.5)), low = Math.floor(at);
  return [low, Math.min(low + 1, cells - 1), at - low];
}

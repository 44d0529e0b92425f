// Pictures of a board: sheets of tiles, each {picture: address, width, height of a tile, is_smooth}.
import { painted, tile } from './shown.js';

// Tiles of RGB bytes given by row and column.
export async function photoSheet(rows, columns, width, height, pixels, { quality = 0.85 } = {}) {
  const picture = await painted(columns, rows, width, height, (k) => pixels(Math.floor(k / columns), k % columns), { type: 'image/jpeg', quality });
  return { picture, width, height, is_smooth: true };
}

// Frames side by side in two lines, each line a tile; `pale` says how far a frame fades.
export async function halves(frames, width, height, toWidth, toHeight, quality = 0.85, pale = () => 0) {
  const count = frames.length / 2, canvas = new OffscreenCanvas(count * toWidth, 2 * toHeight), context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  frames.forEach((frame, k) => {
    const one = new OffscreenCanvas(width, height), x = (k % count) * toWidth, y = Math.floor(k / count) * toHeight;
    one.getContext('2d').putImageData(tile(frame, width, height), 0, 0);
    context.drawImage(one, x, y, toWidth, toHeight);
    context.fillStyle = `rgb(200 200 200 / ${pale(k)})`;
    context.fillRect(x, y, toWidth, toHeight);
  });
  const picture = URL.createObjectURL(await canvas.convertToBlob({ type: 'image/jpeg', quality }));
  return { picture, width: count * toWidth, height: toHeight, is_smooth: true };
}

// Values {shape: [T, h, w], data} from 0 to `maximum` in colours (256 x RGB), a row each, with a pixel a cell.
export async function cellSheet(values, maximum, colours) {
  const [columns, height, width] = values[0].shape, cells = width * height;
  const picture = await painted(columns, values.length, width, height, (k) => {
    const { data } = values[Math.floor(k / columns)], from = (k % columns) * cells, out = new Uint8Array(3 * cells);
    for (let cell = 0; cell < cells; cell++) {
      const level = maximum > 0 ? Math.round(255 * Math.max(0, Math.min(1, data[from + cell] / maximum))) : 0;
      for (let c = 0; c < 3; c++) out[3 * cell + c] = colours[3 * level + c];
    }
    return out;
  });
  return { picture, width, height, is_smooth: false };
}

// Resizing as Pillow's bilinear filter does it, byte for byte: a triangle that widens when the picture shrinks, whole
// numbers with 22 bits behind the point, rows and columns one after the other with rounding to bytes in between.
import { roundHalfEven } from './sampling.js';

const BITS = 22, HALF = 1 << (BITS - 1);

// For each place of the result: the first source place, and the weights from there on.
function weights(from, to) {
  const scale = from / to, reach = Math.max(scale, 1), places = [];
  for (let place = 0; place < to; place++) {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5)), last = Math.min(from, Math.trunc(centre + reach + 0.5));
    const parts = [];
    let sum = 0;
    for (let at = first; at < last; at++) {
      const part = Math.max(0, 1 - Math.abs((at - centre + 0.5) / reach));
      parts.push(part);
      sum += part;
    }
    places.push({ first, parts: parts.map((part) => Math.trunc(part / sum * (1 << BITS) + 0.5)) });
  }
  return places;
}

const byte = (value) => Math.max(0, Math.min(255, value >> BITS));

// RGB or RGBA pixels [height, width, channels] -> Uint8Array [toHeight, toWidth, 3].
export function resize(pixels, width, height, channels, toWidth, toHeight) {
  const across = weights(width, toWidth), down = weights(height, toHeight);
  const middle = new Uint8Array(height * toWidth * 3), out = new Uint8Array(toHeight * toWidth * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < toWidth; x++) {
      const { first, parts } = across[x];
      let red = HALF, green = HALF, blue = HALF, at = (y * width + first) * channels;
      for (let k = 0; k < parts.length; k++, at += channels) {
        red += pixels[at] * parts[k];
        green += pixels[at + 1] * parts[k];
        blue += pixels[at + 2] * parts[k];
      }
      const to = (y * toWidth + x) * 3;
      middle[to] = byte(red);
      middle[to + 1] = byte(green);
      middle[to + 2] = byte(blue);
    }
  }
  for (let y = 0; y < toHeight; y++) {
    const { first, parts } = down[y];
    for (let x = 0; x < toWidth * 3; x++) {
      let sum = HALF;
      for (let k = 0; k < parts.length; k++) sum += middle[(first + k) * toWidth * 3 + x] * parts[k];
      out[y * toWidth * 3 + x] = byte(sum);
    }
  }
  return out;
}

function shortSideTo(width, height, side) {
  return width <= height ? [side, Math.floor(side * height / width)] : [Math.floor(side * width / height), side];
}

// Where the middle square of a picture begins (torchvision's CenterCrop).
function corner(width, height, size) {
  return [roundHalfEven((width - size) / 2), roundHalfEven((height - size) / 2)];
}

// The part of a frame that the network sees, at its size: tdn/data/transforms.py `to_view`.
export function toView(pixels, width, height, channels, preprocess) {
  const size = preprocess.input_size;
  if (preprocess.view === 'whole') return resize(pixels, width, height, channels, size, size);
  const [newWidth, newHeight] = shortSideTo(width, height, preprocess.short_side);
  const [left, top] = corner(newWidth, newHeight, size);
  const whole = resize(pixels, width, height, channels, newWidth, newHeight), out = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) out.set(whole.subarray(((y + top) * newWidth + left) * 3, ((y + top) * newWidth + left + size) * 3), y * size * 3);
  return out;
}

// The box [x0, y0, x1, y1] of a picture that the network sees, in pixels of that picture.
export function seenBox(width, height, preprocess) {
  if (preprocess.view === 'whole') return [0, 0, width, height];
  const [newWidth, newHeight] = shortSideTo(width, height, preprocess.short_side), size = preprocess.input_size;
  const [left, top] = corner(newWidth, newHeight, size), x = width / newWidth, y = height / newHeight;
  return [left * x, top * y, (left + size) * x, (top + size) * y];
}

// Width and height with the longer side at most `side`.
export function shownSize(width, height, side = 480) {
  const scale = Math.min(1, side / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

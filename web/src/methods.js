// From activations and gradients [T, C, h, w] to signed maps [T, h, w], by the methods of tdn/explain/methods.py that need
// nothing else: arithmetic on each frame alone.

export const METHODS = {
  grad_cam: 'Grad-CAM',
  hirescam: 'HiResCAM',
  layercam: 'LayerCAM',
  grad_cam_pp: 'Grad-CAM++',
  xgradcam: 'XGrad-CAM',
};
// Methods whose map has no negative evidence.
export const UNSIGNED = ['layercam', 'grad_cam_pp'];

// What a channel's cells are multiplied with: one weight for all of them. `a` activations and `g` gradients from `at` on.
const WEIGHTS = {
  grad_cam(a, g, at, cells) {
    let sum = 0;
    for (let k = at; k < at + cells; k++) sum += g[k];
    return sum / cells;
  },
  grad_cam_pp(a, g, at, cells, segments) {
    // A segment's own score has `segments` times the gradient of their mean.
    let total = 0, sum = 0;
    for (let k = at; k < at + cells; k++) total += a[k];
    for (let k = at; k < at + cells; k++) {
      const slope = segments * g[k];
      if (slope > 0) sum += slope * slope * slope / (2 * slope * slope + total * slope * slope * slope + 1e-6);
    }
    return sum;
  },
  xgradcam(a, g, at, cells) {
    let total = 0, sum = 0;
    for (let k = at; k < at + cells; k++) total += a[k];
    for (let k = at; k < at + cells; k++) sum += g[k] * a[k];
    return sum / (total + 1e-7);
  },
};
// What a cell is multiplied with by itself.
const CELL = { hirescam: (slope) => slope, layercam: (slope) => Math.max(slope, 0) };

export function weigh({ data: a, dims }, { data: g }, method) {
  const [segments, channels, rows, columns] = dims, cells = rows * columns, data = new Float32Array(segments * cells);
  for (let t = 0; t < segments; t++) {
    for (let c = 0; c < channels; c++) {
      const from = (t * channels + c) * cells, weight = WEIGHTS[method]?.(a, g, from, cells, segments);
      for (let k = 0; k < cells; k++) data[t * cells + k] += (weight ?? CELL[method](g[from + k])) * a[from + k];
    }
  }
  return { shape: [segments, rows, columns], data };
}

// The gradient of a clip's score at the input of the classifier, the same in every cell: weight of each channel.
export function constantGradient({ dims }, head, weights) {
  const [segments, channels, rows, columns] = dims, cells = rows * columns, data = new Float32Array(segments * channels * cells);
  for (let c = 0; c < channels; c++) {
    const slope = Object.entries(weights).reduce((sum, [index, weight]) => sum + weight * head[index][c], 0) / (segments * cells);
    for (let t = 0; t < segments; t++) data.fill(slope, (t * channels + c) * cells, (t * channels + c + 1) * cells);
  }
  return { data, dims };
}

// One exported network (tdn/export/web.py) in onnxruntime: scores, features, and maps without autograd.
import * as ort from 'onnxruntime-web/wasm';
import { blank } from './changes.js';
import { constantGradient, weigh } from './methods.js';
import { runtime } from './runtime.js';

const MEAN = [0.485, 0.456, 0.406], DEVIATION = [0.229, 0.224, 0.225];
const DIALS = { s_tdm_weight: 1, s_tdm_mean: 0, l_tdm_gate: 1 };

// onnxruntime-web's build for browsers rejects both of two runs that overlap, even on two sessions: one at a time.
let last = Promise.resolve();
function queued(work) {
  const mine = last.then(work, work);
  last = mine.catch(() => {});
  return mine;
}

// Undo `pack` of tdn/export/web.py: zlib, then byte planes back into numbers.
async function unpack(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate'));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer()), count = planes.length / 4, out = new Uint8Array(planes.length);
  for (let plane = 0; plane < 4; plane++) for (let k = 0; k < count; k++) out[4 * k + plane] = planes[plane * count + k];
  return out;
}

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

export class Network {
  // `folder` is the address of the network's files, ending in a slash.
  static async load(folder) {
    const [description, forward, backward, packed] = await Promise.all([
      fetch(`${folder}network.json`).then((answer) => answer.json()),
      ...['forward.onnx', 'backward.onnx', 'weights.packed'].map((name) => fetched(folder + name)),
    ]);
    const externalData = [{ path: 'weights.bin', data: await unpack(packed) }];
    const options = { externalData, executionProviders: ['wasm'], logSeverityLevel: 3 };
    const sessions = [];
    for (const graph of [forward, backward]) sessions.push(await queued(() => ort.InferenceSession.create(graph, options)));
    return new Network(description, ...sessions);
  }

  constructor(description, forward, backward) {
    Object.assign(this, { description, forward, backward });
  }

  // Views Uint8Array [T, L, H, W, 3] -> { logits [K], evidence and features as { data, dims }, and `inside` what only the
  // lab shows, {shape: [T, h, w], data} by name }. A `region` (x0, y0, x1, y1 as shares) is blanked.
  async run(views, dials = {}, region = null) {
    const { num_segments: segments, window, input_size: size } = this.description, pixels = normalised(views, segments * window, size);
    if (region) blank(pixels, size, region);
    const clip = new ort.Tensor('float32', pixels, [1, segments, window, 3, size, size]);
    const out = await queued(() => this.forward.run({ clip, ...this.dialled('forward', dials) }));
    const { logits, evidence, last, features, motion3, ...inside } = out;
    return { logits: logits.data, evidence, last, features, motion3, dials, inside: Object.fromEntries(Object.entries(inside).map(([name, { dims, data }]) => [name, { shape: dims, data }])) };
  }

  // Signed maps {shape: [T, h, w], data} of `weights` {class index: weight} at both layers, of what `run` gave.
  async maps(reached, weights, method = 'grad_cam') {
    const { features, last } = reached, class_weight = new Float32Array(reached.logits.length);
    for (const [index, weight] of Object.entries(weights)) class_weight[index] = weight;
    const feeds = { features, class_weight: new ort.Tensor('float32', class_weight, [class_weight.length]), ...this.dialled('backward', reached.dials) };
    if (reached.motion3) feeds.motion3 = reached.motion3;
    const { gradient } = await queued(() => this.backward.run(feeds));
    const isPlain = method === 'grad_cam' || method === 'hirescam'; // the same there: the gradient is constant
    return {
      final: isPlain ? evidenceOf(reached.evidence, weights) : weigh(last, constantGradient(last, this.description.head, weights), method),
      res2: weigh(features, gradient, method),
    };
  }

  dialled(graph, dials) {
    const named = Object.keys(DIALS).filter((name) => this.description.inputs[graph].includes(name));
    return Object.fromEntries(named.map((name) => [name, new ort.Tensor('float32', [dials[name] ?? DIALS[name]], [])]));
  }
}

// The closed form at the final stage: cells of a class sum to its logit less its bias.
function evidenceOf({ data: from, dims: [, segments, rows, columns] }, weights) {
  const size = segments * rows * columns, data = new Float32Array(size);
  for (const [index, weight] of Object.entries(weights)) for (let k = 0; k < size; k++) data[k] += weight * from[index * size + k];
  return { shape: [segments, rows, columns], data };
}

// ImageNet's mean and deviation, channels first: bytes [frames, H, W, 3] -> float32 [frames, 3, H, W].
function normalised(views, frames, size) {
  const cells = size * size, out = new Float32Array(frames * 3 * cells);
  for (let f = 0; f < frames; f++) {
    for (let c = 0; c < 3; c++) {
      const to = (f * 3 + c) * cells, from = f * cells * 3 + c;
      for (let k = 0; k < cells; k++) out[to + k] = (views[from + 3 * k] / 255 - MEAN[c]) / DEVIATION[c];
    }
  }
  return out;
}

export function softmax(logits) {
  const most = Math.max(...logits), powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

// Where the page's files lie; once, before the first network.
export async function configure(base) {
  ort.env.wasm.wasmPaths = `${base}ort/`;
  ort.env.wasm.wasmBinary ??= await runtime(base);
  ort.env.wasm.numThreads = 1;
}

// The tables are Python's own answers: python -m tests.data.make_web_tables
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { resize, toView } from '../src/resize.js';
import { roundHalfEven, windowFrames } from '../src/sampling.js';

const table = (name) => JSON.parse(readFileSync(new URL(`../../tests/data/web_${name}.json`, import.meta.url)));

test('frames are chosen as in Python', () => {
  for (const { frames, fps, repeat, part, network, wanted } of table('sampling')) {
    assert.deepEqual(windowFrames(frames, fps, network, { repeat, part }), wanted, `${frames} frames, ${fps} a second, ${part} of it ${repeat} times`);
  }
});

test('pictures are resized to the byte as by Pillow', () => {
  for (const { width, height, preprocess, pixels, wanted } of table('resizing')) {
    assert.deepEqual(Array.from(toView(Uint8Array.from(pixels), width, height, 3, preprocess)), wanted, `${width} x ${height}`);
  }
});

test('a fourth channel is left out', () => {
  const rgba = Uint8Array.from({ length: 8 * 8 * 4 }, (_, k) => (k * 37) % 256);
  const rgb = rgba.filter((_, k) => k % 4 !== 3);
  assert.deepEqual(resize(rgba, 8, 8, 4, 5, 5), resize(rgb, 8, 8, 3, 5, 5));
});

test('halves are rounded to the even number', () => {
  assert.deepEqual([0.5, 1.5, 2.5, 2.4, 2.6].map(roundHalfEven), [0, 2, 2, 2, 3]);
});

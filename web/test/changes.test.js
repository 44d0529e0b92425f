import assert from 'node:assert/strict';
import test from 'node:test';
import { CHANGES, order } from '../src/changes.js';

const T = 8, L = 5;

test('freezing keeps every centre frame, and freezing the clip one', () => {
  assert.deepEqual(Array.from(order('freeze windows', T, L)).slice(0, 10), [2, 2, 2, 2, 2, 7, 7, 7, 7, 7]);
  assert.deepEqual(new Set(order('freeze clip', T, L)), new Set([4 * L + 2]));
});

test('backwards twice is forwards', () => {
  for (const name of ['reverse', 'reverse inside windows']) {
    const places = order(name, T, L);
    assert.deepEqual(Array.from(places, (place) => places[place]), Array.from(places.keys()), name);
  }
});

test('shuffling moves whole windows and leaves none out', () => {
  const places = Array.from(order('shuffle segments', T, L)), segments = places.filter((_, k) => k % L === 0).map((place) => place / L);
  assert.deepEqual([...segments].sort((a, b) => a - b), [...Array(T).keys()]);
  assert.notDeepEqual(segments, [...Array(T).keys()]);
  assert.deepEqual(places, segments.flatMap((segment) => Array.from({ length: L }, (_, l) => segment * L + l)));
});

test('every change either moves frames or turns a dial', () => {
  for (const { name, dials } of CHANGES) assert.equal(order(name, T, L) === null, Boolean(dials), name);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { blank, blanked, DIALS, order, segmentsShown } from '../src/changes.js';

const T = 8, L = 5, ORDERS = { segments: [2, 5, 0, 3, 6, 1, 4, 7], inside: [1, 0, 2, 4, 3] };

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

test('shuffling takes the orders that Python drew', () => {
  const places = Array.from(order('shuffle segments', T, L, ORDERS));
  assert.deepEqual(places, ORDERS.segments.flatMap((segment) => Array.from({ length: L }, (_, l) => segment * L + l)));
  assert.deepEqual(Array.from(order('shuffle inside windows', T, L, ORDERS)).slice(5, 10), [6, 5, 7, 9, 8]);
});

test('a dial leaves the frames where they are', () => {
  for (const name of Object.keys(DIALS)) assert.equal(order(name, T, L), null, name);
});

test('a region is blanked in every frame, and edges that can not be are none', () => {
  const pixels = new Float32Array(2 * 3 * 16).fill(1);
  blank(pixels, 4, blanked('blank 0,0.5,0.5,1'));
  const plane = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1];
  assert.deepEqual(Array.from(pixels), Array(6).fill(plane).flat());
  for (const name of ['blank 0.5,0,0.5,1', 'blank 0,0,2,1', 'blank', 'reverse']) assert.equal(blanked(name), null, name);
});

test('a changed map lies over the frame that was looked at', () => {
  assert.deepEqual(segmentsShown('reverse', T, L), [7, 6, 5, 4, 3, 2, 1, 0]);
  assert.deepEqual(segmentsShown('shuffle segments', T, L, ORDERS), ORDERS.segments);
  assert.deepEqual(segmentsShown('freeze clip', T, L), Array(T).fill(4));
  assert.equal(segmentsShown('S-TDM off', T, L), null);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { doubt } from '../src/doubt.js';

const words = { unlike: 'nothing known', unsure: 'below {percent}%', never: 'never sure' };
const logits = [Math.log(3), 0], probabilities = [0.75, 0.25];  // energy log 4, 1.386

test('an answer is doubted as its card says, with the stronger word alone', () => {
  assert.equal(doubt(logits, probabilities, null, words), '');
  assert.equal(doubt(logits, probabilities, { sure_above: 0.74, known_above: 1.38 }, words), '');
  assert.equal(doubt(logits, probabilities, { sure_above: 0.76, known_above: 1.38 }, words), 'below 76%');
  assert.equal(doubt(logits, probabilities, { sure_above: 0.76, known_above: 1.39 }, words), 'nothing known');
  assert.equal(doubt([99, 0], [1, 0], { sure_above: 1 }, words), 'never sure');
});

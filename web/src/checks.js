// For checks from outside: a file in, numbers out, without touching what is shown.
import { DIALS } from './changes.js';
import { readClip } from './reading.js';
import { top } from './shown.js';

export function makeChecks({ worker, load, lab }) {
  const by = 'checks';

  async function answer(method) {
    const networks = await load(), answers = await worker.call('answer', { by });
    const labels = networks.tdn.labels, target = top(answers.tdn.probabilities, 1)[0];
    const signed = await worker.call('maps', { weights: { [target]: 1 }, method, by }), maps = {};
    for (const [role, layers] of Object.entries(signed)) {
      for (const [layer, { shape, data }] of Object.entries(layers)) maps[`${role}_${layer}`] = { shape, data: data.map((value) => Math.max(0, value)) };
    }
    const said = Object.fromEntries(Object.entries(answers).map(([role, { logits, probabilities }]) => {
      const [best] = top(probabilities, 1);
      return [role, { label: labels[best], probability: probabilities[best], logits }];
    }));
    return { ...said, maps };
  }

  return {
    board: lab.board,
    async analyse(file) {
      const { tdn } = await load(), { frames, views } = await readClip(tdn, { file, by, wantsViews: true });
      return { ...(await answer()), frames, views };
    },
    // The same of pixels that are given: views Uint8Array [T, L, H, W, 3].
    async answerViews(views, method) {
      await load();
      await worker.call('take', { views, by });
      return answer(method);
    },
    // Logits of given pixels after a change, by role.
    async answerChanged(views, change) {
      await load();
      await worker.call('take', { views, by });
      const answers = await worker.call('answer', { change, dials: DIALS[change], by });
      return Object.fromEntries(Object.entries(answers).map(([role, { logits }]) => [role, logits]));
    },
  };
}

// Reading a file: in the worker by WebCodecs or, where they can't, here by a <video> that seeks.
import { clipOf, filmOf } from './clip.js';
import { openBySeeking } from './seeking.js';
import { worker } from './thread.js';

// `given` as for the worker's `read`; `network` is the description of the one that the clip is for.
export const readClip = (network, given) => read('read', given, async (source) => {
  const clip = await clipOf(source, network, given);
  await worker.call('take', { views: clip.views, by: given.by });
  return clip;
});

export const readFilm = (network, given) => read('film', given, async (source) => worker.call('film', { given: await filmOf(source, network, given.showings) }));

async function read(call, given, here) {
  try {
    return await worker.call(call, given);
  } catch (error) {
    if (!error.seekable) throw error;
    const source = await openBySeeking(given.file, error.seekable, error.message);
    try {
      return await here(source);
    } finally {
      source.close();
    }
  }
}

// The worker of this page, one at a time; `stop` ends it, whatever it does, and the next call starts another.
export const base = new URL('.', location.href).href;

export const worker = {
  waiting: new Map(), number: 0, thread: null, whenStopped: () => {},
  start() {
    this.thread = new Worker(new URL('worker.js', base), { type: 'module' });
    this.thread.onmessage = ({ data: { id, ok, error, isForVisitor, seekable } }) => {
      const { done, failed } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) done(ok);
      else failed(Object.assign(new Error(error), { isForVisitor, seekable }));
    };
    this.thread.onerror = () => this.stop('the worker of this page could not be started; reload the page.');
  },
  call(call, given = {}) {
    if (!this.thread) this.start();
    const id = ++this.number;
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.thread.postMessage({ id, call, ...given });
    });
  },
  stop(reason = 'cancelled') {
    this.thread?.terminate();
    this.thread = null;
    for (const { failed } of this.waiting.values()) failed(Object.assign(new Error(reason), { isForVisitor: true }));
    this.waiting.clear();
    this.whenStopped();
  },
};

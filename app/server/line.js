// Gradio writes the place in line ("queue: 3/12") where the answer will stand, on a phone below what is seen: then it is
// written at the edge of the window, too.
(() => {
  const EVERY_MS = 250;
  const line = Object.assign(document.createElement('div'), { id: 'line', hidden: true });
  line.setAttribute('role', 'status');

  function place() {
    for (const text of document.querySelectorAll('[data-testid=status-tracker] .meta-text, [data-testid=status-tracker] .meta-text-center')) {
      const found = text.textContent.match(/queue: (\d+)\/(\d+)/), { top, bottom, height } = text.getBoundingClientRect();
      if (found && height) return { words: `Place ${found[1]} of ${found[2]} in line`, isSeen: top >= 0 && bottom <= innerHeight };
    }
    return null;
  }

  setInterval(() => {
    const now = place(), words = now && !now.isSeen ? now.words : '';
    if (!line.isConnected && words) document.body.append(line);
    if (line.textContent !== words) line.textContent = words;
    line.hidden = !words;
  }, EVERY_MS);
})();

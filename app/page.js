// Gradio announces "Video not playable" whenever the browser lacks a decoder, although the server may read the clip well;
// where the server can't either, it says so itself. So the page keeps quiet about what the preview can't show.
document.addEventListener('error', (event) => {
  if (event.target instanceof HTMLVideoElement && event.target.closest('#clip')) event.stopImmediatePropagation();
}, true);

// Gradio would load 31 MB of ffmpeg for its Trim button, which the page hides: nobody asks for it, nobody waits for it. The
// server refuses it, too (app/server/guards.py).
const fetched = window.fetch;
window.fetch = (...what) => (String(what[0]?.url ?? what[0]).includes('/static/ffmpeg/') ? new Promise(() => {}) : fetched(...what));

// What Gradio's client says whenever a stream of its own ends; everything else is let through.
const warned = console.warn;
console.warn = (...words) => { if (words[0] !== 'Method not implemented.') warned(...words); };

// Whether the visitor has asked for anything yet: what the page shows by itself must not move it.
for (const kind of ['click', 'keydown', 'change', 'drop']) addEventListener(kind, () => { window.pageTouched = true; }, { capture: true, once: true });
// Who points at steps of the curve compares them; answers then come without leaving it.
addEventListener('click', (event) => { window.pageStays = !!event.target.closest('#curve .plots'); }, { capture: true });

// Links to #about open the tab of that name.
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href="#about"]');
  if (!link) return;
  event.preventDefault();
  [...document.querySelectorAll('#tabs [role=tab]')].find((tab) => tab.textContent.trim() === 'About')?.click();
});

// The page's address says which sample is shown, and how, so that a link reopens it. A visitor's own clip never gets there.
const LINK_NAMES = ['sample', 'class', 'versus', 'method', 'tdn', 'baseline', 'change', 'segment', 'layers', 'scale', 'colours', 'opacity', 'signed'];
window.pageLink = {
  given: new URLSearchParams(location.search), // as it was opened
  entries: {},
  waiting: null,
  // Take over `entries`; those that are empty leave the address. At once, or with the last of many changes.
  put(entries) {
    Object.assign(this.entries, entries);
    if (entries.change) dispatchEvent(new CustomEvent('change-shown', { detail: { change: entries.change } }));
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.write(), 300);
  },
  // The change that was asked for could not be shown, and that of before is gone.
  unchanged() {
    dispatchEvent(new CustomEvent('change-shown', { detail: {} }));
    this.put({ change: '' });
  },
  // Another result: what the address said is no longer true, but for a change that is still chosen.
  reset(entries) {
    dispatchEvent(new CustomEvent('change-shown', { detail: { isNew: true } }));
    this.entries = { change: this.entries.change };
    this.put(entries);
  },
  write() {
    clearTimeout(this.waiting);
    if (window.pageIsAway()) return location.href; // another tab, with an address of its own (links.js)
    if (!document.querySelector('#change input:checked')) delete this.entries.change;
    const address = new URL(location.href);
    LINK_NAMES.forEach((name) => address.searchParams.delete(name));
    if (this.entries.sample) Object.entries(this.entries).forEach(([name, value]) => { if (value !== '' && value != null) address.searchParams.set(name, value); });
    if (address.href !== location.href) history.replaceState(history.state, '', address);
    window.tellFrame();
    return address.href;
  },
};

// How the maps look now, for files that are to look the same.
window.viewerLook = () => {
  const control = (name) => document.querySelector(`#viewer .${name}`);
  return {
    colours: control('colours').value || undefined, scale: control('rule').value, opacity: +control('opacity').value,
    signed: control('signed').checked, layers: control('layers').value, segment: +control('seek').value,
  };
};

// Save a file that the server has made, under its own name.
window.saveFile = (file) => {
  if (!file) return;
  const link = Object.assign(document.createElement('a'), { href: file.url, download: file.orig_name || file.path.split('/').pop() });
  document.body.append(link);
  link.click();
  link.remove();
};

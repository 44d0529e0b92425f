// Gradio announces "Video not playable" whenever the browser lacks a decoder, although the server may read the clip well;
// where the server can't either, it says so itself. So the page keeps quiet about what the preview can't show.
document.addEventListener('error', (event) => {
  if (event.target instanceof HTMLVideoElement && event.target.closest('#clip')) event.stopImmediatePropagation();
}, true);

// The server refuses the 31 MB of ffmpeg that Gradio would load for its Trim button (app/guards.py).
addEventListener('unhandledrejection', (event) => {
  if (String(event.reason).includes('ffmpeg-core')) event.preventDefault();
});

// Links to #about open the tab of that name.
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href="#about"]');
  if (!link) return;
  event.preventDefault();
  [...document.querySelectorAll('#tabs [role=tab]')].find((tab) => tab.textContent.trim() === 'About')?.click();
});

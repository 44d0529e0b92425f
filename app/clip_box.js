// What Gradio's box for a clip leaves to be wished, in the browser alone: a file in one click while there is a clip, GIFs,
// the length of a recording, and a word where the camera can't be used.
() => {
  const ACCEPT = 'video/*,image/gif', UPLOAD = "#clip .source-selection button[aria-label='Upload file']", INPUT = '#clip input[type=file]';
  const find = (selector) => document.querySelector(selector);
  const picker = Object.assign(document.createElement('input'), { type: 'file', accept: ACCEPT, hidden: true, id: 'clip-picker', ariaHidden: true });
  document.body.append(picker);
  const isGif = (file) => file?.type === 'image/gif';
  let passes = false;

  const there = async (selector) => {
    while (!find(selector)) await new Promise((done) => requestAnimationFrame(done));
    return find(selector);
  };

  // Hand a file to Gradio's own input, which is there once the box is empty.
  async function give(file) {
    find("#clip button[aria-label='Clear']")?.click();
    if (!find(INPUT)) {
      passes = true;
      find(UPLOAD)?.click();
      passes = false;
    }
    const input = await there(INPUT), files = new DataTransfer();
    files.items.add(isGif(file) ? new File([file], file.name, { type: 'video/gif' }) : file); // it takes videos only
    input.files = files.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  }

  picker.addEventListener('change', () => picker.files[0] && give(picker.files[0]));
  document.addEventListener('click', (event) => {
    if (find(INPUT)) find(INPUT).accept = ACCEPT;
    if (passes || !event.target.closest?.(UPLOAD)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    picker.value = '';
    picker.click();
  }, true);
  document.addEventListener('change', (event) => {
    if (!event.target.matches?.(INPUT) || !isGif(event.target.files[0])) return;
    event.stopImmediatePropagation();
    give(event.target.files[0]);
  }, true);
  document.addEventListener('drop', (event) => {
    const [file] = event.dataTransfer?.files || [];
    if (!event.target.closest?.('#clip') || !isGif(file)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    give(file);
  }, true);
  // A player shows no GIF, but it shows a poster.
  document.addEventListener('loadstart', ({ target }) => {
    if (target.closest?.('#clip') && /\.gif$/i.test(target.currentSrc || target.src || '')) target.poster = target.currentSrc || target.src;
  }, true);
  // A recording says nothing of its length until its end was looked for.
  document.addEventListener('loadedmetadata', ({ target }) => {
    if (!target.closest?.('#clip') || target.duration !== Infinity) return;
    target.addEventListener('durationchange', () => { target.currentTime = 0; }, { once: true });
    target.currentTime = 1e9;
  }, true);

  const words = Object.assign(document.createElement('p'), { id: 'camera-said', hidden: true });
  words.setAttribute('role', 'alert');
  const say = (what) => {
    find('#clip')?.after(words);
    words.textContent = what;
    words.hidden = !what;
  };
  const WHY = {
    NotAllowedError: 'The browser does not let this page use the camera. Allow it beside the address, or upload a file.',
    NotFoundError: 'There is no camera here. Upload a file instead.',
    NotReadableError: 'Another program uses the camera. Close it and try again, or upload a file.',
  };
  const media = navigator.mediaDevices;
  if (!media) {
    document.addEventListener('click', (event) => {
      if (event.target.closest?.("#clip button[aria-label='Capture from camera']")) say('Browsers give the camera to pages on https or on this machine alone. Upload a file instead.');
    }, true);
    return;
  }
  const asked = media.getUserMedia.bind(media);
  media.getUserMedia = async (...what) => {
    say('');
    try {
      return await asked(...what);
    } catch (error) {
      say(WHY[error.name] || 'The camera could not be opened. Upload a file instead.');
      throw error;
    }
  };
}

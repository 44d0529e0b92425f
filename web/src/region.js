// Choosing a region of the picture: drawn with a finger or a mouse, moved with the arrow keys, made larger or smaller with
// Shift and the arrow keys.
const STEP = 0.05, LEAST = 0.05;
const within = (share) => Math.max(0, Math.min(1, share)), two = (share) => Number(share.toFixed(2));

// Draws on `canvas`; `onChoice` is called when a region is there. Returns { show(picture), value(), set(edges) }.
export function chooseRegion(canvas, onChoice) {
  let region = [0.25, 0.25, 0.75, 0.75], picture = null, start = null;

  function draw() {
    const context = canvas.getContext('2d'), { width, height } = canvas, [x0, y0, x1, y1] = region;
    if (picture) context.drawImage(picture, 0, 0, width, height);
    context.fillStyle = 'rgb(124 116 104)'; // ImageNet's mean colour, as it is blanked
    context.fillRect(x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height);
    canvas.setAttribute('aria-label', `Region to blank: ${region.map((edge) => `${Math.round(100 * edge)}%`).join(', ')} (left, top, right, bottom). Arrow keys move it, with Shift they make it larger or smaller.`);
  }

  const place = (event) => { const box = canvas.getBoundingClientRect(); return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)]; };
  function drag(event) {
    const [x, y] = place(event), [left, right] = [start[0], x].sort((a, b) => a - b), [top, bottom] = [start[1], y].sort((a, b) => a - b);
    if (right - left < LEAST || bottom - top < LEAST) return;
    region = [left, top, right, bottom].map(two);
    draw();
  }
  canvas.addEventListener('pointerdown', (event) => { start = place(event); canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener('pointermove', (event) => { if (start) drag(event); });
  canvas.addEventListener('pointerup', () => { start = null; onChoice(); });
  canvas.addEventListener('keydown', (event) => {
    const way = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (!way) return;
    event.preventDefault();
    const moved = region.map((edge, k) => two(edge + (event.shiftKey && k < 2 ? 0 : way[k % 2])));
    if (moved.some((edge) => edge < 0 || edge > 1) || moved[2] - moved[0] < LEAST || moved[3] - moved[1] < LEAST) return;
    region = moved;
    draw();
    onChoice();
  });

  return {
    value: () => region.join(','),
    set(edges) { region = edges; draw(); },
    show(shown) { picture = shown; [canvas.width, canvas.height] = [shown.width, shown.height]; draw(); },
  };
}

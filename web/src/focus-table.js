import { focus, mask } from './focus.js';
import { LAYERS } from './shown.js';

// Motion focus as a table, where it is known exactly what moves: in the drawn samples. `entry` is the sample shown, if any.
export async function showFocus(place, { maps, clip }, entry, networks, site) {
  place.hidden = true;
  if (!entry?.mask) return;
  entry.packed ??= await (await fetch(`networks/${entry.mask}`)).json();
  const middle = Math.floor(networks.tdn.window / 2), masks = clip.frames.map((window) => mask(entry.packed, window[middle]));
  const rows = [];
  for (const [role, layers] of Object.entries(maps)) for (const layer of LAYERS) {
    const found = focus(layers[layer], masks);
    if (!found) return;
    rows.push([`${networks[role].system} · ${site.layers[layer]}`, `${Math.round(100 * found.share)}%`, found.lift.toFixed(1), found.area]);
  }
  place.querySelector('tbody').replaceChildren(...rows.map((cells) => {
    const line = document.createElement('tr');
    line.append(...cells.slice(0, 3).map((words) => Object.assign(document.createElement('td'), { textContent: words })));
    return line;
  }));
  place.querySelector('p').textContent = `What moves covers ${Math.round(100 * rows[0][3])}% of the picture: an even map would have 1.0 times chance. The sample's own masks say what moves; for a clip of your own the page with a server measures it by optical flow.`;
  place.hidden = false;
}

// Draws `props.value` (SharedLinks of links.py). Deleting speaks to the shared page itself.
const list = element.querySelector('.links');

function make(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function button(text, action) {
  const made = make('button', text);
  made.type = 'button';
  made.addEventListener('click', () => action(made));
  return made;
}

function entry({ name, key, label, until }) {
  const address = `${window.pageRoot()}shared/${name}`, item = document.createElement('li'), ways = make('div', '');
  const link = Object.assign(make('a', address), { href: address, target: '_blank', rel: 'noopener' });
  const code = Object.assign(new Image(), { src: `${address}/qr.svg`, alt: 'QR code of the shared result', width: 200, height: 200 });
  const owner = Object.assign(make('a', 'address that can delete it'), { href: `${address}?key=${key}`, target: '_blank', rel: 'noopener noreferrer' });
  const note = make('span', `Keep for yourself the `);
  note.append(owner, '; this page forgets it when it is closed.');
  ways.className = 'ways';
  ways.append(
    button('Copy address', async (pressed) => {
      await navigator.clipboard?.writeText(address);
      pressed.textContent = navigator.clipboard ? 'Copied' : 'Copy it by hand';
    }),
    button('Delete it', async (pressed) => {
      const answer = await fetch(`${address}/delete`, { method: 'POST', body: new URLSearchParams({ key }) });
      if (answer.ok || answer.status === 404) item.replaceChildren(make('span', `“${label}” is shared no more.`));
      else pressed.textContent = 'That did not work; press again';
    }),
  );
  item.append(make('strong', `“${label}” is shared until ${new Date(1000 * until).toLocaleString()}.`), link, code, ways, note);
  return item;
}

const draw = () => list.replaceChildren(...(props.value?.links || []).map(entry));
watch('value', draw);
draw();

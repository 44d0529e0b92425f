const slots = [...element.querySelectorAll('.card')];
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%`;

function make(tag, text, ...children) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.append(...children);
  return made;
}

function bar({ label, probability, explained }, isAfter) {
  const button = make('button', '', make('span', label), make('span', percent(probability)));
  button.type = 'button';
  button.disabled = isAfter; // what was asked before a change stays asked
  if (!isAfter) button.title = `Explain “${label}”`;
  button.setAttribute('aria-pressed', explained);
  button.addEventListener('click', () => trigger('pick', { label }));
  const line = make('li', '', button);
  line.style.setProperty('--share', probability);
  line.classList.toggle('explained', explained);
  return line;
}

function fill(slot, card) {
  slot.classList.remove('waiting');
  const head = make('header', '', make('h3', card.name));
  head.title = card.file;
  const before = card.before == null ? '' : `${percent(card.before)} → `;
  const note = make('p', `Explained: “${card.target}”, ${before}${percent(card.target_probability)}`);
  if (card.doubt) note.prepend(make('strong', `${card.doubt} `));
  slot.replaceChildren(head, make('ol', '', ...card.bars.map((one) => bar(one, card.before != null))), note);
}

function wait(slot, name) {
  slot.classList.add('waiting');
  const lines = Array.from({ length: 5 }, () => document.createElement('li'));
  slot.replaceChildren(make('header', '', make('h3', name)), make('ol', '', ...lines));
}

function draw() {
  const cards = props.value && props.value.cards;
  if (!cards) {
    wait(slots[0], 'TDN');
    wait(slots[1], 'Baseline');
    return;
  }
  slots.forEach((slot, index) => {
    slot.hidden = index >= cards.length;
    if (!slot.hidden) fill(slot, cards[index]);
  });
  // On a phone the answers stand below the button that asked for them; nobody asked for those that the page opens with.
  if (innerWidth < 700 && window.pageTouched && !window.pageStays) element.scrollIntoView({ behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
}

watch('value', draw);
draw();

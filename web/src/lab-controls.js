// What a step of the lab asks with: one of a few, one of a list, any of a few. Each is { element, value(), onchange(call) }.
export function make(tag, given = {}) {
  const { role, ...properties } = given, made = Object.assign(document.createElement(tag), properties);
  if (role) made.setAttribute('role', role);
  return made;
}

let number = 0;

// One of `entries` [value, words] as radio buttons; the first one is chosen, or `first`, null for none.
export function choice(title, entries, first) {
  const element = make('fieldset'), name = `choice-${++number}`, calls = [];
  const offer = (offered, chosen) => {
    element.replaceChildren(make('legend', { textContent: title }), ...offered.map(([value, words]) => {
      const label = make('label'), button = make('input', { type: 'radio', name, value, checked: value === chosen });
      label.append(button, words);
      return label;
    }));
  };
  offer(entries, first === undefined ? entries[0]?.[0] : first);
  element.addEventListener('change', () => calls.forEach((call) => call()));
  return {
    element, offer: (offered) => offer(offered, null), value: () => element.querySelector('input:checked')?.value ?? null, onchange: (call) => calls.push(call),
    clear() { const chosen = element.querySelector('input:checked'); if (chosen) chosen.checked = false; },
  };
}

export function list(title, entries, first) {
  const element = make('label', { className: 'lab-list' }), select = make('select');
  select.replaceChildren(...entries.map(([value, words]) => new Option(words, value)));
  select.value = first;
  select.setAttribute('aria-label', title);
  element.append(title, select);
  return { element, value: () => select.value, onchange: (call) => select.addEventListener('change', call) };
}

// Any of `entries` [number, words]: its value are the numbers.
export function ticks(title, entries) {
  const element = make('fieldset'), boxes = entries.map(([value, words]) => {
    const label = make('label'), box = make('input', { type: 'checkbox', value });
    label.append(box, words);
    return label;
  });
  element.append(make('legend', { textContent: title }), ...boxes);
  return { element, value: () => [...element.querySelectorAll('input:checked')].map((box) => Number(box.value)), onchange: (call) => element.addEventListener('change', call) };
}

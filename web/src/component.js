// A component of the Gradio page: its script gets what Gradio would give it. Returns how to give it another value.
const styled = new Set();

export function component({ name: kind, html, css, run }, place, onEvent = () => {}) {
  const props = { value: null }, watchers = [];
  if (!styled.has(css)) document.head.append(Object.assign(document.createElement('style'), { textContent: css }));
  styled.add(css);
  place.dataset.component = kind;
  place.innerHTML = html;
  // What a component "uploads" stays here: its event names the file itself.
  run(place, props, (name, call) => watchers.push(call), (name, data) => onEvent(name, data), async (file) => ({ path: file }));
  return (value) => {
    props.value = value;
    watchers.forEach((call) => call());
  };
}

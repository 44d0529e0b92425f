const list = element.querySelector('.gallery');

function item(sample, index) {
  const button = document.createElement('button'), picture = document.createElement('img'), title = document.createElement('span');
  button.type = 'button';
  picture.src = sample.poster;
  picture.alt = '';
  title.textContent = sample.title;
  button.append(picture, title);
  button.addEventListener('click', () => trigger('pick', { index }));
  const entry = document.createElement('li');
  entry.append(button);
  return entry;
}

const text = (name, words) => Object.assign(document.createElement(name), { textContent: words });

function draw() {
  const { samples = [], credits = [], credits_title: title } = props.value || {};
  list.replaceChildren(...samples.map(item));
  const box = element.querySelector('.credits');
  box.hidden = !credits.length;
  box.querySelector('summary').textContent = title;
  box.querySelector('dl').replaceChildren(...credits.flatMap(({ titles, by }) => [text('dt', titles), text('dd', by)]));
}
watch('value', draw);
draw();

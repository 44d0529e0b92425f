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

const draw = () => list.replaceChildren(...((props.value && props.value.samples) || []).map(item));
watch('value', draw);
draw();

// The address follows the tabs, and the tabs follow the address: `pagePlaces` (places.py) are those that have one. Going back
// in the browser goes back to the tab before. In a Space the address of the page around it follows, too.
(() => {
  const places = window.pagePlaces, opening = places[0], steps = places.filter((place) => place.step);
  const button = (within, name) => document.querySelector(`${within} > .tab-wrapper [role=tab][data-tab-id="${name}"]`);
  const isChosen = (tab) => tab?.getAttribute('aria-selected') === 'true';
  const asked = () => {
    const given = new URLSearchParams(location.search), lab = given.get('lab');
    return steps.find((place, index) => lab === place.step || lab === `${index + 1}`)
      || places.find((place) => place.query === `tab=${given.get('tab')}`) || opening;
  };
  const shown = () => places.find((place) => isChosen(button('#tabs', place.tab)) && (!place.step || isChosen(button('#lab-steps', place.step))));
  // Where the page is, and where an address leads: there the page is kept until the visitor moves, for tabs that are only
  // just made choose their own first one.
  let here = opening, there = asked(), pressed = null;
  window.pageRoot = () => location.origin + location.pathname.replace(/\/?$/, '/');
  window.pageIsAway = () => (there || here) !== opening;
  window.tellFrame = () => {
    if (parent !== window && location.hostname.endsWith('.hf.space')) parent.postMessage({ queryString: location.search.slice(1), hash: location.hash }, 'https://huggingface.co');
  };

  function write(place) {
    const address = new URL(location.href);
    ['lab', 'tab', ...LINK_NAMES].forEach((name) => address.searchParams.delete(name));
    if (place.query) address.searchParams.set(...place.query.split('='));
    history.pushState(null, '', address);
    if (place === opening) window.pageLink.write();
    window.tellFrame();
  }

  function press(tab) {
    pressed = tab;
    tab.click();
    setTimeout(() => { pressed = null; follow(); }, 400);
  }

  function follow() {
    const tab = there && button('#tabs', there.tab), step = there?.step && button('#lab-steps', there.step);
    const next = [tab, step].find((one) => one && !isChosen(one));
    if (next && next !== pressed) press(next);
    const now = shown();
    if (!now || (there && now !== there)) return;
    if (document.title !== now.title) document.title = now.title; // seen by the observer, too
    const isNew = now !== here;
    here = now;
    document.documentElement.dataset.tab = now.tab; // the style in the document's head knows it (places.py)
    if (isNew) button('#lab-steps', now.step)?.scrollIntoView({ block: 'nearest', inline: 'center' });
    if (isNew && !there) write(now);
  }

  const moves = ({ isTrusted, target }) => isTrusted && target.closest?.('button, a, input, label, summary');
  for (const kind of ['pointerdown', 'keydown', 'click']) addEventListener(kind, (event) => { if (moves(event)) there = null; }, { capture: true });
  addEventListener('popstate', () => { there = asked(); follow(); });
  new MutationObserver(follow).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-selected'] });

  document.addEventListener('toggle', ({ target }) => {
    if (!target.matches('details.address[open]')) return;
    const { query } = target.dataset, link = target.querySelector('a');
    link.textContent = link.href = `${window.pageRoot()}?${query}`;
    target.querySelector('img').src = `${window.pageRoot()}qr.svg?${query}`;
    target.querySelector('.only-here').hidden = !['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
  }, { capture: true });
})();

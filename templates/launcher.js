// Search, keys, favourites, and whether the add-ons are reachable. The launcher works without it.

const launcher = document.getElementById('launcher');
if (launcher) {
  const form = document.querySelector('.search');
  const search = document.getElementById('search');
  const nothing = document.getElementById('no-match');
  const entries = [...launcher.querySelectorAll('[data-slug]')];
  const shown = () => [...launcher.querySelectorAll('li:not([hidden]) .tile')];

  // Plain letters, so that "kuche" finds "Küche".
  const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

  function filter() {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    for (const entry of entries) {
      const text = plain(entry.textContent);
      entry.hidden = !words.every((word) => text.includes(word));
    }
    for (const section of launcher.querySelectorAll('section')) {
      section.hidden = !section.querySelector('li:not([hidden])');
    }
    nothing.hidden = shown().length > 0;
  }

  form.hidden = false;
  search.addEventListener('input', filter);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    shown()[0]?.click();
  });

  // The tile that is nearest in the direction of the arrow.
  function next(from, key) {
    const here = from.getBoundingClientRect();
    const vertical = key === 'ArrowUp' || key === 'ArrowDown';
    const sign = key === 'ArrowUp' || key === 'ArrowLeft' ? -1 : 1;
    let best;
    for (const tile of shown()) {
      const there = tile.getBoundingClientRect();
      const ahead = sign * (vertical ? there.top - here.top : there.left - here.left);
      const aside = Math.abs(vertical ? there.left - here.left : there.top - here.top);
      if (ahead > 1 && (vertical || aside < 1) && (!best || ahead + aside * 2 < best.far)) best = { tile, far: ahead + aside * 2 };
    }
    return best?.tile;
  }

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inSearch = event.target === search;
    if (event.key === '/' && !inSearch) {
      event.preventDefault();
      search.focus();
    } else if (event.key === 'Escape' && inSearch && search.value) {
      search.value = '';
      filter();
    } else if (event.key === 'ArrowDown' && inSearch) {
      event.preventDefault();
      shown()[0]?.focus();
    } else if (event.key.startsWith('Arrow') && event.target.classList.contains('tile')) {
      const tile = next(event.target, event.key);
      if (!tile && event.key !== 'ArrowUp') return;
      event.preventDefault();
      (tile ?? search).focus();
    }
  });

  // How often this user opened what, in this browser alone.
  const place = `vestibule.opened.${launcher.dataset.user}`;
  function opened() {
    try {
      return JSON.parse(localStorage.getItem(place)) ?? {};
    } catch {
      return {};
    }
  }
  launcher.addEventListener('click', (event) => {
    const slug = event.target.closest('[data-slug]')?.dataset.slug;
    if (!slug) return;
    const counts = opened();
    counts[slug] = (counts[slug] ?? 0) + 1;
    try {
      localStorage.setItem(place, JSON.stringify(counts));
    } catch { /* A browser that keeps nothing has no favourites. */ }
  });

  const counts = opened();
  const often = entries.filter((entry) => counts[entry.dataset.slug] > 1)
    .sort((a, b) => counts[b.dataset.slug] - counts[a.dataset.slug]).slice(0, 4);
  if (often.length > 0 && entries.length > 4) {
    const section = document.createElement('section');
    const heading = document.createElement('h2');
    heading.id = 'section-favourites';
    heading.textContent = launcher.dataset.favourites;
    section.setAttribute('aria-labelledby', heading.id);
    const list = document.createElement('ul');
    list.className = 'tiles';
    list.append(...often);
    section.append(heading, list);
    launcher.prepend(section);
    filter();
  }

  function show(entry, isDown) {
    const tile = entry.querySelector('.tile');
    if (tile.classList.toggle('is-down', isDown) === (entry.dataset.down === 'true')) return;
    entry.dataset.down = String(isDown);
    let about = tile.querySelector('.about');
    if (!about) {
      about = document.createElement('span');
      about.className = 'about';
      tile.append(about);
    }
    if (isDown) {
      entry.dataset.about ??= about.textContent;
      const text = document.createElement('span');
      text.className = 'down';
      text.textContent = launcher.dataset.down;
      about.replaceChildren(text);
    } else {
      about.textContent = entry.dataset.about ?? '';
    }
    if (!about.textContent) about.remove();
  }

  async function look() {
    if (document.visibilityState !== 'visible') return;
    try {
      const answer = await fetch('/.vestibule/add-ons', { headers: { Accept: 'application/json' }, cache: 'no-store' });
      if (answer.status === 401) return location.reload();
      const { addons } = await answer.json();
      for (const entry of entries) {
        const addon = addons.find(({ slug }) => slug === entry.dataset.slug);
        if (addon) show(entry, addon.state === 'down');
      }
    } catch { /* It is asked again soon. */ }
  }
  setInterval(look, 15_000);
  document.addEventListener('visibilitychange', look);
}

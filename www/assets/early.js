/* Runs before the first paint: applies the saved colour scheme and language, so that neither flashes. */
(() => {
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage may be blocked
    }
  };
  const words = [...document.querySelectorAll('link[rel="words"]')];
  const known = ['en-US', ...words.map((link) => link.hreflang)];
  const match = (tag) => known.find((name) => name === tag)
    ?? known.find((name) => name.slice(0, 2) === tag.slice(0, 2));
  const root = document.documentElement;

  const theme = read('pm.theme');
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;

  root.lang = match(read('pm.locale') ?? '') ?? navigator.languages.map(match).find(Boolean) ?? known[0];

  const wanted = words.find((link) => link.hreflang === root.lang);
  if (wanted) Object.assign(wanted, { as: 'fetch', crossOrigin: 'anonymous', rel: 'preload' });
})();

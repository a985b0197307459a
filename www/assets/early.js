/* Runs before the first paint: applies the saved colour scheme and language, so that neither flashes. */
(() => {
  const known = ['en-US', 'de-DE', 'en-IN', 'ja-JP'];
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage may be blocked
    }
  };
  const match = (tag) => known.find((name) => name === tag)
    ?? known.find((name) => name.slice(0, 2) === tag.slice(0, 2));
  const root = document.documentElement;

  const theme = read('pm.theme');
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;

  root.lang = match(read('pm.locale') ?? '') ?? navigator.languages.map(match).find(Boolean) ?? known[0];

  const catalogue = document.createElement('link');
  catalogue.rel = 'modulepreload';
  catalogue.href = new URL(`locales/${root.lang}.mjs`, document.currentScript.src).href;
  document.head.append(catalogue);
})();

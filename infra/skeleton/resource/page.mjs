/* The page /widgets: all of them by name, a page of the list after the other. */

import { get } from '../lib/api.mjs';
import { h } from '../lib/dom.mjs';
import { t } from '../lib/locale.mjs';
import { askForToken, openPrivatePage, showContent, showFailure } from '../lib/shell.mjs';

const byId = (id) => document.getElementById(id);
let current = null; // the reading that is under way
let next = null;    // where the list goes on

const rowOf = (widget) => h('tr', {}, h('td', {}, widget.name), h('td', {}, widget.code ?? '–'));

function show(data) {
  byId('rows').append(...data.widgets.map(rowOf));
  next = data.next;
  byId('more').hidden = next === null;
  byId('none').hidden = byId('rows').childElementCount > 0;
  byId('content').removeAttribute('aria-busy');
}

async function load() {
  current?.abort();
  const mine = new AbortController();
  current = mine;
  try {
    const { data } = await get(`api/widgets?sort=name${next ? `&after=${next}` : ''}`, { signal: mine.signal });
    show(data);
  } catch (error) {
    if (mine.signal.aborted) return;
    if (error.status === 401) askForToken(t('signin.refused'), start);
    else showFailure(error, start);
  }
}

function start() {
  byId('rows').replaceChildren();
  next = null;
  showContent();
  load();
}

byId('more').addEventListener('click', load);
openPrivatePage(start, () => current?.abort());

/* The page /usage/history: every event of a metric and a range of days, in pages, with a summary and the whole as CSV. */

import { get } from '../../lib/api.mjs';
import { h, setChildren, setText } from '../../lib/dom.mjs';
import { eventRow, quantity } from '../../lib/events.mjs';
import { calendarDate, change, label, mean, number, range, setTimeZone, t, unit, zone } from '../../lib/locale.mjs';
import { askForToken, openPrivatePage, showContent, showFailure } from '../../lib/shell.mjs';

const ranges = ['7', '30', '90', '365'];
const sizes = ['25', '50', '100'];
const byId = (id) => document.getElementById(id);
const form = byId('filters');

/** The view that an address names; what it does not name, or names wrongly, has its default. */
function viewOf(search) {
  const query = new URLSearchParams(search);
  const page = query.get('page') ?? '';
  const one = (name, allowed, otherwise) => (allowed.includes(query.get(name)) ? query.get(name) : otherwise);
  return {
    type: query.get('type') ?? '',
    days: one('days', ranges, '30'),
    page: /^[1-9]\d{0,8}$/.test(page) ? page : '1',
    per_page: one('per_page', sizes, '25'),
  };
}

const defaults = viewOf('');

function addressOf(view) {
  const query = new URLSearchParams(Object.entries(view).filter(([name, value]) => value !== defaults[name]));
  return query.size ? `?${query}` : location.pathname;
}

/** The call for what a view filters. `end` keeps the pages of one reading apart from what is recorded meanwhile. */
function callOf(view, end) {
  const query = new URLSearchParams({ days: view.days });
  if (view.type) query.set('type', view.type);
  if (end) query.set('end', end);
  return `api/usage/history?${query}`;
}

/* The first page is always of now; the pages after it belong to the reading that they were opened from. */
const pageCallOf = (view) => `${callOf(view, view.page === '1' ? null : history.state?.end)}&page=${view.page}&per_page=${view.per_page}`;

let view = viewOf(location.search);
let current = null;
let shown = null;

function fillForm() {
  const choice = form.elements.type;
  if (view.type && ![...choice.options].some((option) => option.value === view.type)) {
    choice.append(h('option', { value: view.type }, view.type));
  }
  choice.value = view.type;
  form.elements.days.value = view.days;
  form.elements.per_page.value = view.per_page;
}

async function fillTypes() {
  const { data } = await get('api/usage/metrics');
  const chosen = data.metrics.map((metric) => h('option', { value: metric.metric_name }, label(metric.label)));
  form.elements.type.replaceChildren(h('option', { value: '' }, t('history.all')), ...chosen);
  fillForm();
}

/** How the total compares with that of as many days before, as words and a share. */
function showPrevious({ total, previous_total: previous, unit: name }) {
  const [value, note] = [byId('previous'), byId('previousnote')];
  setText(note, `${number(previous)} ${unit(name, previous)}`);
  if (total === null || previous === null) return setText(value, '–');
  if (Number(previous) === 0) return setText(value, Number(total) === 0 ? '–' : t('history.noPrevious'));
  setText(value, change((Number(total) - Number(previous)) / Math.abs(Number(previous))));
}

function showSummary({ summary, start, end }) {
  const item = { unit: summary.unit };
  byId('summary').classList.remove('skeleton');
  setText(byId('total'), number(summary.total));
  setText(byId('totalnote'), unit(summary.unit, summary.total));
  setText(byId('mean'), mean(summary.daily_mean));
  setText(byId('meannote'), range(start, end));
  setText(byId('peak'), summary.peak_day ? calendarDate(summary.peak_day.date) : '–');
  setText(byId('peaknote'), summary.peak_day ? quantity(summary.peak_day.total, item) : '');
  showPrevious(summary);
}

/** A page link; the current page's own direction is shown but leads nowhere at the ends. */
function pageLink(word, page, enabled) {
  const text = t(`history.${word}`);
  if (!enabled) return h('span', { class: 'button', role: 'link', 'aria-disabled': 'true' }, text);
  return h('a', { class: 'button', href: addressOf({ ...view, page: String(page) }), dataset: { page } }, text);
}

function showPages({ page, per_page: size, total, pages, events }) {
  const at = Number(page);
  const last = Number(pages);
  const first = (at - 1) * Number(size) + 1;
  setText(byId('rows'), events.length
    ? t('history.rows', { first: number(first), last: number(first + events.length - 1), total: number(total) })
    : t('history.rows', { first: number(0), last: number(0), total: number(total) }));
  setText(byId('page'), t('history.page', { page: number(page), pages: number(Math.max(1, last)) }));
  const links = [['first', 1, at > 1], ['back', Math.min(at - 1, Math.max(1, last)), at > 1], ['next', at + 1, at < last], ['last', last, at < last]];
  const focused = byId('pages').contains(document.activeElement) ? [...byId('pages').children].indexOf(document.activeElement) : -1;
  byId('pages').replaceChildren(...links.map(([word, target, enabled]) => pageLink(word, target, enabled)));
  if (focused >= 0) (byId('pages').children[focused].matches('a') ? byId('pages').children[focused] : byId('rows')).focus();
}

function showEvents(events) {
  byId('table').hidden = events.length === 0;
  byId('none').hidden = events.length > 0;
  const body = byId('table').tBodies[0];
  body.classList.remove('skeleton');
  setChildren(body, events.map((event) => eventRow(event)));
}

function show(answer) {
  shown = answer;
  setTimeZone(answer.timezone ?? 'UTC');
  setText(byId('zone'), t('usage.zone', { zone: zone() }));
  byId('content').removeAttribute('aria-busy');
  showSummary(answer);
  showEvents(answer.events);
  showPages(answer);
}

function failed(error) {
  if (error.status === 401) askForToken(t(shown ? 'signin.expired' : 'signin.refused'), start);
  else showFailure(error, start);
}

/** Fetch and show the view; a newer one overtakes an older that still waits. */
async function load() {
  current?.abort();
  const mine = new AbortController();
  current = mine;
  fillForm();
  byId('content').setAttribute('aria-busy', 'true');
  try {
    const { data } = await get(pageCallOf(view), { signal: mine.signal });
    history.replaceState({ end: data.end }, '', addressOf(view));
    show(data);
  } catch (error) {
    if (!mine.signal.aborted) failed(error);
  }
}

/** Go to another view: a new entry in the history of the browser. Pages of one reading share its end. */
function go(next, end) {
  view = next;
  history.pushState(end ? { end } : null, '', addressOf(view));
  load();
}

async function download() {
  const button = byId('csv');
  const name = ['pennymeter-usage', view.type || 'all', `${view.days}-days`].join('-').replace(/[^\w.-]/g, '_');
  if (button.ariaBusy === 'true') return;
  button.ariaBusy = 'true'; // disabled, it would lose the focus
  setText(button.lastChild, t('history.csvBusy'));
  try {
    const answer = await get(callOf(view, shown?.end), { accept: 'text/csv' });
    const link = h('a', { href: URL.createObjectURL(answer.data), download: answer.name ?? `${name}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    setText(byId('csvnote'), t('history.csvDone', { name: link.download }));
  } catch (error) {
    if (error.status === 401) failed(error);
    else setText(byId('csvnote'), error.message);
  }
  button.ariaBusy = 'false';
  button.lastChild.textContent = t('history.csv');
}

function start() {
  showContent();
  load();
  fillTypes().catch(() => { /* the list of events says what is wrong; the filter then has only the metric in the address */ });
}

function goAsChosen() {
  const chosen = new FormData(form);
  go({ type: chosen.get('type'), days: chosen.get('days'), per_page: chosen.get('per_page'), page: '1' });
}

form.addEventListener('change', goAsChosen);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  goAsChosen();
});
byId('pages').addEventListener('click', (event) => {
  const link = event.target.closest('a');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go({ ...view, page: link.dataset.page }, shown.end);
  byId('content').scrollIntoView({ block: 'start' });
});
addEventListener('popstate', () => {
  view = viewOf(location.search);
  load();
});
byId('csv').addEventListener('click', download);

openPrivatePage(() => {
  for (const element of form.querySelectorAll('[data-days]')) {
    setText(element, element.dataset.days === '365' ? t('history.year') : t('history.days', { days: number(element.dataset.days) }));
  }
  start();
}, () => current?.abort());

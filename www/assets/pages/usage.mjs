/* The page /usage: the bill so far, each metric against its limit, the last 30 days, and what was recorded last. */

import { currentToken, get, siteAddress } from '../lib/api.mjs';
import { cardList, hasLimit, stateOf } from '../lib/cards.mjs';
import { usageChart } from '../lib/usage-chart.mjs';
import { h, icon, setChildren, setText, store } from '../lib/dom.mjs';
import { eventRow, refreshTimes } from '../lib/events.mjs';
import { fullDay, label, money, number, percent, range, setTimeZone, t, zone } from '../lib/locale.mjs';
import { refreshControl } from '../lib/refresh.mjs';
import { askForToken, openPrivatePage, showContent, showFailure } from '../lib/shell.mjs';

const address = 'usage/api/stats';
const dayLength = 86_400_000;
const byId = (id) => document.getElementById(id);

/** A link to where the plan can be changed: only if the operator has named a web page for it. */
function upgradeLink(upgrade, properties) {
  if (!upgrade?.url) return null;
  const link = h('a', { ...properties, href: upgrade.url }, t('bill.upgrade', { plan: upgrade.name ?? upgrade.plan }));
  return ['http:', 'https:'].includes(link.protocol) ? link : null;
}

function showSubject({ tenant, plan }) {
  setText(byId('subject'), t('usage.subject', { tenant: tenant.name, plan: plan?.name ?? '–' }));
  setText(byId('zone'), t('usage.zone', { zone: zone() }));
}

function tile(name) {
  const root = byId('bill').querySelector(`[data-tile="${name}"]`);
  root.classList.remove('skeleton');
  return (part) => root.querySelector(`[data-part="${part}"]`);
}

/** How much of the period is left; of a subscription that has not begun, when it does. */
function showPeriod(period, begins) {
  const length = tile('period');
  const [start, end, now] = period ? [Date.parse(period.start), Date.parse(period.end), Date.now()] : [0, 1, 0];
  const left = Math.max(0, Math.ceil((end - now) / dayLength));
  setText(length('value'), period ? t('bill.left', { n: number(left), count: left }) : '–');
  setText(length('note'), period ? range(period.start, period.end) : t('bill.begins', { date: fullDay(begins) }));
  length('bar').style.setProperty('inline-size', `${Math.min(100, Math.max(0, ((now - start) / (end - start)) * 100))}%`);
}

function showBill({ estimate, currency, period, begins_at: begins, plan, upgrade }) {
  const cash = (value) => money(value, currency);
  const projected = tile('projected');
  setText(projected('value'), cash(estimate.projected_total));
  setText(projected('note'), period ? t('bill.varies', { date: fullDay(period.end) }) : t('bill.begins', { date: fullDay(begins) }));

  const sofar = tile('sofar');
  setText(sofar('value'), cash(estimate.total));
  setText(sofar('note'), t('bill.parts', { base: cash(estimate.base_price), overage: cash(estimate.total_overage) }));

  showPeriod(period, begins);

  const current = tile('plan');
  setText(current('value'), plan?.name ?? '–');
  const note = current('note');
  const link = upgradeLink(upgrade);
  if (!link) setText(note, upgrade ? t('bill.next', { plan: upgrade.name ?? upgrade.plan }) : plan ? t('bill.top') : '');
  else if (note.firstChild?.href !== link.href) note.replaceChildren(link);
}

const rank = { warning: 1, critical: 2, over: 3 };

/** Cards near or over their limit, the worst first. */
const pressing = (cards) => cards
  .filter((card) => Object.hasOwn(rank, stateOf(card)))
  .sort((a, b) => rank[b.level] - rank[a.level] || Number(b.percent) - Number(a.percent));

/* A warning that was hidden stays so for its period, unless the metric gets worse. */
const warningKey = (card, period) => `${period?.start} ${card.metric_name} ${card.level}`;

function hiddenWarnings() {
  try {
    return new Set(JSON.parse(store.read('pm.hidden-warnings') ?? '[]'));
  } catch {
    return new Set();
  }
}

const dismissButton = (onclick) => h('button', {
  type: 'button', class: 'quiet square', 'aria-label': t('warning.dismiss'), title: t('warning.dismiss'), onclick,
}, icon('close'));

let shownWarnings = '';

function showWarnings(stats) {
  const { cards, period, upgrade, recent } = stats;
  const all = pressing(cards);
  const hidden = hiddenWarnings();
  const visible = all.filter((card) => !hidden.has(warningKey(card, period)));
  const worst = visible[0];
  const drawn = JSON.stringify([visible.map((card) => [card.metric_name, card.level, card.percent]), all.length, upgrade, recent.length === 0]);
  if (drawn === shownWarnings) return;
  shownWarnings = drawn;

  const banner = byId('warnings');
  banner.classList.remove('skeleton');
  banner.hidden = recent.length === 0 && all.length === 0; // of nothing there is no need to say that it is within limits
  banner.dataset.state = worst ? stateOf(worst) : 'ok';
  const set = (keys) => {
    store.write('pm.hidden-warnings', JSON.stringify(keys));
    showWarnings(stats);
    banner.focus();
  };
  if (!worst) {
    const text = all.length ? t('warning.hidden', { n: number(all.length), count: all.length }) : t('warning.fine');
    banner.replaceChildren(icon('ok'), h('p', {}, text),
      all.length ? h('button', { type: 'button', class: 'quiet', onclick: () => set([]) }, t('warning.show')) : '');
    return;
  }
  const line = (card) => t(stateOf(card) === 'over' ? 'warning.over' : 'warning.one', { metric: label(card.label), percent: percent(card.percent) });
  const rest = visible.slice(1);
  banner.replaceChildren(
    icon(stateOf(worst)),
    h('div', { class: 'warningtext' },
      h('p', {}, h('strong', {}, line(worst))),
      rest.length ? h('details', {}, h('summary', {}, t('warning.more', { n: number(rest.length), count: rest.length })),
        h('ul', {}, rest.map((card) => h('li', {}, line(card))))) : null),
    upgradeLink(upgrade, { class: 'button primary' }) ?? '',
    dismissButton(() => set(all.map((card) => warningKey(card, period)))));
}

let levels = null;

/** Tell a screen reader of a level only when it changes, never every 30 seconds. */
function announce(cards) {
  const now = new Map(cards.filter(hasLimit).map((card) => [card.metric_name, stateOf(card)]));
  const changed = levels === null ? [] : cards.filter((card) => now.has(card.metric_name) && levels.get(card.metric_name) !== now.get(card.metric_name));
  levels = now;
  if (changed.length === 0) return;
  setText(byId('announcer'), changed.map((card) => t('warning.announce', {
    metric: label(card.label), level: t(`level.${stateOf(card)}`), percent: percent(card.percent),
  })).join(' '));
}

const rows = new Map();

function showRecent(events, cards) {
  const body = byId('recent').tBodies[0];
  body.classList.remove('skeleton');
  const wanted = events.map((event) => {
    if (!rows.has(event.id)) rows.set(event.id, eventRow(event, { recent: true }));
    return rows.get(event.id);
  });
  for (const id of rows.keys()) if (!events.some((event) => event.id === id)) rows.delete(id);
  setChildren(body, wanted);
  refreshTimes(body);
  byId('recent').hidden = events.length === 0;
  byId('norecent').hidden = events.length > 0;
  byId('start').hidden = events.length > 0;
  if (events.length === 0) setText(byId('first'), firstEvent(cards));
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** What a shell takes as it stands: with the session's token, of a metric that the plan has. */
function firstEvent(cards) {
  const counted = cards.filter((card) => stateOf(card) !== 'none');
  const card = counted.find(({ metric_name: name }) => name === 'api_calls')
    ?? counted.find(({ aggregation }) => ['sum', 'count'].includes(aggregation)) ?? cards[0];
  return [
    `curl ${quoted(siteAddress('api/usage/record'))} \\`,
    `  -H ${quoted(`Authorization: Bearer ${currentToken()}`)} \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d ${quoted(JSON.stringify({ metric_name: card?.metric_name ?? 'api_calls', quantity: 1 }))}`,
  ].join('\n');
}

/* The clipboard is for pages of https and of this machine; elsewhere the text is selected, and the older way tried. */
async function copyFirst() {
  const area = byId('first');
  getSelection().selectAllChildren(area);
  try {
    await navigator.clipboard.writeText(area.textContent);
  } catch {
    if (!document.execCommand('copy')) return setText(byId('copied'), t('first.selected'));
  }
  setText(byId('copied'), t('first.copied'));
}

function openDashboard() {
  const showCards = cardList(byId('cards'));
  const showChart = usageChart(byId('chart'));
  let control = null;
  let etag = null;

  function show(stats) {
    setTimeZone(stats.period?.timezone ?? stats.timezone);
    byId('content').removeAttribute('aria-busy');
    showSubject(stats);
    showBill(stats);
    showWarnings(stats);
    showCards(stats);
    announce(stats.cards);
    showRecent(stats.recent, stats.cards);
    showChart(stats);
  }

  async function poll() {
    const answer = await get(address, { etag });
    if (answer.status === 304) return refreshTimes(byId('recent'));
    show(answer.data);
    etag = answer.etag;
  }

  function stop() {
    control?.stop();
    control = null;
    byId('refresh').replaceChildren();
    byId('stale').replaceChildren();
  }

  function failed(error) {
    const hadData = etag !== null;
    stop();
    if (error.status === 401) askForToken(t(hadData ? 'signin.expired' : 'signin.refused'), start);
    else showFailure(error, start);
  }

  function start() {
    stop();
    etag = null;
    showContent();
    control = refreshControl({ bar: byId('refresh'), notice: byId('stale'), task: poll, failed });
    control.start();
  }

  return { start, stop };
}

/* Paper has no closed parts, is white, and narrower than a window: the table is printed open, the chart drawn light and to its width. */
function openForPrint() {
  const root = document.documentElement;
  let closed = [];
  let theme;
  const redraw = () => document.dispatchEvent(new Event('pm:theme'));
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('details:not([open])')];
    for (const element of closed) element.open = true;
    theme = root.dataset.theme;
    Object.assign(root.dataset, { theme: 'light', print: '' });
    redraw();
  });
  addEventListener('afterprint', () => {
    for (const element of closed) element.open = false;
    delete root.dataset.print;
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    redraw();
  });
}

openForPrint();
byId('copy').addEventListener('click', copyFirst);
let dashboard = null;
openPrivatePage(() => {
  dashboard ??= openDashboard();
  dashboard.start();
}, () => dashboard?.stop());

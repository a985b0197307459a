/* The page /usage: the bill so far, each metric against its limit, the last 30 days, and what was recorded last. */

import { get } from './api.mjs';
import { cardList, hasLimit, stateOf } from './cards.mjs';
import { usageChart } from './chart.mjs';
import { h, icon, setChildren, setText, store } from './dom.mjs';
import { eventRow, refreshTimes } from './events.mjs';
import { fullDay, label, money, number, percent, range, setTimeZone, t, zone } from './locale.mjs';
import { refreshControl } from './refresh.mjs';
import { askForToken, openPrivatePage, showContent, showFailure } from './shell.mjs';

const address = '/usage/api/stats';
const dayLength = 86_400_000;
const byId = (id) => document.getElementById(id);

/** A link from the API is followed only if it leads to a web page. */
function safeLink(url) {
  const target = new URL(url, location.href);
  return ['http:', 'https:'].includes(target.protocol) ? target.href : '/pricing';
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
  if (upgrade) {
    const text = t('bill.upgrade', { plan: upgrade.name ?? upgrade.plan });
    if (note.textContent !== text) note.replaceChildren(h('a', { href: safeLink(upgrade.url) }, text));
  } else {
    setText(note, t('bill.top'));
  }
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
  const { cards, period, upgrade } = stats;
  const all = pressing(cards);
  const hidden = hiddenWarnings();
  const visible = all.filter((card) => !hidden.has(warningKey(card, period)));
  const worst = visible[0];
  const drawn = JSON.stringify([visible.map((card) => [card.metric_name, card.level, card.percent]), all.length, upgrade]);
  if (drawn === shownWarnings) return;
  shownWarnings = drawn;

  const banner = byId('warnings');
  banner.classList.remove('skeleton');
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
    upgrade ? h('a', { class: 'button primary', href: safeLink(upgrade.url) }, t('bill.upgrade', { plan: upgrade.name ?? upgrade.plan })) : '',
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

function showRecent(events) {
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
  if (events.length === 0) setText(byId('first'), firstEvent());
}

const firstEvent = () => [
  `curl ${location.origin}/api/usage/record \\`,
  '  -H "Authorization: Bearer $PENNYMETER_TOKEN" \\',
  '  -d \'{"metric_name":"api_calls","quantity":1}\'',
].join('\n');

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
    showRecent(stats.recent);
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

/* Paper has no closed parts: the table of the chart is printed open. */
function openForPrint() {
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('details:not([open])')];
    for (const element of closed) element.open = true;
  });
  addEventListener('afterprint', () => {
    for (const element of closed) element.open = false;
  });
}

openForPrint();
let dashboard = null;
openPrivatePage(() => {
  dashboard ??= openDashboard();
  dashboard.start();
}, () => dashboard?.stop());

/* One card per metric: how much of its limit is used, in words and as a bar, and what comes next. */

import { h, icon, setChildren, setText, sparkline } from './dom.mjs';
import { accent } from './events.mjs';
import { day, fullDay, label, money, number, percent, rate, t, unit } from './locale.mjs';

const first = ['leads_created', 'messages_sent', 'api_calls'];
const levels = ['ok', 'warning', 'critical', 'over'];

/** The state of a card: a level, or that there is no limit, or nothing included. */
export function stateOf(card) {
  if (card.policy === 'unlimited') return 'unlimited';
  if (card.policy === 'none' || card.included === null || Number(card.included) === 0) return 'none';
  return levels.includes(card.level) ? card.level : 'ok';
}

export const hasLimit = (card) => levels.includes(stateOf(card));

/** Leads, messages and API calls come first; what the plan does not include comes last. */
export function inOrder(cards) {
  const rank = (card) => {
    if (stateOf(card) === 'none') return 100;
    const place = first.indexOf(card.metric_name);
    return place < 0 ? 50 : place;
  };
  return [...cards].sort((a, b) => rank(a) - rank(b));
}

/** "1,200 over" or "1,800 left", exactly as the server counted it. */
function rest(card) {
  if (Number(card.overage_quantity) > 0) return t('card.excess', { excess: number(card.overage_quantity) });
  return t('card.left', { remaining: number(card.remaining) });
}

function resets(card) {
  if (card.window_end === null) return '';
  return card.window === 'day' ? t('card.resetsDay') : t('card.resets', { date: day(card.window_end) });
}

/** What happens, or already happened, at 100 %. */
function consequence(card, currency) {
  const state = stateOf(card);
  if (state === 'unlimited') return t('card.unlimited');
  if (state === 'none' && card.policy !== 'soft') return t('card.none');
  if (card.policy === 'hard') return Number(card.remaining) > 0 ? t('card.hard') : t('card.refused');
  const values = { rate: rate(card.overage_rate, currency), amount: money(card.overage_amount, currency), unit: unit(card.unit, 1) };
  return t(Number(card.overage_amount) > 0 || Number(card.overage_quantity) > 0 ? 'card.charged' : 'card.soft', values);
}

/** When the limit will be reached if use goes on as it did: a plain straight line, so only an estimate. */
function reachedOn(card, now) {
  const start = Date.parse(card.window_start);
  const used = Number(card.used);
  const at = start + ((now - start) * Number(card.included)) / used;
  return used > 0 && used < Number(card.included) && at < Date.parse(card.window_end) ? at : null;
}

function forecast(card, now) {
  if (card.window === 'day' || card.window_end === null || card.projected === null || card.projected === undefined) return '';
  if (Number(card.used) === 0) return '';
  const reach = hasLimit(card) && Number(card.projected) > Number(card.included) ? reachedOn(card, now) : null;
  const pace = t('card.projected', { projected: number(card.projected), date: day(card.window_end) });
  return reach === null ? pace : `${pace} · ${t('card.reach', { date: day(reach) })}`;
}

/** A card is made once and then updated in place. */
function makeCard(metric) {
  const part = {
    name: h('bdi'), badge: h('span', { class: 'badge' }), used: h('strong'), of: h('span', { class: 'muted' }),
    percent: h('span', { class: 'percent' }), fill: h('i'), rest: h('span'), resets: h('span', { class: 'muted' }),
    next: h('p', { class: 'next' }), forecast: h('span'), estimate: h('span', { class: 'tag' }), spark: h('div', { class: 'sparkbox' }),
  };
  part.bar = h('div', { class: 'bar', role: 'meter' }, part.fill);
  part.bar.setAttribute('aria-valuemin', '0');
  part.bar.setAttribute('aria-valuemax', '100');
  part.pace = h('p', { class: 'pace muted' }, part.forecast, ' ', part.estimate);
  const root = h('li', { class: 'card', dataset: { metric, accent: accent(metric) } },
    h('div', { class: 'cardhead' }, h('span', { class: 'tile' }, icon(metric)), h('h3', {}, part.name), part.badge),
    h('p', { class: 'amount' }, part.used, ' ', part.of, part.percent),
    part.bar,
    h('p', { class: 'line' }, part.rest, part.resets),
    part.next, part.pace, part.spark);
  return { root, part, state: null, drawn: '' };
}

function updateCard(view, card, { currency, values, now }) {
  const { root, part } = view;
  const state = stateOf(card);
  const limited = hasLimit(card);
  const name = label(card.label);
  setText(part.name, name);
  if (view.state !== state) {
    view.state = state;
    root.dataset.state = state;
    part.badge.replaceChildren(icon(state), t(`level.${state}`));
  }
  part.used.parentElement.hidden = state === 'none' && Number(card.used) === 0;
  setText(part.used, number(card.used));
  setText(part.of, limited
    ? t('card.of', { included: number(card.included), unit: unit(card.unit, card.included) })
    : `${unit(card.unit, card.used)} ${t('card.used')}`);
  setText(part.percent, limited ? percent(card.percent) : '');

  part.bar.hidden = !limited;
  if (limited) {
    const shown = Math.min(100, Math.max(0, Number(card.percent)));
    part.fill.style.setProperty('inline-size', `${shown}%`);
    part.bar.setAttribute('aria-valuenow', String(shown));
    part.bar.setAttribute('aria-valuetext', `${percent(card.percent)}, ${t(`level.${state}`)}`);
    part.bar.setAttribute('aria-label', t('card.meter', { metric: name, percent: percent(card.percent), level: t(`level.${state}`) }));
  }
  setText(part.rest, limited ? rest(card) : '');
  setText(part.resets, state === 'none' ? '' : resets(card));
  part.resets.title = card.window_end === null ? '' : fullDay(card.window_end);
  setText(part.next, consequence(card, currency));
  const pace = forecast(card, now);
  setText(part.forecast, pace);
  setText(part.estimate, pace ? t('bill.estimate') : '');

  const line = values.join();
  if (view.drawn !== line) {
    view.drawn = line;
    part.spark.replaceChildren(...(values.some((value) => value !== 0) ? [sparkline(values)] : []));
  }
}

/** The list of cards; call the result with each answer of the API. */
export function cardList(list) {
  const views = new Map();
  return ({ cards, series, currency }) => {
    const now = Date.now();
    const values = new Map(series.metrics.map((metric) => [metric.metric_name, metric.values.map((value) => Number(value ?? 0))]));
    const wanted = inOrder(cards).map((card) => {
      if (!views.has(card.metric_name)) views.set(card.metric_name, makeCard(card.metric_name));
      const view = views.get(card.metric_name);
      updateCard(view, card, { currency, now, values: values.get(card.metric_name) ?? [] });
      return view.root;
    });
    if (wanted.length === 0) wanted.push(h('li', { class: 'card empty' }, t('cards.empty')));
    setChildren(list, wanted);
  };
}

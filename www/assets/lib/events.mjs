/* How a usage event is written: its metric with its colour, its instant, its quantity, and where it came from. */

import { h, icon } from './dom.mjs';
import { ago, clock, dateTime, fullDay, label, number, unit } from './locale.mjs';

const accents = {
  leads_created: 'blue', messages_sent: 'green', api_calls: 'yellow', quotes_generated: 'violet', invoices_generated: 'rose',
  storage_gb: 'teal', emails_sent: 'orange', pdfs_generated: 'slate', team_members: 'violet', webhooks_delivered: 'teal',
};
const others = ['violet', 'teal', 'rose', 'orange', 'slate'];

/** The accent colour of a metric; an operator's own metrics take one by the letters of their name. */
export function accent(name) {
  if (Object.hasOwn(accents, name)) return accents[name];
  const sum = [...name].reduce((total, letter) => total + letter.codePointAt(0), 0);
  return others[sum % others.length];
}

export const metricName = (item) => h('span', { class: 'metric', dataset: { accent: accent(item.metric_name) } },
  icon(item.metric_name), h('bdi', {}, label(item.label)));

export const quantity = (value, item) => `${number(value)} ${unit(item.unit, value)}`;

/** Nested metadata as one line: "endpoint: /x · user.id: 7". */
export function details(value, path = '') {
  if (value === null || typeof value !== 'object') return path ? `${path}: ${value}` : String(value ?? '');
  return Object.entries(value)
    .map(([key, inner]) => details(inner, path ? `${path}.${key}` : key))
    .filter(Boolean).join(' · ');
}

/* What has just happened is told by its age, what is looked up later by its date. */
function time(instant, recent) {
  const lines = recent
    ? [h('span', { class: 'ago', dataset: { instant } }, ago(instant)), h('small', {}, dateTime(instant))]
    : [fullDay(instant), h('small', {}, clock(instant))];
  return h('time', { dateTime: instant }, lines);
}

/** Rewrite "3 min ago" as time goes by. */
export function refreshTimes(root) {
  for (const element of root.querySelectorAll('.ago')) {
    const text = ago(element.dataset.instant);
    if (element.textContent !== text) element.textContent = text;
  }
}

/** One row of a table of events: time, metric, quantity, source. */
export function eventRow(event, { recent = false } = {}) {
  const source = [event.resource_id, details(event.metadata ?? {})].filter(Boolean).join(' · ');
  return h('tr', { dataset: { id: event.id } },
    h('td', {}, time(event.recorded_at, recent)),
    h('th', { scope: 'row' }, metricName(event)),
    h('td', { class: 'figure' }, quantity(event.quantity, event)),
    h('td', { class: 'source' }, h('bdi', {}, source || '–')));
}

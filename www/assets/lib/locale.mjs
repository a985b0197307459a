/* The visitor's language: messages of one catalogue, and numbers, money and dates by Intl from exact decimal strings. */

import english from '../locales/en-US.json' with { type: 'json' };

export const locales = {
  'en-US': 'English (US)',
  'de-DE': 'Deutsch',
  'en-IN': 'English (India)',
  'ja-JP': '日本語',
};

/* early.js has chosen the language before this module runs. */
export const locale = Object.hasOwn(locales, document.documentElement.lang) ? document.documentElement.lang : 'en-US';

const plural = new Intl.PluralRules(locale);
let catalogue = english;
let timeZone = 'UTC';

/** The words of another language lie where early.js has found them; one that it has not, or a word that it lacks, is English. */
export async function loadMessages() {
  const { href } = document.querySelector(`link[hreflang="${locale}"]`) ?? {};
  if (!href) return;
  try {
    const { messages, labels, units } = await (await fetch(href)).json();
    catalogue = { messages: { ...english.messages, ...messages }, labels: { ...english.labels, ...labels }, units: { ...english.units, ...units } };
  } catch {
    document.documentElement.lang = 'en-US';
  }
}

function choose(message, count) {
  return typeof message === 'string' ? message : message[plural.select(Number(count))] ?? message.other;
}

/** The message `key` with its {names} filled from `values`; `values.count` chooses the plural form. */
export function t(key, values = {}) {
  const message = catalogue.messages[key];
  if (message === undefined) return key;
  return choose(message, values.n ?? values.count).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const has = (key) => Object.hasOwn(catalogue.messages, key);

/** A metric's name: standard ones are translated, an operator's own stay as written. */
export const label = (text) => (Object.hasOwn(catalogue.labels, text) ? catalogue.labels[text] : text);

/** "call" or "calls", in the visitor's language where the unit is known. */
export const unit = (name, count) => (Object.hasOwn(catalogue.units, name) ? choose(catalogue.units[name], count) : name);

/** Fill the page's static text: data-t names a message, data-t-label one for aria-label. */
export function translate(root) {
  for (const element of root.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll('[data-t-label]')) element.setAttribute('aria-label', t(element.dataset.tLabel));
}

/** Dates are shown in the tenant's billing time zone. */
export function setTimeZone(name) {
  try {
    new Intl.DateTimeFormat(locale, { timeZone: name });
    timeZone = name;
  } catch {
    timeZone = 'UTC';
  }
}

export const zone = () => timeZone;

const made = new Map();

/* Formatters are costly to make, so each set of options makes one. */
function formatter(kind, options) {
  const key = kind.name + JSON.stringify(options);
  if (!made.has(key)) made.set(key, new kind(locale, options));
  return made.get(key);
}

const numberFormat = (options) => formatter(Intl.NumberFormat, options);
const dateFormat = (options) => formatter(Intl.DateTimeFormat, { timeZone, ...options });

/* What the server does not know, as a charge that has no price, is a dash. */
const orDash = (format) => (value, ...more) => (value === null || value === undefined ? '–' : format(value, ...more));

/* A code that Intl does not take is written behind the number. */
function cash(value, currency, options = {}) {
  try {
    return numberFormat({ style: 'currency', currency, ...options }).format(value);
  } catch {
    return `${numberFormat({ minimumFractionDigits: 2, ...options }).format(value)} ${currency}`.trim();
  }
}

/** All of these take a decimal string and are exact; none goes through a double. */
export const number = orDash((value) => numberFormat({ maximumFractionDigits: 6 }).format(value));
export const money = orDash((value, currency) => cash(value, currency));
export const rate = orDash((value, currency) => cash(value, currency, { maximumFractionDigits: 12 }));
export const percent = (value) => numberFormat({ style: 'percent', maximumFractionDigits: 0, roundingMode: 'trunc' }).format(`${value}e-2`);

/** For axes and comparisons, where a rounded value is enough. */
export const compact = (value) => numberFormat({ notation: 'compact', maximumFractionDigits: 1 }).format(value);
export const ratio = orDash((value) => numberFormat({ style: 'percent', maximumFractionDigits: 1 }).format(value));
export const change = (value) => numberFormat({ style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' }).format(value);
export const mean = orDash((value) => numberFormat({ maximumFractionDigits: 2 }).format(value));

export const day = (instant) => dateFormat({ day: 'numeric', month: 'short' }).format(new Date(instant));
export const fullDay = (instant) => dateFormat({ day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(instant));
export const clock = (instant) => dateFormat({ timeStyle: 'medium' }).format(new Date(instant));
export const dateTime = (instant) => dateFormat({ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(new Date(instant));

/** A half-open range of instants as the days it covers. */
export const range = (start, end) => dateFormat({ day: 'numeric', month: 'short', year: 'numeric' })
  .formatRange(new Date(start), new Date(Date.parse(end) - 1));

/** A calendar date without a time, "2026-11-03"; it belongs to no zone. */
export const calendarDay = (date) => formatter(Intl.DateTimeFormat, { timeZone: 'UTC', day: 'numeric', month: 'short' }).format(new Date(`${date}T00:00:00Z`));
export const calendarDate = (date) => formatter(Intl.DateTimeFormat, { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(`${date}T00:00:00Z`));

const steps = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

/** "12 seconds ago", in the largest unit that fits. */
export function ago(instant, now = Date.now()) {
  const seconds = Math.round((Date.parse(instant) - now) / 1000);
  const [name, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? steps.at(-1);
  return formatter(Intl.RelativeTimeFormat, { numeric: 'always', style: 'short' }).format(Math.trunc(Math.min(-0, seconds) / size), name);
}

// Random requests to whatever the functions declare (`--describe`): a function that is added is asked without a line
// here, unless it declares a type or a body of which nothing here knows how to make one. Then we say what to add.

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fromInstant, fromMicro } from './exact.mjs';
import { build } from './places.mjs';
import { CLOCKED } from './worlds.mjs';

/** Every method of every function, as they declare it: `{ path, also, method, scope, query, body, media … }`. */
export function declarations() {
  const told = JSON.parse(execFileSync(path.join(build, 'fn/pennymeter-all.fcgi'), ['--describe'], { encoding: 'utf8', maxBuffer: 1 << 26 }));
  return told.flatMap((fn) => fn.methods.map((verb) => ({ ...verb, path: fn.path, also: fn.also, name: `${verb.method} ${fn.path}` })));
}

const MICRO = 1_000_000n, MINUTE = 60n * MICRO, HOUR = 60n * MINUTE, DAY = 24n * HOUR;
const number = (text) => ({ literal: text }); // written into JSON as it stands

/** JSON in which a `number()` is its literal. */
const toJson = (value) => {
  if (value?.literal !== undefined) return value.literal;
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  return value && typeof value === 'object' ? `{${Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}:${toJson(v)}`).join(',')}}` : JSON.stringify(value);
};

// ---- good values ----

const prices = [
  { model: 'per_unit', unit_amount: '0.015' }, { model: 'flat', amount: '4.99' }, { model: 'percentage', rate_percent: '12.5' },
  { model: 'package', package_size: 100, package_amount: '0.07' },
  { model: 'graduated', tiers: [{ up_to: 10, unit_amount: '1' }, { up_to: null, unit_amount: '0.1' }] },
  { model: 'volume', tiers: [{ up_to: 10, unit_amount: '1' }, { up_to: null, unit_amount: '0.1' }], minimum_amount: '2' },
];

/** An instant near the clock: mostly when something may have happened, at the edges of hours, days and periods too. */
function instant(r, w) {
  const back = r.pick([0n, 0n, r.big(MINUTE), r.big(HOUR), r.big(DAY), r.big(34n * DAY), r.big(34n * DAY), r.big(400n * DAY)]);
  const t = r.chance(0.1) ? w.now + r.big(r.pick([4n * MINUTE, 90n * DAY])) : w.now - back;
  const edge = r.pick([MICRO, 15n * MINUTE, HOUR, DAY]);
  return r.pick([t, t, t - (t % edge), t - (t % edge) - 1n, r.pick(w.instants)]);
}

/** When an event happened: seldom so that it is refused. */
const happened = (r, w) => {
  const at = instant(r, w);
  return fromInstant(at > w.now - 35n * DAY && at < w.now + 5n * MINUTE || r.chance(0.1) ? at : w.now - r.big(MINUTE));
};

const time = (r, w) => (r.chance(0.12) ? fromInstant(instant(r, w)).slice(0, 10) : fromInstant(instant(r, w)));

function quantity(r, w) {
  if (w.huge && r.chance(0.25)) return r.pick(['9223372036854.775807', '9223372036854.775806', '4611686018427.387904', '9223372036853', '3074457345618.258602']);
  const micro = r.pick([BigInt(1 + r.below(9)) * MICRO, BigInt(1 + r.below(60)) * MICRO, 1n + r.big(50n * MICRO), 1n, 1n + r.big(3000n * MICRO)]);
  return `${r.chance(0.06) ? '-' : ''}${fromMicro(micro)}`;
}

const metadata = (r) => ({
  visitor: r.pick(['ann', 'bob', 'Ж', '中', 'zoë', '', 7, true, `v${r.below(400)}`]),
  ...(r.chance(0.3) && { channel: r.pick(['whatsapp', 'email']), 'ünï': [1, { a: null }], 'quote"\\': 'line\nbreak' }),
});

const words = (r) => r.pick(['r1', 'r2', 'a b', 'Ünï', '中文', "o'clock", '"quoted"', 'back\\slash', '=1+1', '%41']);

/** A word of `min` to `max` bytes. */
function text(r, w, { min = 1, max = 255 }) {
  let made = words(r);
  while (Buffer.byteLength(made) < min) made += 'x';
  return Buffer.byteLength(made) > max ? 'x'.repeat(max) : made;
}

/** What an answer gave before: to this tenant, or sometimes to another. */
const oneOf = (r, w, kind) => r.pick((r.chance(0.1) ? w.neighbour : w)[kind]);

/** What parameters of a name hold, whatever their type: what is not listed here is made by its type alone. */
const named = {
  metric_name: (r, w) => r.pick(w.metrics),
  type: (r, w) => r.pick(w.metrics),
  plan: (r, w) => r.pick(w.plans),
  currency: (r) => r.pick(['USD', 'JPY', 'KWD', 'EUR', 'XXX']),
  after: (r, w) => oneOf(r, w, 'cursors') ?? 'evt_0',
  price: (r) => r.pick(prices),
  quantities: (r, w) => Object.fromEntries(Array.from({ length: 1 + r.below(4) }, () => [r.pick(w.metrics), number(quantity(r, { ...w, huge: false }))])),
  metadata: (r) => metadata(r),
  recorded_at: happened,
  user_id: (r) => r.below(9),
  page: (r) => 1 + r.below(4),
  limit: (r) => 1 + r.below(30),
  id: (r, w) => (r.chance(0.9) ? 1 + r.below(5) : oneOf(r, w, 'ids') ?? 'none'),
  sort: (r) => r.pick(['name', '-name', 'id', '-updated_at']),
  country: (r) => r.pick(['DE', 'AT', 'FR']),
  action: (r) => r.pick(['customers.create', 'taxes.update', 'none']),
  actor: (r) => `token:${1 + r.below(5)}`,
  category: (r) => r.pick(['S', 'S', 'S', 'Z', 'E']),
  tenant_id: (r) => (r.chance(0.8) ? CLOCKED : 1 + r.below(20)),
  code: (r) => `c${r.below(40)}`,
  sku: (r) => `s${r.below(40)}`,
};

/** Of each type that a parameter may have, as `--describe` names it: good values, and bad ones as texts and in JSON. */
const types = {
  text: { good: text, bad: () => ['', 'x'.repeat(300), 'a\tb', '\u007f'] },
  '1 to 255 visible characters': { good: (r, w) => (r.chance(0.4) ? `k${r.below(40)}` : `k-${w.count}-${r.below(1e6)}`), bad: () => ['', 'a b', 'é', 'k'.repeat(256)] },
  'a decimal of at most 6 decimals': {
    good: (r, w) => { const q = quantity(r, w); return r.chance(0.5) ? q : number(q); },
    bad: () => ['NaN', '1.0000001', '9223372036854.775808', '1e400', '', '0x10', '1,5', true, null, number('-0'), number('1e-7'), number('1e3'), number('1.50e1')],
  },
  'an RFC 3339 time or a date': { good: time, bad: () => ['2026-02-30T00:00:00Z', '2026-01-01T00:00:00', '9999-12-31T23:59:59Z', '0001-01-01T00:00:00Z', '0000-01-01T00:00:00Z', '2026-01-01T00:00:00+05:30', 'yesterday', ''] },
  'an RFC 3339 time or a date (its end)': { good: time, bad: () => ['2026-13-01', '2026-01-01T24:00:00Z', '9999-12-31', '0001-01-01', ''] },
  'a whole number': { good: (r, w, { min = 0, max = 100 }) => (r.chance(0.8) ? min + r.below(Math.min(30, max - min + 1)) : r.pick([min, max])), bad: () => [-1, 0, '1.5', '99999999999999999999', 'x', ''] },
  'true or false': { good: (r) => r.chance(0.6), bad: () => ['yes', '', 'TRUE', 1] },
  'an id': { good: (r) => 1 + r.below(4), bad: () => [0, -1, 'x', 1.5, null] },
  'lines of text': { good: (r) => `${words(r)}\n${words(r)}`, bad: () => ['a\rb', 'x'.repeat(2100), 5] },
  'an e-mail address': { good: (r) => r.pick(['ann@example.org', 'bob@example.org', 'a.b+c@x-y.example']), bad: () => ['ann', 'ü@x.de', 'a@b..de', ''] },
  'an ISO 4217 code': { good: (r) => r.pick(['EUR', 'USD', 'JPY']), bad: () => ['XYZ', 'eur', ''] },
  'an ISO 3166-1 code': { good: (r) => r.pick(['DE', 'AT', 'IN']), bad: () => ['XX', 'de', ''] },
  'a decimal': { good: (r, w, { digits }) => r.pick([`${r.below(100)}`, `${r.below(100)}.5`, `0.${'0'.repeat(digits - 1)}1`, number(`${r.below(50)}.25`)]), bad: () => ['-1', 'x', `0.${'0'.repeat(12)}1`, '1e400', null] },
  'a list': { good: listOf, bad: () => ['x', {}, [[]], [null], Array(30).fill('a')] },
  'an object of values': { good: (r) => Object.fromEntries(several(r, () => [words(r), r.pick([words(r), number('1.50'), true])]).slice(0, 5)), bad: () => [[], { a: {} }, 'x'] },
  'an object': { good: (r) => metadata(r), bad: () => [[1, 2], 'x', { note: 'x'.repeat(5000) }, null] },
  'one of a list': { good: (r, w, { choices }) => r.pick(choices.split(' ')), bad: () => ['', 'none-of-them', '7 30'] },
};

/** A list: of values, each another, or of objects whose members are good. */
function listOf(r, w, { max, of }, verb) {
  const count = r.chance(0.5) ? 0 : 1 + r.below(Math.min(3, max)), one = () => Object.fromEntries(of.filter((p) => present(r, p)).map((p) => [p.name, good(r, w, p, verb)]));
  const items = Array.from({ length: count }, () => (of[0].name ? one() : good(r, w, of[0], verb)));
  return of[0].name ? items : [...new Map(items.map((item) => [String(item), item])).values()];
}

function typeOf(param, verb) {
  const type = types[param.type];
  if (!type) throw new Error(`${verb.name} has a parameter "${param.name}" of the type "${param.type}", of which tests/lib/declared.mjs knows no values: add a row to its \`types\``);
  return type;
}

const good = (r, w, param, verb) => (named[param.name] ?? typeOf(param, verb).good)(r, w, param, verb);
const present = (r, param) => param.required || r.chance(0.35);

/** Members or parameters, most of them good, as pairs of a name and a value. */
function pairsOf(r, w, params, verb) {
  const pairs = params.map((param) => { typeOf(param, verb); return param; }).filter((param) => present(r, param)).map((param) => [param.name, good(r, w, param, verb)]);
  if (!params.length || r.chance(0.9)) return pairs;
  const param = r.pick(params), bad = r.pick(types[param.type].bad());
  return r.pick([
    () => [...pairs.filter(([name]) => name !== param.name), [param.name, bad]],
    () => [...pairs.filter(([name]) => name !== param.name), [param.name, bad]],
    () => pairs.filter(([name]) => name !== param.name),
    () => [...pairs, [r.pick(['nonsense', 'tenant_id', 'Metric_Name', '']), 'x']],
    () => [...pairs, [param.name, good(r, w, param, verb)]],
  ])();
}

// ---- bodies ----

const objectOf = (pairs) => `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${toJson(value)}`).join(',')}}`;

function cloudEvent(r, w) {
  const event = {
    specversion: '1.0', id: `c${r.below(1000)}`, source: r.pick(['shop', 'tests']), type: r.pick(w.metrics),
    ...(r.chance(0.3) && { subject: words(r) }), ...(r.chance(0.5) && { time: happened(r, w) }),
    ...(r.chance(0.7) && { data: { value: number(quantity(r, w)), ...metadata(r) } }), ...(r.chance(0.1) && { extension: 'x' }),
  };
  if (r.chance(0.08)) delete event[r.pick(Object.keys(event))];
  return toJson(event);
}

const several = (r, make) => Array.from({ length: r.pick([1, 2, 3, 5, 8, 0, 40]) }, make);

/** Rows of a table: some columns that customers or products have, cells that are good more often than not. */
function csvBody(r, w) {
  const columns = ['name', ...several(r, () => r.pick(['code', 'sku', 'tags', 'currency', 'notes', 'description', 'archived', 'custom', 'taxes', 'country', 'vat', 'id', 'nope']))].slice(0, 6);
  const cell = (name) => r.pick([r.pick(['DE', 'EUR', 'a;b', '{"a":1}', '1', 'true', "'=1", '']), named[name]?.(r, w) ?? words(r)]);
  const quoted = (text) => (/[,"\r\n]/.test(text) || r.chance(0.1) ? `"${String(text).replaceAll('"', '""')}"` : text);
  return [[...new Set(columns)], ...several(r, () => [...new Set(columns)].map(cell))].map((row) => row.map(quoted).join(',') + r.pick(['\r\n', '\r\n', '\n'])).join('');
}

/** Bodies that a function reads itself, by a media type that it names; `event` makes one usage event. */
const raw = {
  'application/cloudevents-batch+json': (r, w) => ({ body: `[${several(r, () => cloudEvent(r, w)).join(',')}]` }),
  'application/cloudevents+json': (r, w) => ({ body: cloudEvent(r, w) }),
  'text/csv': (r, w) => ({ body: csvBody(r, w) }),
  'application/x-ndjson': (r, w, event) => ({ body: several(r, () => (r.chance(0.05) ? '{"broken"' : event())).join(r.pick(['\n', '\r\n', '\n\n'])) }),
  'application/ndjson': (r, w, event) => ({ body: several(r, event).join('\n') }),
  'application/jsonl': (r, w, event) => ({ body: several(r, event).join('\n') }),
  'application/json': (r, w, event, media) => ({ body: media.includes('cloudevents') ? cloudEvent(r, w) : `[${several(r, event).join(',')}]` }),
};

function rawBody(r, w, verb, all) {
  const media = verb.media.split(' '), type = r.pick(media);
  for (const name of media) {
    if (!raw[name]) throw new Error(`${verb.name} takes a body of ${name}, of which tests/lib/declared.mjs cannot make one: add a row to its \`raw\``);
  }
  const record = all.find(({ name }) => name === 'POST usage/record');
  return { ...raw[type](r, w, () => objectOf(pairsOf(r, w, record.body, record)), verb.media), type };
}

const spoiled = [
  () => '', () => ' ', (body) => body.slice(0, -1), (body) => `${body} x`, (body) => `[${body}]`, (body) => `\ufeff${body}`, () => '[[[[]]]]', () => 'null', () => '"x"',
  (body) => `${'['.repeat(40)}${body}${']'.repeat(40)}`, (body) => Buffer.concat([Buffer.from(body.slice(0, -1)), Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])]),
  (body) => body.replace('"', '"\\u0000'), (body) => body.replace(/\}$/, ',}'), (body) => body.replace('{', `{"pad":"${'x'.repeat(66_000)}",`),
];

function bodyOf(r, w, verb, all) {
  if (verb.method === 'GET' || verb.method === 'DELETE') return {};
  const { body, type = 'application/json' } = verb.media ? rawBody(r, w, verb, all) : { body: objectOf(pairsOf(r, w, verb.body, verb)) };
  return {
    body: r.chance(0.05) ? r.pick(spoiled)(body) : body,
    type: r.chance(0.03) ? r.pick(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-8', 'APPLICATION/JSON', '']) : type,
  };
}

// ---- requests ----

const escaped = (value) => encodeURIComponent(String(value?.literal ?? (typeof value === 'object' ? JSON.stringify(value) : value)));

function targetOf(r, w, verb) {
  const below = verb.path.replace(/\{(\w+)\}/g, (_, name) => escaped((named[name] ?? named.id)(r, w)));
  const at = r.chance(0.02) ? r.pick([`/api/${below}/`, `/api/v2/${below}`, `/api/${below.toUpperCase()}`, '/api/', `/api/%2f${below}`, `/api/${below.slice(0, -1)}`])
    : r.pick([`/api/${below}`, `/api/${below}`, `/api/v1/${below}`, verb.also ? `/${verb.also}` : `/api/${below}`]);
  const pairs = pairsOf(r, w, verb.query, verb).map(([name, value]) => `${escaped(name)}=${escaped(value)}`);
  if (r.chance(0.01)) pairs.push(r.pick(['%zz=1', 'x=%00', '&&', '=']));
  return at + (pairs.length ? `?${pairs.join('&')}` : '');
}

function headersOf(r, w, verb, target) {
  const headers = {};
  if (r.chance(verb.idempotent ? 0.1 : 0.02)) headers['Idempotency-Key'] = r.chance(0.9) ? `k${r.below(40)}` : r.pick(['', 'a b', 'k'.repeat(256), 'é']);
  if (verb.matches) Object.assign(headers, r.pick([{ 'If-Match': '*' }, { 'If-Match': '*' }, { 'If-Match': '*' }, { 'If-Match': r.pick(['"1"', 'W/"2"', '"2-gzip"', '"999"', 'x']) }, {}]));
  if (r.chance(0.1)) headers.Accept = r.pick(['text/csv', 'text/csv', 'application/json', '*/*', 'text/html']);
  if (verb.method === 'GET' && r.chance(0.1)) headers['If-None-Match'] = r.pick([w.tags.get(target) ?? '"x"', '*', 'W/"x", "y"']);
  return headers;
}

function tokenOf(r, w, verb) {
  if (r.chance(0.94)) return { token: w.token(verb.scope) };
  return r.pick([{ token: r.pick(w.tokens) }, { token: r.pick(w.tokens) }, {}, { token: 'pm_1_nobody' }, { token: 'nonsense' }, { key: w.token(verb.scope) }]);
}

/** One request to `verb` by a world: what a program is asked, with a name that says what was declared. */
export function requestTo(verb, r, w, all) {
  const method = r.chance(0.015) ? r.pick(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'BREW', 'GET', 'POST']) : verb.method === 'GET' && r.chance(0.03) ? 'HEAD' : verb.method;
  const { body = '', type } = bodyOf(r, w, verb, all), { token, key } = tokenOf(r, w, verb);
  const known = [...w.tags.keys()];
  const target = verb.method === 'GET' && known.length && r.chance(0.1) ? r.pick(known) : targetOf(r, w, verb);
  const headers = headersOf(r, w, verb, target);
  return { name: verb.name, method, target, token, body, headers: { ...headers, ...(body && { 'Content-Type': type }), ...(key && { 'X-Api-Key': key }) } };
}

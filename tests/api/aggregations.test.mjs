// unique and weighted_sum over HTTP: any range equals a recount of the raw events and what
// `pennymeter calc aggregation` says of them, limits hold, and what is kept beside the roll-ups is proven.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { query, value } from '../lib/database.mjs';
import { DAY, HOUR, MILLION, MINUTE, floorTo, fromInstant, fromMicro, now, toInstant, toMicro } from '../lib/exact.mjs';
import { cases, randomness, seed } from '../lib/random.mjs';
import { within } from '../lib/recount.mjs';
import { build, repo, startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf } from '../lib/tenant.mjs';

const random = randomness(3);
const to = now();
const from = to - 34n * DAY;
const CUSTOMERS = 'active_customers';
const STORAGE = 'stored_gb';

const metrics = [
  { name: CUSTOMERS, unit: 'customer', aggregation: 'unique', field: 'customer_id' },
  { name: 'visitors', unit: 'visitor', aggregation: 'unique', field: 'who/what', window: 'day' },
  { name: STORAGE, alias: 'stored', unit: 'GB', aggregation: 'weighted_sum', signed: true },
  { name: 'api_calls', unit: 'call' },
];
const rate = (included, unit_amount) => ({ included, price: { model: 'per_unit', unit_amount } });
const metered = { code: 'metered', name: 'Metered', base_price: { month: 10, year: 100 },
  metrics: { [CUSTOMERS]: rate(5, '2'), [STORAGE]: rate(10, '0.08'), visitors: { policy: 'unlimited' }, api_calls: rate(1000, '0.01') } };
const capped = { code: 'capped', name: 'Capped', base_price: { month: 0, year: 0 }, next: 'metered',
  metrics: { [CUSTOMERS]: { policy: 'hard', included: 3 }, visitors: { policy: 'hard', included: 2 }, [STORAGE]: { policy: 'unlimited' } } };

let server;

/** Apply metrics and plans from a folder of their own. Throws as the command fails. */
function apply(declared, ...plans) {
  const folder = path.join(server.data, 'plans-of-the-test');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'metrics.json'), JSON.stringify({ metrics: declared }));
  for (const plan of plans) writeFileSync(path.join(folder, `${plan.code}.json`), JSON.stringify(plan));
  return server.pennymeter(['plan', 'apply', folder]);
}

const refused = (work) => {
  try { work(); } catch (error) { return error.stdout + error.stderr; }
  return assert.fail('it was not refused');
};

// ---- the recount ----

const distinct = (events) => BigInt(new Set(events.map((e) => e.value)).size) * MILLION;

const halfAway = (n, d) => (n < 0n ? -((-n * 2n + d) / (d * 2n)) : (n * 2n + d) / (d * 2n));

/** The integral of the running total of all events over [start, end), step by step. */
function area(events, start, end) {
  let [held, sum, last] = [0n, 0n, start];
  for (const e of [...events].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) {
    if (e.at >= end) break;
    if (e.at > start) {
      sum += held * (e.at - last);
      last = e.at;
    }
    held += e.quantity;
  }
  return { area: sum + held * (end - last), held };
}

const average = (events, start, end) => (end > start ? halfAway(area(events, start, end).area, end - start) : 0n);

const pieces = {
  [CUSTOMERS]: (events, start, end) => distinct(within(events, start, end)),
  [STORAGE]: average,
};

function recount(events, start, end, { metric, user } = {}) {
  return [CUSTOMERS, STORAGE].filter((name) => !metric || metric === name).flatMap((name) => {
    const mine = events.filter((e) => e.metric === name && (!user || e.user === user));
    const inside = within(mine, start, end).map((e) => e.at).sort((a, b) => (a < b ? -1 : 1));
    const total = pieces[name](mine, start, end);
    if (!inside.length && !total) return [];
    return [{ metric_name: name, total_quantity: fromMicro(total), event_count: String(inside.length),
      first_usage: inside.length ? fromInstant(inside[0]) : null, last_usage: inside.length ? fromInstant(inside.at(-1)) : null }];
  });
}

// ---- random events ----

/** Likely a boundary, or a microsecond beside one, or the instant of an event. */
function instant(events) {
  const at = from + random.big(to - from);
  const kind = random.below(8);
  if (kind < 2 && events.length) return random.pick(events).at + BigInt(kind);
  if (kind < 4) return floorTo(at, HOUR) + BigInt(random.below(3) - 1);
  if (kind < 6) return floorTo(at, DAY) + BigInt(random.below(3) - 1);
  return at;
}

function event(events) {
  const at = instant(events);
  const common = { at: at < from ? from : at, user: random.pick(['0', '7', '8']) };
  if (random.chance(0.5)) {
    const raw = random.pick([`c${random.below(60)}`, random.below(40), random.chance(0.5), 'ž/"\\ 中', '']);
    return { ...common, metric: CUSTOMERS, quantity: MILLION, raw, value: String(raw) };
  }
  const size = [1n, MILLION, 123_457n, 1n + random.big(10n ** 9n), 1n + random.big(10n ** 12n)][random.below(5)];
  return { ...common, metric: STORAGE, quantity: random.chance(0.45) ? -size : size };
}

const wire = (e) => ({ metric_name: e.metric === STORAGE && random.chance(0.3) ? 'stored' : e.metric, quantity: fromMicro(e.quantity),
  recorded_at: fromInstant(e.at), ...('raw' in e && { metadata: { other: 1, customer_id: e.raw } }) });

/** What `pennymeter calc aggregation` makes of the same events. */
function calc(questions) {
  const lines = questions.map(({ events, start, end, metric }) => JSON.stringify({
    aggregation: metric === STORAGE ? 'weighted_sum' : 'unique', recurring: metric === STORAGE, round: 6,
    window: { start: fromInstant(start), end: fromInstant(end) },
    events: events.filter((e) => e.metric === metric).map((e) => ({ at: fromInstant(e.at), value: metric === STORAGE ? fromMicro(e.quantity) : e.value })),
  }));
  const run = spawnSync(path.join(build, 'bin/pennymeter'), ['calc', 'aggregation'], { input: `${lines.join('\n')}\n`, encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.equal(run.status, 0, run.stdout.slice(0, 500) + run.stderr);
  return run.stdout.trim().split('\n').map((line) => fromMicro(toMicro(String(/"value":"?(-?[\d.]+)/.exec(line)[1]))));
}

async function compare(tenant, events, count) {
  const ranges = Array.from({ length: count }, () => {
    const [a, b] = [instant(events), instant(events)];
    return { start: a < b ? a : b, end: a < b ? b : a,
      metric: random.chance(0.3) ? random.pick([CUSTOMERS, STORAGE]) : undefined,
      user: random.chance(0.3) ? random.pick(['7', '8', '9']) : undefined };
  });
  await inParallel(4, ranges, async ({ start, end, metric, user }) => {
    const asked = new URLSearchParams({ start: fromInstant(start), end: fromInstant(end) });
    if (metric) asked.set('metric_name', metric);
    if (user) asked.set('user_id', user);
    const answer = await tenant.read(`/api/usage/summary?${asked}`);
    assert.deepEqual(answer.metrics, recount(events, start, end, { metric, user }), `seed ${seed}, ${asked}`);
  });
}

const line = async (tenant, metric, at) => {
  const { metrics: lines } = await tenant.read(`/api/usage/current-period${at === undefined ? '' : `?at=${fromInstant(at)}`}`);
  return lines.find((l) => l.metric_name === metric);
};
const proof = () => { // the command exits with 1 where it finds a difference
  try { return server.pennymeter(['check']).differences; } catch (error) { return [error.stdout + error.stderr]; }
};
const startDate = (days) => fromInstant(to - days * DAY).slice(0, 10);

before(async () => {
  server = await startServer({ procs: 4, env: { PENNYMETER_LATE_DAYS: '35' } });
  apply(metrics, metered, capped);
});
after(() => server?.stop());

// ---- any range ----

const shared = { events: [], tenant: null };

test('a summary of any range equals a recount, while more and later events come in', async () => {
  shared.tenant = tenantOf(server, { plan: 'metered', start: startDate(50n) });
  const users = { 0: shared.tenant, 7: shared.tenant.withToken({ user: 7 }), 8: shared.tenant.withToken({ user: 8 }) };
  const other = tenantOf(server, { plan: 'metered' });
  await other.load(Array.from({ length: 100 }, () => wire(event([])))); // a neighbour whose events must not count
  for (let round = 0; round < 3; round++) {
    const fresh = Array.from({ length: cases(300) }, () => event(shared.events));
    for (const user of ['0', '7', '8']) await users[user].load(fresh.filter((e) => e.user === user).map(wire));
    shared.events.push(...fresh);
    await compare(shared.tenant, shared.events, cases(250));
  }
});

test('ranges of nothing, one instant, one microsecond, edges and everything', async () => {
  const { tenant, events } = shared;
  const at = events[0].at;
  const [hour, day] = [floorTo(at, HOUR), floorTo(at, DAY)];
  const ranges = [[at, at], [at, at + 1n], [at - 1n, at], [hour, hour + HOUR], [day, day + DAY], [hour - 1n, hour + HOUR + 1n],
    [day - 1n, day + DAY - 1n], [day + 1n, day + DAY + 1n], [day + 1n, day + 2n], [from - 400n * DAY, from - 300n * DAY], [to + DAY, to + 900n * DAY]];
  for (const [start, end] of ranges) {
    const answer = await tenant.read(`/api/usage/summary?start=${fromInstant(start)}&end=${fromInstant(end)}`);
    assert.deepEqual(answer.metrics, recount(events, start, end), `${fromInstant(start)} to ${fromInstant(end)}`);
  }
});

test('`pennymeter calc aggregation` says the same of the same events', async () => {
  const { tenant, events } = shared;
  const questions = Array.from({ length: cases(60) }, () => {
    const [a, b] = [instant(events), instant(events) + 1n];
    return { events, start: a < b ? a : b, end: a < b ? b : a + 1n, metric: random.pick([CUSTOMERS, STORAGE]) };
  });
  const answers = calc(questions);
  await inParallel(4, questions, async ({ start, end, metric }, i) => {
    const { metrics: [found] } = await tenant.read(`/api/usage/summary?start=${fromInstant(start)}&end=${fromInstant(end)}&metric_name=${metric}`);
    assert.equal(found?.total_quantity ?? '0', answers[i], `seed ${seed}, ${metric}, ${fromInstant(start)} to ${fromInstant(end)}`);
  });
});

test('check finds no difference', () => assert.deepEqual(proof(), []));

test('the chart shows what each day came to', async () => {
  const { tenant, events } = shared;
  const { series } = await tenant.read('/api/usage/stats');
  for (const metric of [CUSTOMERS, STORAGE]) {
    const mine = events.filter((e) => e.metric === metric);
    const { values } = series.metrics.find((m) => m.metric_name === metric);
    series.dates.forEach((date, i) => {
      const day = toInstant(`${date}T00:00:00Z`);
      assert.equal(values[i], fromMicro(pieces[metric](mine, day, day + DAY)), `${metric} on ${date}`);
    });
  }
});

test('history sums up a range and names the day of its peak', async () => {
  const { tenant, events } = shared;
  for (const metric of [CUSTOMERS, STORAGE]) {
    const mine = events.filter((e) => e.metric === metric);
    const h = await tenant.read(`/api/usage/history?type=${metric}&days=30&end=${fromInstant(to)}`);
    const [start, end] = [toInstant(h.start), toInstant(h.end)];
    assert.equal(h.total, String(within(mine, start, end).length));
    assert.equal(h.summary.total, fromMicro(pieces[metric](mine, start, end)));
    let peak = null;
    for (let day = start; day < end; day += DAY) {
      const total = pieces[metric](mine, day, day + DAY < end ? day + DAY : end);
      if (total && (!peak || total > peak.total)) peak = { date: fromInstant(day).slice(0, 10), total };
    }
    assert.deepEqual(h.summary.peak_day, { date: peak.date, total: fromMicro(peak.total) }, metric);
  }
});

// ---- the running window ----

test('the current period counts each value once', async () => {
  const { tenant, events } = shared;
  const l = await line(tenant, CUSTOMERS);
  const mine = events.filter((e) => e.metric === CUSTOMERS);
  assert.equal(l.used, fromMicro(distinct(within(mine, toInstant(l.window_start), toInstant(l.window_end)))));
  assert.equal(l.projected, l.used);
});

test('a weighted sum has accrued up to the instant that is asked for, and is projected as it is held then', async () => {
  const { tenant, events } = shared;
  const mine = events.filter((e) => e.metric === STORAGE);
  const first = toInstant((await line(tenant, STORAGE)).window_start);
  const instants = [first, first + 1n, first + HOUR, first + 3n * DAY - 1n, ...Array.from({ length: 20 }, () => first + random.big(to - first))];
  for (const at of instants) {
    const l = await line(tenant, STORAGE, at);
    const [start, end] = [toInstant(l.window_start), toInstant(l.window_end)];
    const so_far = area(mine, start, at);
    const floored = (n) => (n > 0n ? fromMicro(halfAway(n, end - start)) : '0');
    assert.equal(l.used, floored(so_far.area), `used at ${fromInstant(at)}`);
    assert.equal(l.projected, floored(so_far.area + so_far.held * (end - at)), `projected at ${fromInstant(at)}`);
  }
});

test('a period that is over has accrued whole, at whichever of its instants it is asked for', async () => {
  const { tenant, events } = shared;
  const mine = events.filter((e) => e.metric === STORAGE);
  const current = toInstant((await line(tenant, STORAGE)).window_start);
  const whole = await line(tenant, STORAGE, current - 1n);
  const total = average(mine, toInstant(whole.window_start), current);
  assert.equal(toInstant(whole.window_end), current);
  assert.equal(whole.used, fromMicro(total > 0n ? total : 0n));
  assert.deepEqual(await line(tenant, STORAGE, current - 10n * DAY), whole);
});

test('a late event is answered with the use of the period that it lies in, which is over', async () => {
  const t = tenantOf(server, { plan: 'metered', start: startDate(40n) });
  const over = toInstant((await line(t, STORAGE)).window_start), start = toInstant((await line(t, STORAGE, over - 1n)).window_start);
  const at = over - 6n * DAY - 7n * MINUTE;
  const { json } = await t.use(STORAGE, 30, { recorded_at: fromInstant(at) });
  assert.equal(String(json.usage.used), fromMicro(halfAway(30n * MILLION * (over - at), over - start)));
});

test('overage and estimate charge averages and distinct values', async () => {
  const t = tenantOf(server, { plan: 'metered', start: startDate(20n) });
  const first = toInstant((await line(t, STORAGE)).window_start);
  await t.load([
    { metric_name: STORAGE, quantity: '300', recorded_at: fromInstant(first - DAY) }, // carried into the period
    { metric_name: STORAGE, quantity: '-100', recorded_at: fromInstant(first + 5n * DAY) },
    ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'a'].map((customer_id) => ({ metric_name: CUSTOMERS, quantity: 1, metadata: { customer_id } })),
  ]);
  const at = first + 10n * DAY;
  const length = toInstant((await line(t, STORAGE)).window_end) - first;
  const used = halfAway(5n * DAY * 300n * MILLION + 5n * DAY * 200n * MILLION, length);
  const { charges } = await t.read(`/api/usage/overage-charges?at=${fromInstant(at)}`);
  const [customers, storage] = [CUSTOMERS, STORAGE].map((name) => charges.find((c) => c.metric_name === name));
  assert.deepEqual([customers.used_quantity, customers.overage_quantity, customers.overage_amount], ['7', '2', '4.00']);
  assert.deepEqual([storage.used_quantity, storage.overage_quantity], [fromMicro(used), fromMicro(used - 10n * MILLION)]);
  const cents = halfAway((used - 10n * MILLION) * 8n, MILLION);
  assert.equal(storage.overage_amount, (Number(cents) / 100).toFixed(2));
  const estimate = await t.read(`/api/usage/billing-estimate?at=${fromInstant(at)}`);
  assert.equal(estimate.total_overage, ((Number(cents) + 400) / 100).toFixed(2));
});

test('the metrics say their field, null where they have none', async () => {
  const { metrics: listed } = await shared.tenant.read('/api/usage/metrics');
  const ours = listed.filter((m) => metrics.some(({ name }) => name === m.metric_name));
  assert.deepEqual(ours.map((m) => [m.metric_name, m.aggregation, m.field]),
    [[CUSTOMERS, 'unique', 'customer_id'], ['visitors', 'unique', 'who/what'], [STORAGE, 'weighted_sum', null], ['api_calls', 'sum', null]]);
});

// ---- limits and refusals ----

const bring = (t, customer_id, more = {}) => t.record({ metric_name: CUSTOMERS, quantity: 1, metadata: { customer_id }, ...more });

test('clients racing for the last value get exactly one 201', async () => {
  for (let round = 0; round < 5; round++) {
    const t = tenantOf(server, { plan: 'capped' });
    for (const id of ['one', 'two']) assert.equal((await bring(t, id)).status, 201);
    const replies = await inParallel(12, Array.from({ length: 12 }, (_, i) => `racer ${i}`), (id) => bring(t, id));
    assert.deepEqual(replies.map((r) => r.status).sort(), [201, ...Array(11).fill(403)]);
    isProblem(replies.find((r) => r.status === 403), 403, { code: 'limit-exceeded' });
    assert.equal((await line(t, CUSTOMERS)).used, '3');
  }
  assert.deepEqual(proof(), []);
});

test('clients racing with the same new value all get 201, and it counts once', async () => {
  const t = tenantOf(server, { plan: 'capped' });
  for (const id of ['one', 'two']) await bring(t, id);
  const replies = await inParallel(10, Array(10).fill('three'), (id) => bring(t, id));
  assert.ok(replies.every((r) => r.status === 201), replies.map((r) => r.status).join());
  assert.equal((await line(t, CUSTOMERS)).used, '3');
});

test('a value that was counted in the window is free at the limit; what is refused leaves nothing behind', async () => {
  const t = tenantOf(server, { plan: 'capped' });
  for (const id of ['one', 2, true]) assert.equal((await bring(t, id)).status, 201);
  for (const id of ['one', '2', 'true']) assert.equal((await bring(t, id)).json.usage.used, 3);
  isProblem(await bring(t, 'four'), 403, { code: 'limit-exceeded', pointer: '/quantity' });
  assert.equal(value(server.data, `SELECT COUNT(*) FROM usage_window_values WHERE tenant_id = ${t.tenant_id} AND value = 'four'`), 0);
  const asked = await t.read(`/api/usage/check?metric_name=${CUSTOMERS}`);
  assert.deepEqual([asked.can_proceed, asked.used, asked.remaining], [false, '3', '0']);
});

test('each window counts for itself: a late event belongs to its own', async () => {
  const t = tenantOf(server, { plan: 'capped', start: startDate(40n) });
  const see = (who, back) => t.record({ metric_name: 'visitors', quantity: 1, metadata: { 'who/what': who }, recorded_at: fromInstant(now() - back * DAY) });
  for (const day of [0n, 1n, 30n]) {
    assert.deepEqual([await see('a', day), await see('b', day), await see('c', day), await see('a', day)].map((r) => r.status), [201, 201, 403, 201]);
  }
  assert.deepEqual(proof(), []);
});

test('an exact repeat counts nothing', async () => {
  const t = tenantOf(server, { plan: 'metered' });
  const once = { metric_name: STORAGE, quantity: '5', idempotency_key: 'one', recorded_at: fromInstant(to - HOUR) };
  assert.equal((await t.record(once)).status, 201);
  const again = await t.record(once);
  assert.deepEqual([again.status, again.json.duplicate], [200, true]);
  assert.equal((await bring(t, 'x', { idempotency_key: 'two' })).status, 201);
  assert.deepEqual((await bring(t, 'x', { idempotency_key: 'two' })).json.usage.used, 1);
  const held = await t.read(`/api/usage/summary?start=${fromInstant(to)}&end=${fromInstant(to + DAY)}&metric_name=${STORAGE}`);
  assert.deepEqual(held.metrics, [{ metric_name: STORAGE, total_quantity: '5', event_count: '0', first_usage: null, last_usage: null }]);
});

test('an event without the field, or with what is no value there, is refused at the field', async () => {
  const t = tenantOf(server, { plan: 'metered' });
  for (const metadata of [undefined, {}, { customer: 1 }, { customer_id: null }, { customer_id: [1] }, { customer_id: {} }, { customer_id: 'x'.repeat(256) }]) {
    isProblem(await t.record({ metric_name: CUSTOMERS, quantity: 1, metadata }), 400, { pointer: '/metadata/customer_id' });
  }
  assert.equal((await bring(t, 'x'.repeat(255))).status, 201);
  isProblem(await t.record({ metric_name: 'visitors', quantity: 1 }), 400, { pointer: '/metadata/who~1what' });
  const cloud = await t.post('/api/v1/events', { specversion: '1.0', id: '1', source: 's', type: CUSTOMERS, data: { value: 1 } },
    { 'Content-Type': 'application/cloudevents+json' });
  isProblem(cloud, 400, { pointer: '/data/customer_id' });
  assert.equal((await line(t, CUSTOMERS)).used, '1');
});

test('check lets an average that is unlimited pass, whatever is held', async () => {
  const t = tenantOf(server, { plan: 'capped' });
  await t.use(STORAGE, 40);
  const answer = await t.read(`/api/usage/check?metric_name=stored&quantity=1000000`);
  assert.deepEqual([answer.can_proceed, answer.policy, answer.upgrade_url], [true, 'unlimited', null]);
});

test('a weighted sum refuses enforcement, event by event and in a plan', async () => {
  const t = tenantOf(server, { plan: 'metered' });
  isProblem(await t.record({ metric_name: STORAGE, quantity: 1, enforce: true }), 400, { pointer: '/enforce' });
  const hard = { ...metered, code: 'hard', metrics: { [STORAGE]: { policy: 'hard', included: 5 } } };
  assert.match(refused(() => apply(metrics, hard)), new RegExp(`hard\\.json: /metrics/${STORAGE}/policy`));
});

test('check asks where the period would end if so much more were held', async () => {
  const t = tenantOf(server, { plan: 'metered', start: startDate(0n) });
  const ask = async (quantity) => (await t.read(`/api/usage/check?metric_name=${STORAGE}&quantity=${quantity}`)).message;
  assert.match(await ask(9), /fits the limit/);
  assert.match(await ask(40), /is charged/);
  await t.use(STORAGE, 40);
  assert.match(await ask(-35), /fits the limit/);
});

test('a total that would not fit is refused, and nothing is kept of it', async () => {
  const t = tenantOf(server, { plan: 'capped' });
  const most = '9223372036854.775807';
  await t.use(STORAGE, most, { recorded_at: fromInstant(to - 3n * DAY) });
  isProblem(await t.record({ metric_name: STORAGE, quantity: '0.000001', recorded_at: fromInstant(to - 10n * DAY) }), 400, { pointer: '/quantity' });
  for (const days of [2n, 1n]) await t.use(STORAGE, `-${most}`, { recorded_at: fromInstant(to - days * DAY) });
  await t.use(STORAGE, most);
  assert.deepEqual(proof(), []);
});

// ---- alerts ----

test('alerts fire once each: for values as they come, for averages as they have accrued', async () => {
  const t = tenantOf(server, { plan: 'metered', start: startDate(20n) });
  const fired = (metric) => query(server.data, `SELECT threshold_percent AS t FROM usage_alerts WHERE tenant_id = ${t.tenant_id} AND metric = '${metric}' ORDER BY 1`).map((r) => r.t);
  for (const id of ['a', 'b', 'c', 'a', 'b']) await bring(t, id);
  assert.deepEqual(fired(CUSTOMERS), []);
  for (const id of ['d', 'd', 'e', 'a']) await bring(t, id);
  assert.deepEqual(fired(CUSTOMERS), [80, 90, 100]);
  const first = toInstant((await line(t, STORAGE)).window_start);
  await t.use(STORAGE, 1);
  assert.deepEqual(fired(STORAGE), []);
  await t.use(STORAGE, 1_000_000, { recorded_at: fromInstant(first) });
  assert.deepEqual(fired(STORAGE), [80, 90, 100, 110]);
  await t.use(STORAGE, 1);
  const { alerts } = await t.read('/api/usage/alerts');
  assert.deepEqual(alerts.map((a) => [a.metric_name, a.threshold_percent]), [[CUSTOMERS, '100'], [STORAGE, '110']]);
  assert.equal(value(server.data, `SELECT COUNT(*) FROM outbox WHERE tenant_id = ${t.tenant_id}`), 7);
});

// ---- declarations ----

test('a declaration that does not go together is refused at its member', () => {
  const wrong = [[{ aggregation: 'unique' }, 'field'], [{ aggregation: 'sum', field: 'x' }, 'field'], [{ aggregation: 'unique', field: '' }, 'field'],
    [{ aggregation: 'unique', field: 'x'.repeat(65) }, 'field'], [{ aggregation: 'unique', field: 'x', signed: true }, 'signed'],
    [{ aggregation: 'weighted_sum', field: 'x' }, 'field'], [{ aggregation: 'weighted' }, 'aggregation']];
  for (const [more, member] of wrong) assert.match(refused(() => apply([{ name: 'odd', ...more }])), new RegExp(`metrics\\.json: /metrics/0/${member}`));
});

test('a metric with events does not become unique or weighted_sum, nor count another field', async () => {
  await tenantOf(server, { plan: 'metered' }).use('api_calls', 1);
  const declare = (name, more) => metrics.map((m) => (m.name === name ? { ...m, ...more } : m));
  for (const [name, more] of [['api_calls', { aggregation: 'weighted_sum' }], ['api_calls', { aggregation: 'unique', field: 'x' }], [CUSTOMERS, { field: 'other' }]]) {
    assert.match(refused(() => apply(declare(name, more))), /metrics\.json: \/metrics\/\d\/aggregation.*has events/s, name);
  }
  apply([...metrics, { name: 'fresh', aggregation: 'sum' }]);
  apply([...metrics, { name: 'fresh', aggregation: 'weighted_sum' }]); // it has none
});

test('balances are made anew when a window changes, and when unique becomes count', async () => {
  const t = tenantOf(server, { plan: 'metered', start: startDate(20n) });
  for (const id of ['a', 'b', 'a']) await bring(t, id);
  const declare = (more) => apply([{ ...metrics[0], ...more }, ...metrics.slice(1)]);
  declare({ window: 'month' });
  assert.deepEqual([(await line(t, CUSTOMERS)).used, proof()], ['2', []]);
  assert.equal((await bring(t, 'b')).json.usage.used, 2);
  declare({ aggregation: 'count', field: undefined });
  assert.deepEqual([(await line(t, CUSTOMERS)).used, proof()], ['4', []]);
  declare({ aggregation: 'sum', field: undefined });
});

test('plans/metrics.schema.json knows the aggregations and the field', () => {
  const { items } = JSON.parse(readFileSync(path.join(repo, 'plans/metrics.schema.json'), 'utf8')).properties.metrics;
  assert.deepEqual(items.properties.aggregation.enum, ['sum', 'count', 'max', 'min', 'latest', 'unique', 'weighted_sum']);
  assert.ok(items.properties.field);
});

// ---- what is kept is proven ----

test('check finds whatever was changed beside the roll-ups', async () => {
  apply([...metrics.slice(1), { ...metrics[0], name: 'fresh_customers' }]);
  const t = tenantOf(server, { plan: 'capped', start: startDate(40n) });
  const record = (quantity, at, more) => t.use(more ? 'fresh_customers' : STORAGE, quantity, { recorded_at: fromInstant(at), ...(more && { metadata: more }) });
  for (const [back, q] of [[3n * DAY, 5], [DAY, 7], [2n * DAY + 90n * MINUTE, -1]]) await record(q, to - back);
  for (const id of ['a', 'b']) await record(1, to - DAY, { customer_id: id });
  assert.deepEqual(proof(), []);
  const mine = `tenant_id = ${t.tenant_id}`;
  const harms = [
    `DELETE FROM usage_samples WHERE ${mine} AND value = 'a'`,
    `UPDATE usage_samples SET quantity = quantity + 1 WHERE ${mine} AND value IS NULL`,
    `UPDATE usage_samples SET value = 'c' WHERE ${mine} AND value = 'a'`,
    ['usage_samples', 'usage_values', 'usage_window_values'].map((name) => `UPDATE ${name} SET value = 'c' WHERE ${mine} AND value = 'a';`).join(''), // all alike, but not what was sent
    `UPDATE usage_events SET metadata = '{"customer_id":"c"}' WHERE ${mine} AND metadata LIKE '%"a"%'`,
    `DELETE FROM usage_values WHERE ${mine} AND width = ${HOUR} AND value = 'b'`,
    `UPDATE usage_values SET value = 'z' WHERE ${mine} AND width = ${DAY} AND value = 'b'`,
    `DELETE FROM usage_window_values WHERE ${mine} AND value = 'a'`,
    `INSERT INTO usage_window_values VALUES (${t.tenant_id}, 'fresh_customers', 1, 2, 'stray')`,
    `UPDATE usage_balances SET distinct_values = 9 WHERE ${mine} AND metric = 'fresh_customers'`,
    `UPDATE usage_moments SET moment = '1' WHERE ${mine} AND width = ${HOUR}`,
    `UPDATE usage_moments SET moment = 'x' WHERE ${mine} AND width = ${DAY}`,
    `UPDATE usage_moments SET quantity_sum = 1 WHERE ${mine} AND width = ${DAY}`,
    `DELETE FROM usage_moments WHERE ${mine} AND width = ${HOUR}`,
    `UPDATE usage_levels SET closing = closing + 1 WHERE ${mine} AND user_id = -1`,
    `DELETE FROM usage_levels WHERE ${mine} AND user_id = 0`,
  ];
  const tables = ['usage_samples', 'usage_values', 'usage_window_values', 'usage_moments', 'usage_levels', 'usage_balances', 'usage_events'];
  query(server.data, tables.map((name) => `CREATE TABLE saved_${name} AS SELECT * FROM ${name};`).join(''));
  for (const harm of harms) {
    query(server.data, harm);
    assert.ok(proof().length > 0, harm);
    query(server.data, tables.map((name) => `DELETE FROM ${name}; INSERT INTO ${name} SELECT * FROM saved_${name};`).join(''));
  }
  server.pennymeter(['check', '--accept']); // pages that sqlite3 itself brought into the file
  assert.deepEqual(proof(), []);
});

// A summary over any range equals a recount of the raw events. Events and ranges lie where
// roll-ups could go wrong: on hours and days, a microsecond beside them, at one instant.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY, HOUR, floorTo, fromInstant, fromMicro, now } from '../lib/exact.mjs';
import { value } from '../lib/database.mjs';
import { cases, randomness, seed } from '../lib/random.mjs';
import { summary } from '../lib/recount.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, tenantOf } from '../lib/tenant.mjs';

const random = randomness();
const to = now();
const from = to - 34n * DAY;
const names = { quotes_generated: 'quote_generated', api_calls: 'api_call', storage_gb: 'storage_gb', leads_created: 'lead_created', team_members: 'team_members' };
const aggregation = { team_members: 'max' };
const events = [];

let server, tenant, users;

/** An instant that is likely to be a boundary, or a microsecond beside one, or that of an event. */
function instant() {
  const at = from + random.big(to - from);
  const kind = random.below(8);
  if (kind === 0 && events.length) return random.pick(events).at;
  if (kind === 1 && events.length) return random.pick(events).at + 1n;
  if (kind < 4) return floorTo(at, HOUR) + BigInt(random.below(3) - 1);
  if (kind < 6) return floorTo(at, DAY) + BigInt(random.below(3) - 1);
  return at;
}

function quantity(metric) {
  const size = [1n, 1_000_000n, 123_456n, 999_999n, 1n + random.big(10n ** 12n)][random.below(5)];
  return metric === 'storage_gb' && random.chance(0.4) ? -size : size;
}

function event() {
  const metric = random.pick(Object.keys(names));
  let at = instant();
  if (at < from) at = from;
  return { metric, sent: random.chance(0.3) ? names[metric] : metric, quantity: quantity(metric), at, user: random.pick(['0', '7', '8']) };
}

const wire = (e) => ({ metric_name: e.sent, quantity: random.chance(0.5) ? fromMicro(e.quantity) : Number(fromMicro(e.quantity)), recorded_at: fromInstant(e.at) });

/** Ask for random ranges and compare each answer with the recount. */
async function compare(count) {
  const ranges = Array.from({ length: count }, () => {
    const [a, b] = [instant(), instant()];
    return { start: a < b ? a : b, end: a < b ? b : a,
      metric: random.chance(0.3) ? random.pick(Object.keys(names)) : undefined,
      user: random.chance(0.3) ? random.pick(['7', '8', '9']) : undefined };
  });
  await inParallel(6, ranges, async ({ start, end, metric, user }) => {
    const query = new URLSearchParams({ start: fromInstant(start), end: fromInstant(end) });
    if (metric) query.set('metric_name', random.chance(0.5) ? names[metric] : metric);
    if (user) query.set('user_id', user);
    const answer = await tenant.read(`/api/usage/summary?${query}`);
    assert.deepEqual(answer, {
      tenant_id: String(tenant.tenant_id), user_id: user ?? null,
      period: { start: fromInstant(start), end: fromInstant(end) },
      metrics: summary(events, start, end, { metric, user, aggregation }),
    }, `seed ${seed}, ${query}`);
  });
}

before(async () => {
  server = await startServer({ procs: 2, env: { PENNYMETER_LATE_DAYS: '35' } });
  tenant = tenantOf(server, { plan: 'enterprise', start: '2026-01-31' });
  const other = tenantOf(server, { plan: 'enterprise' });
  users = { 0: tenant, 7: tenant.withToken({ user: 7 }), 8: tenant.withToken({ user: 8 }) };
  await other.load(Array.from({ length: 200 }, () => wire(event()))); // a neighbour whose events must not count
});
after(() => server?.stop());

test('over thousands of random ranges, while more and later events come in', async () => {
  const rounds = 3;
  for (let round = 0; round < rounds; round++) {
    const fresh = Array.from({ length: cases(900) }, event);
    for (const user of ['0', '7', '8']) {
      const of = fresh.filter((e) => e.user === user);
      await users[user].load(of.map(wire));
    }
    events.push(...fresh);
    await compare(cases(1000));
  }
  assert.equal(Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`)), events.length);
});

test('over ranges of nothing, one instant, one microsecond and everything', async () => {
  const at = events[0].at;
  for (const [start, end] of [[at, at], [at, at + 1n], [at - 1n, at], [from - DAY, to + DAY], [to + DAY, to + 2n * DAY],
    [floorTo(at, HOUR), floorTo(at, HOUR) + HOUR], [floorTo(at, DAY), floorTo(at, DAY) + DAY]]) {
    const answer = await tenant.read(`/api/usage/summary?start=${fromInstant(start)}&end=${fromInstant(end)}`);
    assert.deepEqual(answer.metrics, summary(events, start, end, { aggregation }));
  }
  const whole = await tenant.read('/api/usage/summary?start=0001-01-01&end=9999-12-31');
  assert.deepEqual(whole.metrics, summary(events, 0n, to + DAY, { aggregation }));
});

/** Where the running period (from each 31st, or the month's last day), month and day begin, and the ones before. */
function windowStarts() {
  const today = new Date(Number(to / 1000n)), [year, month] = [today.getUTCFullYear(), today.getUTCMonth()];
  const date = (...parts) => new Date(Date.UTC(...parts)).toISOString().slice(0, 10);
  return [date(year, month, 0), date(year, month, 1), date(year, month, today.getUTCDate()), date(year, month - 1, 0), date(year, month - 1, 1)];
}

test('from where a period, a month or a day begins, wherever the range ends in it', async () => {
  const begins = [...windowStarts(), ...Array.from({ length: 5 }, () => fromInstant(floorTo(instant(), DAY)).slice(0, 10))];
  const ends = Array.from({ length: 30 }, instant).concat(events.slice(0, 10).flatMap(({ at }) => [at, at + 1n]), to + DAY);
  for (const begin of begins) {
    const start = BigInt(Date.parse(begin)) * 1000n;
    for (const end of ends.filter((at) => at >= start)) {
      const answer = await tenant.read(`/api/usage/summary?start=${begin}&end=${fromInstant(end)}`);
      assert.deepEqual(answer.metrics, summary(events, start, end, { aggregation }), `seed ${seed}, ${begin} to ${fromInstant(end)}`);
    }
  }
});

test('a date alone starts a range at its first instant and ends one at its last', async () => {
  const day = floorTo(to - 10n * DAY, DAY);
  const [first, last] = [fromInstant(day).slice(0, 10), fromInstant(day + 2n * DAY).slice(0, 10)];
  const answer = await tenant.read(`/api/usage/summary?start=${first}&end=${last}`);
  assert.deepEqual(answer.period, { start: fromInstant(day), end: fromInstant(day + 3n * DAY) });
  assert.deepEqual(answer.metrics, summary(events, day, day + 3n * DAY, { aggregation }));
});

test('instants with an offset mean the same as in UTC', async () => {
  const start = floorTo(to - 5n * DAY, DAY);
  const local = fromInstant(start + 5n * HOUR + 30n * 60_000_000n).replace('Z', '+05:30');
  const answer = await tenant.read(`/api/usage/summary?start=${encodeURIComponent(local)}&end=${fromInstant(to)}`);
  assert.equal(answer.period.start, fromInstant(start));
});

test('events of one transaction and of many add up the same: check finds no difference', () => {
  assert.deepEqual(server.pennymeter(['check']).differences, []);
});

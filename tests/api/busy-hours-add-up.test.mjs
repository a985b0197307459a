// Hours that a range cuts: their roll-ups are taken whole where all of a row lies inside, and events are counted
// where it does not. Many users and metrics share few hours; ranges begin and end at their events and beside them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DAY, HOUR, floorTo, fromInstant, fromMicro, now } from '../lib/exact.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { cases, randomness, seed } from '../lib/random.mjs';
import { byInstant, summary, total, within } from '../lib/recount.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, tenantOf } from '../lib/tenant.mjs';

const random = randomness(29);
const aggregation = { seats: 'latest', peak: 'max', floor_price: 'min', calls: 'count', flow: 'sum', held: 'sum' };
const names = Object.keys(aggregation), users = ['0', '7', '8'];
const day = floorTo(now() - 3n * DAY, DAY);
const hours = [day - HOUR, day, day + HOUR, day + 2n * HOUR, day + 9n * HOUR, day + 23n * HOUR, day + DAY];
const events = [], taken = new Set();

let server, tenant, speakers;

/** At an hour's first or last microsecond, beside another event, or anywhere in it; instants differ, so that order is plain. */
function instant() {
  const hour = random.pick(hours);
  const kind = random.below(6), near = events.length ? random.pick(events).at : hour;
  let at = [hour, hour + HOUR - 1n, near + 1n, near - 1n][kind] ?? hour + random.big(HOUR);
  while (taken.has(at)) at += 1n;
  taken.add(at);
  return at;
}

function event() {
  const metric = random.pick(names), size = 1n + random.big(100_000_000n);
  return { metric, user: random.pick(users), quantity: metric === 'held' && random.chance(0.4) ? -size : size, at: instant() };
}

const wire = (e) => ({ metric_name: e.metric, quantity: fromMicro(e.quantity), recorded_at: fromInstant(e.at) });

async function add(count) {
  const fresh = Array.from({ length: count }, event);
  for (const user of users) await speakers[user].load(random.shuffle(fresh.filter((e) => e.user === user)).map(wire));
  events.push(...fresh);
}

/** Where a range may begin or end: at an event, right after one, on an hour, beside it. */
function edge() {
  const { at } = random.pick(events), hour = random.pick(hours);
  return random.pick([at, at + 1n, at - 1n, hour, hour + HOUR, hour + random.big(HOUR), floorTo(at, DAY)]);
}

before(async () => {
  server = await startServer({ procs: 2 });
  const empty = (code) => ({ code, name: code, base_price: { month: 0, year: 0 }, metrics: {} });
  applyPlans(server, {
    'metrics.json': { metrics: names.map((name) => ({ name, unit: 'unit', aggregation: aggregation[name], signed: name === 'held' })) },
    'free.json': empty('free'), 'starter.json': empty('starter'), 'enterprise.json': empty('enterprise'),
    'professional.json': { ...empty('custom'), metrics: Object.fromEntries(names.map((name) => [name, { policy: 'unlimited' }])) },
  });
  tenant = tenantOf(server, { plan: 'custom' });
  speakers = { 0: tenant, 7: tenant.withToken({ user: 7 }), 8: tenant.withToken({ user: 8 }) };
  await tenantOf(server, { plan: 'custom' }).load(Array.from({ length: 60 }, () => wire(event()))); // a neighbour
});
after(() => server?.stop());

async function compareSummaries(count) {
  await inParallel(6, Array.from({ length: count }), async () => {
    const [a, b] = [edge(), edge()], [start, end] = a < b ? [a, b] : [b, a];
    const metric = random.chance(0.3) ? random.pick(names) : undefined, user = random.chance(0.3) ? random.pick(['7', '8']) : undefined;
    const query = new URLSearchParams({ start: fromInstant(start), end: fromInstant(end), ...(metric && { metric_name: metric }), ...(user && { user_id: user }) });
    const answer = await tenant.read(`/api/usage/summary?${query}`);
    assert.deepEqual(answer.metrics, summary(events, start, end, { metric, user, aggregation }), `seed ${seed}, ${query}`);
  });
}

/** A signed sum may be below 0; what else is used is not. */
const value = (list, type) => (!list.length ? 0n : type ? total(byInstant(list), aggregation[type]) : BigInt(list.length) * 1_000_000n);

const shown = (e) => [e.metric, fromMicro(e.quantity), fromInstant(e.at)];
const answered = (e) => [e.metric_name, e.quantity, e.recorded_at];

async function compareHistories(count) {
  await inParallel(6, Array.from({ length: count }), async () => {
    const end = edge(), type = random.chance(0.5) ? random.pick(names) : undefined;
    const start = floorTo(end - 1n, DAY) - 6n * DAY;
    const chosen = byInstant(within(events, start, end).filter((e) => !type || e.metric === type)).reverse();
    const per = random.pick([1, 10, 100]), page = 1 + random.below(Math.ceil(chosen.length / per) + 1);
    const query = new URLSearchParams({ days: '7', per_page: String(per), page: String(page), end: fromInstant(end), ...(type && { type }) });
    const answer = await tenant.read(`/api/usage/history?${query}`), said = `seed ${seed}, ${query}`;
    assert.equal(answer.total, String(chosen.length), said);
    assert.deepEqual(answer.events.map(answered), chosen.slice((page - 1) * per, page * per).map(shown), said);
    assert.equal(answer.summary.total, fromMicro(value(chosen, type)), said);
    assert.equal(answer.summary.previous_total, '0', said);
    const byDay = [...new Set(chosen.map((e) => floorTo(e.at, DAY)))].map((d) => value(within(chosen, d, d + DAY), type));
    const peak = byDay.reduce((max, v) => (max === null || v > max ? v : max), null);
    assert.equal(answer.summary.peak_day?.total ?? null, peak === null ? null : fromMicro(peak), said);
  });
}

async function compareCursors(count) {
  await inParallel(6, Array.from({ length: count }), async () => {
    const end = edge(), type = random.pick(names), limit = random.pick([3, 40]), seen = [];
    for (let after = ''; after !== null;) {
      const answer = await tenant.read(`/api/usage/history?days=7&type=${type}&limit=${limit}&end=${fromInstant(end)}${after && `&after=${after}`}`);
      seen.push(...answer.events.map(answered));
      after = answer.next;
    }
    const start = floorTo(end - 1n, DAY) - 6n * DAY;
    assert.deepEqual(seen, byInstant(within(events, start, end).filter((e) => e.metric === type)).reverse().map(shown), `seed ${seed}, ${type} before ${fromInstant(end)}`);
  });
}

describe('against a recount, and again when late events have come in', () => {
  for (const [round, count] of [[1, 40], [2, 400], [3, 400]]) {
    test(`summaries, pages and cursors, round ${round}`, async () => {
      await add(cases(count));
      await compareSummaries(cases(400));
      await compareHistories(cases(250));
      await compareCursors(cases(25));
    });
  }
});

test('roll-ups and events agree', () => {
  assert.deepEqual(server.pennymeter(['check']).differences, []);
});

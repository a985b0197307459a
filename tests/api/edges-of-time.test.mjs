// What happens at one microsecond: at a clock that is told, so that each edge is met and not only neared.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { DAY, HOUR, MILLION, MINUTE, fromInstant, toInstant } from '../lib/exact.mjs';
import { openStore } from '../lib/three-stores.mjs';
import { toldClock } from '../lib/told-clock.mjs';
import { folders } from '../lib/worlds.mjs';

const NOW = toInstant('2026-03-31T21:59:59.999999Z'); // a microsecond before April in Berlin

let clock, store;
before(async () => {
  clock = toldClock();
  clock.tell(NOW - 40n * DAY);
  store = await openStore(process.env.PENNYMETER_TEST_STORE || 'sqlite', undefined, clock.env);
  const made = folders();
  const applied = await store.run(['plan', 'apply', made[0]]);
  made.forEach((folder) => rmSync(folder, { recursive: true }));
  assert.equal(applied.status, 0, applied.head);
});
after(async () => {
  await store?.close();
  clock?.end();
});

async function tenantOf(options = {}) {
  const flags = Object.entries({ name: 'Acme', plan: 'starter', start: '2026-02-15', ...options }).filter(([, v]) => v).flatMap(([k, v]) => [`--${k}`, v]);
  const added = await store.run(['tenant', 'add', ...flags]), { token } = JSON.parse(added.text);
  const ask = async (at, method, target, body) => {
    clock.tell(at);
    const reply = await store.ask(method, target, { token, body: body && JSON.stringify(body) });
    return { ...reply, json: reply.text ? JSON.parse(reply.text) : null };
  };
  const record = (at, recorded_at, more = {}) => ask(at, 'POST', '/api/usage/record', { metric_name: 'quotes_generated', quantity: 1, ...more, ...(recorded_at && { recorded_at: fromInstant(recorded_at) }) });
  return { record, get: async (at, target) => (await ask(at, 'GET', target)).json };
}

test('an event may lie 35 days back to the microsecond, and 5 minutes ahead', async () => {
  const { record } = await tenantOf();
  const statuses = [];
  for (const at of [NOW - 35n * DAY, NOW - 35n * DAY - 1n, NOW + 5n * MINUTE, NOW + 5n * MINUTE + 1n]) statuses.push((await record(NOW, at)).status);
  assert.deepEqual(statuses, [201, 400, 201, 400]);
});

test("a month ends at midnight of the tenant's zone: an instant before it the limit is used up, at it there is room", async () => {
  const { record, get } = await tenantOf({ timezone: 'Europe/Berlin' });
  const leads = { metric_name: 'leads_created', quantity: 500 };
  const statuses = [];
  for (const at of [NOW - 1n, NOW, NOW + 1n, NOW + 2n]) statuses.push((await record(at, null, leads)).status);
  assert.deepEqual(statuses, [201, 403, 201, 403]);
  const { metrics } = await get(NOW + 3n, '/api/usage/current-period');
  assert.equal(metrics.find((m) => m.metric_name === 'leads_created').window_start, fromInstant(NOW + 1n));
});

test("without a plan the period is the month of the tenant's zone", async () => {
  const { get } = await tenantOf({ plan: '', start: '', timezone: 'America/New_York' });
  const march = { start: '2026-03-01T05:00:00Z', end: '2026-04-01T04:00:00Z' };
  assert.deepEqual((await get(toInstant(march.end) - 1n, '/api/usage/current-period')).period, march);
  assert.equal((await get(toInstant(march.end), '/api/usage/current-period')).period.start, march.end);
});

test('a period holds its first instant, and not that of the next', async () => {
  const { record, get } = await tenantOf();
  const start = toInstant('2026-03-15T00:00:00Z'), end = toInstant('2026-04-15T00:00:00Z');
  for (const [at, quantity] of [[start - 1n, 1], [start, 10], [end - 1n, 100], [end, 1000]]) await record(at, null, { quantity });
  const used = async (at) => (await get(end, `/api/usage/current-period?at=${fromInstant(at)}`)).metrics.find((m) => m.metric_name === 'quotes_generated').used;
  assert.deepEqual([await used(start - 1n), await used(start), await used(end - 1n), await used(end)], [1, 110, 110, 1000]);
});

test("a projection stands still for an hour, and an alert fires at its threshold's last unit", async () => {
  const { record, get } = await tenantOf();
  const hour = toInstant('2026-03-20T10:00:00Z');
  assert.equal((await record(hour, null, { quantity: 79.999999 })).json.usage.level, 'warning');
  const line = async (at) => (await get(at, '/api/usage/current-period')).metrics.find((m) => m.metric_name === 'quotes_generated');
  const alerts = async (at) => (await get(at, '/api/usage/alerts')).alerts.map((a) => a.threshold_percent);
  const [one, other, next] = [await line(hour), await line(hour + HOUR - 1n), await line(hour + HOUR)];
  assert.equal(one.projected, other.projected);
  assert.notEqual(one.projected, next.projected);
  assert.deepEqual(await alerts(hour + HOUR), []);
  await record(hour + HOUR, null, { quantity: 0.000001 });
  assert.deepEqual(await alerts(hour + HOUR + MILLION), [80]);
});

test('what can be taken away again is not projected: it stands where it is', async () => {
  const { record, get } = await tenantOf();
  const third = toInstant('2026-03-25T00:00:00Z');
  await record(third, null, { metric_name: 'storage_gb', quantity: 12 });
  await record(third, null, { quantity: 12 });
  const { metrics } = await get(third, '/api/usage/current-period');
  const projected = (metric) => metrics.find((m) => m.metric_name === metric).projected;
  assert.deepEqual([projected('storage_gb'), projected('quotes_generated')], [12, 37]); // × 31 days / 10 days
});

test('of one instant the number decides, not the order: a clock that was set back leaves roll-ups equal to their events', async () => {
  const { record } = await tenantOf({ start: '2026-03-01' });
  const at = toInstant('2026-03-20T10:00:00Z');
  for (const [back, quantity] of [[0n, 5], [7000n, 3], [-7000n, 4], [14_000n, 2]]) {
    assert.equal((await record(NOW - back, at, { quantity })).status, 201);
  }
  clock.tell(NOW + HOUR);
  const checked = await store.run(['check']);
  assert.equal(checked.status, 0, checked.text);
});

test('what accrues stands still for a minute, so that polls within it are answered by 304', async () => {
  const { record, get } = await tenantOf({ plan: 'mixed' });
  const minute = toInstant('2026-03-20T10:07:00Z');
  await record(minute - HOUR, null, { metric_name: 'disk', quantity: 1000 });
  const used = async (at) => (await get(at, '/api/usage/current-period')).metrics.find((m) => m.metric_name === 'disk').used;
  const [one, other, next] = [await used(minute), await used(minute + MINUTE - 1n), await used(minute + MINUTE)];
  assert.ok(one > 0);
  assert.equal(one, other);
  assert.ok(next > other);
  const asked = await get(minute + 30n * MILLION, `/api/usage/current-period?at=${fromInstant(minute + 20n * MILLION)}`);
  assert.ok(asked.metrics.find((m) => m.metric_name === 'disk').used > one, 'an instant that is asked for is that instant');
});

// A summary is that of one user, and of the asked instants, also where balances or roll-ups hold more than that.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY, HOUR, floorTo, fromInstant, now, toInstant } from '../lib/exact.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => {
  server = await startServer();
  applyPlans(server, { 'metrics.json': (old) => ({ metrics: [...old.metrics, { name: 'seats', aggregation: 'latest' }] }) });
});
after(() => server?.stop());

const totals = async (tenant, query = '') => (await tenant.read(`/api/usage/summary${query}`)).metrics.map((m) => m.total_quantity);

test("of the running period one user's summary is that user's alone", async () => {
  const tenant = tenantOf(server), seven = tenant.withToken({ user: 7 });
  await tenant.use('quotes_generated', 5);
  await seven.use('quotes_generated', 3);
  assert.deepEqual(await totals(tenant), ['8']);
  assert.deepEqual(await totals(tenant, '?user_id=7'), ['3']);
  assert.deepEqual(await totals(tenant, '?user_id=7&metric_name=quote_generated'), ['3']);
  assert.deepEqual(await totals(tenant, '?user_id=8'), []);
});

test('a range that begins with the window ends before the instant of its last event, and starts with that of its first', async () => {
  const tenant = tenantOf(server, { start: fromInstant(now() - 3n * DAY).slice(0, 10) });
  const { start } = (await tenant.read('/api/usage/current-period')).period;
  const first = toInstant(start), last = first + 7_200_000_001n;
  await tenant.load([[first, 1], [last, 10]].map(([at, quantity]) => ({ metric_name: 'quotes_generated', quantity, recorded_at: fromInstant(at) })));
  const range = (from, to) => totals(tenant, `?start=${fromInstant(from)}&end=${fromInstant(to)}`);
  assert.deepEqual(await range(first, last), ['1']);
  assert.deepEqual(await range(first, last + 1n), ['11']);
  assert.deepEqual(await range(first + 1n, last + 1n), ['10']);
  assert.deepEqual(await range(first, first), []);
});

test("within an hour one user's latest is found before the range's end, whatever others recorded between", async () => {
  const tenant = tenantOf(server), [seven, eight] = [7, 8].map((user) => tenant.withToken({ user }));
  const hour = floorTo(now(), HOUR) - 2n * HOUR, at = (seconds) => hour + BigInt(seconds) * 1_000_000n;
  for (const [who, seconds, quantity] of [[seven, 10, 4], [eight, 20, 9], [eight, 40, 6], [seven, 50, 5]]) {
    await who.use('seats', quantity, { recorded_at: fromInstant(at(seconds)) });
  }
  const latest = (until, user) => totals(tenant, `?metric_name=seats&start=${fromInstant(hour - DAY)}&end=${fromInstant(at(until))}${user ? `&user_id=${user}` : ''}`);
  assert.deepEqual([await latest(30, 7), await latest(30, 8), await latest(30), await latest(45), await latest(60)], [['4'], ['9'], ['9'], ['6'], ['5']]);
  assert.deepEqual([await latest(10, 7), await latest(20, 8)], [[], []]);
});

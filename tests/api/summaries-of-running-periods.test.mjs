// A summary that could be read off the balances of a running period is still that of one user, and of the asked instants.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fromInstant, now, toInstant } from '../lib/exact.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => { server = await startServer(); });
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
  const tenant = tenantOf(server, { start: fromInstant(now() - 3n * 86_400_000_000n).slice(0, 10) });
  const { start } = (await tenant.read('/api/usage/current-period')).period;
  const first = toInstant(start), last = first + 7_200_000_001n;
  await tenant.load([[first, 1], [last, 10]].map(([at, quantity]) => ({ metric_name: 'quotes_generated', quantity, recorded_at: fromInstant(at) })));
  const range = (from, to) => totals(tenant, `?start=${fromInstant(from)}&end=${fromInstant(to)}`);
  assert.deepEqual(await range(first, last), ['1']);
  assert.deepEqual(await range(first, last + 1n), ['11']);
  assert.deepEqual(await range(first + 1n, last + 1n), ['10']);
  assert.deepEqual(await range(first, first), []);
});

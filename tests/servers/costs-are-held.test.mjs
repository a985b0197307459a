// What a request costs is held, route by route: SQL queries, syncs, statements prepared. No time is measured.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { costsOf } from '../lib/counts.mjs';
import { exampleOf, programOf, routes } from '../lib/examples.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

const LOOKUP = 1; // who calls, and by which plan
const EVENT = 6;  // its key, the balance, the event, hour and day, the balance again

/** Queries of the example of each route at the most, and the syncs. A request to a new route wants a row here. */
const held = {
  'GET /api/health': { queries: 1, syncs: 0 },
  'POST /api/plans/preview': { queries: 2, syncs: 0 },
  'GET /api/usage/alerts': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/usage/billing-estimate': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/usage/check': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/usage/current-period': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/usage/history': { queries: LOOKUP + 8, syncs: 0 }, // of a page within two hours and two days
  'GET /api/usage/metrics': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/usage/overage-charges': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/usage/stats': { queries: LOOKUP + 4, syncs: 0 },
  'GET /api/usage/summary': { queries: LOOKUP + 1, syncs: 0 },
  'POST /api/events': { queries: LOOKUP + EVENT, syncs: 1 },
  'POST /api/usage/record': { queries: LOOKUP + EVENT, syncs: 1 },
  'POST /api/usage/batch': { queries: LOOKUP + 10 * EVENT, syncs: 1 }, // of ten events
};

let server, tenant;

before(async () => {
  server = await startServer();
  tenant = tenantOf(server, { plan: 'starter' });
  const metrics = ['api_calls', 'quotes_generated', 'storage_gb'];
  await tenant.load(Array.from({ length: 3000 }, (_, i) => ({ metric_name: metrics[i % 3], quantity: 1, recorded_at: new Date(Date.now() - i * 60_000).toISOString() })));
});
after(() => server?.stop());

test('each route has its costs written down', () => {
  assert.deepEqual(Object.keys(held).sort(), routes().sort());
});

for (const [route, most] of Object.entries(held)) {
  test(`${route}: ${most.queries} queries, ${most.syncs} syncs, and nothing prepared anew`, async () => {
    const make = (n) => ({ token: tenant.token, ...exampleOf(route, n, programOf(route)) });
    for (const [n, cost] of (await costsOf(server.data, programOf(route), make)).entries()) {
      assert.ok(cost.queries <= most.queries, `request ${n}: ${cost.queries} queries`);
      assert.ok(cost.syncs <= most.syncs, `request ${n}: ${cost.syncs} syncs`);
      assert.equal(cost.prepares, 0, `request ${n} prepared ${cost.prepares} statements`);
    }
  });
}

test('a repeated key costs no more than a new one', async () => {
  const example = exampleOf('POST /api/usage/record', 1, 'again');
  const make = (n) => ({ token: tenant.token, ...example, status: n ? 200 : 201 });
  for (const cost of await costsOf(server.data, 'usage-record', make)) assert.ok(cost.syncs <= 1 && cost.queries <= LOOKUP + EVENT);
});

test('the library does count: what is refused without a token asks the store nothing', async () => {
  const make = () => ({ method: 'GET', target: '/api/usage/summary', status: 401 });
  for (const cost of await costsOf(server.data, 'usage-summary', make)) assert.deepEqual({ ...cost, allocations: 0 }, { queries: 0, transactions: 0, prepares: 0, syncs: 0, allocations: 0 });
  const [one] = await costsOf(server.data, 'usage-record', (n) => ({ token: tenant.token, ...exampleOf('POST /api/usage/record', n, 'seen') }), { calls: 1 });
  assert.ok(one.queries > LOOKUP && one.syncs === 1 && one.allocations > 0, JSON.stringify(one));
});

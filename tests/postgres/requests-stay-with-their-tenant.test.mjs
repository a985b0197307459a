// Where tables are spread by tenant, a request touches its own tenant's partitions and no other, by PostgreSQL's
// own count of scans and changes: whole transactions, with what functions in the database do on their own.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cgi } from '../lib/cgi.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { startServer } from '../lib/server.mjs';
import { json, tenantOf } from '../lib/tenant.mjs';

let server, cluster, database, tenants;
const rows = (sql) => cluster.rows(database, sql);
before(async () => {
  server = await startServer({ store: 'partitioned' });
  ({ cluster, name: database } = server.store);
  applyPlans(server, {
    'metrics.json': (m) => ({ metrics: [...m.metrics, { name: 'callers', aggregation: 'unique', field: 'caller' }, { name: 'disk', aggregation: 'weighted_sum' }] }),
  });
  tenants = Array.from({ length: 4 }, () => tenantOf(server, { plan: 'starter' }));
});
after(() => server?.stop());

/** Partitions, by their number, that were read or changed since the counts were set to nothing. */
function touched() {
  const used = rows(`SELECT relname FROM pg_stat_user_tables
    WHERE relname ~ '_p[0-9]+$' AND COALESCE(seq_scan, 0) + COALESCE(idx_scan, 0) + n_tup_ins + n_tup_upd + n_tup_del > 0`);
  return { tables: used.map((r) => r.relname), numbers: [...new Set(used.map((r) => /\d+$/.exec(r.relname)[0]))] };
}

const own = (tenant) => /\d+$/.exec(rows(`SELECT tableoid::regclass::text AS part FROM tenants WHERE tenant_id = ${tenant.tenant_id}`)[0].part)[0];

const events = [
  { metric_name: 'api_calls', quantity: 3 }, { metric_name: 'quotes_generated', quantity: 1 },
  { metric_name: 'callers', quantity: 1, metadata: { caller: 'a' } }, { metric_name: 'disk', quantity: 2 },
];
const reads = ['alerts', 'billing-estimate', 'check?metric_name=api_calls&quantity=1', 'current-period', 'history', 'history?limit=2',
  'metrics', 'overage-charges', 'stats', 'summary', 'summary?metric_name=disk', 'summary?metric_name=callers'];

/** Each request by a process of its own, which hands its counts in when it ends. */
function ask(tenant, mode) {
  const call = (name, method, target, body, headers = {}) => {
    const reply = cgi(server.data, name, method, target, { token: tenant.token, body: body && json(body), headers });
    assert.ok(reply.status === 200 || reply.status === 201, `${target}: ${reply.text}`);
  };
  for (const event of events) call('usage-record', 'POST', '/api/usage/record', event, { 'Idempotency-Key': `${event.metric_name}-${mode}` });
  call('usage-batch', 'POST', '/api/usage/batch', events);
  for (const target of reads) call('usage', 'GET', `/api/usage/${target}`);
}

for (const mode of ['auto', 'force_custom_plan', 'force_generic_plan']) {
  describe(`with plan_cache_mode = ${mode}`, () => {
    before(() => cluster.command(`ALTER DATABASE ${database} SET plan_cache_mode = ${mode}`));

    test('all that a tenant asks for stays in its partitions', () => {
      for (const tenant of tenants) {
        cluster.asAdmin(database, 'SELECT pg_stat_reset()');
        ask(tenant, mode);
        const { tables, numbers } = touched();
        assert.deepEqual(numbers, [own(tenant)], tables.join(' '));
        assert.ok(tables.length > 8, `${tables.length} tables were used`);
      }
    });
  });
}

test('the tenants do lie in several partitions, and a look at all of them is seen', () => {
  assert.ok(new Set(tenants.map(own)).size > 1);
  cluster.asAdmin(database, 'SELECT pg_stat_reset()');
  rows('SELECT COUNT(*) FROM usage_events');
  assert.equal(touched().numbers.length, 8);
});

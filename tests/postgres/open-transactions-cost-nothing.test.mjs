// While another's transaction is open (a pg_dump, say) PostgreSQL keeps every version of every row. What a record costs
// does not grow with them: it reads as many pages after thousands of records as after the first.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

const RECORDS = 1500;
const HOUR = 1_790_000_000_000_000n / 3_600_000_000n * 3_600_000_000n;

/** A call as record_call.c makes it, of one event. */
const call = (tenant, number) => `usage_record(${tenant}, (SELECT t.generation + c.generation FROM tenants t, catalog c WHERE t.tenant_id = ${tenant}), 0, jsonb_build_array(jsonb_build_object(
  'recorded_at', ${HOUR}, 'event', ${number}, 'metric', 'api_calls', 'quantity', 1000000, 'user_id', 0, 'fingerprint', '', 'aggregation', 'sum',
  'window_start', ${HOUR}, 'window_end', ${HOUR + 3_600_000_000n}, 'included', 1000000000, 'refuse', false, 'now', ${HOUR})))`;

let server, cluster, database, session;
before(async () => {
  server = await startServer({ store: process.env.PENNYMETER_TEST_STORE === 'partitioned' ? 'partitioned' : 'postgres' });
  ({ cluster, name: database } = server.store);
  session = cluster.hold(database);
});
after(async () => {
  await session?.end();
  await server?.stop();
});

/** Pages that one call touches. */
function pages(tenant, number) {
  const [{ 'QUERY PLAN': [{ Plan: plan }] }] = JSON.parse(`[{"QUERY PLAN":${cluster.psql(database, `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM ${call(tenant, number)}`)}}]`);
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}
/** The same in a session of its own each time: what a session learns first is paid by all. */
const least = (tenant, from) => Math.min(...[0, 1, 2].map((i) => pages(tenant, from + i)));

test(`${RECORDS} records beside a transaction that stays open: the last costs what the first did`, { timeout: 120_000 }, async () => {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  const other = tenantOf(server, { plan: 'enterprise' });
  await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT COUNT(*) FROM tenants');
  cluster.psql(database, `DO $$ BEGIN FOR i IN 1 .. 20 LOOP PERFORM ${call(tenant.tenant_id, 'i')}; COMMIT; END LOOP; END $$`);
  const first = least(tenant.tenant_id, 1_000_000);
  cluster.psql(database, `DO $$ BEGIN FOR i IN 101 .. ${100 + RECORDS} LOOP PERFORM ${call(tenant.tenant_id, 'i')}; COMMIT; END LOOP; END $$`);
  const last = least(tenant.tenant_id, 2_000_000);
  assert.ok(last < first + 60, `${first} pages at first, ${last} after ${RECORDS} records`);
  await other.use('api_calls', 1);
  assert.deepEqual(cluster.rows(database, `SELECT quantity_sum, event_count FROM usage_hours WHERE tenant_id = ${tenant.tenant_id}`),
    [{ quantity_sum: (RECORDS + 26) * 1_000_000, event_count: RECORDS + 26 }], 'and each is counted once');
});

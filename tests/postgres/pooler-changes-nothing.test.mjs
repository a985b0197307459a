// Through PgBouncer in transaction mode, where each transaction may run on another connection: all counts are exact.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { query, value } from '../lib/database.mjs';
import { startPgbouncer, sharedPostgres } from '../lib/postgres.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf } from '../lib/tenant.mjs';

let bouncer, server;
before(async () => {
  bouncer = await startPgbouncer(await sharedPostgres(), { pool: 3 });
  server = await startServer({ store: 'postgres', through: bouncer, procs: 5 });
});
after(async () => {
  await server?.stop();
  await bouncer?.stop();
});

const count = (table, tenant) => Number(value(server.data, `SELECT COUNT(*) FROM ${table} WHERE tenant_id = ${tenant.tenant_id}`));
const used = async (tenant, metric) => (await tenant.read(`/api/usage/summary?metric_name=${metric}`)).metrics[0].total_quantity;
const proven = () => assert.deepEqual(server.pennymeter(['check']).differences, []);

test('events of many clients, over more processes than connections, are each counted once', async () => {
  const tenants = [tenantOf(server, { plan: 'enterprise' }), tenantOf(server, { plan: 'enterprise' })];
  const replies = await inParallel(16, Array.from({ length: 400 }, (_, i) => i), async (i) => {
    const tenant = tenants[i % 2];
    const reply = i % 5 ? await tenant.record({ metric_name: 'api_calls', quantity: 1 }) : await tenant.get('/api/usage/summary?metric_name=api_calls');
    return [i, reply.status];
  });
  assert.deepEqual(replies.filter(([i, status]) => status !== (i % 5 ? 201 : 200)), []);
  for (const tenant of tenants) {
    assert.equal(count('usage_events', tenant), 160);
    assert.equal(await used(tenant, 'api_calls'), '160');
  }
  proven();
});

test('a key that many send at once counts once', async () => {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  const keys = Array.from({ length: 120 }, (_, i) => `key-${i % 20}`);
  const replies = await inParallel(16, keys, (key) => tenant.record({ metric_name: 'api_calls', quantity: 3 }, { 'Idempotency-Key': key }));
  assert.equal(replies.filter((r) => r.status === 201).length, 20);
  assert.ok(replies.every((r) => r.status === 201 || r.status === 200));
  assert.equal(new Set(replies.map((r) => r.json.id)).size, 20);
  assert.equal(await used(tenant, 'api_calls'), '60');
  proven();
});

test('a limit is filled to its last unit and not passed', async () => {
  const tenant = tenantOf(server, { plan: 'starter' }); // 500 leads
  const replies = await inParallel(16, Array.from({ length: 60 }, (_, i) => i), () => tenant.record({ metric_name: 'leads_created', quantity: 10 }));
  assert.equal(replies.filter((r) => r.status === 201).length, 50);
  for (const reply of replies.filter((r) => r.status !== 201)) isProblem(reply, 403, { code: 'limit-exceeded' });
  assert.equal(await used(tenant, 'leads_created'), '500');
  proven();
});

test('batches, with events that are refused among good ones, count as they answer', async () => {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  const batch = (k) => Array.from({ length: 50 }, (_, i) => ({ metric_name: i === 7 ? 'no_such_metric' : 'api_calls', quantity: 1, idempotency_key: i < 25 ? `${k % 2}-${i}` : undefined }));
  const replies = await inParallel(6, [0, 1, 2, 3, 4, 5], (k) => tenant.batch(batch(k)));
  for (const reply of replies) assert.deepEqual([reply.status, reply.json.rejected.length], [200, 1], reply.text);
  const inserted = replies.reduce((sum, r) => sum + r.json.inserted, 0);
  assert.equal(inserted, 2 * 24 + 6 * 25);
  assert.equal(await used(tenant, 'api_calls'), String(inserted));
  proven();
});

test('pooler and server are asked by name: all went through few connections', () => {
  const rows = query(server.data, "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'pennymeter%'");
  assert.ok(rows[0].n <= 3, `${rows[0].n} connections`);
  const { findings } = server.pennymeter(['doctor']);
  assert.ok(findings.some((f) => /pooler/.test(f.detail)), JSON.stringify(findings));
});

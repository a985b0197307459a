// The PostgreSQL server is restarted under load, in order and by a crash: every 201 is there once, the
// functions answer again by themselves, and meanwhile they say 503 and when to come back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { query } from '../lib/database.mjs';
import { startLoad } from '../lib/load.mjs';
import { startPgbouncer, startPostgres } from '../lib/postgres.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, json, tenantOf, until } from '../lib/tenant.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(300);

let cluster, bouncer;
before(async () => {
  cluster = await startPostgres();
  bouncer = await startPgbouncer(cluster);
});
after(async () => {
  await bouncer?.stop();
  await cluster?.stop();
});

const event = (n) => ({ metric_name: ['quotes_generated', 'api_calls', 'storage_gb'][n % 3], quantity: (n % 7) + 1, resource_id: `r-${n}`, metadata: { n } });
const stored = (server, tenant) => new Map(query(server.data, `SELECT resource_id, COUNT(*) AS n FROM usage_events WHERE tenant_id = ${tenant.tenant_id} GROUP BY resource_id`).map((r) => [r.resource_id, r.n]));
const isAway = (reply) => {
  isProblem(reply, 503);
  assert.match(reply.headers['retry-after'] ?? '', /^[1-9]\d*$/, 'it says when to come back');
  assert.doesNotMatch(reply.text, /postgres|127\.0\.0\.1|libpq|SELECT/i);
};

/** Stop the server, look at what is answered, and start it again, each time after some more were acknowledged. */
async function restartUnderLoad(server, tenant, load) {
  const acknowledged = () => load.attempts.filter((a) => a.status === 201).length;
  for (const mode of ['fast', 'immediate', 'fast', 'immediate']) {
    const goal = acknowledged() + 60;
    await until(() => acknowledged() >= goal);
    cluster.stopServer(mode);
    try {
      isAway(await server.request('GET', '/api/health'));
      isAway(await tenant.get('/api/usage/stats'));
      isAway(await tenant.record({ metric_name: 'api_calls', quantity: 1, resource_id: 'never' }));
    } finally {
      cluster.startServer();
    }
  }
  const goal = acknowledged() + 60;
  await until(() => acknowledged() >= goal);
}

async function survives(server) {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  for (const target of ['/api/health', '/api/usage/stats']) assert.equal((await tenant.get(target)).status, 200);
  await tenant.use('api_calls', 1);
  const pids = server.pids();
  const load = startLoad(tenant, event, { width: 8, keyed: (n) => n % 2 === 0 });
  try {
    await restartUnderLoad(server, tenant, load);
  } finally {
    await load.stop();
  }
  const { attempts } = load;
  const alive = server.pids();
  assert.ok(pids.every((pid) => alive.includes(pid)), 'no function was restarted');
  assert.deepEqual([...new Set(attempts.map((a) => a.status))].sort(), [201, 503]);
  assert.ok(attempts.filter((a) => a.status === 503).every((a) => JSON.parse(a.text).status === 503));

  const counts = stored(server, tenant);
  for (const a of attempts.filter((a) => a.status === 201)) assert.equal(counts.get(a.event.resource_id), 1, `${json(a.event)} was acknowledged`);
  for (const [resource, n] of counts) assert.equal(n, 1, `${resource} is there ${n} times`);
  assert.ok(!counts.has('never'));
  const denied = attempts.filter((a) => a.status === 503 && /nothing was changed/i.test(a.text) && counts.has(a.event.resource_id));
  assert.deepEqual(denied.map((a) => a.text), [], 'what an answer says was not recorded is not there');
  assert.deepEqual(server.pennymeter(['check']).differences, []);

  // Sent again with its key, each counts once in the end.
  const unsure = attempts.filter((a) => a.key && a.status !== 201);
  const replies = await inParallel(8, unsure, (a) => tenant.record(a.event, { 'Idempotency-Key': a.key }));
  for (const [i, reply] of replies.entries()) assert.equal(reply.status, counts.has(unsure[i].event.resource_id) ? 200 : 201, reply.text);
  const after = stored(server, tenant);
  for (const a of attempts.filter((a) => a.key)) assert.equal(after.get(a.event.resource_id), 1);
  assert.deepEqual(server.pennymeter(['check']).differences, []);
}

for (const [name, options] of [['directly', () => ({})], ['through a pooler that stays', () => ({ through: bouncer })]]) {
  test(`every acknowledged event is there once, with the server reached ${name}`, { timeout: 120_000 }, async () => {
    const server = await startServer({ store: 'postgres', cluster, procs: 3, ...options() });
    try {
      await survives(server);
    } finally {
      await server.stop();
    }
  });
}

test('functions whose connections are ended by the administrator answer at once', async () => {
  const server = await startServer({ store: 'postgres', cluster, procs: 3 });
  try {
    const tenant = tenantOf(server, { plan: 'enterprise' });
    for (let i = 1; i <= 10; i++) {
      cluster.command(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${server.store.name}'`);
      await tenant.use('api_calls', 1);
      assert.equal((await tenant.read('/api/usage/summary?metric_name=api_calls')).metrics[0].total_quantity, String(i));
    }
  } finally {
    await server.stop();
  }
});

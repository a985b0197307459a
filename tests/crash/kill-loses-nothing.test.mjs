// kill -9 of every function process at random under load, 20 times: every 201 is in the database once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { query, value } from '../lib/database.mjs';
import { cases, randomness } from '../lib/random.mjs';
import { startLoad } from '../lib/load.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, json, tenantOf, until } from '../lib/tenant.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(240);

const random = randomness(20);
const kills = cases(20);

let server;
before(async () => { server = await startServer({ procs: 4 }); });
after(() => server?.stop());

/** To look for them takes so long that nothing is under way any more: requests are, when the time has come. */
async function killAll() {
  const pids = server.pids();
  await sleep(1 + random.below(8));
  for (const pid of random.shuffle(pids)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      assert.equal(error.code, 'ESRCH');
    }
  }
}

const recovered = () => until(async () => (await server.request('GET', '/api/health').catch(() => null))?.status === 200);

/** Kill all, again and again, each time after some more were acknowledged. */
async function killUnderLoad(load) {
  const acknowledged = () => load.attempts.filter((a) => a.status === 201).length;
  for (let i = 0; i < kills; i++) {
    const goal = acknowledged() + 5 + random.below(40);
    await until(() => acknowledged() >= goal); // it works again
    await until(() => random.chance(0.3));
    await killAll();
  }
  await recovered();
}

const stored = (tenant) => query(server.data, `SELECT resource_id, COUNT(*) AS n, CAST(SUM(quantity) AS TEXT) AS q FROM usage_events WHERE tenant_id = ${tenant.tenant_id} GROUP BY resource_id`);

test('every acknowledged event is there once, keyed or not; what was not can be sent again', async () => {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  const event = (n) => ({ metric_name: ['quotes_generated', 'api_calls', 'storage_gb'][n % 3], quantity: (n % 7) + 1, resource_id: `r-${n}`, metadata: { n } });
  const load = startLoad(tenant, event, { width: 12, keyed: (n) => n % 2 === 0 });
  await killUnderLoad(load);
  const attempts = await load.stop();
  const counts = new Map(stored(tenant).map((row) => [row.resource_id, row.n]));
  const of = (status) => attempts.filter((a) => a.status === status);
  assert.ok(of(201).length > kills * 5, `${of(201).length} acknowledged`);
  assert.ok(of(201).length < attempts.length, 'the kills were felt');
  for (const a of of(201)) assert.equal(counts.get(a.event.resource_id), 1, `${json(a.event)} was acknowledged`);
  for (const [resource, n] of counts) assert.equal(n, 1, `${resource} is there ${n} times`);
  assert.deepEqual([...new Set(attempts.map((a) => a.status))].filter((s) => ![0, 201, 500, 503].includes(s)), []);
  assert.equal(server.pennymeter(['check']).ok, true);

  // Sent again with its key, each counts once in the end.
  const unsure = attempts.filter((a) => a.key && a.status !== 201);
  const replies = await inParallel(8, unsure, (a) => tenant.record(a.event, { 'Idempotency-Key': a.key }));
  for (const [i, reply] of replies.entries()) assert.equal(reply.status, counts.has(unsure[i].event.resource_id) ? 200 : 201, reply.text);
  const keyed = attempts.filter((a) => a.key);
  const after = new Map(stored(tenant).map((row) => [row.resource_id, row.n]));
  for (const a of keyed) assert.equal(after.get(a.event.resource_id), 1);
  assert.equal(server.pennymeter(['check']).ok, true);
});

test('a hard limit is neither passed nor lost: what was refused is not there, what is there fits', async () => {
  const tenant = tenantOf(server, { plan: 'starter' }); // 500 leads
  const load = startLoad(tenant, (n) => ({ metric_name: 'leads_created', quantity: 0.5, resource_id: `r-${n}` }), { width: 12, keyed: () => false });
  for (let i = 0; i < 8; i++) {
    const goal = load.attempts.length + 100 + random.below(60);
    await until(() => load.attempts.length >= goal);
    await killAll();
  }
  await recovered();
  await until(() => load.attempts.some((a) => a.status === 403));
  const attempts = await load.stop();
  const there = new Set(stored(tenant).map((row) => row.resource_id));
  assert.equal(there.size, 1000, 'exactly full');
  for (const a of attempts) {
    if (a.status === 201) assert.ok(there.has(a.event.resource_id), 'acknowledged and there');
    if (a.status === 403) assert.ok(!there.has(a.event.resource_id), 'refused and not there');
  }
  assert.equal(server.pennymeter(['check']).ok, true);
});

test('a batch is there whole or not at all', async () => {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  const sent = [];
  let running = true;
  const client = async () => {
    while (running) {
      const batch = { name: `b-${sent.length}`, status: 0 };
      sent.push(batch);
      try {
        batch.status = (await tenant.batch(Array.from({ length: 60 }, (_, i) => ({ metric_name: 'api_calls', quantity: i + 1, resource_id: batch.name })))).status;
      } catch { /* not acknowledged */ }
    }
  };
  const clients = Array.from({ length: 4 }, client);
  for (let i = 0; i < 6; i++) {
    const goal = sent.filter((b) => b.status === 200).length + 3;
    await until(() => sent.filter((b) => b.status === 200).length >= goal);
    await killAll();
  }
  running = false;
  await Promise.all(clients);
  await recovered();
  const counts = new Map(stored(tenant).map((row) => [row.resource_id, row.n]));
  for (const n of counts.values()) assert.equal(n, 60);
  for (const b of sent) if (b.status === 200) assert.equal(counts.get(b.name), 60);
  assert.equal(server.pennymeter(['check']).ok, true);
});

test('the database is sound, and no process of the dead is left waiting', async () => {
  assert.equal(value(server.data, 'PRAGMA integrity_check'), 'ok');
  assert.equal((await server.request('GET', '/api/health')).status, 200);
  const tenant = tenantOf(server);
  await Promise.all(Array.from({ length: 40 }, () => tenant.use('quotes_generated', 1)));
});

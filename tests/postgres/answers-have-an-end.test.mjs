// A server that does not answer costs each request a bounded time: a stopped backend, postmaster or pooler, one that
// accepts and says nothing, a network that loses every packet. What was not acknowledged may be there once, never twice.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { value } from '../lib/database.mjs';
import { startLossy } from '../lib/lossy.mjs';
import { startPgbouncer, startPostgres } from '../lib/postgres.mjs';
import { build, startServer } from '../lib/server.mjs';
import { isProblem, tenantOf, until } from '../lib/tenant.mjs';

/** What a request may cost in the end: an answer that does not come is waited for 5 seconds, a connection 6. */
const BOUND = 16;
const one = { metric_name: 'api_calls', quantity: 1 };

let cluster;
before(async () => { cluster = await startPostgres(); });
after(() => cluster?.stop());

/** The answer, and the seconds that it took. */
async function timed(send) {
  const began = Date.now();
  const reply = await send();
  return { reply, seconds: (Date.now() - began) / 1000 };
}
async function bounded(send, most = BOUND) {
  const { reply, seconds } = await timed(send);
  assert.ok(seconds < most, `${seconds} s`);
  return reply;
}
const count = (server, tenant) => Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`));
const backends = (server) => cluster.rows('postgres', `SELECT pid FROM pg_stat_activity WHERE datname = '${server.store.name}' AND application_name LIKE 'pennymeter%'`).map((r) => r.pid);

/** Send the signal to these, and let them go on at the end, whatever comes. */
async function stopped(pids, work) {
  assert.ok(pids.length > 0, 'there is something to stop');
  pids.forEach((pid) => process.kill(pid, 'SIGSTOP'));
  try {
    return await work();
  } finally {
    for (const pid of pids) try { process.kill(pid, 'SIGCONT'); } catch { /* it has ended */ }
  }
}

/** Every key that was sent is there once in the end, whatever was answered; and all adds up. */
async function settled(server, tenant, keys) {
  await until(() => tenant.get('/api/usage/stats').then((r) => r.status === 200));
  for (const key of keys) assert.ok([200, 201].includes((await tenant.record(one, { 'Idempotency-Key': key })).status), key);
  assert.equal(count(server, tenant), keys.length + 1);
  assert.deepEqual(server.pennymeter(['check']).differences, []);
}

/** A server through something that is brought to a standstill by `still(work)`. */
async function throughWhatStops(options, still) {
  const server = await startServer({ store: 'postgres', cluster, ...options });
  try {
    const tenant = tenantOf(server, { plan: 'enterprise' });
    await tenant.use('api_calls', 1);
    await tenant.read('/api/usage/stats');
    await still(async () => {
      const [written, batch, read, health] = await Promise.all([
        bounded(() => tenant.record(one, { 'Idempotency-Key': 'a' })),
        bounded(() => tenant.batch([{ ...one, idempotency_key: 'b' }])),
        bounded(() => tenant.get('/api/usage/stats')),
        bounded(() => tenant.get('/api/health')),
      ]);
      for (const reply of [written, batch, read]) assert.equal(reply.status, 503, reply.text);
      assert.ok([200, 503].includes(health.status), health.text);
      isProblem(await bounded(() => tenant.record(one, { 'Idempotency-Key': 'a' })), 503);
    });
    await until(() => tenant.get('/api/usage/stats').then((r) => r.status === 200));
    for (const send of [() => tenant.record(one, { 'Idempotency-Key': 'a' }), () => tenant.batch([{ ...one, idempotency_key: 'b' }])])
      assert.ok([200, 201].includes((await send()).status));
    assert.equal(count(server, tenant), 3);
    assert.deepEqual(server.pennymeter(['check']).differences, []);
  } finally {
    await server.stop();
  }
}

test('a postmaster that is stopped with all its backends', { timeout: 90_000 }, async () => {
  await throughWhatStops({}, (work) => {
    const all = spawnSync('pgrep', ['-P', String(cluster.pid())], { encoding: 'utf8' }).stdout.trim().split('\n').map(Number);
    return stopped([cluster.pid(), ...all], work);
  });
});

describe('what stops answers', () => {
  describe('one function that writes, one that reads', () => {
    let server, tenant;
    before(async () => {
      server = await startServer({ store: 'postgres', cluster });
      tenant = tenantOf(server, { plan: 'enterprise' });
      await tenant.use('api_calls', 1);
      await tenant.read('/api/usage/stats');
    });
    after(() => server?.stop());

    test('a stopped backend: a record is told to be unknown, a read to be tried again; the next go on though it is stopped still', { timeout: 90_000 }, async () => {
      await stopped(backends(server), async () => {
        const [written, read] = await Promise.all([
          bounded(() => tenant.record(one, { 'Idempotency-Key': 'a' }), 8),
          bounded(() => tenant.get('/api/usage/stats'), 8),
        ]);
        isProblem(written, 503, { code: 'outcome-unknown' });
        assert.equal(read.status, 503, read.text);
        assert.equal((await bounded(() => tenant.record(one, { 'Idempotency-Key': 'b' }))).status, 201);
        assert.equal((await bounded(() => tenant.get('/api/usage/stats'))).status, 200);
      });
      await settled(server, tenant, ['a', 'b']);
    });
  });

  describe('writers that share calls', () => {
    test('whose backends are all stopped are all answered, and go on through others', { timeout: 90_000 }, async () => {
      const server = await startServer({ store: 'postgres', cluster, procs: 3 });
      try {
        const tenant = tenantOf(server, { plan: 'enterprise' });
        await tenant.use('api_calls', 1);
        await Promise.all(Array.from({ length: 6 }, () => tenant.get('/api/health')));
        const keys = Array.from({ length: 12 }, (_, i) => `k-${i}`);
        await Promise.all(keys.slice(0, 6).map((key) => tenant.record(one, { 'Idempotency-Key': key })));
        await stopped(backends(server), async () => {
          const replies = await Promise.all(keys.slice(6).map((key) => bounded(() => tenant.record(one, { 'Idempotency-Key': key }), 30)));
          for (const reply of replies) assert.ok(reply.status === 201 || reply.status === 503, reply.text);
          assert.ok(replies.some((reply) => reply.status === 503), 'somebody met what was stopped');
          const other = tenantOf(server, { plan: 'enterprise' });
          await until(async () => (await bounded(() => other.record(one), 30)).status === 201);
        });
        await settled(server, tenant, keys);
      } finally {
        await server.stop();
      }
    });
  });

  test('a network that loses every packet', { timeout: 90_000 }, async () => {
    const way = await startLossy(cluster);
    try {
      await throughWhatStops({ functionsThrough: way }, async (work) => {
        way.freeze();
        try { await work(); } finally { way.thaw(); }
      });
    } finally {
      await way.stop();
    }
  });

  test('a pooler that is stopped', { timeout: 90_000 }, async () => {
    const bouncer = await startPgbouncer(cluster);
    try {
      await throughWhatStops({ functionsThrough: bouncer }, (work) => stopped([bouncer.pid()], work));
    } finally {
      await bouncer.stop();
    }
  });

  describe('a server that accepts and says nothing', () => {
    let mute, server;
    before(async () => {
      server = await startServer({ store: 'postgres', cluster });
      mute = net.createServer((socket) => socket.on('error', () => {}));
      await new Promise((resolve) => { mute.listen(0, '127.0.0.1', resolve); });
    });
    after(async () => {
      mute?.close();
      await server?.stop();
    });

    for (const hosts of [1, 3]) {
      test(`${hosts} of them in the address: a command fails in time, and says why`, { timeout: 60_000 }, () => {
        const list = Array.from({ length: hosts }, () => `127.0.0.1:${mute.address().port}`).join();
        const began = Date.now();
        const r = spawnSync(path.join(build, 'bin/pennymeter'), ['tenant', 'list'],
          { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: server.data, PENNYMETER_STORE: `postgresql://u@${list}/x` } });
        assert.equal(r.status, 1, r.stderr);
        assert.match(r.stderr, /the server did not answer in time/);
        assert.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`);
      });
    }
  });

  test('a send that the other side never takes has an end too', { timeout: 90_000 }, async () => {
    const server = await startServer({ store: 'postgres', cluster });
    try {
      const tenant = tenantOf(server, { plan: 'enterprise' });
      await tenant.use('api_calls', 1);
      const metadata = { text: 'x'.repeat(4000) };
      const batch = Array.from({ length: 900 }, (_, i) => ({ ...one, metadata, idempotency_key: `b-${i}` }));
      assert.equal((await tenant.batch(batch.slice(0, 1))).status, 200);
      await stopped(backends(server), async () => {
        isProblem(await bounded(() => tenant.batch(batch.slice(1))), 503, { code: 'outcome-unknown' });
      });
      const reply = await until(() => tenant.batch(batch).then((r) => r.status === 200 && r));
      assert.equal(reply.json.inserted + reply.json.duplicates, 900);
      assert.equal(count(server, tenant), 901);
      assert.deepEqual(server.pennymeter(['check']).differences, []);
    } finally {
      await server.stop();
    }
  });
});

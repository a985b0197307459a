// A full disk loses no acknowledged event and half-writes none; with room again, all goes on by itself.
// The data folder lies on a small file system in memory, which only root may mount: elsewhere, `unshare -rm` (tests/run crash).

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, statfsSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { query, value } from '../lib/database.mjs';
import { startLoad } from '../lib/load.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf, until } from '../lib/tenant.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(240);

const skip = process.getuid() === 0 ? false : 'NOT TRIED: mounting a small file system takes root, or `unshare -rm node --test …`';
let disk, server, mounted;

before(async () => {
  if (skip) return;
  disk = mkdtempSync(path.join(os.tmpdir(), 'pm-disk-'));
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'pennymeter-test', disk], { encoding: 'utf8' });
  assert.equal(mount.status, 0, mount.stderr);
  mounted = true;
  const { TMPDIR } = process.env;
  process.env.TMPDIR = disk;
  try {
    server = await startServer({ procs: 2 });
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
});

after(async () => {
  await server?.stop();
  if (mounted) spawnSync('umount', ['-l', disk]);
  if (disk) rmdirSync(disk);
});

const filler = () => path.join(disk, 'filler');
const free = () => { const { bavail, bsize } = statfsSync(disk); return bavail * bsize; };

/** Take what is free, up to some bytes. */
function fill(rest) {
  const file = openSync(filler(), 'w');
  const block = Buffer.alloc(4096, 'x');
  try {
    while (free() > rest) writeSync(file, block);
  } catch (error) {
    assert.equal(error.code, 'ENOSPC');
  }
  closeSync(file);
}

const stored = (tenant) => new Map(query(server.data, `SELECT resource_id, COUNT(*) AS n FROM usage_events WHERE tenant_id = ${tenant.tenant_id} GROUP BY resource_id`).map((r) => [r.resource_id, r.n]));

for (const rest of [0, 4096, 20_000, 300_000]) {
  test(`with ${rest} bytes left`, { skip }, async () => {
    const tenant = tenantOf(server, { plan: 'enterprise' });
    const note = 'n'.repeat(2000);
    const load = startLoad(tenant, (n) => ({ metric_name: ['api_calls', 'quotes_generated'][n % 2], quantity: n + 1, resource_id: `r-${n}`, metadata: { note } }), { width: 6, keyed: (n) => n % 2 === 0 });
    const seen = (status) => load.attempts.filter((a) => a.status === status).length;
    await until(() => seen(201) >= 50);
    fill(rest);
    await until(() => seen(503) >= 200);
    const reading = await tenant.get('/api/usage/summary');
    assert.equal(reading.status, 200, 'reading goes on');
    const pids = server.pids();
    rmSync(filler());
    const goal = seen(201) + 100;
    await until(() => seen(201) >= goal);
    const alive = server.pids();
    assert.ok(pids.every((pid) => alive.includes(pid)), 'no process had to die for it');

    const attempts = await load.stop();
    const counts = stored(tenant);
    for (const a of attempts) {
      assert.ok([201, 503].includes(a.status), `${a.status}: ${a.text}`);
      assert.equal(counts.get(a.event.resource_id) ?? 0, a.status === 201 ? 1 : 0, `${a.status} ${a.event.resource_id}`);
    }
    assert.equal(server.pennymeter(['check']).ok, true);
    assert.equal(value(server.data, 'PRAGMA integrity_check'), 'ok');
    const again = attempts.filter((a) => a.status === 503 && a.key).slice(0, 100);
    const replies = await inParallel(4, again, (a) => tenant.record(a.event, { 'Idempotency-Key': a.key }));
    assert.ok(replies.every((r) => r.status === 201), 'what was not recorded can be sent again');
  });
}

test('a refusal for lack of room says so and leaks nothing', { skip }, async () => {
  const tenant = tenantOf(server);
  fill(0);
  const note = 'n'.repeat(4000);
  const reply = await until(async () => {
    const r = await tenant.record({ metric_name: 'api_calls', quantity: 1, metadata: { note } });
    return r.status !== 201 && r;
  });
  isProblem(reply, 503);
  assert.doesNotMatch(reply.text, /sqlite|disk|\/tmp|\.db/i);
  assert.equal((await server.request('GET', '/api/health')).status, 200, 'what can be read is healthy');
  rmSync(filler());
  await tenant.use('api_calls', 1);
});

test('processes that start on a full disk refuse in the same way, and go on when there is room', { skip, timeout: 120_000 }, async () => {
  const tenant = tenantOf(server);
  const note = 'n'.repeat(4000);
  const event = { metric_name: 'api_calls', quantity: 1, metadata: { note } };
  fill(0);
  for (let round = 0; round < 4; round++) {
    for (const pid of server.pids()) process.kill(pid, 'SIGKILL');
    const ours = (reply) => /json/.test(reply?.headers['content-type']); // not the server's word for a process that has gone
    await until(async () => ours(await tenant.get('/api/usage/summary').catch(() => null)));
    for (let i = 0; i < 4; i++) {
      const reply = await until(async () => {
        const r = await tenant.record(event).catch(() => null);
        return ours(r) && r;
      });
      assert.ok([201, 503].includes(reply.status), `${reply.status}: ${reply.text}`);
    }
  }
  rmSync(filler());
  await tenant.use('api_calls', 1);
  assert.equal(server.pennymeter(['check']).ok, true);
});

test('a backup that does not fit leaves no half of a file, and says why', { skip }, async () => {
  const target = path.join(disk, 'backup.db');
  fill(8192);
  assert.throws(() => server.pennymeter(['backup', target]), (error) => {
    assert.equal(error.code, 1);
    assert.ok(error.stderr.includes(target), error.stderr);
    return true;
  });
  rmSync(filler());
  const left = spawnSync('ls', [disk], { encoding: 'utf8' }).stdout;
  assert.doesNotMatch(left, /backup/);
  assert.ok(server.pennymeter(['backup', target]));
  rmSync(target);
});

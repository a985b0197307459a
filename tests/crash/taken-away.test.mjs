// Files of the database that are removed, replaced by older copies, or written over while eight writers record: what was
// acknowledged is there once; where that cannot be, everybody says so and nothing more is acknowledged.
// PENNYMETER_ATTACKS is how often each is tried.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, readdirSync, readlinkSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileOf, query, value } from '../lib/database.mjs';
import { startLoad } from '../lib/load.mjs';
import { randomness } from '../lib/random.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf, until } from '../lib/tenant.mjs';

const rounds = Number(process.env.PENNYMETER_ATTACKS ?? 1);
const random = randomness(21);
const timeout = 60_000 * rounds;

const parts = {
  index: ['-shm'], log: ['-wal'], 'log and index': ['-wal', '-shm'], database: [''], 'database, log and index': ['', '-wal', '-shm'],
  'notes of the last writer': ['.seen'], 'letter box': ['.slots'], 'database and all beside it': ['', '-wal', '-shm', '.seen', '.slots'],
};

const ways = {
  removed: (file) => rmSync(file, { force: true }),
  'replaced by an older copy': (file, older) => renameSync(older, file),
  'written over by an older copy': (file, older) => execFileSync('cp', [older, file]),
  'cut off': (file) => execFileSync('truncate', ['-s', '0', file]),
};

/** A load of events that tell themselves apart, and what became of them. */
function startEvents(server, width = 12) {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  const make = (n) => ({ metric_name: ['api_calls', 'quotes_generated', 'storage_gb'][n % 3], quantity: (n % 7) + 1, resource_id: `r-${n}`, metadata: { n } });
  const load = startLoad(tenant, make, { width, keyed: (n) => n % 2 === 0 });
  const acknowledged = (since = 0) => load.attempts.filter((a) => a.status === 201 && a.began >= since);
  const more = (count, since) => { const goal = acknowledged(since).length + count; return until(() => acknowledged(since).length >= goal); };
  return { tenant, load, acknowledged, more };
}

function attack(data, ends, way) {
  for (const end of ends) {
    const file = fileOf(data) + end;
    if (existsSync(file)) ways[way](file, `${file}.older`);
  }
}

function keepOlder(data, ends) {
  for (const end of ends) if (existsSync(fileOf(data) + end)) copyFileSync(fileOf(data) + end, `${fileOf(data)}${end}.older`);
}

const opens = (pid, file) => {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === file);
  } catch { return false; } // it has gone
};

/** Processes that have the log open, but for one: a log that nobody has any more cannot be brought back. */
const mayDie = (server) => random.shuffle(server.pids().filter((pid) => opens(pid, `${fileOf(server.data)}-wal`))).slice(1, 4);

/** New processes take their places, with nothing that they knew before. */
function killAll(pids) {
  for (const pid of pids) {
    try { process.kill(pid, 'SIGKILL'); } catch (error) { assert.equal(error.code, 'ESRCH'); }
  }
}

const stored = (server, tenant) => new Map(query(server.data, `SELECT resource_id, COUNT(*) AS n FROM usage_events WHERE tenant_id = ${tenant.tenant_id} GROUP BY resource_id`)
  .map((row) => [row.resource_id, row.n]));

function areThereOnce(server, tenant, attempts) {
  const counts = stored(server, tenant);
  const lost = attempts.filter((a) => !counts.get(a.event.resource_id)), doubled = [...counts].filter(([, n]) => n !== 1);
  assert.equal(lost.length, 0, `${lost.length} of ${attempts.length} that were acknowledged are lost`);
  assert.deepEqual(doubled, [], 'counted more than once');
  assert.equal(server.pennymeter(['check']).ok, true);
  assert.equal(value(server.data, 'PRAGMA integrity_check'), 'ok');
}

describe('recording goes on, and loses and doubles nothing, when', () => {
  const goesOn = [
    ...Object.keys(ways).map((way) => ['index', way]),
    ...['log', 'log and index', 'database', 'database, log and index', 'database and all beside it'].map((what) => [what, 'removed']),
    ...['log', 'log and index'].map((what) => [what, 'replaced by an older copy']),
    ...Object.keys(ways).map((way) => ['notes of the last writer', way]),
    ...['removed', 'replaced by an older copy'].map((way) => ['letter box', way]),
  ];
  let server;
  before(async () => { server = await startServer({ procs: 2, writers: 8 }); });
  after(() => server?.stop());

  for (const [what, way] of goesOn) {
    test(`${what}: ${way}`, { timeout }, async () => {
      for (let round = 0; round < rounds; round++) {
        const { tenant, load, acknowledged, more } = startEvents(server);
        await more(30 + random.below(100));
        keepOlder(server.data, parts[what]);
        await more(30 + random.below(100));
        const some = round % 2 === 0 ? mayDie(server) : [];
        attack(server.data, parts[what], way);
        const since = performance.now();
        killAll(some);
        await more(60, since);
        // A process that reads an index while that is cut off dies of it, without an answer; the next one comes at once.
        await until(async () => (await tenant.get('/api/usage/summary').catch(() => null))?.status === 200, { what: 'reading to go on' });
        await load.stop();
        areThereOnce(server, tenant, acknowledged());
      }
    });
  }
});

describe('nothing more is acknowledged, everybody says so, and a backup in its place is the way out, when', () => {
  const stops = [
    ...['written over by an older copy', 'cut off'].flatMap((way) => ['log', 'log and index', 'database'].map((what) => [what, way])),
    ['log', 'cut off by half'], ['database', 'written over by a backup'], 
    ['database', 'written over by a backup that stops after its first page for a while'],
  ];
  Object.assign(ways, {
    'cut off by half': (file) => execFileSync('truncate', ['-s', '100000', file]),
    'written over by a backup': (file) => execFileSync('cp', [path.join(path.dirname(file), 'backup.db'), file]),
    'written over by a backup that stops after its first page for a while': (file) => upload(file, 3000),
  });
  for (const [what, way] of stops) {
    test(`${what}: ${way}`, { timeout }, async () => {
      for (let round = 0; round < rounds; round++) await isStopped(what, way);
    });
  }
});

/** Page by page, as a slow connection brings them: the second comes after `stop` ms, each of the rest after ten. */
function upload(file, stop) {
  const bytes = readFileSync(path.join(path.dirname(file), 'backup.db')), to = openSync(file, 'r+');
  const write = (at) => {
    if (at === bytes.length) return closeSync(to);
    writeSync(to, bytes, at, 4096, at);
    setTimeout(write, at ? 10 : stop, at + 4096);
  };
  write(0);
}

/** In the database itself, in older copies of it all, and in the log alone lie some events each. */
async function prepare(server, events) {
  const intoDatabase = () => value(server.data, 'PRAGMA wal_checkpoint(FULL)');
  await events.more(30);
  intoDatabase();
  keepOlder(server.data, ['', '-wal', '-shm']);
  server.pennymeter(['backup', path.join(server.data, 'backup.db')]);
  await events.more(300);
  intoDatabase();
  await events.more(20 + random.below(30));
}

async function isStopped(what, way) {
  const server = await startServer({ procs: 2, writers: 8 });
  try {
    const events = startEvents(server, 8), { tenant, load } = events;
    await prepare(server, events);
    attack(server.data, parts[what], way);
    const since = performance.now();
    await until(() => load.attempts.filter((a) => a.began > since && a.status === 503).length >= 20);
    killAll(mayDie(server));
    await load.stop();
    assert.equal(events.acknowledged(since).length, 0, 'acknowledged what is not known to last');
    assert.deepEqual(readdirSync(server.data).filter((name) => name.includes('.orphan-')), [], 'what was acknowledged stays where it is');
    const replies = await inParallel(4, Array.from({ length: 12 }), () => tenant.record({ metric_name: 'api_calls', quantity: 1 }).catch(() => null));
    for (const reply of replies.filter((r) => r && /problem/.test(r.headers['content-type']))) isProblem(reply, 503);
    assert.ok(replies.every((r) => r?.status !== 201));
    isProblem(await until(() => tenant.get('/api/usage/summary').catch(() => null)), 503);
    assert.match(server.log(), /pennymeter\.db(-wal)?: the (log|database) was .*`pennymeter restore FILE`/);
    assert.throws(() => server.pennymeter(['check']), (e) => e.code === 1 && /pennymeter restore FILE/.test(e.stderr));

    renameSync(path.join(server.data, 'backup.db'), fileOf(server.data));
    const reply = await until(async () => { const r = await tenant.record({ metric_name: 'api_calls', quantity: 1, resource_id: 'after' }).catch(() => null); return r?.status === 201 && r; });
    assert.equal(reply.status, 201);
    assert.equal(stored(server, tenant).get('after'), 1);
    assert.equal(server.pennymeter(['check']).ok, true);
    assert.equal(value(server.data, 'PRAGMA integrity_check'), 'ok');
  } finally {
    await server.stop();
  }
}

describe('a restore by renaming a backup over the database', () => {
  let server;
  before(async () => { server = await startServer({ procs: 2, writers: 8 }); });
  after(() => server?.stop());

  for (let round = 0; round < rounds; round++) {
    test(`under load: what is acknowledged after it is in the new file, and the old log is put aside (${round + 1})`, { timeout }, async () => {
      const { tenant, load, acknowledged, more } = startEvents(server);
      await more(40);
      const backup = path.join(server.data, 'backup.db');
      server.pennymeter(['backup', backup]);
      await more(40);
      renameSync(backup, fileOf(server.data));
      const since = performance.now();
      await more(60, since);
      await load.stop();
      areThereOnce(server, tenant, acknowledged(since));
      assert.ok(readdirSync(server.data).some((name) => name.startsWith('pennymeter.db-wal.orphan-')), 'it may be looked into');
    });
  }
});

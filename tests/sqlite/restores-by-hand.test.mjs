// A database that is put in its place by hand, as by FTP, while nobody or somebody has it open; other programs that keep to SQLite's rules.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, openSync, readFileSync, readdirSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { cgi } from '../lib/cgi.mjs';
import { fileOf, value } from '../lib/database.mjs';
import { build } from '../lib/places.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';
import { soon } from '../lib/until.mjs';

let server;
before(async () => { server = await startServer({ procs: 2, store: 'sqlite' }); });
after(() => server?.stop());

const copy = (name) => path.join(server.data, name);
const count = (resource) => Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE resource_id = '${resource}'`));

test('what waits for the lock during a restore is acknowledged by the new file', { timeout: 30_000 }, async () => {
  const tenant = tenantOf(server);
  await tenant.use('quotes_generated', 1);
  server.pennymeter(['backup', copy('new.db')]);
  await tenant.use('quotes_generated', 1, { resource_id: 'old' });
  const holder = spawn('flock', [fileOf(server.data), 'sh', '-c', 'echo held; read -r _'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await soon(new Promise((held) => { holder.stdout.once('data', held); }), 'the lock to be held');
  const waiting = tenant.record({ metric_name: 'quotes_generated', quantity: 1, resource_id: 'waited' });
  renameSync(copy('new.db'), fileOf(server.data));
  holder.stdin.end();
  assert.equal((await waiting).status, 201);
  assert.equal(count('waited'), 1);
  assert.equal(count('old'), 0);
  assert.equal(server.pennymeter(['check']).ok, true);
});

test('the first page of a backup over the database, the rest to come: nothing is recorded, and nothing put aside', { timeout: 30_000 }, async () => {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  const firstPage = (file) => readFileSync(file).subarray(0, 4096);
  const writeOver = (bytes) => {
    const file = openSync(fileOf(server.data), 'r+');
    writeSync(file, bytes, 0, bytes.length, 0);
    closeSync(file);
  };
  await tenant.use('quotes_generated', 1);
  server.pennymeter(['backup', copy('slow.db')]);
  for (let i = 0; i < 100; i++) await tenant.use('quotes_generated', 1, { resource_id: 'before' }); /* until it has grown by its log */
  const right = firstPage(fileOf(server.data)), names = readdirSync(server.data).sort();
  writeOver(firstPage(copy('slow.db')));
  for (let i = 0; i < 8; i++) isProblem(await tenant.record({ metric_name: 'quotes_generated', quantity: 1, resource_id: 'during' }), 503, {});
  assert.deepEqual(readdirSync(server.data).sort(), names);
  writeOver(right);
  await tenant.use('quotes_generated', 1, { resource_id: 'after' });
  assert.deepEqual(['before', 'after'].map(count), [100, 1]);
  assert.equal(server.pennymeter(['check']).ok, true);
});

describe('another program', () => {
  const lite = (sql) => assert.equal(spawnSync('sqlite3', ['-cmd', '.timeout 5000', fileOf(server.data), sql]).status, 0);
  const others = {
    'that touches the files': () => { for (const end of ['', '-wal', '-shm', '.seen']) utimesSync(fileOf(server.data) + end, 1e9, 1e9); },
    'that reads': () => lite('SELECT COUNT(*) FROM usage_events'),
    'that brings the log into the database': () => lite('PRAGMA wal_checkpoint(FULL)'),
    'that empties the log': () => lite('PRAGMA wal_checkpoint(TRUNCATE)'),
    'that writes': () => lite("UPDATE tenants SET name = 'Renamed'"),
    'that packs the database': () => lite('VACUUM'),
  };
  for (const [what, act] of Object.entries(others)) {
    test(`${what} changes nothing for who records and reads`, { timeout: 30_000 }, async () => {
      const tenant = tenantOf(server);
      for (let i = 1; i <= 4; i++) {
        await tenant.use('quotes_generated', 1);
        act();
        await tenant.use('quotes_generated', 1);
        assert.equal((await tenant.read('/api/usage/summary')).metrics[0].total_quantity, String(2 * i));
      }
      assert.equal(server.pennymeter(['check']).ok, true);
      assert.equal(value(server.data, 'PRAGMA integrity_check'), 'ok');
    });
  }
});

describe('while no process has it open', () => {
  let folder, token;
  const record = (resource) => cgi(folder, 'usage-record', 'POST', '/api/usage/record', { token, body: JSON.stringify({ metric_name: 'quotes_generated', quantity: 1, resource_id: resource }) });
  const of = (end) => fileOf(folder) + end;
  const run = (...args) => spawnSync(path.join(build, 'bin/pennymeter'), args, { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: folder } });

  beforeEach(() => {
    folder = copy(`alone-${Math.round(performance.now())}`);
    assert.equal(run('init').status, 0);
    ({ token } = JSON.parse(run('tenant', 'add', '--name', 'Acme', '--plan', 'starter', '--json').stdout));
    assert.equal(record('first').status, 201);
    assert.equal(run('backup', path.join(folder, 'backup.db')).status, 0);
    assert.equal(record('second').status, 201);
    for (const end of ['', '-wal']) copyFileSync(of(end), `${of(end)}.right`);
  });

  const damages = {
    'a backup copied over the database, its log left': () => copyFileSync(path.join(folder, 'backup.db'), of('')),
    'a log that was removed': () => rmSync(of('-wal')),
    'a log that was cut off': () => truncateSync(of('-wal'), 0),
    'a log that was written over': () => writeFileSync(of('-wal'), 'x'.repeat(9000)),
    'a database that was cut off': () => truncateSync(of(''), 0),
  };
  for (const [what, damage] of Object.entries(damages)) {
    test(`${what} is told to who comes later; the right files, or a backup renamed over it, are the way out`, { timeout: 30_000 }, () => {
      damage();
      for (let i = 0; i < 2; i++) {
        const reply = record('refused');
        isProblem(reply, 503, { code: 'store-unavailable' });
        assert.match(reply.stderr, /pennymeter restore FILE/);
      }
      assert.equal(run('check').status, 1);
      for (const end of ['', '-wal']) copyFileSync(`${of(end)}.right`, of(end));
      const third = record('third');
      assert.equal(third.status, 201, third.stderr);
      assert.match(run('check', '--json').stdout, /"ok":true/);
      damage();
      renameSync(path.join(folder, 'backup.db'), of(''));
      assert.equal(record('fourth').status, 201);
      assert.equal(run('check').status, 0);
      assert.equal(Number(value(folder, 'SELECT COUNT(*) FROM usage_events')), 2, "the backup's own, and what came after it");
    });
  }

  test('restore, after a backup was copied over the database, does not say that nothing was recorded since', { timeout: 30_000 }, () => {
    damages['a backup copied over the database, its log left']();
    const answer = JSON.parse(run('restore', path.join(folder, 'backup.db'), '--json').stdout);
    assert.deepEqual([answer.events, answer.lost_events], [1, null], 'the second lies in the log, which is not read into another database');
    assert.equal(record('third').status, 201);
    assert.equal(run('check').status, 0);
  });
});

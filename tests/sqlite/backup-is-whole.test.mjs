// `pennymeter backup` makes a good database, also under load, and no half of one.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { value } from '../lib/database.mjs';
import { startLoad } from '../lib/load.mjs';
import { build, startServer } from '../lib/server.mjs';
import { tenantOf, until } from '../lib/tenant.mjs';

let server, tenant;
before(async () => {
  server = await startServer({ procs: 2, store: 'sqlite' });
  tenant = tenantOf(server);
});
after(() => server?.stop());

describe('backup', () => {
  const copy = (name) => path.join(server.data, name);
  const inCopy = (file, sql) => spawnSync('sqlite3', [file, sql], { encoding: 'utf8' }).stdout.trim();

  test('under load is whole: sound, all that was acknowledged before, roll-ups equal to events', async () => {
    const load = startLoad(tenant, (n) => ({ metric_name: 'api_calls', quantity: n + 1 }), { width: 6 });
    for (let i = 0; i < 5; i++) {
      const folder = copy(`restored-${i}`);
      mkdirSync(folder, { mode: 0o700 });
      const goal = load.attempts.length + 50;
      await until(() => load.attempts.length > goal);
      const before = Number(value(server.data, 'SELECT COUNT(*) FROM usage_events'));
      const file = path.join(folder, 'pennymeter.db');
      server.pennymeter(['backup', file]);
      assert.equal(inCopy(file, 'PRAGMA integrity_check'), 'ok');
      assert.ok(Number(inCopy(file, 'SELECT COUNT(*) FROM usage_events')) >= before);
      const r = spawnSync(path.join(build, 'bin/pennymeter'), ['check', '--json'], { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: folder } });
      assert.equal(r.status, 0, r.stdout + r.stderr);
    }
    const attempts = await load.stop();
    assert.ok(attempts.every((a) => a.status === 201), 'recording went on');
  });

  test('can be read by its owner alone: it holds every tenant', () => {
    const file = copy('private.db');
    server.pennymeter(['backup', file]);
    assert.equal(statSync(file).mode & 0o077, 0);
  });

  test('replaces an earlier one only when it is good', () => {
    const file = copy('again.db');
    writeFileSync(file, 'the earlier one');
    server.pennymeter(['backup', file]);
    assert.equal(inCopy(file, 'PRAGMA integrity_check'), 'ok');
  });

  for (const [name, target] of [['in a folder that is not there', 'no/such/folder/backup.db'], ['onto a folder', 'a-folder']]) {
    test(`${name} fails with 1, says why, and leaves no half of a file`, () => {
      if (name === 'onto a folder') mkdirSync(copy(target));
      const before = readdirSync(server.data).sort();
      assert.throws(() => server.pennymeter(['backup', copy(target)]), (e) => e.code === 1 && e.stderr.includes(target));
      assert.deepEqual(readdirSync(server.data).sort(), before);
      assert.ok(!existsSync(copy('no')));
    });
  }

  /** Refused with 1 and why, and whatever the target is stays as it is. */
  function refused(target, why) {
    const seen = () => { try { const { ino, mode, rdev } = statSync(target); return [ino, mode, rdev]; } catch { return null; } };
    const before = [seen(), readdirSync(server.data).sort()];
    assert.throws(() => server.pennymeter(['backup', target]), (e) => e.code === 1 && why.test(e.stderr), target);
    assert.deepEqual([seen(), readdirSync(server.data).sort()], before, target);
  }

  test('onto a file that the product uses is refused, whatever it is called', async () => {
    server.pennymeter(['backup', copy('first.db')]); // so that there is a note of it
    const own = ['pennymeter.db', 'pennymeter.db-wal', 'pennymeter.db-shm', 'pennymeter.db-journal', 'pennymeter.db.lock', 'pennymeter.db.slots',
      'pennymeter.db.moved', 'pennymeter.conf', 'last-backup', 'server.log', 'serve.lock', 'launch.busiest', 'rate-limit.shm'];
    for (const name of own) refused(copy(name), /Pennymeter itself uses or removes/);
    const elsewhere = copy('elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(server.data, path.join(elsewhere, 'folder'));
    symlinkSync(copy('pennymeter.db'), path.join(elsewhere, 'link.db'));
    linkSync(copy('pennymeter.db'), path.join(elsewhere, 'hard.db'));
    for (const name of ['folder/pennymeter.db', 'folder/pennymeter.db-wal', 'link.db', 'hard.db', '../pennymeter.db', './../elsewhere/.././pennymeter.db']) {
      refused(`${elsewhere}/${name}`, /Pennymeter itself uses or removes/);
    }
    rmSync(elsewhere, { recursive: true });
    await tenant.use('api_calls', 1);
    assert.equal((await server.request('GET', '/api/health')).status, 200);
    assert.equal(server.pennymeter(['check']).ok, true);
  });

  test('refuses what the product empties or rotates, at any depth and through links, and takes other names beside it', () => {
    const spool = copy('spool'), made = ['spool', 'htdocs'].filter((name) => !existsSync(copy(name)));
    for (const name of ['spool/client_body', 'htdocs/fn', 'backups']) mkdirSync(copy(name), { recursive: true });
    symlinkSync(spool, copy('backups/link'));
    const own = ['spool/b.db', 'spool/client_body/b.db', 'htdocs/b.db', 'htdocs/fn/b.db', 'backups/link/b.db', 'backups/../spool/b.db', 'server.log.1',
      'server.log.2.gz', 'pennymeter.db.part', 'pennymeter.db.slots.part', 'pennymeter.db.orphan-7'];
    for (const name of own) refused(copy(name), /Pennymeter itself uses or removes/);
    for (const name of made) rmSync(copy(name), { recursive: true });
    for (const name of made) refused(copy(name), /Pennymeter itself uses or removes/);
    for (const name of ['backup.db', 'backups/b.db', 'pennymeter.db.old', 'log.db']) server.pennymeter(['backup', copy(name)]);
  });

  test('onto what is no regular file is refused', async () => {
    const pipe = copy('pipe'), socket = copy('socket'), listener = net.createServer();
    spawnSync('mkfifo', [pipe]);
    await new Promise((done) => { listener.listen(socket, done); });
    symlinkSync('/dev/null', copy('to-null'));
    symlinkSync(copy('nowhere'), copy('to-nowhere'));
    for (const [target, why] of [['/dev/null', /device/], [pipe, /pipe/], [socket, /socket/], [server.data, /folder/], [`${server.data}/`, /folder/], [copy('to-null'), /device/], [copy('to-nowhere'), /link/]]) refused(target, why);
    listener.close();
  });

  test('into a folder that is not there says to make it first', () => {
    assert.throws(() => server.pennymeter(['backup', copy('not-made/b.db')]), (e) => e.code === 1 && e.stderr.includes(`${server.data}/not-made does not exist: make it first`));
  });

  test('on a disk that fills up leaves nothing behind, nor an earlier copy harmed', () => {
    const file = copy('small.db'), folder = copy('small');
    mkdirSync(folder);
    server.pennymeter(['backup', path.join(folder, 'small.db')]);
    const earlier = readFileSync(path.join(folder, 'small.db'));
    const r = spawnSync('sh', ['-c', `trap '' XFSZ; ulimit -f 40; exec ${path.join(build, 'bin/pennymeter')} backup ${path.join(folder, 'small.db')}`], { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: server.data } });
    assert.equal(r.status, 1, r.stdout + r.stderr);
    assert.deepEqual(readdirSync(folder), ['small.db']);
    assert.ok(readFileSync(path.join(folder, 'small.db')).equals(earlier));
    assert.ok(!existsSync(file));
  });

  test('is noted: when, and where to', () => {
    const before = Date.now();
    server.pennymeter(['backup', copy('noted.db')]);
    const [at, name] = readFileSync(copy('last-backup'), 'utf8').trim().split(' ');
    assert.ok(Number(at) / 1000 >= before - 1000 && Number(at) / 1000 <= Date.now() + 1000, at);
    assert.equal(name, copy('noted.db'));
  });
});

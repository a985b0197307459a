// `pennymeter backup` makes a good database, also under load, and no half of one.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
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
});

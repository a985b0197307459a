// SQLite's file: what functions make of one that is damaged, of another schema, or put there by hand.

import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { bringBack, fileOf, keepCopy, restoreCopy, takeAway, value } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

let server, tenant;
before(async () => {
  server = await startServer({ procs: 2, store: 'sqlite' });
  tenant = tenantOf(server);
});
after(() => server?.stop());

const removeFiles = () => { for (const end of ['', '-wal', '-shm']) rmSync(fileOf(server.data) + end, { force: true }); };

test('a file that is no database is 503, and nothing is told of paths or SQL', async () => {
  takeAway(server.data);
  writeFileSync(fileOf(server.data), 'this is no database at all, however long it may be '.repeat(100));
  const reply = await server.request('GET', '/api/health');
  isProblem(reply, 503);
  for (const text of [reply.text, (await tenant.get('/api/usage/stats')).text]) {
    assert.ok(!text.includes(server.data) && !/sqlite|SELECT/i.test(text), text);
  }
  rmSync(fileOf(server.data));
  bringBack(server.data);
  assert.equal((await server.request('GET', '/api/health')).status, 200);
});

test('a schema of another version is 503', async () => {
  keepCopy(server, 'other.db');
  takeAway(server.data);
  renameSync(path.join(server.data, 'other.db'), fileOf(server.data));
  value(server.data, "INSERT INTO schema_version (version, name, applied_at) VALUES (999, 'future', 0)");
  isProblem(await tenant.record({ metric_name: 'quotes_generated', quantity: 1 }), 503);
  removeFiles();
  bringBack(server.data);
  await tenant.use('quotes_generated', 1);
});

test('a new file is in write-ahead mode', () => {
  assert.equal(value(server.data, 'PRAGMA journal_mode'), 'wal');
});

test('a restored file is durable as the first one was: in write-ahead mode', async () => {
  keepCopy(server, 'backup.db');
  restoreCopy(server, 'backup.db');
  await tenant.use('quotes_generated', 1);
  assert.equal(value(server.data, 'PRAGMA journal_mode'), 'wal');
});

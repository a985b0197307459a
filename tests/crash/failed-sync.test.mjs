// A sync of the log that fails leaves open whether it was recorded: the answer says so, and sent again it counts once.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { compiled } from '../lib/compile.mjs';
import { query, value } from '../lib/database.mjs';
import { startLoad } from '../lib/load.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf, until } from '../lib/tenant.mjs';

let server, tenant, folder;
before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'pm-sync-'));
  server = await startServer({ procs: 1, writers: 4, env: { LD_PRELOAD: compiled('tests/lib/failing_sync.c', { shared: true }), FAILING_SYNC: folder } });
  tenant = tenantOf(server, { plan: 'enterprise' });
});
after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const failing = (on) => (on ? writeFileSync(path.join(folder, 'fail'), '') : rmSync(path.join(folder, 'fail')));
const count = (resource) => Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE resource_id = '${resource}'`));

test('of one record: it may be found after a power cut, so the outcome is not known', { timeout: 30_000 }, async () => {
  const event = { metric_name: 'api_calls', quantity: 3, resource_id: 'one' }, key = { 'Idempotency-Key': 'one' };
  await tenant.use('api_calls', 1);
  failing(true);
  isProblem(await tenant.record(event, key), 503, { code: 'outcome-unknown' });
  failing(false);
  const found = execFileSync('sqlite3', [path.join(folder, 'kept'), "SELECT COUNT(*) FROM usage_events WHERE resource_id = 'one'"], { encoding: 'utf8' });
  assert.equal(found.trim(), '1', 'it lay in the log when the sync failed');
  assert.ok([200, 201].includes((await tenant.record(event, key)).status));
  assert.equal(count('one'), 1);
  assert.equal(server.pennymeter(['check']).ok, true);
});

test('of a group: what is said of each is true, and each counts once in the end', { timeout: 60_000 }, async () => {
  const load = startLoad(tenant, (n) => ({ metric_name: 'quotes_generated', quantity: 1, resource_id: `g-${n}` }), { width: 8 });
  const seen = (status) => load.attempts.filter((a) => a.status === status).length;
  await until(() => seen(201) >= 30);
  failing(true);
  const unknown = (a) => a.status === 503 && JSON.parse(a.text).code === 'outcome-unknown';
  await until(() => seen(503) >= 12 && load.attempts.some(unknown));
  failing(false);
  const goal = seen(201) + 30;
  await until(() => seen(201) >= goal);
  const attempts = await load.stop();
  for (const a of attempts) {
    assert.ok([201, 503].includes(a.status), `${a.status}: ${a.text}`);
    if (a.status === 503 && JSON.parse(a.text).code === 'store-unavailable') assert.equal(count(a.event.resource_id), 0, 'it says that it was not recorded');
  }
  const again = await inParallel(4, attempts.filter((a) => a.status === 503), (a) => tenant.record(a.event, { 'Idempotency-Key': a.key }));
  assert.ok(again.every((r) => [200, 201].includes(r.status)));
  const rows = query(server.data, `SELECT resource_id, COUNT(*) AS n FROM usage_events WHERE resource_id LIKE 'g-%' GROUP BY resource_id`);
  assert.equal(rows.length, attempts.length);
  assert.ok(rows.every((row) => row.n === 1));
  assert.equal(server.pennymeter(['check']).ok, true);
  assert.equal(value(server.data, 'PRAGMA integrity_check'), 'ok');
});

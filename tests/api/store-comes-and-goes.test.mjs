// What happens when the database is missing, damaged, restored, or a token asks too often.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileOf, value } from '../lib/database.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { repo, startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

const version = readFileSync(path.join(repo, 'VERSION'), 'utf8').trim();
const beside = ['', '-wal', '-shm'];

/** Move the database with its log away, or back. */
function move(data, from, to) {
  for (const end of beside) if (existsSync(fileOf(data) + from + end)) renameSync(fileOf(data) + from + end, fileOf(data) + to + end);
}

/** Put a backup in the place of the database, as an operator does in maintenance. */
function restore(data, backup) {
  for (const end of beside.slice(1)) rmSync(fileOf(data) + end, { force: true });
  renameSync(backup, fileOf(data));
}

describe('health', () => {
  let server, tenant;
  before(async () => {
    server = await startServer({ procs: 2 });
    tenant = tenantOf(server);
  });
  after(() => server?.stop());

  test('tells version and schema, without a token', async () => {
    const reply = await server.request('GET', '/api/health');
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.json, { status: 'ok', version, schema: reply.json.schema });
    assert.equal(reply.json.schema, Number(value(server.data, 'SELECT MAX(version) FROM schema_version')));
    assert.deepEqual((await server.request('GET', '/api/v1/health')).json, reply.json);
  });

  test('is 503 while the database is missing, as is everything, and all recovers by itself', async () => {
    await tenant.use('quotes_generated', 1); // warm
    move(server.data, '', '.away');
    for (let i = 0; i < 3; i++) {
      isProblem(await server.request('GET', '/api/health'), 503, { code: 'store-unavailable' });
      isProblem(await tenant.get('/api/usage/stats'), 503, { code: 'store-unavailable' });
      isProblem(await tenant.record({ metric_name: 'quotes_generated', quantity: 1 }), 503, { code: 'store-unavailable' });
    }
    assert.ok(!existsSync(fileOf(server.data)), 'no empty database is made in its place');
    move(server.data, '.away', '');
    assert.equal((await server.request('GET', '/api/health')).status, 200);
    await tenant.use('quotes_generated', 1);
    assert.equal((await tenant.read('/api/usage/summary')).metrics[0].total_quantity, '2');
  });

  test('is 503 where the file is no database, and tells nothing of paths or SQL', async () => {
    move(server.data, '', '.away');
    writeFileSync(fileOf(server.data), 'this is no database at all, however long it may be '.repeat(100));
    const reply = await server.request('GET', '/api/health');
    isProblem(reply, 503);
    for (const text of [reply.text, (await tenant.get('/api/usage/stats')).text]) {
      assert.ok(!text.includes(server.data) && !/sqlite|SELECT/i.test(text), text);
    }
    rmSync(fileOf(server.data));
    move(server.data, '.away', '');
    assert.equal((await server.request('GET', '/api/health')).status, 200);
  });

  test('is 503 where the schema is of another version', async () => {
    move(server.data, '', '.away');
    const other = path.join(server.data, 'other.db');
    move(server.data, '.away', '');
    server.pennymeter(['backup', other]);
    move(server.data, '', '.away');
    renameSync(other, fileOf(server.data));
    value(server.data, "INSERT INTO schema_version (version, name, applied_at) VALUES (999, 'future', 0)");
    isProblem(await tenant.record({ metric_name: 'quotes_generated', quantity: 1 }), 503);
    for (const end of beside) rmSync(fileOf(server.data) + end, { force: true });
    move(server.data, '.away', '');
    await tenant.use('quotes_generated', 1);
  });
});

describe('a restored database', () => {
  let server;
  before(async () => { server = await startServer({ procs: 2 }); });
  after(() => server?.stop());

  test('is noticed by warm processes: reads and writes go to it', async () => {
    const tenant = tenantOf(server);
    const total = async () => (await tenant.read('/api/usage/summary')).metrics[0].total_quantity;
    const backup = path.join(server.data, 'backup.db');
    await tenant.use('quotes_generated', 5);
    server.pennymeter(['backup', backup]);
    await tenant.use('quotes_generated', 100);
    assert.equal(await total(), '105');
    restore(server.data, backup);
    assert.equal(await total(), '5');
    await tenant.use('quotes_generated', 2);
    assert.equal(await total(), '7');
    assert.equal(Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`)), 2);
    assert.equal(server.pennymeter(['check']).ok, true);
  });

  test('is durable as the first one was: in write-ahead mode', async () => {
    assert.equal(value(server.data, 'PRAGMA journal_mode'), 'wal');
  });

  test('brings its own plans: what processes kept of the old ones is forgotten', async () => {
    const backup = path.join(server.data, 'plans.db');
    const price = (amount) => ({ 'starter.json': (p) => ({ ...p, metrics: { ...p.metrics, quotes_generated: { included: 0, price: { model: 'per_unit', unit_amount: amount } } } }) });
    const bill = async (tenant) => (await tenant.read('/api/usage/billing-estimate')).total_overage;
    server.pennymeter(['backup', backup]);
    applyPlans(server, price('1.00'));
    const before = tenantOf(server);
    for (let i = 0; i < 4; i++) await before.use('quotes_generated', 1);
    assert.equal(await bill(before), '4.00');
    restore(server.data, backup);
    applyPlans(server, price('7.00')); // the same number of version and generation, another price
    const tenant = tenantOf(server);
    for (let i = 0; i < 4; i++) await tenant.use('quotes_generated', 1);
    for (let i = 0; i < 4; i++) assert.equal(await bill(tenant), '28.00');
  });
});

describe('a rate limit', () => {
  const most = 20;
  let server;
  before(async () => { server = await startServer({ procs: 2, env: { PENNYMETER_REQUESTS_PER_MINUTE: String(most) } }); });
  after(() => server?.stop());

  test('answers 429 with Retry-After and RateLimit headers, for one token alone, and records nothing', async () => {
    const tenant = tenantOf(server);
    const other = tenant.withToken();
    const replies = [];
    for (let i = 0; i < 3 * most; i++) replies.push(await tenant.record({ metric_name: 'api_calls', quantity: 1 }));
    const refused = replies.filter((r) => r.status === 429);
    const taken = replies.filter((r) => r.status === 201);
    assert.equal(refused.length + taken.length, 3 * most);
    assert.ok(taken.length >= most && taken.length <= 2 * most, `${taken.length} taken; a minute may turn in between`);
    for (const reply of refused) {
      isProblem(reply, 429, { code: 'rate-limited' });
      const wait = Number(reply.headers['retry-after']);
      assert.ok(wait >= 1 && wait <= 60);
      assert.deepEqual([reply.headers['ratelimit-limit'], reply.headers['ratelimit-remaining'], reply.headers['ratelimit-reset']], [String(most), '0', String(wait)]);
    }
    assert.equal(taken[0].headers['ratelimit-limit'], String(most));
    assert.equal(taken[0].headers['ratelimit-remaining'], String(most - 1));
    const { metrics } = await other.read('/api/usage/summary');
    assert.equal(metrics[0].total_quantity, String(taken.length));
    assert.equal((await server.request('GET', '/api/health')).status, 200, 'health is not limited');
  });
});

// Each authenticated call but those of usage and events counts for its tenant, exactly once, without a sync of its own.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '../lib/database.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, tenantOf } from '../lib/tenant.mjs';

let server, file;
before(async () => { server = await startServer({ procs: 3 }); file = path.join(server.data, 'calls.shm'); });
after(() => server?.stop());

const flush = () => server.pennymeter(['job', 'run', 'calls']).ran;
const calls = (tenant, where = server) => query(where.data, `SELECT quantity, user_id, resource_id FROM usage_events WHERE tenant_id = ${tenant.tenant_id} AND metric = 'api_calls' ORDER BY recorded_at`);
const sum = (tenant, where) => calls(tenant, where).reduce((all, e) => all + Number(e.quantity), 0) / 1e6;
const ask = (tenant, count) => inParallel(6, Array.from({ length: count }), () => tenant.get('/api/customers'));

test('calls are recorded by the job, as one event, and not again', async () => {
  const tenant = tenantOf(server);
  await ask(tenant, 25);
  assert.equal(sum(tenant), 0);
  assert.ok(flush()[0].done >= 1);
  assert.deepEqual(calls(tenant).map((e) => Number(e.quantity)), [25_000_000]);
  flush();
  await ask(tenant, 5);
  flush();
  assert.deepEqual(calls(tenant).map((e) => Number(e.quantity)), [25_000_000, 5_000_000]);
  const current = await tenant.read('/api/usage/current-period');
  assert.equal(String(current.metrics.find((m) => m.metric_name === 'api_calls').used), '30');
  assert.equal(server.pennymeter(['check']).ok, true);
});

describe('which calls', () => {
  let tenant;
  const counts = async (send) => { flush(); const before = sum(tenant); await send(); flush(); return sum(tenant) - before; };
  beforeEach(() => { tenant = tenantOf(server); });

  for (const target of ['/api/usage/summary', '/api/usage/current-period', '/api/usage/history', '/api/v1/usage/summary'])
    test(`not GET ${target}`, async () => assert.equal(await counts(() => tenant.get(target)), 0));
  test('not a record, a batch or an event', async () => {
    assert.equal(await counts(async () => { await tenant.use('quotes_generated', 1); await tenant.load([{ metric_name: 'quotes_generated', quantity: 1 }]); }), 0);
  });
  test('none without a valid token, or without the scope', async () => {
    const reader = tenant.withToken({ scopes: 'usage:read' });
    assert.equal(await counts(async () => { await server.request('GET', '/api/customers', { token: 'pm_2_x' }); assert.equal((await reader.get('/api/customers')).status, 403); }), 0);
  });
  test('one that was refused for what it says, and one that found nothing', async () => {
    assert.equal(await counts(async () => { assert.equal((await tenant.post('/api/customers', { nope: 1 })).status, 400); assert.equal((await tenant.get('/api/customers/99')).status, 404); }), 2);
  });
  test('one that changes something, and its repeat', async () => {
    assert.equal(await counts(async () => { for (let i = 0; i < 2; i++) await tenant.post('/api/customers', { name: 'x' }, { 'Idempotency-Key': 'k' }); }), 2);
  });
  test('each for its own tenant', async () => {
    const other = tenantOf(server);
    assert.equal(await counts(() => ask(other, 7)), 0);
    assert.equal(sum(other), 7);
  });
});

describe('a file that is taken away', () => {
  let tenant;
  beforeEach(async () => { tenant = tenantOf(server); await ask(tenant, 10); flush(); assert.equal(sum(tenant), 10); });
  const still = async () => { const reply = await tenant.get('/api/customers'); assert.equal(reply.status, 200); };
  const pids = () => server.pids().sort().join();

  /** After it nothing has died, nothing counts twice, and what comes a second later counts again. */
  async function survive(vandal) {
    const before = pids();
    vandal();
    await still();
    await sleep(1100);
    await still();
    flush();
    const seen = sum(tenant);
    assert.ok(seen >= 10 && seen <= 12, `${seen}`);
    await ask(tenant, 8);
    flush();
    assert.equal(sum(tenant), seen + 8);
    flush();
    assert.equal(sum(tenant), seen + 8);
    assert.equal(pids(), before, 'nobody died of it');
  }

  test('removed', () => survive(() => rmSync(file)));
  test('cut off', () => survive(() => truncateSync(file, 0)));
  test('cut in the middle', () => survive(() => truncateSync(file, 8192)));
  test('written over with nothing', () => survive(() => writeFileSync(file, Buffer.alloc(statSync(file).size), { flag: 'r+' })));
  test('written over with noise', () => survive(() => writeFileSync(file, Buffer.alloc(statSync(file).size, 0xa5), { flag: 'r+' })));
  test('a copy in its place', () => survive(() => { const old = readFileSync(file); rmSync(file); writeFileSync(file, old); }));
  test('an older copy written over it', async () => {
    copyFileSync(file, `${file}.kept`);
    await ask(tenant, 3);
    flush();
    assert.equal(sum(tenant), 13);
    writeFileSync(file, readFileSync(`${file}.kept`), { flag: 'r+' });
    await still();
    flush(); // finds that it went back
    await sleep(1100);
    await ask(tenant, 5);
    flush();
    assert.ok(sum(tenant) >= 18 && sum(tenant) <= 19, `${sum(tenant)}`);
    rmSync(`${file}.kept`);
  });
  test('a folder in its place: calls are answered, and not counted', async () => {
    rmSync(file);
    const { mkdirSync, rmdirSync } = await import('node:fs');
    mkdirSync(file);
    await sleep(1100);
    await still();
    flush();
    rmdirSync(file);
    await sleep(1100);
    await ask(tenant, 4);
    flush();
    assert.ok(sum(tenant) >= 14);
    assert.ok(existsSync(file));
  });
});

test('a tenant without the metric, or whose api_calls are no sum, loses nothing else', async () => {
  const other = await startServer();
  try {
    const plan = (code) => ({ code, name: code, base_price: { month: 0, year: 0 }, metrics: {} });
    const plans = Object.fromEntries(['free', 'starter', 'professional', 'enterprise'].map((code) => [`${code}.json`, plan(code)]));
    applyPlans(other, { 'metrics.json': { metrics: [{ name: 'quotes', unit: 'quote' }] }, ...plans });
    for (const change of [`DELETE FROM metrics WHERE metric = 'api_calls'`,
      `INSERT INTO metrics (metric, position, document) VALUES ('api_calls', 99, '{"name":"api_calls","unit":"call","aggregation":"max"}')`]) {
      query(other.data, `${change}; UPDATE catalog SET generation = generation + 1`);
      const tenant = tenantOf(other);
      assert.equal((await tenant.get('/api/customers')).status, 200);
      assert.deepEqual(other.pennymeter(['job', 'run', 'calls']).ran.map((r) => r.failed), [0]);
      assert.equal(sum(tenant, other), 0, change);
    }
  } finally {
    await other.stop();
  }
});

// What happens when the database is missing, restored, or a token asks too often.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bringBack, isThere, keepCopy, restoreCopy, takeAway, value } from '../lib/database.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { repo, startServer } from '../lib/server.mjs';
import { isProblem, tenantOf, until } from '../lib/tenant.mjs';

const version = readFileSync(path.join(repo, 'VERSION'), 'utf8').trim();

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
    takeAway(server.data);
    for (let i = 0; i < 3; i++) {
      const reply = await server.request('GET', '/api/health');
      isProblem(reply, 503, { code: 'store-unavailable' });
      assert.ok(!reply.text.includes(server.data) && !/sqlite|postgres|127\.0\.0\.1|SELECT/i.test(reply.text), reply.text);
      isProblem(await tenant.get('/api/usage/stats'), 503, { code: 'store-unavailable' });
      isProblem(await tenant.record({ metric_name: 'quotes_generated', quantity: 1 }), 503, { code: 'store-unavailable' });
    }
    assert.ok(!isThere(server.data), 'no empty database is made in its place');
    bringBack(server.data);
    assert.equal((await server.request('GET', '/api/health')).status, 200);
    await tenant.use('quotes_generated', 1);
    assert.equal((await tenant.read('/api/usage/summary')).metrics[0].total_quantity, '2');
  });
});

describe('a restored database', () => {
  let server;
  before(async () => { server = await startServer({ procs: 2 }); });
  after(() => server?.stop());

  test('is noticed by warm processes: reads and writes go to it', async () => {
    const tenant = tenantOf(server);
    const total = async () => (await tenant.read('/api/usage/summary')).metrics[0].total_quantity;
    await tenant.use('quotes_generated', 5);
    keepCopy(server, 'copy');
    await tenant.use('quotes_generated', 100);
    assert.equal(await total(), '105');
    restoreCopy(server, 'copy');
    assert.equal(await total(), '5');
    await tenant.use('quotes_generated', 2);
    assert.equal(await total(), '7');
    assert.equal(Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`)), 2);
    assert.equal(server.pennymeter(['check']).ok, true);
  });

  test('brings its own plans: what processes kept of the old ones is forgotten', async () => {
    const price = (amount) => ({ 'starter.json': (p) => ({ ...p, metrics: { ...p.metrics, quotes_generated: { included: 0, price: { model: 'per_unit', unit_amount: amount } } } }) });
    const bill = async (tenant) => (await tenant.read('/api/usage/billing-estimate')).total_overage;
    keepCopy(server, 'copy');
    applyPlans(server, price('1.00'));
    const before = tenantOf(server);
    for (let i = 0; i < 4; i++) await before.use('quotes_generated', 1);
    assert.equal(await bill(before), '4.00');
    restoreCopy(server, 'copy');
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

  test('counts what came in a minute that is past no more', async () => {
    const tenant = tenantOf(server), event = { metric_name: 'api_calls', quantity: 1 };
    const refused = async () => (await tenant.record(event)).status === 429;
    await until(refused, { what: 'the limit to be reached', every: 0 });
    // Each slot holds its minute in the upper half: now all of it was counted a minute ago.
    const file = path.join(server.data, 'rate-limit.shm'), slots = readFileSync(file);
    let counted = 0;
    for (let at = 0; at < slots.length; at += 8) {
      const minute = slots.readUInt32LE(at + 4);
      if (!minute) continue;
      slots.writeUInt32LE(minute - 1, at + 4);
      counted += 1;
    }
    assert.ok(counted >= 1);
    writeFileSync(file, slots, { flag: 'r+' });
    const reply = await tenant.record(event);
    assert.deepEqual([reply.status, reply.headers['ratelimit-remaining']], [201, String(most - 1)]);
  });
});

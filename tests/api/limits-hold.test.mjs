// Limits hold however many clients race for the last unit.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fromInstant, now } from '../lib/exact.mjs';
import { recorded } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

const used = async (tenant, metric) => (await tenant.read('/api/usage/current-period')).metrics.find((m) => m.metric_name === metric).used;

/** 50 clients at once: how many of each status. */
async function race(tenant, event, headers = () => ({})) {
  const replies = await Promise.all(Array.from({ length: 50 }, (_, i) => tenant.record(event, headers(i))));
  return { replies, accepted: replies.filter((r) => r.status === 201), refused: replies.filter((r) => r.status === 403) };
}

let server;
before(async () => {
  server = await startServer({ procs: 4, env: { PENNYMETER_UPGRADE_URL: 'https://example.org/plans?to={plan}' } });
  const without = ({ metrics: { webhooks_delivered: _, ...metrics }, ...plan }) => ({ ...plan, metrics });
  applyPlans(server, { 'free.json': without });
});
after(() => server?.stop());

test('50 clients racing for the last 10 units of a hard limit get ten 201 and forty 403', async () => {
  const tenant = tenantOf(server, { plan: 'starter' });
  await tenant.use('leads_created', 490);
  const { replies, accepted, refused } = await race(tenant, { metric_name: 'leads_created', quantity: 1 });
  assert.equal(accepted.length, 10, replies.map((r) => r.status).join());
  assert.equal(refused.length, 40);
  for (const reply of refused) {
    const problem = isProblem(reply, 403, { code: 'limit-exceeded', pointer: '/quantity' });
    assert.equal(problem.upgrade_url, 'https://example.org/plans?to=professional');
    assert.equal(problem.metric_name, 'leads_created');
  }
  assert.deepEqual(accepted.map((r) => r.json.usage.used).sort((a, b) => a - b), Array.from({ length: 10 }, (_, i) => 491 + i));
  assert.equal(await used(tenant, 'leads_created'), '500');
});

test('enforce on a soft metric holds the same way, and without it the use goes on', async () => {
  const tenant = tenantOf(server, { plan: 'starter' });
  await tenant.use('quotes_generated', 90);
  const { accepted, refused } = await race(tenant, { metric_name: 'quotes_generated', quantity: 1, enforce: true });
  assert.deepEqual([accepted.length, refused.length], [10, 40]);
  for (const reply of refused) assert.ok(reply.json.upgrade_url);
  await tenant.use('quotes_generated', 5);
  assert.equal(await used(tenant, 'quotes_generated'), '105');
});

test('parts of a unit race too: 0.4 of the last 1.0 fits twice', async () => {
  const tenant = tenantOf(server, { plan: 'starter' });
  await tenant.use('messages_sent', 199);
  const { accepted } = await race(tenant, { metric_name: 'messages_sent', quantity: 0.4, metadata: { channel: 'sms' } });
  assert.equal(accepted.length, 2);
  assert.equal(await used(tenant, 'messages_sent'), '199.8');
});

test('batches race for the same limit, and each tells which of its events were refused', async () => {
  const tenant = tenantOf(server, { plan: 'free' }); // 50 leads
  const batch = Array.from({ length: 10 }, () => ({ metric_name: 'leads_created', quantity: 1 }));
  const replies = await Promise.all(Array.from({ length: 8 }, () => tenant.batch(batch)));
  assert.equal(replies.reduce((n, r) => n + r.json.inserted, 0), 50);
  const rejected = replies.flatMap((r) => r.json.rejected);
  assert.equal(rejected.length, 30);
  assert.ok(rejected.every((r) => r.code === 'limit-exceeded' && r.errors[0].pointer === '/quantity'), JSON.stringify(rejected[0]));
});

test('a refused event leaves nothing, and its key may be tried again', async () => {
  const tenant = tenantOf(server, { plan: 'free' }); // 20 messages a day
  const event = { metric_name: 'messages_sent', quantity: 21 };
  const before = recorded(server.data, tenant.tenant_id);
  for (let i = 0; i < 3; i++) isProblem(await tenant.record(event, { 'Idempotency-Key': 'm' }), 403, { code: 'limit-exceeded' });
  assert.equal(recorded(server.data, tenant.tenant_id), before);
  assert.equal((await tenant.record({ ...event, quantity: 20 }, { 'Idempotency-Key': 'm' })).status, 201);
});

test('a repeat of what was recorded is answered 200 though the limit is reached since', async () => {
  const tenant = tenantOf(server, { plan: 'free' });
  const last = { metric_name: 'leads_created', quantity: 50 };
  assert.equal((await tenant.record(last, { 'Idempotency-Key': 'l' })).status, 201);
  const again = await tenant.record(last, { 'Idempotency-Key': 'l' });
  assert.equal(again.status, 200, again.text);
  assert.equal(again.json.duplicate, true);
});

test('50 racing with one key for a limit with room for one: all are told it was recorded', async () => {
  const tenant = tenantOf(server, { plan: 'free' });
  await tenant.use('leads_created', 49);
  const { replies, accepted } = await race(tenant, { metric_name: 'leads_created', quantity: 1 }, () => ({ 'Idempotency-Key': 'the-last' }));
  assert.equal(accepted.length, 1);
  assert.equal(replies.filter((r) => r.status === 200).length, 49);
});

test('a late event is judged by the window it belongs to, not by today', async () => {
  const tenant = tenantOf(server, { plan: 'free', start: '2026-01-01' });
  await tenant.use('messages_sent', 20);
  const yesterday = fromInstant(now() - 24n * 3_600_000_000n);
  await tenant.use('messages_sent', 20, { recorded_at: yesterday });
  isProblem(await tenant.record({ metric_name: 'messages_sent', quantity: 1, recorded_at: yesterday }), 403, { code: 'limit-exceeded' });
});

test('unlimited is never refused; what is not in the plan is refused where enforced', async () => {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  const free = tenantOf(server, { plan: 'free' });
  await tenant.use('leads_created', 1_000_000, { enforce: true });
  const { metrics } = await free.read('/api/usage/metrics');
  assert.deepEqual(metrics.filter((m) => m.policy === 'none').map((m) => m.metric_name), ['webhooks_delivered']);
  const enforced = { metric_name: 'webhooks_delivered', quantity: 1, enforce: true };
  isProblem(await free.record(enforced), 403, { code: 'limit-exceeded' });
  await free.use('webhooks_delivered', 1);
  isProblem(await free.record(enforced), 403, { code: 'limit-exceeded' });
  assert.deepEqual((await free.batch([enforced])).json.rejected.map((r) => r.code), ['limit-exceeded']);
  assert.equal(await used(free, 'webhooks_delivered'), '1');
});

test('what lowers a signed metric is taken past its limit, what raises it is not', async () => {
  const tenant = tenantOf(server, { plan: 'starter' }); // 10 GB, soft
  await tenant.use('storage_gb', 12);
  await tenant.use('storage_gb', -0.5, { enforce: true });
  isProblem(await tenant.record({ metric_name: 'storage_gb', quantity: 0.1, enforce: true }), 403, { code: 'limit-exceeded' });
  await tenant.use('storage_gb', -20);
  assert.equal(await used(tenant, 'storage_gb'), '0', 'never below 0');
});

test('the roll-ups behind all of it equal the events', () => {
  assert.equal(server.pennymeter(['check']).ok, true);
});

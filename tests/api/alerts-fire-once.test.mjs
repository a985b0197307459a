// Alerts at 80, 90, 100 and 110 % fire once per metric and window, in the recording transaction; levels follow the use.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fromInstant, fromMicro, now } from '../lib/exact.mjs';
import { query, recorded } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => { server = await startServer({ procs: 4 }); });
after(() => server?.stop());

const fired = (tenant) => query(server.data, `SELECT metric, threshold_percent AS t, used, included, window_start FROM usage_alerts WHERE tenant_id = ${tenant.tenant_id} ORDER BY metric, window_start, t`);
const queued = (tenant) => query(server.data, `SELECT kind, payload, done_at FROM outbox WHERE tenant_id = ${tenant.tenant_id} ORDER BY outbox_id`).map((row) => ({ ...row, payload: JSON.parse(row.payload) }));
const card = async (tenant, metric = 'quotes_generated') => (await tenant.read('/api/usage/current-period')).metrics.find((m) => m.metric_name === metric);

test('each threshold fires when it is reached, not before, and never again', async () => {
  const tenant = tenantOf(server); // 100 quotes
  const steps = [['79.999999', []], ['0.000001', [80]], ['9.999999', [80]], ['0.000001', [80, 90]], ['9.999999', [80, 90]], ['0.000001', [80, 90, 100]],
    ['9.999999', [80, 90, 100]], ['0.000001', [80, 90, 100, 110]], ['500', [80, 90, 100, 110]]];
  for (const [quantity, thresholds] of steps) {
    await tenant.use('quotes_generated', quantity);
    assert.deepEqual(fired(tenant).map((a) => a.t), thresholds, `after ${quantity}`);
    assert.deepEqual(queued(tenant).map((m) => m.payload.threshold_percent), thresholds);
  }
  assert.deepEqual(queued(tenant).map((m) => [m.kind, m.payload.metric_name, m.payload.alert_level, m.payload.used_quantity, m.payload.included_quantity, m.done_at]),
    [['warning', 80], ['warning', 90], ['critical', 100], ['critical', 110]].map(([level, used]) => ['usage_alert', 'quotes_generated', level, used, 100, null]));
});

test('one event may cross all four at once', async () => {
  const tenant = tenantOf(server);
  await tenant.use('quotes_generated', 1000);
  assert.deepEqual(fired(tenant).map((a) => a.t), [80, 90, 100, 110]);
  assert.equal(queued(tenant).length, 4);
});

test('events in parallel fire each threshold once', async () => {
  const tenant = tenantOf(server);
  await Promise.all(Array.from({ length: 120 }, () => tenant.use('quotes_generated', 1)));
  assert.deepEqual(fired(tenant).map((a) => [a.t, a.used / 1_000_000]), [[80, 80], [90, 90], [100, 100], [110, 110]]);
  assert.equal(queued(tenant).length, 4);
});

test('alerts of one batch whose numbers meet are all queued', async () => {
  const tenant = tenantOf(server); // event n's alert at 90 % and event n + 10's at 80 % would have the same number
  const calls = Array.from({ length: 9 }, () => ({ metric_name: 'api_calls', quantity: 1 }));
  await tenant.load([{ metric_name: 'quotes_generated', quantity: 90 }, ...calls, { metric_name: 'invoices_generated', quantity: 40 }]);
  assert.deepEqual(fired(tenant).map((a) => [a.metric, a.t]), [['invoices_generated', 80], ['quotes_generated', 80], ['quotes_generated', 90]]);
  assert.equal(queued(tenant).length, 3);
});

test('a batch that crosses thresholds one event after another is taken whole', async () => {
  const tenant = tenantOf(server);
  await tenant.load(['quotes_generated', 'invoices_generated', 'storage_gb'].flatMap((metric) => Array.from({ length: 130 }, () => ({ metric_name: metric, quantity: 1 }))));
  assert.equal(fired(tenant).length, 12);
  assert.equal(queued(tenant).length, 12);
});

test('repeats and refused events fire nothing', async () => {
  const tenant = tenantOf(server, { plan: 'free' });
  const key = { 'Idempotency-Key': 'k' };
  const event = { metric_name: 'leads_created', quantity: 45 };
  assert.equal((await tenant.record(event, key)).status, 201);
  const before = recorded(server.data, tenant.tenant_id);
  assert.equal((await tenant.record(event, key)).status, 200);
  isProblem(await tenant.record({ metric_name: 'leads_created', quantity: 6 }), 403);
  isProblem(await tenant.record({ metric_name: 'quotes_generated', quantity: 11, enforce: true }), 403);
  assert.equal(recorded(server.data, tenant.tenant_id), before);
  assert.deepEqual(fired(tenant).map((a) => a.t), [80, 90]);
});

test('each window fires its own: a late event that of its day', async () => {
  const tenant = tenantOf(server, { plan: 'free', start: '2026-01-01' }); // 20 messages a day
  const days = [0n, 1n, 2n].map((n) => fromInstant(now() - n * 86_400_000_000n));
  for (const recorded_at of days) await tenant.use('messages_sent', 16, { recorded_at });
  assert.deepEqual(fired(tenant).map((a) => a.t), [80, 80, 80]);
  assert.equal(new Set(fired(tenant).map((a) => a.window_start)).size, 3);
});

test('a use that falls and rises again does not fire again', async () => {
  const tenant = tenantOf(server); // 10 GB
  for (const quantity of [8, -5, 5, -8, 8]) await tenant.use('storage_gb', quantity);
  assert.deepEqual(fired(tenant).map((a) => a.t), [80]);
  assert.equal(queued(tenant).length, 1);
});

test('what has no limit has no alerts', async () => {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  await tenant.use('leads_created', 1_000_000);
  assert.deepEqual(fired(tenant), []);
  assert.deepEqual((await tenant.read('/api/usage/alerts')).alerts, []);
});

test('the alerts endpoint has the published shape, with the highest threshold of each metric', async () => {
  const tenant = tenantOf(server);
  await tenant.use('quotes_generated', 92);
  await tenant.use('invoices_generated', 60);
  const { text } = await tenant.get('/api/usage/alerts');
  assert.match(text, /\{"metric_name":"quotes_generated","threshold_percent":90,"usage_percent":92,"used_quantity":92,"included_quantity":100,"alert_level":"warning","message":"quotes_generated usage at 92% of limit"/);
  const { subscription_id, alerts } = await tenant.read('/api/usage/alerts');
  assert.equal(subscription_id, '1');
  assert.deepEqual(alerts.map((a) => [a.metric_name, a.threshold_percent, a.usage_percent, a.alert_level]),
    [['quotes_generated', '90', '92', 'warning'], ['invoices_generated', '110', '120', 'critical']]);
});

describe('levels: ok below 75 %, warning to 90 %, critical above, over above 100 %', () => {
  const levels = [ // used of 100, percent, level
    ['0', '0', 'ok'], ['74.9', '74', 'ok'], ['74.999999', '74', 'ok'], ['75', '75', 'warning'], ['89.999999', '89', 'warning'], ['90', '90', 'warning'],
    ['90.000001', '90', 'critical'], ['90.1', '90', 'critical'], ['99.999999', '99', 'critical'], ['100', '100', 'critical'], ['100.000001', '100', 'over'], ['112', '112', 'over'],
  ];
  for (const [used, percent, level] of levels) {
    test(`${used} of 100 is ${percent} %, ${level}`, async () => {
      const tenant = tenantOf(server);
      if (used !== '0') {
        const { usage } = (await tenant.use('quotes_generated', used)).json;
        assert.deepEqual([String(usage.percent), usage.level], [percent, level]);
      }
      const line = await card(tenant);
      assert.deepEqual([line.used, line.percent, line.level], [used, percent, level]);
      const micro = BigInt(Math.round(Number(used) * 1e6));
      assert.equal(line.remaining, fromMicro(micro < 100_000_000n ? 100_000_000n - micro : 0n));
      const stats = await tenant.read('/api/usage/stats');
      assert.equal(stats.cards.find((c) => c.metric_name === 'quotes_generated').level, level);
      assert.deepEqual(stats.warnings.filter((w) => w.metric_name === 'quotes_generated').map((w) => w.level), level === 'ok' ? [] : [level]);
    });
  }
});

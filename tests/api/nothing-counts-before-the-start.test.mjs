// Before a subscription's start nothing is owed and nothing counts: usage is taken for history and summary alone, and
// what stands at a time before it is nothing. From the start on all counts, also in windows that began before it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query, setBack, value } from '../lib/database.mjs';
import { DAY, floorTo, fromInstant, HOUR, now } from '../lib/exact.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => { server = await startServer(); });
after(() => server?.stop());

const nextYear = `${new Date().getUTCFullYear() + 1}-06-01`;
const ago = (time) => fromInstant(now() - time);
const today = () => floorTo(now(), DAY);
const line = (state, metric) => state.metrics.find((m) => m.metric_name === metric);

describe('a subscription that begins next year', () => {
  let tenant, first;
  before(async () => {
    tenant = tenantOf(server, { start: nextYear });
    first = await tenant.record({ metric_name: 'quotes_generated', quantity: 150, idempotency_key: 'q' });
  });

  test('takes usage, and says that it counts nowhere', async () => {
    assert.equal(first.status, 201);
    assert.equal(first.json.usage, null);
    const repeat = await tenant.record({ metric_name: 'quotes_generated', quantity: 150, idempotency_key: 'q' });
    assert.deepEqual([repeat.status, repeat.json.duplicate, repeat.json.usage], [200, true, null]);
    isProblem(await tenant.record({ metric_name: 'quotes_generated', quantity: 151, idempotency_key: 'q' }), 422);
    assert.equal(value(server.data, `SELECT COUNT(*) FROM usage_balances WHERE tenant_id = ${tenant.tenant_id}`), 0);
  });

  test('owes nothing: no base price, no overage, no period', async () => {
    const estimate = await tenant.read('/api/usage/billing-estimate');
    assert.deepEqual([estimate.billing_period, estimate.base_price, estimate.total_overage, estimate.total], [null, '0.00', '0.00', '0.00']);
    assert.deepEqual(estimate.projected, { base_price: '0.00', total_overage: '0.00', total: '0.00' });
    const overage = await tenant.read('/api/usage/overage-charges');
    assert.deepEqual([overage.billing_period, overage.total_overage], [null, '0.00']);
    assert.ok(overage.charges.every((c) => c.used_quantity === '0' && c.overage_amount === '0.00' && c.breakdown.length === 0));
  });

  test('has nothing used, no alerts, and no window', async () => {
    const state = await tenant.read('/api/usage/current-period');
    assert.equal(state.period, null);
    assert.equal(state.plan.code, 'starter');
    for (const m of state.metrics) {
      assert.deepEqual([m.used, m.overage_quantity, m.overage_amount, m.projected, m.event_count, m.window_start, m.window_end, m.level],
        ['0', '0', '0.00', '0', '0', null, null, 'ok'], m.metric_name);
    }
    assert.deepEqual((await tenant.read('/api/usage/alerts')).alerts, []);
    assert.equal(line(await tenant.read('/api/usage/metrics'), 'quotes_generated').used, '0');
  });

  test('shows the dashboard what there is', async () => {
    const stats = await tenant.read('/api/usage/stats');
    assert.deepEqual([stats.period, stats.timezone, stats.begins_at], [null, 'UTC', `${nextYear}T00:00:00Z`]);
    assert.deepEqual(stats.estimate, { cycle: null, base_price: '0.00', total_overage: '0.00', total: '0.00', projected_total: '0.00' });
    assert.deepEqual(stats.warnings, []);
    assert.equal(stats.recent.length, 1);
    assert.equal(stats.series.metrics.find((m) => m.metric_name === 'quotes_generated').values.at(-1), '150');
  });

  test('has its usage in history and summary', async () => {
    assert.equal((await tenant.read('/api/usage/history')).total, '1');
    assert.deepEqual((await tenant.read('/api/usage/summary')).metrics.map((m) => [m.metric_name, m.total_quantity]), [['quotes_generated', '150']]);
  });

  test('is stopped by no limit, and nothing is foretold that is not so', async () => {
    const asked = await tenant.read('/api/usage/check?metric_name=leads_created&quantity=501');
    assert.deepEqual([asked.can_proceed, asked.used, asked.upgrade_url], [true, '0', null]);
    for (const enforce of [false, true]) {
      const reply = await tenant.record({ metric_name: 'leads_created', quantity: 501, enforce });
      assert.deepEqual([reply.status, reply.json.usage], [201, null], reply.text);
    }
    assert.deepEqual((await tenant.batch([{ metric_name: 'leads_created', quantity: 501 }])).json, { inserted: 1, duplicates: 0, rejected: [] });
    assert.equal(value(server.data, `SELECT COUNT(*) FROM usage_alerts WHERE tenant_id = ${tenant.tenant_id}`), 0);
  });

  test('at a time after its start stands as it will', async () => {
    const { billing_period: period, total } = await tenant.read(`/api/usage/billing-estimate?at=${nextYear}T12:00:00Z`);
    assert.deepEqual([period.start, total], [`${nextYear}T00:00:00Z`, '19.00']);
  });
});

describe('a subscription that began two days ago', () => {
  const start = today() - 2n * DAY;
  const day = fromInstant(start).slice(0, 10);
  let tenant;
  before(async () => {
    tenant = tenantOf(server, { start: day });
    await tenant.load([
      { metric_name: 'quotes_generated', quantity: 500, recorded_at: fromInstant(start - 1n) },
      { metric_name: 'leads_created', quantity: 490, recorded_at: fromInstant(start - HOUR) },
    ]);
  });

  test('charges nothing of what came before', async () => {
    const before = await tenant.read(`/api/usage/billing-estimate?at=${fromInstant(start - 1n)}`);
    assert.deepEqual([before.billing_period, before.total], [null, '0.00']);
    assert.equal((await tenant.read('/api/usage/billing-estimate')).total, '19.00');
    assert.equal((await tenant.read(`/api/usage/billing-estimate?at=${fromInstant(start)}`)).total, '19.00');
    assert.equal((await tenant.read('/api/usage/current-period?at=2000-01-01T00:00:00Z')).period, null);
  });

  test('counts in the month what came since, and no more', async () => {
    const reply = await tenant.use('leads_created', 400, { recorded_at: fromInstant(start) });
    assert.equal(reply.json.usage.used, 400);
    const within = { recorded_at: fromInstant(start + 1n) }; // the same month, whichever day it is today
    isProblem(await tenant.record({ metric_name: 'leads_created', quantity: 101, ...within }), 403);
    await tenant.use('leads_created', 100, within);
  });

  test('tells all of it in a summary that begins before', async () => {
    const from = fromInstant(start - DAY);
    const { metrics } = await tenant.read(`/api/usage/summary?start=${from}&end=${fromInstant(now() + DAY)}`);
    assert.deepEqual(metrics.map((m) => [m.metric_name, m.total_quantity]), [['leads_created', '990'], ['quotes_generated', '500']]);
    const since = await tenant.read(`/api/usage/summary?start=${fromInstant(start)}&end=${fromInstant(now() + DAY)}`);
    assert.deepEqual(since.metrics.map((m) => [m.metric_name, m.total_quantity]), [['leads_created', '500']]);
    const month = `${fromInstant(start - HOUR).slice(0, 7)}-01T00:00:00Z`;
    const [leads] = (await tenant.read(`/api/usage/summary?metric_name=leads_created&start=${month}&end=${fromInstant(now() + DAY)}`)).metrics;
    assert.equal(leads.total_quantity, '990');
  });
});

test('values that came before the start count again after it', async () => {
  const data = server.data;
  applyPlans(server, {
    'metrics.json': (all) => ({ ...all, metrics: [...all.metrics, { name: 'seen', unit: 'value', aggregation: 'unique', field: 'who' }, { name: 'seen_month', unit: 'value', aggregation: 'unique', field: 'who', window: 'month' }] }),
  });
  const start = today();
  const tenant = tenantOf(server, { start: fromInstant(start).slice(0, 10) });
  for (const metric_name of ['seen', 'seen_month']) {
    const early = await tenant.use(metric_name, 1, { metadata: { who: 'a' }, recorded_at: fromInstant(start - 1n) });
    assert.equal(early.json.usage, null);
    assert.equal((await tenant.use(metric_name, 1, { metadata: { who: 'a' } })).json.usage.used, 1);
    assert.equal((await tenant.use(metric_name, 1, { metadata: { who: 'b' } })).json.usage.used, 2);
  }
  assert.equal(value(data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`), 6);
});

test('roll-ups, balances and values are proved whole, also after they are made anew', () => {
  assert.equal(server.pennymeter(['check']).ok, true);
  const held = () => JSON.stringify(query(server.data, 'SELECT * FROM usage_balances ORDER BY tenant_id, window_start, metric, window_end'));
  const was = held();
  applyPlans(server, { 'metrics.json': (all) => ({ ...all, metrics: all.metrics.map((m) => (m.name === 'webhooks_delivered' ? { ...m, window: 'day' } : m)) }), 'starter.json': (p) => p });
  assert.equal(held(), was);
  assert.equal(server.pennymeter(['check']).ok, true);
});

test('what an earlier version counted of the time before the start is taken out when the schema is brought up to date', async () => {
  const start = today();
  const tenant = tenantOf(server, { start: fromInstant(start).slice(0, 10) });
  const at = { early: { recorded_at: fromInstant(start - 1n) }, late: { recorded_at: fromInstant(start) } };
  for (const metric_name of ['leads_created', 'quotes_generated']) {
    await tenant.use(metric_name, 7, at.early);
    await tenant.use(metric_name, 5, at.late);
  }
  for (const when of ['early', 'late']) for (const who of ['a', when]) await tenant.use('seen_month', 1, { metadata: { who }, ...at[when] });
  const one = `tenant_id = ${tenant.tenant_id}`;
  const held = () => query(server.data, `SELECT * FROM usage_balances WHERE ${one} ORDER BY metric, window_start`).map((row) => JSON.stringify(row));
  const values = () => query(server.data, `SELECT * FROM usage_window_values WHERE ${one} ORDER BY value`).map((row) => JSON.stringify(row));
  const right = [held(), values()];
  // As it was: the subscription is put before its events while all is made anew, and then back.
  query(server.data, `UPDATE subscriptions SET anchor = anchor - ${40n * DAY} WHERE ${one}`);
  query(server.data, 'UPDATE catalog SET generation = generation + 1');
  for (const window of ['month', 'day']) {
    applyPlans(server, { 'metrics.json': (all) => ({ ...all, metrics: [...all.metrics, { name: 'turned', unit: 'x', window }] }) });
  }
  query(server.data, `UPDATE subscriptions SET anchor = anchor + ${40n * DAY} WHERE ${one}`);
  query(server.data, 'UPDATE catalog SET generation = generation + 1');
  const month = (rows) => rows.filter((row) => /seen_month|leads/.test(row));
  assert.notDeepEqual([held(), values()], right);
  setBack(server.data, 5);
  server.pennymeter(['init']);
  assert.deepEqual(month(held()), month(right[0]));
  assert.deepEqual(values(), right[1]);
  // Periods, which the start moved, are the new ones' own matter: only theirs may be told.
  const { metrics } = await tenant.read('/api/usage/current-period');
  assert.equal(line({ metrics }, 'leads_created').used, '5');
});

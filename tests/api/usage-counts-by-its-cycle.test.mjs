// Billing cycles from a week to a year, usage cycles within them, and limits of a week and an hour.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DAY, fromInstant, toInstant } from '../lib/exact.mjs';
import { applyPlans, plansWith } from '../lib/plans.mjs';
import { cases, randomness } from '../lib/random.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf } from '../lib/tenant.mjs';
import { firstAt, hourAt, periodAt, sevenDaysAt, weekAt } from '../lib/wall.mjs';

const random = randomness(57);
const everyCycle = { week: 5, month: 19, quarter: 55, half_year: 105, year: 190 };
const quotes = { quotes_generated: { included: 100, price: { model: 'per_unit', unit_amount: '0.30' } } };
const text = ({ start, end }) => ({ start: fromInstant(start), end: fromInstant(end) });

let server;
before(async () => {
  server = await startServer({ env: { PENNYMETER_LATE_DAYS: '3650' } });
  applyPlans(server, {
    'metrics.json': (old) => ({ metrics: [...old.metrics,
      { name: 'per_hour', window: 'hour' }, { name: 'per_week', window: 'week' },
      ...['max', 'min', 'latest'].map((aggregation) => ({ name: `signed_${aggregation}`, aggregation, signed: true }))] }),
    'any.json': { code: 'any', name: 'Any', base_price: everyCycle,
      metrics: { ...quotes, per_hour: { policy: 'hard', included: 3 }, per_week: { policy: 'hard', included: 5 }, signed_max: { policy: 'hard', included: 10 } } },
    'monthly.json': { code: 'by_the_month', name: 'By the month', base_price: { year: 190, week: 5 }, usage_cycle: 'monthly', metrics: quotes },
    'quarterly.json': { code: 'by_the_quarter', name: 'By the quarter', base_price: { month: 19, half_year: 105 }, usage_cycle: 'quarterly', metrics: quotes },
  });
});
after(() => server?.stop());

const estimate = (tenant, at) => tenant.read(`/api/usage/billing-estimate?at=${at}`);

// ---- cycles ----

describe('periods of every cycle count from the anchor', () => {
  const months = { monthly: 1, quarterly: 3, half_yearly: 6, yearly: 12 };
  for (const [start, timezone] of [['2020-01-31', 'UTC'], ['2019-11-30', 'America/New_York'], ['2020-02-29', 'Europe/Berlin'], ['2020-10-24', 'Pacific/Auckland']]) {
    for (const cycle of ['weekly', ...Object.keys(months)]) {
      test(`${cycle}, from ${start}, in ${timezone}`, async () => {
        const tenant = tenantOf(server, { plan: 'any', start, cycle, timezone }), anchor = toInstant(`${start}T00:00:00Z`);
        const want = (at) => (cycle === 'weekly' ? sevenDaysAt(at, anchor, timezone) : periodAt(at, anchor, months[cycle], timezone));
        const instants = Array.from({ length: cases(25) }, () => {
          const some = want(firstAt(anchor, timezone) + random.big(1500n * DAY));
          return random.pick([some.start, some.end, some.end - 1n, some.start + random.big(some.end - some.start)]);
        });
        await inParallel(4, instants, async (at) => {
          const answer = await estimate(tenant, fromInstant(at));
          assert.deepEqual([answer.billing_period, answer.cycle], [text(want(at)), text(want(at))], fromInstant(at));
          assert.equal(answer.base_price, { weekly: '5.00', monthly: '19.00', quarterly: '55.00', half_yearly: '105.00', yearly: '190.00' }[cycle]);
        });
      });
    }
  }
});

test('quarterly, 30 November → 28 February → 30 May, as published', async () => {
  const tenant = tenantOf(server, { plan: 'any', start: '2025-11-30', cycle: 'quarterly' });
  const starts = [];
  for (const at of ['2026-02-27', '2026-02-28', '2026-05-30']) starts.push((await estimate(tenant, at)).billing_period.start.slice(0, 10));
  assert.deepEqual(starts, ['2025-11-30', '2026-02-28', '2026-05-30']);
});

// ---- usage cycles ----

test('a year paid in advance has monthly allowances and monthly overage: 199.00, 0.00, 0.30', async () => {
  const tenant = tenantOf(server, { plan: 'by_the_month', start: '2026-01-15', cycle: 'yearly' });
  await tenant.load([[130, '2026-01-20'], [90, '2026-02-20'], [101, '2026-03-20']].map(([quantity, day]) => ({ metric_name: 'quotes_generated', quantity, recorded_at: `${day}T00:00:00Z` })));
  const bills = [];
  for (const at of ['2026-01-20', '2026-02-20', '2026-03-20', '2027-01-15']) {
    const { billing_period, cycle, base_price, total_overage, total } = await estimate(tenant, at);
    bills.push([billing_period.start.slice(0, 10), cycle.start.slice(0, 10), cycle.end.slice(0, 10), base_price, total_overage, total].join(' '));
  }
  assert.deepEqual(bills, [
    '2026-01-15 2026-01-15 2027-01-15 190.00 9.00 199.00',
    '2026-02-15 2026-01-15 2027-01-15 0.00 0.00 0.00',
    '2026-03-15 2026-01-15 2027-01-15 0.00 0.30 0.30',
    '2027-01-15 2027-01-15 2028-01-15 190.00 0.00 190.00',
  ]);
  assert.deepEqual((await tenant.read('/api/usage/current-period?at=2026-02-20')).period, { start: '2026-02-15T00:00:00Z', end: '2026-03-15T00:00:00Z' });
  assert.equal(server.pennymeter(['check', '--tenant', String(tenant.tenant_id)]).ok, true);
});

test('where the cycle is shorter than the usage cycle, usage counts by the cycle', async () => {
  for (const [plan, cycle, end] of [['by_the_month', 'weekly', '2026-01-22'], ['by_the_quarter', 'monthly', '2026-02-15'], ['by_the_quarter', 'half_yearly', '2026-04-15']]) {
    const tenant = tenantOf(server, { plan, start: '2026-01-15', cycle });
    assert.equal((await estimate(tenant, '2026-01-20')).billing_period.end.slice(0, 10), end, `${plan}, ${cycle}`);
  }
});

test('the list of tenants tells both cycles', () => {
  const { tenant_id } = tenantOf(server, { plan: 'by_the_month', cycle: 'yearly' });
  const { cycle, usage_cycle } = server.pennymeter(['tenant', 'list']).tenants.find((t) => t.tenant_id === tenant_id);
  assert.deepEqual([cycle, usage_cycle], ['yearly', 'monthly']);
});

describe('a cycle that a plan does not offer', () => {
  test('is refused to a tenant, and those that it offers are named', () => {
    assert.throws(() => server.addTenant({ plan: 'by_the_month', cycle: 'monthly' }), (e) => e.code === 2 && /--cycle: .*not offered monthly, but weekly, yearly/.test(e.stderr));
    assert.throws(() => server.addTenant({ plan: 'any', cycle: 'daily' }), (e) => e.code === 2 && /--cycle: must be weekly, monthly, quarterly, half_yearly or yearly, not "daily"/.test(e.stderr));
  });

  test('is refused to a preview', async () => {
    const preview = (cycle) => server.request('POST', '/api/plans/preview', { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ plan: 'by_the_month', quantities: {}, cycle }) });
    isProblem(await preview('monthly'), 400, { pointer: '/cycle', detail: /weekly, yearly/ });
    isProblem(await preview('daily'), 400, { pointer: '/cycle' });
    assert.equal((await preview('yearly')).json.base_price, 190);
    assert.equal((await preview(undefined)).json.base_price, 5, 'the shortest, as it has none of a month');
  });

  test('is not taken where none is named: monthly, or the shortest', () => {
    const cycleOf = (plan) => server.pennymeter(['tenant', 'list']).tenants.find((t) => t.tenant_id === server.addTenant({ plan }).tenant_id)
      ?? server.pennymeter(['tenant', 'list']).tenants.at(-1);
    assert.deepEqual([cycleOf('any').cycle, cycleOf('by_the_month').cycle], ['monthly', 'weekly']);
  });
});

describe('a plan is refused', () => {
  const refused = {
    'without any base price': [{ base_price: {} }, /\/base_price:? .*at least one of/],
    'with the base price of another cycle': [{ base_price: { day: 1 } }, /\/base_price\/day/],
    'with a base price below 0': [{ base_price: { quarter: -1 } }, /\/base_price\/quarter/],
    'with a base price that its currency cannot hold': [{ currency: 'JPY', base_price: { half_year: '0.5' } }, /\/base_price\/half_year/],
    'whose usage counts weekly': [{ usage_cycle: 'weekly' }, /\/usage_cycle/],
    'whose usage counts yearly': [{ usage_cycle: 'yearly' }, /\/usage_cycle/],
  };
  for (const [name, [change, said]] of Object.entries(refused)) {
    test(name, () => {
      const folder = plansWith({ 'wrong.json': { code: 'wrong', name: 'Wrong', base_price: { month: 1 }, metrics: {}, ...change } });
      assert.throws(() => server.pennymeter(['plan', 'apply', folder]), (e) => e.code === 1 && /wrong\.json/.test(e.stderr) && said.test(e.stderr));
    });
  }
});

// ---- windows ----

const record = async (tenant, metric_name, at, quantity = 1) => (await tenant.record({ metric_name, quantity, recorded_at: fromInstant(at) })).status;

test('a limit of an hour holds in each hour of the clock, and one that comes twice is two', async () => {
  const timezone = 'Europe/Berlin', tenant = tenantOf(server, { plan: 'any', start: '2025-01-01', timezone });
  const twice = toInstant('2025-10-26T00:00:00Z'); // 02:00 in summer time, and an hour later 02:00 again
  for (const hour of [twice, twice + 3_600_000_000n]) {
    const window = hourAt(hour, timezone);
    for (const [at, status] of [[window.start, 201], [window.end - 1n, 201], [hour + 1n, 201], [hour + 2n, 403]]) assert.equal(await record(tenant, 'per_hour', at), status, fromInstant(at));
    const line = (await tenant.read(`/api/usage/current-period?at=${fromInstant(hour)}`)).metrics.find((m) => m.metric_name === 'per_hour');
    assert.deepEqual([line.window, line.window_start, line.window_end, line.used, line.remaining], ['hour', fromInstant(window.start), fromInstant(window.end), '3', '0']);
  }
  assert.equal(server.pennymeter(['check', '--tenant', String(tenant.tenant_id)]).ok, true);
});

test('a limit of a week holds from Monday to Sunday in the tenant\'s zone', async () => {
  const timezone = 'America/New_York', tenant = tenantOf(server, { plan: 'any', start: '2025-01-01', timezone });
  const window = weekAt(toInstant('2025-03-09T12:00:00Z'), timezone); // it ends with the day of 23 hours
  assert.deepEqual(text(window), { start: '2025-03-03T05:00:00Z', end: '2025-03-10T04:00:00Z' });
  for (const [at, status] of [[window.start - 1n, 201], [window.start, 201], [window.end - 1n, 201], [window.start + DAY, 201], [window.end, 201]]) assert.equal(await record(tenant, 'per_week', at, 2), at === window.start + DAY ? 403 : status);
  assert.equal(await record(tenant, 'per_week', window.end - 2n), 201);
  const line = (await tenant.read(`/api/usage/current-period?at=${fromInstant(window.start)}`)).metrics.find((m) => m.metric_name === 'per_week');
  assert.deepEqual([line.window, line.window_start, line.window_end, line.used], ['week', fromInstant(window.start), fromInstant(window.end), '5']);
});

test('a summary of a metric with a limit of an hour is that of its events', async () => {
  const tenant = tenantOf(server, { plan: 'any', start: '2025-01-01' });
  for (const day of ['2025-02-01', '2025-02-02', '2025-03-01']) await record(tenant, 'per_hour', toInstant(`${day}T10:30:00Z`), 2);
  const { metrics } = await tenant.read('/api/usage/summary?start=2025-02-01&end=2025-02-28&metric_name=per_hour');
  assert.deepEqual(metrics.map((m) => [m.total_quantity, m.event_count]), [['4', '2']]);
});

test('a price goes with no limit of a week or an hour', () => {
  for (const metric of ['per_hour', 'per_week']) {
    const folder = plansWith({ 'metrics.json': (old) => ({ metrics: [...old.metrics, { name: metric, window: metric.slice(4) }] }),
      'wrong.json': { code: 'wrong', name: 'Wrong', base_price: { month: 1 }, metrics: { [metric]: { included: 0, price: { model: 'per_unit', unit_amount: 1 } } } } });
    assert.throws(() => server.pennymeter(['plan', 'apply', folder]), (e) => e.code === 1 && e.stderr.includes(`/metrics/${metric}`));
  }
});

test('when a metric changes from days to hours its past is counted anew', async (t) => {
  const own = await startServer();
  t.after(() => own.stop());
  const applied = (window) => applyPlans(own, { 'metrics.json': (old) => ({ metrics: [...old.metrics, { name: 'changing', window }] }) });
  applied('day');
  const tenant = tenantOf(own, { start: '2025-01-01' }), at = fromInstant(toInstant(new Date().toISOString()) - 2n * DAY);
  await tenant.use('changing', 2, { recorded_at: at });
  applied('hour');
  const line = (await tenant.read(`/api/usage/current-period?at=${at}`)).metrics.find((m) => m.metric_name === 'changing');
  assert.deepEqual([line.window, line.used], ['hour', '2']);
  assert.equal(own.pennymeter(['check']).ok, true);
});

// ---- below 0 ----

test('a max, min or latest of a signed metric stays what it is: −7, −3', async () => {
  const tenant = tenantOf(server, { plan: 'any', start: '2026-01-01' });
  for (const [metric, used] of [['signed_max', '-3'], ['signed_min', '-7'], ['signed_latest', '-3']]) {
    for (const [quantity, second] of [[-7, '01'], [-3, '02']]) assert.equal(await record(tenant, metric, toInstant(`2026-01-05T00:00:${second}Z`), quantity), 201);
    const { metrics } = await tenant.read('/api/usage/current-period?at=2026-01-06');
    assert.equal(metrics.find((m) => m.metric_name === metric).used, used, metric);
    const summary = await tenant.read(`/api/usage/summary?start=2026-01-01&end=2026-01-31&metric_name=${metric}`);
    assert.equal(summary.metrics[0].total_quantity, used, metric);
  }
  const line = (await tenant.read('/api/usage/current-period?at=2026-01-06')).metrics.find((m) => m.metric_name === 'signed_max');
  assert.deepEqual([line.percent, line.remaining, line.level], ['0', '10', 'ok']);
  assert.equal(await record(tenant, 'signed_max', toInstant('2026-01-05T00:00:03Z'), 11), 403);
  assert.equal(server.pennymeter(['check', '--tenant', String(tenant.tenant_id)]).ok, true);
});

test('a count and distinct values cannot be signed', () => {
  for (const aggregation of ['count', 'unique']) {
    const folder = plansWith({ 'metrics.json': (old) => ({ metrics: [...old.metrics, { name: 'wrong', aggregation, signed: true, ...(aggregation === 'unique' && { field: 'a' }) }] }) });
    assert.throws(() => server.pennymeter(['plan', 'apply', folder]), (e) => e.code === 1 && /signed/.test(e.stderr));
  }
});

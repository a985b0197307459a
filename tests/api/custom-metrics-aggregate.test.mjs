// Custom metrics of every aggregation, over periods and any range, against a recount.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DAY, HOUR, floorTo, fromInstant, fromMicro, now } from '../lib/exact.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { cases, randomness, seed } from '../lib/random.mjs';
import { byInstant, summary, total } from '../lib/recount.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, tenantOf } from '../lib/tenant.mjs';

const random = randomness(11);
const aggregation = { seats: 'latest', peak: 'max', floor_price: 'min', calls: 'count', flow: 'sum' };
const rate = { seats: 12_500_000n, peak: 3n * 10n ** 6n, floor_price: 10n ** 6n, calls: 500_000n, flow: 1n }; // millionths of a dollar
const included = 5n;
const names = Object.keys(aggregation);

let server, tenant, events, end;

before(async () => {
  server = await startServer({ procs: 2 });
  applyPlans(server, {
    'metrics.json': { metrics: names.map((name) => ({ name, unit: 'unit', aggregation: aggregation[name] })) },
    'free.json': { code: 'free', name: 'Free', base_price: { month: 0, year: 0 }, metrics: {} },
    'starter.json': { code: 'starter', name: 'Starter', base_price: { month: 19, year: 190 }, metrics: {} },
    'professional.json': { code: 'custom', name: 'Custom', base_price: { month: 0, year: 0 },
      metrics: Object.fromEntries(names.map((name) => [name, { included: String(included), price: { model: 'per_unit', unit_amount: fromMicro(rate[name]) } }])) },
    'enterprise.json': { code: 'enterprise', name: 'Enterprise', base_price: { month: 0, year: 0 }, metrics: {} },
  });
  const start = fromInstant(floorTo(now() - 34n * DAY, DAY)).slice(0, 10);
  tenant = tenantOf(server, { plan: 'custom', start, cycle: 'yearly' });
  end = now();
  const taken = new Set();
  events = Array.from({ length: cases(1200) }, () => {
    let at = random.pick([floorTo, (x) => x])(end - random.big(33n * DAY), random.pick([HOUR, DAY]));
    while (taken.has(at)) at -= 1n;
    taken.add(at);
    return { metric: random.pick(names), quantity: 1n + random.big(100_000_000n), at, user: '0' };
  });
  await tenant.load(random.shuffle([...events]).map((e) => ({ metric_name: e.metric, quantity: fromMicro(e.quantity), recorded_at: fromInstant(e.at) })));
});
after(() => server?.stop());

test('any range of them equals a recount', async () => {
  const ranges = Array.from({ length: cases(400) }, () => {
    const cut = () => random.pick([random.pick(events).at + BigInt(random.below(2)), floorTo(end - random.big(34n * DAY), random.pick([HOUR, DAY]))]);
    const [a, b] = [cut(), cut()];
    return a < b ? [a, b] : [b, a];
  });
  await inParallel(6, ranges, async ([start, stop]) => {
    const answer = await tenant.read(`/api/usage/summary?start=${fromInstant(start)}&end=${fromInstant(stop)}`);
    assert.deepEqual(answer.metrics, summary(events, start, stop, { aggregation }), `seed ${seed}, ${fromInstant(start)} to ${fromInstant(stop)}`);
  });
});

describe('the period uses and charges each by its aggregation', () => {
  for (const name of names) {
    test(`${name}: ${aggregation[name]}`, async () => {
      const used = total(byInstant(events.filter((e) => e.metric === name)), aggregation[name]);
      const line = (await tenant.read('/api/usage/current-period')).metrics.find((m) => m.metric_name === name);
      assert.equal(line.used, fromMicro(used));
      const over = used > included * 1_000_000n ? used - included * 1_000_000n : 0n;
      assert.equal(line.overage_quantity, fromMicro(over));
      const cents = (over * rate[name] * 2n + 10n ** 10n) / (2n * 10n ** 10n); // half away from zero
      assert.equal(line.overage_amount, `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`);
    });
  }
});

test('of two events at one instant the later sent is the latest', async () => {
  const other = tenantOf(server, { plan: 'custom' });
  const recorded_at = fromInstant(now());
  await other.load([7, 3, 9, 4].map((quantity) => ({ metric_name: 'seats', quantity, recorded_at })));
  const { metrics } = await other.read('/api/usage/summary');
  assert.equal(metrics[0].total_quantity, '4');
  assert.equal((await other.read('/api/usage/current-period')).metrics.find((m) => m.metric_name === 'seats').used, '4');
});

test('a late event does not become the latest', async () => {
  const other = tenantOf(server, { plan: 'custom', start: fromInstant(now() - 10n * DAY).slice(0, 10) }); // a minute ago is in the same period
  await other.use('seats', 8);
  const reply = await other.use('seats', 20, { recorded_at: fromInstant(now() - 60_000_000n) });
  assert.equal(reply.json.usage.used, 8);
});

test('the chart and the history of a latest metric show what stood at the end of each day', async () => {
  const other = tenantOf(server, { plan: 'custom' });
  const today = floorTo(now(), DAY), at = (days, minutes) => fromInstant(today - BigInt(days) * DAY + BigInt(minutes) * 60_000_000n);
  await other.load([[3, 10, 7], [3, 900, 9], [3, 200, 50], [1, 5, 4], [1, 6, 30], [1, 700, 2.5]].map(([days, minutes, quantity]) => ({ metric_name: 'seats', quantity, recorded_at: at(days, minutes) })));
  const { series } = await other.read('/api/usage/stats');
  const values = series.metrics.find((m) => m.metric_name === 'seats').values.slice(-4);
  assert.deepEqual(values, ['9', '0', '2.5', '0']);
  const { summary } = await other.read('/api/usage/history?type=seats&days=7');
  assert.deepEqual([summary.total, summary.peak_day.date, summary.peak_day.total], ['2.5', at(3, 0).slice(0, 10), '9']);
});

test('check finds no difference', () => {
  assert.deepEqual(server.pennymeter(['check']).differences, []);
});

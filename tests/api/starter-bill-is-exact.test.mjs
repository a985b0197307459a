// The published bill of a STARTER tenant, digit by digit.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { literals } from '../lib/exact.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

const bill = [ // metric, used, included, over, rate, amount, exact
  ['quotes_generated', '150', '100', '50', '0.30', '15.00', '15'],
  ['invoices_generated', '92', '50', '42', '0.15', '6.30', '6.3'],
  ['api_calls', '10000000', '10000', '9990000', '0.0005', '4995.00', '4995'],
  ['storage_gb', '12.345678', '10', '2.345678', '0.08', '0.19', '0.18765424'],
];

let server, tenant;
before(async () => {
  server = await startServer();
  tenant = tenantOf(server, { plan: 'starter' });
  for (const [metric, used] of bill) await tenant.use(metric, used);
});
after(() => server?.stop());

test('overage charges are 15.00, 6.30, 4995.00 and 0.19, in total 5016.49', async () => {
  const overage = await tenant.read('/api/usage/overage-charges');
  assert.deepEqual(
    overage.charges.map((c) => [c.metric_name, c.used_quantity, c.included_quantity, c.overage_quantity, c.overage_rate, c.overage_amount, c.overage_amount_exact]),
    bill,
  );
  assert.equal(overage.total_overage, '5016.49');
  assert.equal(overage.currency, 'USD');
  assert.equal(overage.subscription_id, '1');
});

test('the estimate adds the base price of 19.00 to 5035.49', async () => {
  const estimate = await tenant.read('/api/usage/billing-estimate');
  assert.equal(estimate.base_price, '19.00');
  assert.equal(estimate.total_overage, '5016.49');
  assert.equal(estimate.total, '5035.49');
  assert.deepEqual(estimate.charges.map((c) => c.overage_amount), ['15.00', '6.30', '4995.00', '0.19']);
  assert.equal(estimate.plan.code, 'starter');
});

test('amounts stand in the JSON text as literals with the cents of their currency', async () => {
  const { text } = await tenant.get('/api/usage/overage-charges');
  assert.match(text, /"overage_rate":0\.30,"overage_amount":15\.00[,}]/);
  assert.match(text, /"total_overage":5016\.49[,}]/);
  assert.doesNotMatch(text, /[eE][+-]?\d+[,}\]]/, 'no exponent');
});

test('current-period shows the same use and the same amounts', async () => {
  const { metrics } = await tenant.read('/api/usage/current-period');
  for (const [name, used, included, over, rate, amount] of bill) {
    const m = metrics.find((line) => line.metric_name === name);
    assert.deepEqual([m.used, m.included, m.overage_quantity, m.overage_rate, m.overage_amount, m.remaining, m.level],
      [used, included, over, rate, amount, '0', 'over'], name);
  }
});

test('the dashboard shows the same total', async () => {
  const stats = await tenant.read('/api/usage/stats');
  assert.equal(stats.estimate.total, '5035.49');
  assert.equal(stats.estimate.total_overage, '5016.49');
});

test('a yearly tenant pays the yearly base price', async () => {
  const yearly = tenantOf(server, { plan: 'starter', cycle: 'yearly' });
  await yearly.use('quotes_generated', 101);
  const estimate = await yearly.read('/api/usage/billing-estimate');
  assert.deepEqual([estimate.base_price, estimate.total_overage, estimate.total], ['190.00', '0.30', '190.30']);
});

test('currencies of none and three digits round and print by their own unit', async () => {
  for (const [currency, base, over, total] of [['JPY', '19', '8', '27'], ['KWD', '19.000', '7.501', '26.501'], ['EUR', '19.00', '7.50', '26.50']]) {
    const other = tenantOf(server, { plan: 'starter', currency });
    await other.use('api_calls', '25001'); // 15,001 over at 0.0005: 7.5005
    const estimate = await other.read('/api/usage/billing-estimate');
    assert.deepEqual([estimate.currency, estimate.base_price, estimate.total_overage, estimate.total], [currency, base, over, total]);
  }
});

test('each plan charges its own prices', async () => {
  const plans = { free: ['0.50', '0.25', '0.001', '0.10', '0.00'], professional: ['0.20', '0.10', '0.0003', '0.05', '49.00'], enterprise: ['0.10', '0.05', '0.0001', '0.03', '199.00'] };
  const included = { free: ['10', '5', '1000', '1'], professional: ['500', '250', '50000', '50'], enterprise: ['99999', '99999', '999999', '500'] };
  for (const [plan, prices] of Object.entries(plans)) {
    const other = tenantOf(server, { plan });
    const estimate = literals((await other.get('/api/usage/billing-estimate')).text);
    assert.deepEqual(estimate.charges.map((c) => c.overage_rate).concat(estimate.base_price), prices, plan);
    assert.deepEqual(estimate.charges.map((c) => c.included_quantity), included[plan], plan);
  }
});

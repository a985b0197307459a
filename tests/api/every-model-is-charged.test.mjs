// A plan may price a metric by any model: the period, the charges and the estimate follow it to the cent.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { applyPlans } from '../lib/plans.mjs';
import { startServer } from '../lib/server.mjs';

const tiers = [{ up_to: 10, unit_amount: '1' }, { up_to: 100, unit_amount: '0.5', flat_amount: '2' }, { up_to: null, unit_amount: '0.1' }];

// Metric, what is included, its price, what is used, and what that comes to past what is included, reckoned by hand.
const cases = [
  ['quotes_generated', 0, { model: 'graduated', tiers }, 120, '59.00'], //           10 × 1 + 90 × 0.5 + 2 + 20 × 0.1
  ['invoices_generated', 5, { model: 'volume', tiers }, 25, '12.00'], //             20 × 0.5 + 2
  ['api_calls', 1000, { model: 'package', package_size: 100, package_amount: '0.07' }, 1201, '0.21'], // 3 started packages
  ['storage_gb', 1, { model: 'percentage', rate_percent: '12.5' }, '3.3', '0.29'], // 2.3 × 0.125 = 0.2875
  ['emails_sent', 0, { model: 'flat', amount: '4.99' }, 1, '4.99'],
  ['pdfs_generated', 2, { model: 'per_unit', unit_amount: '0.015', minimum_amount: '1' }, 3, '1.00'],
  ['webhooks_delivered', 0, { model: 'per_unit', unit_amount: '1', maximum_amount: '2.50' }, 9, '2.50'],
];

let server, token;
before(async () => {
  server = await startServer({ server: 'lighttpd' });
  applyPlans(server, {
    'starter.json': (plan) => ({
      ...plan, metrics: Object.fromEntries(cases.map(([metric, included, price]) => [metric, { included, price }])),
    }),
  });
  ({ token } = server.addTenant({ plan: 'starter' }));
  for (const [metric_name, , , quantity] of cases) {
    const { status, text } = await server.request('POST', '/api/usage/record', { token, body: JSON.stringify({ metric_name, quantity }) });
    assert.equal(status, 201, text);
  }
});
after(() => server.stop());

for (const [metric, , price, , amount] of cases) {
  test(`${price.model} of ${metric} comes to ${amount}`, async () => {
    const { text, json } = await server.request('GET', '/api/usage/overage-charges', { token });
    const line = text.slice(text.indexOf(`{"metric_name":"${metric}"`));
    assert.equal(line.match(/"overage_amount":([\d.]+)/)[1], amount);
    assert.equal(json.charges.find((c) => c.metric_name === metric).model, price.model);
  });
}

test('the total and the estimate are the sums of the rounded lines', async () => {
  const cents = cases.reduce((sum, [, , , , amount]) => sum + BigInt(amount.replace('.', '')), 0n);
  const total = (n) => `${n / 100n}.${String(n % 100n).padStart(2, '0')}`;
  assert.match((await server.request('GET', '/api/usage/overage-charges', { token })).text, new RegExp(`"total_overage":${total(cents)}}`));
  assert.match((await server.request('GET', '/api/usage/billing-estimate', { token })).text, new RegExp(`"total":${total(cents + 1900n)},`));
});

test('a graduated charge explains itself tier by tier', async () => {
  const { json } = await server.request('GET', '/api/usage/overage-charges', { token });
  const { breakdown } = json.charges.find((c) => c.metric_name === 'quotes_generated');
  assert.deepEqual(breakdown, [
    { quantity: 10, unit_amount: 1, flat_amount: 0, amount: 10 }, { quantity: 90, unit_amount: 0.5, flat_amount: 2, amount: 47 },
    { quantity: 20, unit_amount: 0.1, flat_amount: 0, amount: 2 },
  ]);
});

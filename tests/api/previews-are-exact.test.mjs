// The pricing page's calculator: by a plan or by any price, with no token, and nothing is stored.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from '../lib/server.mjs';

let server;
before(async () => { server = await startServer({ server: 'lighttpd' }); });
after(() => server.stop());

const preview = (body) => server.request('POST', '/api/plans/preview', { body: JSON.stringify(body) });

test('a plan prices each quantity past what it includes, and the base price of the cycle', async () => {
  const quantities = { quotes_generated: 150, invoices_generated: 92, api_calls: 10_000_000, storage_gb: '12.345678' };
  const monthly = await preview({ plan: 'starter', quantities });
  assert.equal(monthly.status, 200);
  assert.deepEqual(monthly.json.lines.map((l) => [l.metric_name, l.overage_quantity, l.amount]),
    [['quotes_generated', 50, 15], ['invoices_generated', 42, 6.3], ['api_calls', 9_990_000, 4995], ['storage_gb', 2.345678, 0.19]]);
  assert.match(monthly.text, /"amount_exact":0\.18765424[,}]/);
  assert.match(monthly.text, /"total_overage":5016\.49,"total":5035\.49}/);
  const yearly = await preview({ plan: 'STARTER', cycle: 'yearly', quantities });
  assert.match(yearly.text, /"base_price":190\.00,/);
});

test('a quantity past a hard limit is said to be refused, and costs nothing', async () => {
  const { json } = await preview({ plan: 'starter', quantities: { leads_created: 501 } });
  assert.equal(json.lines[0].refused, true);
  assert.equal(json.lines[0].amount, 0);
});

const tiers = [{ up_to: 10, unit_amount: '1' }, { up_to: null, unit_amount: '0.5', flat_amount: '3' }];
for (const [price, quantity, amount] of [
  [{ model: 'graduated', tiers }, 10, '10.00'], [{ model: 'graduated', tiers }, '10.000001', '13.00'], [{ model: 'graduated', tiers }, 15, '15.50'],
  [{ model: 'volume', tiers }, 15, '10.50'], [{ model: 'package', package_size: 10, package_amount: 15 }, 11, '30.00'],
  [{ model: 'percentage', rate_percent: '2.9' }, 100, '2.90'], [{ model: 'flat', amount: 7 }, 3, '7.00'],
  [{ model: 'per_unit', unit_amount: '0.015', included: 1 }, 2, '0.02'], [{ model: 'per_unit', unit_amount: 1, minimum_amount: 25, maximum_amount: 50 }, 90, '50.00'],
]) {
  test(`${price.model} of ${quantity} is ${amount}`, async () => {
    const { status, text } = await preview({ price, quantity });
    assert.equal(status, 200, text);
    assert.ok(text.includes(`"amount":${amount},`), text);
  });
}

test('the currency has its own digits', async () => {
  const price = { model: 'per_unit', unit_amount: '0.5555' };
  assert.match((await preview({ price, quantity: 1, currency: 'JPY' })).text, /"amount":1,/);
  assert.match((await preview({ price, quantity: 1, currency: 'KWD' })).text, /"amount":0\.556,/);
});

for (const [why, body, pointer] of [
  ['neither a plan nor a price', {}, '/plan'], ['both', { plan: 'starter', price: { model: 'flat', amount: 1 }, quantity: 1 }, '/plan'],
  ['an unknown plan', { plan: 'gold' }, '/plan'], ['an unknown metric', { plan: 'free', quantities: { shoes: 1 } }, '/quantities/shoes'],
  ['a negative quantity', { plan: 'free', quantities: { api_calls: -1 } }, '/quantities/api_calls'],
  ['seven decimals', { plan: 'free', quantities: { api_calls: '0.0000001' } }, '/quantities/api_calls'],
  ['a price without its quantity', { price: { model: 'flat', amount: 1 } }, '/quantity'],
  ['an unknown model', { price: { model: 'magic' }, quantity: 1 }, '/price/model'],
  ['bounds that do not rise', { price: { model: 'volume', tiers: [{ up_to: 5, unit_amount: 1 }, { up_to: 5, unit_amount: 1 }] }, quantity: 1 }, '/price/tiers/1/up_to'],
  ['an unknown currency', { price: { model: 'flat', amount: 1 }, quantity: 1, currency: 'ZZZ' }, '/currency'],
]) {
  test(`refuses ${why}`, async () => {
    const { status, json } = await preview(body);
    assert.equal(status, 400);
    assert.ok(json.errors.some((e) => e.pointer === pointer), JSON.stringify(json.errors));
  });
}

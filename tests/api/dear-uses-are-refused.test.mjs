// A use that is too dear to count is refused when it comes, by the name of its field, and changes nothing; what fits before
// it is charged. A total that does not fit is refused alike.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { recorded } from '../lib/database.mjs';
import { applyPlans, readPlan } from '../lib/plans.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

const dear = { model: 'per_unit', unit_amount: '999999999' };
const prices = {
  api_calls: { included: 0, price: dear }, //                    92,233,720.46 of them come to 2^63 cents
  emails_sent: { included: 1000000, price: dear },
  pdfs_generated: { included: 0, price: { ...dear, maximum_amount: '5' } },
  quotes_generated: { included: 0, price: { model: 'graduated', tiers: [{ up_to: 10, unit_amount: '1' }, { unit_amount: '90000000000000000' }] } },
  invoices_generated: { included: 0, price: { model: 'volume', tiers: [{ up_to: 10, unit_amount: '50000000000000000' }, { unit_amount: '0' }] } },
  webhooks_delivered: { included: 0, price: { model: 'package', package_size: '0.5', package_amount: '90000000000000000' } },
  storage_gb: { included: 0, price: dear },
  team_members: { policy: 'unlimited' },
};

let server;
before(async () => {
  server = await startServer();
  const starter = readPlan('starter.json');
  applyPlans(server, { 'starter.json': { ...starter, currency: 'USD', base_price: { month: 0, year: 0 }, metrics: prices } });
});
after(() => server?.stop());

const amount = async (tenant, metric) => (await tenant.read('/api/usage/overage-charges')).charges.find((c) => c.metric_name === metric).overage_amount;

const cases = [ // metric, what fits, what it costs, what is too much after it
  ['api_calls', '92233720.460781', '92233720368547279.54', '0.000001'],
  ['api_calls', '1', '999999999.00', '9000000000000'],
  ['emails_sent', '93233720.460781', '92233720368547279.54', '1'],
  ['quotes_generated', '11', '90000000000000010.00', '1'],
  ['invoices_generated', '1', '50000000000000000.00', '1'],
  ['webhooks_delivered', '0.5', '90000000000000000.00', '0.000001'],
  ['storage_gb', '92233720', '92233719907766280.00', '1'],
];

describe('record', () => {
  for (const [metric, fits, cost, more] of cases) {
    test(`${metric}: ${fits} cost ${cost}, and ${more} more are refused`, async () => {
      const tenant = tenantOf(server);
      await tenant.use(metric, fits);
      assert.equal(await amount(tenant, metric), cost);
      const state = recorded(server.data, tenant.tenant_id);
      isProblem(await tenant.record({ metric_name: metric, quantity: more, idempotency_key: 'dear' }), 400, { code: 'out-of-range', pointer: '/quantity', detail: /charged/ });
      assert.equal(recorded(server.data, tenant.tenant_id), state, 'nothing is recorded, and the key is free');
      assert.equal(await amount(tenant, metric), cost);
      const asked = await tenant.read(`/api/usage/check?metric_name=${metric}&quantity=${more}`);
      assert.deepEqual([asked.can_proceed, asked.upgrade_url], [false, null]);
    });
  }

  test('a maximum makes no use too dear', async () => {
    const tenant = tenantOf(server);
    await tenant.use('pdfs_generated', '9000000000000');
    assert.equal(await amount(tenant, 'pdfs_generated'), '5.00');
  });

  test('what takes a use down again is not refused', async () => {
    const tenant = tenantOf(server);
    await tenant.use('storage_gb', '92233720');
    await tenant.use('storage_gb', '-92233719');
    await tenant.use('storage_gb', '1');
    assert.equal(await amount(tenant, 'storage_gb'), '1999999998.00');
  });

});

test('a batch: what fits counts, the rest is listed by its field', async () => {
  const tenant = tenantOf(server);
  const events = [1, '92233719.460781', '0.000001', '0.000001'].map((quantity) => ({ metric_name: 'api_calls', quantity }));
  const { json } = await tenant.batch([events[0], { ...events[0], quantity: '9000000000000' }, ...events.slice(1)]);
  assert.equal(json.inserted, 2);
  assert.deepEqual(json.rejected.map((r) => [r.index, r.code, r.errors[0].pointer]), [1, 3, 4].map((index) => [index, 'out-of-range', '/quantity']));
  assert.equal(await amount(tenant, 'api_calls'), '92233720368547279.54');
});

test('CloudEvents are refused by the name of their field', async () => {
  const tenant = tenantOf(server);
  const event = { specversion: '1.0', id: 'e1', source: 's', type: 'api_calls', data: { value: '9000000000000' } };
  const reply = await tenant.post('/api/v1/events', event, { 'Content-Type': 'application/cloudevents+json' });
  isProblem(reply, 400, { code: 'out-of-range', pointer: '/data/value' });
  assert.equal(await amount(tenant, 'api_calls'), '0.00');
});

test('eight that race for the last that fits: one has it', async () => {
  const tenant = tenantOf(server);
  await tenant.use('api_calls', '92233719');
  const replies = await Promise.all(Array.from({ length: 8 }, () => tenant.record({ metric_name: 'api_calls', quantity: 1 })));
  assert.deepEqual(replies.map((r) => r.status).sort(), [201, 400, 400, 400, 400, 400, 400, 400]);
});

test('what was refused for its price leaves the proof whole', () => {
  assert.equal(server.pennymeter(['check']).ok, true);
});

test('a preview names the quantity that is too dear', async () => {
  const ask = (body) => server.request('POST', '/api/plans/preview', { body: JSON.stringify(body) });
  isProblem(await ask({ price: dear, quantity: '9000000000000' }), 400, { pointer: '/quantity' });
  isProblem(await ask({ plan: 'starter', quantities: { api_calls: '9000000000000' } }), 400, { pointer: '/quantities/api_calls' });
});

// The check endpoint says what recording would do, for each policy, and records nothing.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { recorded } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => { server = await startServer({ env: { PENNYMETER_UPGRADE_URL: '/plans?to={plan}' } }); });
after(() => server?.stop());

const ask = (tenant, metric, quantity) => tenant.read(`/api/usage/check?metric_name=${metric}${quantity ? `&quantity=${quantity}` : ''}`);

const cases = [ // plan, metric, used before, asked → can proceed, policy, used, included, remaining, an upgrade is offered
  ['starter', 'quotes_generated', '45', '1', true, 'soft', '45', '100', '55', false],
  ['starter', 'quote_generated', '99.5', '0.5', true, 'soft', '99.5', '100', '0.5', false],
  ['starter', 'quotes_generated', '99.5', '0.500001', true, 'soft', '99.5', '100', '0.5', true],
  ['starter', 'quotes_generated', '150', undefined, true, 'soft', '150', '100', '0', true],
  ['starter', 'leads_created', '490', '10', true, 'hard', '490', '500', '10', false],
  ['starter', 'leads_created', '490', '10.000001', false, 'hard', '490', '500', '10', true],
  ['starter', 'leads_created', '500', undefined, false, 'hard', '500', '500', '0', true],
  ['starter', 'messages_sent', undefined, '201', false, 'hard', '0', '200', '200', true],
  ['starter', 'emails_sent', '12', '1000000', true, 'unlimited', '12', null, null, false],
  ['enterprise', 'leads_created', '1000', '1000000', true, 'unlimited', '1000', null, null, false],
  ['starter', 'storage_gb', '12', '-3', true, 'soft', '12', '10', '0', false],
  ['starter', 'storage_gb', '12', '-1', true, 'soft', '12', '10', '0', false], // still past the limit, but no use that rises
];

describe('check answers', () => {
  for (const [plan, metric, before, quantity, proceeds, policy, used, included, remaining, upgrade] of cases) {
    test(`${plan}: ${before ?? 'no'} ${metric}, then ${quantity ?? 'one'} more: ${proceeds}`, async () => {
      const tenant = tenantOf(server, { plan });
      if (before) await tenant.use(metric, before);
      const state = recorded(server.data, tenant.tenant_id);
      const answer = await ask(tenant, metric, quantity);
      assert.equal(recorded(server.data, tenant.tenant_id), state, 'nothing is recorded');
      assert.deepEqual([answer.can_proceed, answer.policy, answer.used, answer.included, answer.remaining], [proceeds, policy, used, included, remaining]);
      assert.equal(answer.upgrade_url !== null, upgrade);
      assert.ok(answer.message.includes(answer.metric_name), answer.message);
      const reply = await tenant.record({ metric_name: metric, quantity: quantity ?? 1 });
      assert.equal(reply.status, proceeds ? 201 : 403, 'record does as was foretold');
    });
  }

  test('the largest plan offers no upgrade', async () => {
    const tenant = tenantOf(server, { plan: 'enterprise' });
    assert.equal((await ask(tenant, 'quotes_generated', '100000')).upgrade_url, null);
  });

  test('a tenant without a subscription can be asked too', async () => {
    const added = server.pennymeter(['tenant', 'add', '--name', 'No plan']);
    assert.equal(added.subscription_id, null);
    const tenant = tenantOf(server, added);
    const answer = await ask(tenant, 'quotes_generated', '1');
    assert.equal(answer.policy, 'none');
    assert.equal(answer.included, null);
    await tenant.use('quotes_generated', 1);
    assert.equal((await tenant.read('/api/usage/billing-estimate')).total, '0.00');
  });
});

test('metrics lists each with its unit, aggregation, window and the caller\'s limits', async () => {
  const tenant = tenantOf(server);
  await tenant.use('quotes_generated', 45);
  const { metrics } = await tenant.read('/api/usage/metrics');
  const rows = metrics.map((m) => [m.metric_name, m.alias, m.unit, m.aggregation, m.window, m.signed, m.policy, m.included, m.overage_rate]);
  assert.deepEqual(rows, [
    ['quotes_generated', 'quote_generated', 'quote', 'sum', 'period', false, 'soft', '100', '0.30'],
    ['invoices_generated', 'invoice_generated', 'invoice', 'sum', 'period', false, 'soft', '50', '0.15'],
    ['api_calls', 'api_call', 'call', 'sum', 'period', false, 'soft', '10000', '0.0005'],
    ['storage_gb', null, 'GB', 'sum', 'period', true, 'soft', '10', '0.08'],
    ['emails_sent', 'email_sent', 'email', 'sum', 'period', false, 'unlimited', null, null],
    ['pdfs_generated', 'pdf_generated', 'document', 'sum', 'period', false, 'unlimited', null, null],
    ['leads_created', 'lead_created', 'lead', 'sum', 'month', false, 'hard', '500', null],
    ['messages_sent', 'message_sent', 'message', 'sum', 'day', false, 'hard', '200', null],
    ['team_members', null, 'member', 'max', 'period', false, 'unlimited', null, null],
    ['webhooks_delivered', 'webhook_delivered', 'delivery', 'sum', 'period', false, 'unlimited', null, null],
  ]);
  assert.deepEqual([metrics[0].used, metrics[0].remaining, metrics[0].percent], ['45', '55', '45']);
});

test('record answers with the published shape', async () => {
  const tenant = tenantOf(server);
  await tenant.use('quotes_generated', 44);
  const { text } = await tenant.use('quotes_generated', '1.0', { metadata: { quote_id: 123 }, recorded_at: new Date().toISOString() });
  assert.match(text, /^\{"id":"evt_[0-9a-z]+","metric_name":"quotes_generated","quantity":1,"recorded_at":"\d{4}-\d\d-\d\dT[\d:.]+Z","duplicate":false,"usage":\{"used":45,"included":100,"remaining":55,"percent":45,"level":"ok"/);
});

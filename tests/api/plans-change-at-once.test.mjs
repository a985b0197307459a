// Changed plans and metrics count from the next request on, in warm processes too; subscriptions keep their version.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query } from '../lib/database.mjs';
import { applyPlans, readPlan } from '../lib/plans.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => { server = await startServer({ procs: 2 }); });
after(() => server?.stop());

const quotes = async (tenant) => (await tenant.read('/api/usage/current-period')).metrics.find((m) => m.metric_name === 'quotes_generated');
const versions = () => JSON.stringify([query(server.data, 'SELECT * FROM plan_versions ORDER BY 1'), query(server.data, 'SELECT * FROM metrics ORDER BY 1'), query(server.data, 'SELECT * FROM catalog')]);

test('applying the same plans again makes no new version', () => {
  assert.deepEqual(applyPlans(server, {}), { metrics: 10, plans: 4, new_versions: 0 });
});

test('a changed plan makes one version: new tenants are on it, older ones keep theirs', async () => {
  const old = tenantOf(server);
  await old.use('quotes_generated', 150);
  assert.equal((await quotes(old)).overage_amount, '15.00'); // warm
  const applied = applyPlans(server, { 'starter.json': (plan) => ({ ...plan, base_price: { month: 25, year: 250 }, metrics: { ...plan.metrics, quotes_generated: { included: 120, price: { model: 'per_unit', unit_amount: '0.40' } } } }) });
  assert.equal(applied.new_versions, 1);
  const young = tenantOf(server);
  await young.use('quotes_generated', 150);
  for (let i = 0; i < 4; i++) { // each of the processes
    assert.equal((await quotes(old)).overage_amount, '15.00');
    assert.equal((await quotes(young)).overage_amount, '12.00');
  }
  const [a, b] = [await old.read('/api/usage/billing-estimate'), await young.read('/api/usage/billing-estimate')];
  assert.deepEqual([a.plan.version, a.total, b.plan.version, b.total], ['1', '34.00', '2', '37.00']);
  applyPlans(server, {});
});

test('a new metric can be counted by warm processes at once', async () => {
  const tenant = tenantOf(server);
  for (let i = 0; i < 4; i++) isProblem(await tenant.record({ metric_name: 'faxes_sent', quantity: 1 }), 400, { pointer: '/metric_name' });
  applyPlans(server, { 'metrics.json': (m) => ({ metrics: [...m.metrics, { name: 'faxes_sent', alias: 'fax_sent', label: 'Faxes', unit: 'fax' }] }) });
  for (let i = 0; i < 4; i++) await tenant.use(i % 2 ? 'fax_sent' : 'faxes_sent', 1);
  assert.equal((await tenant.read('/api/usage/summary')).metrics[0].total_quantity, '4');
});

test('a metric whose window changes is limited by the new one, with what was used in it', async () => {
  const tenant = tenantOf(server, { plan: 'free' }); // 20 messages a day
  const before = new Date(Date.now() - 86_400_000).toISOString();
  await tenant.use('messages_sent', 15, { recorded_at: before });
  await tenant.use('messages_sent', 4);
  applyPlans(server, { 'metrics.json': (m) => ({ metrics: m.metrics.map((x) => (x.name === 'messages_sent' ? { ...x, window: 'period' } : x)) }) });
  const inPeriod = (await tenant.read('/api/usage/summary?metric_name=messages_sent')).metrics[0].total_quantity;
  const line = async () => (await tenant.read('/api/usage/current-period')).metrics.find((m) => m.metric_name === 'messages_sent');
  assert.deepEqual([(await line()).used, (await line()).window], [inPeriod, 'period']);
  assert.equal(server.pennymeter(['check']).ok, true);
  applyPlans(server, {});
  assert.deepEqual([(await line()).used, (await line()).window], ['4', 'day']);
  assert.equal(server.pennymeter(['check']).ok, true);
});

describe('a malformed plan file is refused whole, with file, pointer and cause', () => {
  const starter = (change) => ({ 'starter.json': (plan) => { const copy = structuredClone(plan); return change(copy) ?? copy; } });
  const metric = (change) => starter((p) => { change(p.metrics.quotes_generated, p); });
  const cases = [ // name, changes, file and pointer, cause
    ['text that is no JSON', { 'starter.json': '{"code": "starter",' }, 'starter.json', /JSON/],
    ['an empty file', { 'free.json': '' }, 'free.json', /empty/],
    ['a name that stands twice', { 'free.json': JSON.stringify(readPlan('free.json')).replace('{', '{"name":"x",') }, 'free.json: /name', /twice/],
    ['bad UTF-8', { 'free.json': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }, 'free.json', /UTF-8/],
    ['an array', { 'free.json': '[]' }, 'free.json', /./],
    ['an unknown member', starter((p) => { p.discount = 5; }), 'starter.json: /discount', /./],
    ['no code', starter((p) => { delete p.code; }), 'starter.json: /code', /needed/],
    ['a code in capitals', starter((p) => { p.code = 'STARTER'; }), 'starter.json: /code', /lower-case/],
    ['the code of another file', starter((p) => { p.code = 'free'; }), 'starter.json: /code', /free\.json/],
    ['a base price that is text', starter((p) => { p.base_price.month = 'nineteen'; }), 'starter.json: /base_price/month', /decimal/],
    ['a negative base price', starter((p) => { p.base_price.year = -1; }), 'starter.json: /base_price/year', /negative/],
    ['no base price of any cycle', starter((p) => { p.base_price = {}; }), 'starter.json: /base_price', /at least one of/],
    ['an unknown currency', starter((p) => { p.currency = 'XYZ'; }), 'starter.json: /currency', /4217/],
    ['an unknown metric', starter((p) => { p.metrics.unheard_of = { policy: 'unlimited' }; }), 'starter.json: /metrics/unheard_of', /metric/],
    ['a metric by its alias', starter((p) => { p.metrics.api_call = { policy: 'unlimited' }; }), 'starter.json: /metrics/api_call', /metric/],
    ['an unknown policy', metric((m) => { m.policy = 'firm'; }), 'starter.json: /metrics/quotes_generated/policy', /known/],
    ['a negative quantity included', metric((m) => { m.included = -1; }), 'starter.json: /metrics/quotes_generated/included', /negative/],
    ['7 decimals included', metric((m) => { m.included = '0.0000001'; }), 'starter.json: /metrics/quotes_generated/included', /decimals/],
    ['13 decimals of a unit price', metric((m) => { m.price.unit_amount = '0.0000000000001'; }), 'starter.json: /metrics/quotes_generated/price/unit_amount', /decimals/],
    ['an unknown price model', metric((m) => { m.price.model = 'magic'; }), 'starter.json: /metrics/quotes_generated/price/model', /known/],
    ['a soft metric without a price', metric((m) => { delete m.price; m.policy = 'soft'; }), 'starter.json: /metrics/quotes_generated/price', /required/],
    ['a hard metric with a price', metric((m) => { m.policy = 'hard'; }), 'starter.json: /metrics/quotes_generated/price', /policy/],
    ['tiers that do not rise', metric((m) => { m.price = { model: 'graduated', tiers: [{ up_to: 10, unit_amount: 1 }, { up_to: 10, unit_amount: 2 }, { up_to: null, unit_amount: 3 }] }; }), 'starter.json: /metrics/quotes_generated/price/tiers/1/up_to', /./],
    ['features that are numbers', starter((p) => { p.features = [1]; }), 'starter.json: /features', /names/],
    ['a metric declared twice', { 'metrics.json': (m) => ({ metrics: [...m.metrics, m.metrics[0]] }) }, 'metrics.json: /metrics/10', /taken/],
    ['an alias that is another metric', { 'metrics.json': (m) => ({ metrics: [...m.metrics, { name: 'x', alias: 'api_calls' }] }) }, 'metrics.json: /metrics/10', /taken/],
    ['an unknown aggregation', { 'metrics.json': (m) => ({ metrics: [{ ...m.metrics[0], aggregation: 'mean' }, ...m.metrics.slice(1)] }) }, 'metrics.json: /metrics/0/aggregation', /known/],
    ['an unknown window', { 'metrics.json': (m) => ({ metrics: [{ ...m.metrics[0], window: 'fortnight' }, ...m.metrics.slice(1)] }) }, 'metrics.json: /metrics/0/window', /known/],
    ['no list of metrics', { 'metrics.json': '{}' }, 'metrics.json: /metrics', /needed/],
  ];
  for (const [name, changes, where, cause] of cases) {
    test(name, () => {
      const before = versions();
      // Another file is changed too, and well: it must not come through either.
      const all = { 'professional.json': (p) => ({ ...p, name: 'Changed' }), ...changes };
      assert.throws(() => applyPlans(server, all), (error) => {
        assert.equal(error.code, 1);
        const line = error.stderr.split('\n').find((l) => l.includes(where));
        assert.ok(line, `${where} is not named: ${error.stderr}`);
        assert.match(line, cause);
        return true;
      });
      assert.equal(versions(), before, 'nothing was stored');
    });
  }

  test('a folder that is not there, and one without metrics', () => {
    assert.throws(() => server.pennymeter(['plan', 'apply', '/no/such/folder']), { code: 1 });
  });
});

test('a tenant is refused a plan that is not there', () => {
  assert.throws(() => server.addTenant({ plan: 'platinum' }), (e) => e.code === 2 && /platinum/.test(e.stderr));
});

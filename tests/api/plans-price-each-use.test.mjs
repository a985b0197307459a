// A plan that cannot price some use, or has money that its currency has not, is refused when it is applied, naming file,
// pointer and cause; nothing of the folder is stored then. So are the values of `tenant add` and the configuration.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { value } from '../lib/database.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => { server = await startServer(); });
after(() => server?.stop());

const price = '/metrics/api_calls/price';
const priced = (model, more = {}) => ({ metrics: { api_calls: { included: 0, price: model } }, ...more });
const tiers = (model, ...list) => priced({ model, tiers: list });
const perUnit = (more, plan) => priced({ model: 'per_unit', unit_amount: '1', ...more }, plan);
const based = (currency, month, year = '190') => ({ currency, base_price: { month, year } });

const refused = [ // pointer, what is changed of the starter plan
  [`${price}/tiers/0/up_to`, tiers('graduated', { up_to: '10', unit_amount: '1' })],
  [`${price}/tiers/1/up_to`, tiers('graduated', { up_to: 10, unit_amount: '1' }, { up_to: 20, unit_amount: '1' })],
  [`${price}/tiers/0/up_to`, tiers('volume', { up_to: 9000000000000, unit_amount: '1' })],
  [`${price}/tiers/0/up_to`, tiers('volume', { unit_amount: '1' }, { unit_amount: '2' })],
  [`${price}/tiers/1/up_to`, tiers('graduated', { up_to: 10, unit_amount: '1' }, { up_to: 10, unit_amount: '1' }, { unit_amount: '1' })],
  [`${price}/tiers/1/up_to`, tiers('volume', { up_to: 10, unit_amount: '1' }, { up_to: 5, unit_amount: '1' }, { unit_amount: '1' })],
  [`${price}/tiers/0/up_to`, tiers('graduated', { up_to: -1, unit_amount: '1' }, { unit_amount: '1' })],
  [`${price}/tiers`, tiers('graduated')],
  [`${price}/tiers`, priced({ model: 'volume' })],
  [`${price}/package_size`, priced({ model: 'package', package_size: 0, package_amount: '1' })],
  [`${price}/package_size`, priced({ model: 'package', package_amount: '1' })],
  [`${price}/rate_percent`, priced({ model: 'percentage', rate_percent: '-1' })],
  [`${price}/rate_percent`, priced({ model: 'percentage', rate_percent: '1e24' })],
  [`${price}/unit_amount`, priced({ model: 'per_unit', unit_amount: '1e17' })],
  [`${price}/unit_amount`, priced({ model: 'per_unit', unit_amount: '-0.01' })],
  [`${price}/unit_amount`, priced({ model: 'per_unit', unit_amount: '0.0000000000001' })],
  [`${price}/package_amount`, priced({ model: 'package', package_size: 1, package_amount: '1e17' })],
  [`${price}/amount`, priced({ model: 'flat', amount: '1e20' })],
  [`${price}/maximum_amount`, perUnit({ minimum_amount: '2', maximum_amount: '1' })],
  [`${price}/minimum_amount`, perUnit({ minimum_amount: '1e20' })],
  [`${price}/model`, priced({ model: 'stairs' })],
  ['/base_price/month', { base_price: { month: '1e20', year: '1' } }],
  ['/base_price/year', { base_price: { month: '1', year: '1e20' } }],
  ['/base_price/month', { base_price: { month: '-1', year: '1' } }],
  ['/base_price/month', based('JPY', '19.5')],
  ['/base_price/year', based('JPY', '19', '190.01')],
  ['/base_price/month', based('USD', '19.005')],
  ['/base_price/month', based('KWD', '19.0005')],
  ['/base_price/month', based('CLF', '19.00005')],
  ['/base_price/month', based('KRW', 0.5)],
  [`${price}/minimum_amount`, perUnit({ minimum_amount: '0.5' }, based('JPY', 19))],
  [`${price}/maximum_amount`, perUnit({ maximum_amount: '0.005' }, based('USD', 19))],
  [`${price}/amount`, priced({ model: 'flat', amount: '4.999' }, based('USD', 19))],
  [`${price}/tiers/1/flat_amount`, { ...tiers('graduated', { up_to: 1, unit_amount: 1 }, { unit_amount: 1, flat_amount: '0.1' }), ...based('JPY', 19) }],
  ['/currency', { currency: 'usd' }],
  ['/currency', { currency: '' }],
  ['/code', { code: '' }],
  ['/code', { code: 'p'.repeat(65) }],
  ['/name', { name: '' }],
  ['/name', { name: '料'.repeat(201) }],
];

describe('plan apply refuses', () => {
  for (const [pointer, change] of refused) {
    test(`${pointer} of ${JSON.stringify(change).slice(0, 150)}`, () => {
      const versions = value(server.data, 'SELECT COUNT(*) FROM plan_versions');
      assert.throws(() => applyPlans(server, { 'starter.json': (plan) => ({ ...plan, ...change }) }), (e) => {
        assert.equal(e.code, 1);
        assert.ok(e.stderr.includes(`starter.json: ${pointer}: `), e.stderr);
        assert.doesNotMatch(e.stderr, /failed: /);
        return true;
      });
      assert.equal(value(server.data, 'SELECT COUNT(*) FROM plan_versions'), versions, 'nothing is stored');
    });
  }
});

const taken = [
  based('JPY', '19.00'), based('KWD', '19.005'), based('CLF', '0.0001'), { currency: undefined, base_price: { month: '19.5', year: 190 } },
  perUnit({ unit_amount: '0.000000000001' }, based('JPY', 19)), perUnit({ minimum_amount: '0.50', maximum_amount: '0.50' }, based('USD', 19)),
  tiers('graduated', { up_to: 10, unit_amount: '1' }, { up_to: null, unit_amount: '1' }), tiers('volume', { unit_amount: '1' }),
  priced({ model: 'percentage', rate_percent: '120' }), { name: '料'.repeat(200) }, { code: 'p'.repeat(64) },
];

describe('plan apply takes', () => {
  for (const change of taken) {
    test(JSON.stringify(change).slice(0, 150), () => {
      applyPlans(server, { 'starter.json': (plan) => ({ ...plan, ...change }) });
    });
  }
});

test('a plan in no currency goes with those that have its money', async () => {
  applyPlans(server, { 'starter.json': (plan) => ({ ...plan, base_price: { month: '19.5', year: 190 } }) });
  for (const currency of ['JPY', 'KRW']) {
    assert.throws(() => server.addTenant({ currency }), (e) => e.code === 2 && /--currency: the plan starter has amounts with more decimals/.test(e.stderr));
  }
  const tenant = tenantOf(server, { currency: 'KWD' });
  assert.equal((await tenant.read('/api/usage/billing-estimate')).total, '19.500');
});

// An option that an unset variable of a script leaves empty is refused like any other bad value.
const values = [
  ['timezone', ['', 'Mars/Olympus', '../x', '/etc/localtime', 'localtime', 'posixrules', 'right/UTC', 'posix/UTC', 'Europe/', 'Europe//Berlin', 'zone.tab', 'UTC ', 'europe/berlin', 'EST5EDT4', 'A'.repeat(300)]],
  ['currency', ['', 'usd', 'US', 'USDX', 'XXX', 'XAU', ' USD']],
  ['plan', ['', 'gold', 'starter ', 'x'.repeat(500)]],
  ['start', ['', '2026-02-30', '2026-13-01', '20260101', 'tomorrow', '2026-01-01T00:00:00', '0000-01-01', '10000-01-01', '9999-12-31', '-1']],
  ['cycle', ['', 'weekly', 'Monthly', 'month']],
  ['name', ['', '   ', '料'.repeat(201), 'a\u0007b', 'two\nlines']],
];

describe('tenant add refuses, with exit 2 and the option\'s name,', () => {
  for (const [option, list] of values) {
    for (const bad of list) {
      test(`--${option} ${JSON.stringify(bad).slice(0, 60)}`, () => {
        const tenants = value(server.data, 'SELECT COUNT(*) FROM tenants');
        assert.throws(() => server.addTenant({ [option]: bad }), (e) => {
          assert.equal(e.code, 2, e.stderr);
          assert.match(e.stderr, new RegExp(`^pennymeter: --${option}: `, 'm'));
          return true;
        });
        assert.equal(value(server.data, 'SELECT COUNT(*) FROM tenants'), tenants);
      });
    }
  }
});

test('tenant add takes a name of 200 characters, however many bytes they are', () => {
  assert.ok(server.addTenant({ name: '料'.repeat(200) }).tenant_id > 1);
});

describe('the configuration refuses', () => {
  const bad = [['TIMEZONE', ''], ['TIMEZONE', 'Mars/Olympus'], ['CURRENCY', ''], ['CURRENCY', 'usd'], ['BASE_PATH', 'meter'], ['BASE_PATH', '/meter/'], ['BASE_PATH', '/a b'],
    ['UPGRADE_URL', 'javascript:alert(1)'], ['UPGRADE_URL', '//elsewhere.example'], ['LATE_DAYS', ''], ['LATE_DAYS', '-1'], ['LATE_DAYS', '1.5']];
  for (const [key, text] of bad) {
    test(`${key} "${text}"`, () => {
      process.env[`PENNYMETER_${key}`] = text;
      try {
        assert.throws(() => server.pennymeter(['tenant', 'list']), (e) => new RegExp(`^pennymeter: PENNYMETER_${key}: `, 'm').test(e.stderr));
      } finally {
        delete process.env[`PENNYMETER_${key}`];
      }
    });
  }
});

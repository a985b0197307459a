// Whatever is stored, each GET answers 200: what has no price, or cannot be counted, is null. Plans and uses are put into
// the database past our code, as earlier versions or other hands may have left them there.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query } from '../lib/database.mjs';
import { DAY, floorTo, now } from '../lib/exact.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => { server = await startServer(); });
after(() => server?.stop());

const MOST = 9223372036854775807n;
const reads = [
  'current-period', 'overage-charges', 'billing-estimate', 'alerts', 'metrics', 'stats', 'summary', 'history', 'history?type=api_calls',
  'history?days=365&type=storage_gb', 'history?type=webhooks_delivered', 'history?limit=5', 'check?metric_name=api_calls', 'check?metric_name=storage_gb&quantity=9000000000000',
  'check?metric_name=leads_created', 'check?metric_name=messages_sent&quantity=0.000001', 'summary?user_id=7',
  'summary?start=2000-01-01&end=2100-01-01', 'current-period?at=2000-01-01T00:00:00Z', 'current-period?at=2100-01-01T00:00:00Z',
  'billing-estimate?at=2100-01-01T00:00:00Z', 'overage-charges?at=1970-01-01T00:00:00Z', 'alerts?at=9000-01-01T00:00:00Z',
].map((target) => `/api/usage/${target}`);

async function readsAll(tenant) {
  const wrong = [];
  for (const target of reads) {
    const reply = await tenant.get(target);
    if (reply.status !== 200) wrong.push(`${target}: ${reply.status} ${reply.text}`);
    else assert.doesNotThrow(() => reply.json, `${target}: ${reply.text}`);
  }
  assert.deepEqual(wrong, []);
}

let versions = 1000;
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

/** A plan in the database, and its only tenant, who began a day ago. */
function onStoredPlan(document, options = {}) {
  const id = ++versions;
  const text = typeof document === 'string' ? document : JSON.stringify({ code: `p${id}`, name: 'Stored', base_price: { month: 0, year: 0 }, metrics: {}, ...document });
  const start = new Date(Date.now() - 864e5).toISOString().slice(0, 10);
  const tenant = tenantOf(server, { plan: 'starter', start, ...options });
  query(server.data, `INSERT INTO plan_versions (plan_version_id, code, version, name, document, applied_at) VALUES (${id}, 'p${id}', 1, 'Stored', ${quoted(text)}, 0)`);
  of(tenant, `UPDATE subscriptions SET plan_version_id = ${id}`);
  return tenant;
}

/** Change something of one tenant, and let all processes know. */
function of(tenant, sql) {
  query(server.data, `${sql} WHERE tenant_id = ${tenant.tenant_id}`);
  query(server.data, 'UPDATE catalog SET generation = generation + 1');
}

/** Put a use of the running period there: `micro` in its balance, its day and its hour. */
async function stored(tenant, metric, micro, columns = {}) {
  await tenant.use(metric, 1, metric === 'messages_sent' ? { metadata: { channel: 'sms' } } : {});
  const set = Object.entries({ quantity_sum: micro, quantity_max: micro, last_quantity: micro, ...columns }).map(([name, n]) => `${name} = ${n}`).join(', ');
  for (const table of ['usage_balances', 'usage_hours', 'usage_days']) {
    query(server.data, `UPDATE ${table} SET ${set} WHERE tenant_id = ${tenant.tenant_id} AND metric = '${metric}'`);
  }
}

const overage = async (tenant, metric) => (await tenant.read('/api/usage/overage-charges')).charges.find((c) => c.metric_name === metric);
const closed = (...tiers) => ({ metrics: { api_calls: { included: 0, price: { model: 'graduated', tiers } } } });

describe('a stored plan with a closed last tier', () => {
  test('has a charge up to its bound; a projection past it is null', async () => {
    const tenant = onStoredPlan(closed({ up_to: 10, unit_amount: '1' }));
    await tenant.use('api_calls', 9);
    await readsAll(tenant);
    assert.equal((await overage(tenant, 'api_calls')).overage_amount, '9.00');
    const estimate = await tenant.read('/api/usage/billing-estimate');
    assert.equal(estimate.total, '9.00');
    const line = (await tenant.read('/api/usage/current-period')).metrics.find((m) => m.metric_name === 'api_calls');
    assert.ok(BigInt(line.projected) > 10n);
    assert.deepEqual([estimate.projected.base_price, estimate.projected.total_overage, estimate.projected.total], ['0.00', null, null]);
    assert.equal((await tenant.read('/api/usage/stats')).estimate.projected_total, null);
  });

  test('has no charge for a use that was stored past its bound, and no total', async () => {
    const tenant = onStoredPlan(closed({ up_to: 10, unit_amount: '1' }));
    await stored(tenant, 'api_calls', 20_000_000n);
    await readsAll(tenant);
    const charge = await overage(tenant, 'api_calls');
    assert.deepEqual([charge.used_quantity, charge.overage_amount, charge.overage_amount_exact], ['20', null, null]);
    assert.deepEqual(charge.breakdown, []);
    const { total_overage, total, subtotal } = await tenant.read('/api/usage/billing-estimate');
    assert.deepEqual([total_overage, total, subtotal], [null, null, null]);
  });
});

describe('stored extremes', () => {
  const dear = { metrics: { api_calls: { included: 0, price: { model: 'per_unit', unit_amount: '999999999' } }, storage_gb: { included: '0.000001', price: { model: 'per_unit', unit_amount: '0.01' } } } };
  test('a use that is too dear has no charge', async () => {
    const tenant = onStoredPlan(dear);
    await stored(tenant, 'api_calls', 9_000_000_000_000_000_000n);
    await readsAll(tenant);
    assert.equal((await overage(tenant, 'api_calls')).overage_amount, null);
    assert.equal((await tenant.read('/api/usage/billing-estimate')).total, null);
  });

  test('a balance at the most that can be counted, and its percentage', async () => {
    const tenant = onStoredPlan(dear);
    await stored(tenant, 'storage_gb', MOST);
    await readsAll(tenant);
    const line = (await tenant.read('/api/usage/current-period')).metrics.find((m) => m.metric_name === 'storage_gb');
    assert.deepEqual([line.used, line.level], ['9223372036854.775807', 'over']);
    assert.ok(BigInt(line.percent) > 1000n);
    const asked = await tenant.read('/api/usage/check?metric_name=storage_gb');
    assert.deepEqual([asked.can_proceed, /counted/.test(asked.message)], [false, true]);
  });

  test('balances below nothing', async () => {
    const tenant = onStoredPlan(dear);
    await stored(tenant, 'storage_gb', -MOST);
    await stored(tenant, 'api_calls', -MOST);
    await readsAll(tenant);
  });

  test('charges that fit one by one and not together', async () => {
    const half = { model: 'flat', amount: '90000000000000000' };
    const tenant = onStoredPlan({ metrics: { api_calls: { included: 0, price: half }, emails_sent: { included: 0, price: half } } });
    await readsAll(tenant);
    assert.equal((await overage(tenant, 'api_calls')).overage_amount, '90000000000000000.00');
    assert.equal((await tenant.read('/api/usage/overage-charges')).total_overage, null);
  });

  test('a base price that cannot be counted', async () => {
    const tenant = onStoredPlan({ base_price: { month: '1e20', year: '1e20' } });
    await readsAll(tenant);
    const { base_price, total } = await tenant.read('/api/usage/billing-estimate');
    assert.deepEqual([base_price, total], [null, null]);
  });

  test('days whose sum cannot be counted', async () => {
    const tenant = onStoredPlan({});
    await stored(tenant, 'api_calls', MOST);
    await stored(tenant, 'webhooks_delivered', MOST);
    for (const [table, column, width] of [['usage_days', 'day', DAY], ['usage_hours', 'hour', DAY / 24n]]) {
      for (const back of [2n, 40n]) {
        const at = floorTo(now() - back * DAY, width);
        query(server.data, `INSERT INTO ${table} (tenant_id, ${column}, metric, user_id, quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity)
          VALUES (${tenant.tenant_id}, ${at}, 'api_calls', 0, ${MOST}, 1, 1, ${MOST}, ${at}, ${at}, 1, ${MOST})`);
      }
    }
    await readsAll(tenant);
    const all = (await tenant.read('/api/usage/summary?start=2000-01-01&end=2100-01-01')).metrics;
    assert.deepEqual(all.map((m) => [m.metric_name, m.total_quantity, m.event_count]), [['api_calls', null, '3'], ['webhooks_delivered', '9223372036854.775807', '1']]);
    const { summary } = await tenant.read('/api/usage/history?type=api_calls&days=7');
    assert.deepEqual([summary.total, summary.daily_mean], [null, null]);
  });

  test('two users whose day cannot be counted', async () => {
    const tenant = onStoredPlan({});
    await stored(tenant, 'api_calls', MOST);
    query(server.data, `INSERT INTO usage_days SELECT tenant_id, day, metric, 9, quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity
      FROM usage_days WHERE tenant_id = ${tenant.tenant_id}`);
    await readsAll(tenant);
    const { series } = await tenant.read('/api/usage/stats');
    assert.equal(series.metrics.find((m) => m.metric_name === 'api_calls').values.at(-1), null);
    const { summary } = await tenant.read('/api/usage/history?type=api_calls&days=7');
    assert.deepEqual([summary.total, summary.peak_day.total], [null, null]);
  });

  test('events of one hour whose sum cannot be counted', async () => {
    const tenant = onStoredPlan({});
    await tenant.use('api_calls', 9000000000000);
    const [{ recorded_at: at }] = query(server.data, `SELECT CAST(recorded_at AS TEXT) AS recorded_at FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`);
    query(server.data, `INSERT INTO usage_events SELECT tenant_id, recorded_at - 1, event_id + 1, metric, quantity, 9, resource_id, metadata FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`);
    query(server.data, `INSERT INTO usage_hours SELECT tenant_id, hour, metric, 9, quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity
      FROM usage_hours WHERE tenant_id = ${tenant.tenant_id}`);
    of(tenant, 'UPDATE usage_hours SET first_at = first_at - 10, last_at = last_at + 10');
    const end = new Date(Number(BigInt(at) / 1000n) + 1).toISOString();
    for (const target of [`/api/usage/summary?start=2000-01-01&end=${end}`, `/api/usage/history?type=api_calls&end=${end}`]) {
      const reply = await tenant.get(target);
      assert.equal(reply.status, 200, reply.text);
    }
  });
});

describe('what is gone, or was never known', () => {
  test('a plan version that is not there, or cannot be read, is none: nothing is charged', async () => {
    for (const document of ['{"code":', '[]', '{}', '{"code":"x","name":"x","base_price":{},"metrics":{}}', JSON.stringify({ ...closed({ up_to: 5 }, { up_to: 4 }), code: 'x', name: 'x', base_price: { month: 1, year: 1 } })]) {
      const tenant = onStoredPlan(document);
      await readsAll(tenant);
      assert.equal((await tenant.read('/api/usage/current-period')).plan, null, document);
      assert.equal((await tenant.read('/api/usage/billing-estimate')).total, '0.00');
    }
  });

  test('a record that no limit can be asked for is not taken, and says that it may be sent again', async () => {
    const tenant = onStoredPlan('{}');
    const reply = await tenant.record({ metric_name: 'api_calls', quantity: 1 });
    assert.equal(reply.status, 503, reply.text);
  });

  test('a time zone that is unknown, or empty: days are those of UTC, and events are taken', async () => {
    for (const zone of ['Mars/Olympus', '', '../x', 'UTC0', 'Europe/']) {
      const tenant = onStoredPlan({});
      of(tenant, `UPDATE tenants SET timezone = ${quoted(zone)}`);
      await tenant.use('api_calls', 3);
      await readsAll(tenant);
      assert.equal((await tenant.read('/api/usage/current-period')).metrics.find((m) => m.metric_name === 'api_calls').used, '3');
    }
  });

  test('a currency that is unknown', async () => {
    for (const code of ['XQX', 'usd', '', 'EURO', '"<>']) {
      const tenant = onStoredPlan({ base_price: { month: '19.5', year: 1 }, ...closed({ unit_amount: '0.25' }) });
      of(tenant, `UPDATE tenants SET currency = ${quoted(code)}`);
      await tenant.use('api_calls', 3);
      await readsAll(tenant);
      assert.equal((await tenant.read('/api/usage/billing-estimate')).total, '20.25');
    }
  });

  test('money that the currency cannot hold is rounded, as it was', async () => {
    const tenant = onStoredPlan({ currency: 'JPY', base_price: { month: '19.5', year: 190 } });
    of(tenant, 'UPDATE tenants SET currency = \'JPY\'');
    await readsAll(tenant);
    assert.equal((await tenant.read('/api/usage/billing-estimate')).total, '20');
  });

  test('a metric that is declared no more', async () => {
    const tenant = onStoredPlan({ metrics: { gone: { included: 0, price: { model: 'flat', amount: '1' } } } });
    await stored(tenant, 'api_calls', 5_000_000n);
    for (const table of ['usage_events', 'usage_balances', 'usage_hours', 'usage_days']) of(tenant, `UPDATE ${table} SET metric = 'gone'`);
    await readsAll(tenant);
  });

  test('an anchor at either end of the calendar', async () => {
    for (const anchor of [-62135596800000000n, 253402300799000000n, MOST, -MOST, 0n]) {
      const tenant = onStoredPlan({});
      of(tenant, `UPDATE subscriptions SET anchor = ${anchor}`);
      const recorded = await tenant.record({ metric_name: 'api_calls', quantity: 1 });
      assert.equal(recorded.status, 201, `${anchor}: ${recorded.text}`);
      await readsAll(tenant);
    }
  });
});

test('an instant whose period leaves the calendar is refused by name', async () => {
  const tenant = tenantOf(server);
  for (const name of ['current-period', 'overage-charges', 'billing-estimate', 'alerts']) {
    const reply = await tenant.get(`/api/usage/${name}?at=9999-12-31T00:00:00Z`);
    assert.equal(reply.status, 400, reply.text);
    assert.deepEqual(reply.json.errors.map((e) => e.pointer), ['at']);
  }
});

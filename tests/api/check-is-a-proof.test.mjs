// `check` finds every column of what is kept of usage that was tampered with, of any tenant, and names it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query } from '../lib/database.mjs';
import { DAY, HOUR, floorTo, fromInstant, now } from '../lib/exact.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

let server, tenant, later;
before(async () => {
  server = await startServer({ procs: 2 });
  applyPlans(server, { 'metrics.json': (m) => ({ metrics: [...m.metrics, { name: 'seats', aggregation: 'latest' }, { name: 'readers', aggregation: 'unique', field: 'reader' }] }) });
  tenant = tenantOf(server, { plan: 'starter', start: fromInstant(now() - 40n * DAY).slice(0, 10) });
  const day = floorTo(now(), DAY) - 2n * DAY;
  const at = [day + HOUR, day + HOUR + 5n, day + 7n * HOUR, day + 7n * HOUR + 9n, day + DAY + HOUR];
  await tenant.load(['api_calls', 'seats'].flatMap((metric_name, k) => at.map((t, i) => ({ metric_name, quantity: i + 2 + k, recorded_at: fromInstant(t) }))));
  await tenant.use('quotes_generated', 3);
  await tenant.use('seats', 6);
  await tenant.use('readers', 1, { metadata: { reader: 'ann' } });
  await tenant.use('storage_gb', 9, { idempotency_key: 'key-1', metadata: { a: 1 } }); // 90 percent of what is included: two alerts
  await tenant.use('api_calls', 1, { idempotency_key: 'key-2' });
  assert.equal((await tenant.post('/api/usage/batch', [{ metric_name: 'api_calls', quantity: 1 }], { 'Idempotency-Key': 'batch-1' })).json.inserted, 1);
  assert.equal((await tenant.post('/api/v1/events', { specversion: '1.0', id: 'cloud-1', source: 's', type: 'api_calls' })).status, 204);
  later = tenantOf(server, { plan: 'starter', name: 'Later' });
  await later.use('api_calls', 1);
});
after(() => server?.stop());

const check = (args = []) => {
  try {
    return { code: 0, ...server.pennymeter(['check', ...args]) };
  } catch (error) {
    return { code: error.code, stderr: error.stderr, ...JSON.parse(error.stdout) };
  }
};

describe('check', () => {
  test('finds nothing where nothing is wrong', () => {
    assert.deepEqual(check(), { code: 0, differences: [], ok: true, tenants: 3 });
  });

  /** Change one row, expect check to exit 1 and name tenant and metric, and change it back. */
  function tampered(name, change, mend, metric) {
    test(name, () => {
      query(server.data, change);
      try {
        const answer = check();
        assert.deepEqual([answer.code, answer.ok], [1, false], JSON.stringify(answer));
        assert.ok(answer.differences.some((d) => d.includes(`tenant ${tenant.tenant_id}`) && d.includes(metric)), answer.differences.join('\n'));
        assert.equal(check(['--tenant', '1']).code, 0, 'another tenant is right');
      } finally {
        query(server.data, mend);
      }
    });
  }

  const columns = ['quantity_sum', 'event_count', 'quantity_min', 'quantity_max', 'first_at', 'last_at', 'last_event_id', 'last_quantity'];
  const first = { usage_hours: 'hour = (SELECT MIN(hour) FROM usage_hours)', usage_days: 'day = (SELECT MIN(day) FROM usage_days)', usage_balances: 'window_end > 0' };
  for (const [table, where] of Object.entries(first)) {
    for (const column of columns) {
      const of = `${where} AND metric = 'seats'`;
      tampered(`finds ${column} of ${table} changed by one`, `UPDATE ${table} SET ${column} = ${column} + 1 WHERE ${of}`, `UPDATE ${table} SET ${column} = ${column} - 1 WHERE ${of}`, 'seats');
    }
  }

  tampered('finds an event that was changed', "UPDATE usage_events SET quantity = quantity + 1 WHERE metric = 'quotes_generated'", "UPDATE usage_events SET quantity = quantity - 1 WHERE metric = 'quotes_generated'", 'quotes_generated');
  tampered('finds an event moved to another hour and back', "UPDATE usage_events SET recorded_at = recorded_at - 3600000000 WHERE metric = 'quotes_generated'", "UPDATE usage_events SET recorded_at = recorded_at + 3600000000 WHERE metric = 'quotes_generated'", 'quotes_generated');
  tampered('finds a roll-up of events that never were', `INSERT INTO usage_hours VALUES (${2}, 0, 'emails_sent', 0, 1, 1, 1, 1, 0, 0, 1, 1)`, "DELETE FROM usage_hours WHERE metric = 'emails_sent'", 'emails_sent');
  for (const table of ['usage_hours', 'usage_days', 'usage_balances', 'usage_events']) {
    tampered(`finds a row of ${table} that is gone`, `CREATE TABLE kept AS SELECT * FROM ${table} WHERE metric = 'quotes_generated'; DELETE FROM ${table} WHERE metric = 'quotes_generated'`, `INSERT INTO ${table} SELECT * FROM kept; DROP TABLE kept`, 'quotes_generated');
  }

  const alter = (name, table, set, back, where, what) => tampered(name, `UPDATE ${table} SET ${set} WHERE ${where}`, `UPDATE ${table} SET ${back} WHERE ${where}`, what);
  const ofKey = "idempotency_key = 'key-1'";
  alter('finds the value of an event that its metadata does not have', 'usage_samples', "value = 'bob'", "value = 'ann'", "metric = 'readers'", 'readers');
  alter('finds metadata that is not what was recorded', 'usage_events', "metadata = '{\"reader\":\"bob\"}'", "metadata = '{\"reader\":\"ann\"}'", "metric = 'readers'", 'readers');
  alter('finds a key whose event is not there', 'usage_keys', 'event_id = event_id + 1', 'event_id = event_id - 1', ofKey, 'key-1');
  alter('finds a key whose event is at another time', 'usage_keys', 'recorded_at = recorded_at + 1', 'recorded_at = recorded_at - 1', ofKey, 'key-1');
  alter('finds a key that stands for another payload', 'usage_keys', "fingerprint = 'x' || fingerprint", 'fingerprint = substr(fingerprint, 2)', ofKey, 'key-1');
  alter('finds an event of a key that was changed', 'usage_events', "metadata = '{\"a\":2}'", "metadata = '{\"a\":1}'", "metric = 'storage_gb'", 'key-1');
  tampered('finds two keys of one event', `INSERT INTO usage_keys SELECT tenant_id, 'key-3', recorded_at, event_id, fingerprint FROM usage_keys WHERE ${ofKey}`, "DELETE FROM usage_keys WHERE idempotency_key = 'key-3'", 'key');
  tampered('finds a batch whose answer is gone', "CREATE TABLE kept AS SELECT * FROM usage_batches; DELETE FROM usage_batches", 'INSERT INTO usage_batches SELECT * FROM kept; DROP TABLE kept', 'batch-1');
  alter('finds the answer to a batch that has lost its key', 'usage_keys', "idempotency_key = 'batch-2'", "idempotency_key = 'batch-1'", "idempotency_key IN ('batch-1', 'batch-2')", 'batch-1');
  alter('finds a CloudEvent whose key stands for nothing', 'usage_keys', 'event_id = event_id + 1', 'event_id = event_id - 1', "idempotency_key LIKE '%cloud-1'", 'cloud-1');
  alter('finds an alert that was not due', 'usage_alerts', 'used = used - 1000000 * 9', 'used = used + 1000000 * 9', 'threshold_percent = 90', 'storage_gb');
  alter('finds an alert at a threshold there is not', 'usage_alerts', 'threshold_percent = 85', 'threshold_percent = 80', 'threshold_percent IN (80, 85)', 'storage_gb');
  alter('finds rows of a metric that nobody declared', 'usage_alerts', "metric = 'storage_gc'", "metric = 'storage_gb'", "metric IN ('storage_gb', 'storage_gc')", 'storage_gc');
  for (const table of ['usage_samples', 'usage_values', 'usage_window_values']) {
    tampered(`finds a row of ${table} that is gone`, `CREATE TABLE kept AS SELECT * FROM ${table} WHERE metric = 'readers'; DELETE FROM ${table} WHERE metric = 'readers'`, `INSERT INTO ${table} SELECT * FROM kept; DROP TABLE kept`, 'readers');
  }
  tampered('finds the balance of a window long closed that is gone', "CREATE TABLE kept AS SELECT * FROM usage_balances WHERE metric = 'api_calls' AND tenant_id = 2; DELETE FROM usage_balances WHERE metric = 'api_calls' AND tenant_id = 2", 'INSERT INTO usage_balances SELECT * FROM kept; DROP TABLE kept', 'api_calls');

  /** The differences while the database is so; it is changed back. */
  function whileIt(change, mend) {
    query(server.data, change);
    try {
      return check();
    } finally {
      query(server.data, mend);
    }
  }

  test('exits 1 for a tenant that is not the last', () => {
    const answer = whileIt("UPDATE usage_hours SET event_count = event_count + 1 WHERE metric = 'quotes_generated'", "UPDATE usage_hours SET event_count = event_count - 1 WHERE metric = 'quotes_generated'");
    assert.deepEqual([answer.code, answer.ok, answer.tenants], [1, false, 3]);
    assert.ok(answer.differences.every((d) => d.includes(`tenant ${tenant.tenant_id}:`)), answer.differences.join('\n'));
  });

  test('names rows that no tenant owns, of any table', () => {
    const tables = query(server.data, server.store.kind === 'sqlite'
      ? "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'tenant_id' WHERE m.type = 'table' AND m.name NOT IN ('tenants', 'tokens', 'subscriptions') AND EXISTS (SELECT 1)"
      : "SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace AND c.relname NOT IN ('tenants', 'tokens', 'subscriptions')").map((row) => row.name);
    let seen = 0;
    for (const table of tables) {
      if (!query(server.data, `SELECT COUNT(*) AS n FROM ${table} WHERE tenant_id = 2`)[0].n) continue;
      const answer = whileIt(`UPDATE ${table} SET tenant_id = 77 WHERE tenant_id = 2`, `UPDATE ${table} SET tenant_id = 2 WHERE tenant_id = 77`);
      assert.equal(answer.code, 1);
      assert.ok(answer.differences.some((d) => d.includes(table) && d.includes('tenant 77')), `${table}: ${answer.differences.join('\n')}`);
      seen++;
    }
    assert.ok(seen >= 8, `${seen} tables`);
  });

  test('names a tenant that cannot be computed, and goes on with the others', () => {
    const answer = whileIt(`UPDATE tenants SET currency = 'ZZZ' WHERE tenant_id = 2; UPDATE usage_hours SET event_count = 7 WHERE tenant_id = ${later.tenant_id}`, `UPDATE tenants SET currency = 'USD' WHERE tenant_id = 2; UPDATE usage_hours SET event_count = 1 WHERE tenant_id = ${later.tenant_id}`);
    assert.deepEqual([answer.code, answer.tenants], [1, 3]);
    assert.ok(answer.differences.some((d) => d.includes('tenant 2') && d.includes('currency')), answer.differences.join('\n'));
    assert.ok(answer.differences.some((d) => d.includes(`tenant ${later.tenant_id}: the hour of api_calls`)), answer.differences.join('\n'));
  });

  test('goes on behind a tenant whose sums do not fit', () => {
    const most = '9223372036854775807', change = (q) => `UPDATE usage_events SET quantity = ${q} WHERE tenant_id = 2 AND metric = 'seats'`;
    const kept = 'CREATE TABLE kept AS SELECT * FROM usage_events WHERE tenant_id = 2';
    const answer = whileIt(`${kept}; ${change(most)}; UPDATE usage_hours SET event_count = 7 WHERE tenant_id = ${later.tenant_id}`, `DELETE FROM usage_events WHERE tenant_id = 2; INSERT INTO usage_events SELECT * FROM kept; DROP TABLE kept; UPDATE usage_hours SET event_count = 1 WHERE tenant_id = ${later.tenant_id}`);
    assert.equal(answer.code, 1);
    assert.ok(answer.differences.some((d) => d.includes('tenant 2')), answer.differences.join('\n'));
    assert.ok(answer.differences.some((d) => d.includes(`tenant ${later.tenant_id}: the hour of api_calls`)), answer.differences.join('\n'));
    assert.equal(check().code, 0);
  });

  test('finds nothing again when all of that was changed back', () => {
    assert.deepEqual(check(), { code: 0, differences: [], ok: true, tenants: 3 });
  });

  test('is right while usage is recorded', async () => {
    let going = true;
    const load = (async () => { for (let n = 0; going; n++) await later.use('api_calls', 1, { idempotency_key: `load-${n}` }); })();
    for (let i = 0; i < 8; i++) {
      await later.use('api_calls', 1);
      const answer = await new Promise((done) => { setImmediate(() => done(check())); });
      assert.deepEqual([answer.code, answer.differences], [0, []]);
    }
    going = false;
    await load;
  });
});

// `check` finds every column of a roll-up that was tampered with.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query } from '../lib/database.mjs';
import { DAY, HOUR, floorTo, fromInstant, now } from '../lib/exact.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

let server, tenant;
before(async () => {
  server = await startServer({ procs: 2 });
  applyPlans(server, { 'metrics.json': (m) => ({ metrics: [...m.metrics, { name: 'seats', aggregation: 'latest' }] }) });
  tenant = tenantOf(server, { plan: 'starter' });
  const day = floorTo(now(), DAY) - 2n * DAY;
  const at = [day + HOUR, day + HOUR + 5n, day + 7n * HOUR, day + 7n * HOUR + 9n, day + DAY + HOUR];
  await tenant.load(['api_calls', 'seats'].flatMap((metric_name, k) => at.map((t, i) => ({ metric_name, quantity: i + 2 + k, recorded_at: fromInstant(t) }))));
  await tenant.use('quotes_generated', 3);
  await tenant.use('seats', 6);
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
    assert.deepEqual(check(), { code: 0, differences: [], ok: true, tenants: 2 });
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
      assert.equal(check().code, 0);
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
});

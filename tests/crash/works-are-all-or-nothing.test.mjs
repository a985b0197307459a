// kill -9 in the middle of POSTs: of each, the object, its row of the audit and its key are all there, or none of them is.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { query, value } from '../lib/database.mjs';
import { randomness } from '../lib/random.mjs';
import { kindOf } from '../lib/resources.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, tenantOf } from '../lib/tenant.mjs';

const random = randomness(210);
let server;
before(async () => { server = await startServer({ procs: 6 }); });
after(() => server?.stop());

/** Kill somebody every few milliseconds until told to end. Answers how many. */
function killing() {
  let going = true, kills = 0;
  const done = (async () => {
    while (going) {
      await sleep(10 + random.below(40));
      const pids = server.pids();
      if (pids.length < 3) continue;
      try {
        process.kill(random.pick(pids), 'SIGKILL');
        kills++;
      } catch { /* it has gone already */ }
    }
  })();
  return async () => {
    going = false;
    await done;
    return kills;
  };
}

test('whoever is killed, a customer, its audit and its key are one', async (t) => {
  const tenant = tenantOf(server), customers = kindOf(tenant, 'customers'), stop = killing();
  const post = async (i) => {
    try { return await customers.add({ name: `n${i}`, code: `c${i}` }, { 'Idempotency-Key': `k${i}` }); } catch { return { status: 0 }; }
  };
  const first = await inParallel(12, Array.from({ length: 600 }, (_, i) => i), post);
  const kills = await stop();
  await sleep(300);
  const made = query(server.data, `SELECT code, customer_id FROM customers WHERE tenant_id = ${tenant.tenant_id}`);
  const count = (table, more = '') => Number(value(server.data, `SELECT COUNT(*) FROM ${table} WHERE tenant_id = ${tenant.tenant_id}${more}`));
  t.diagnostic(`${kills} kills, ${first.filter((r) => r.status === 201).length} of 600 acknowledged, ${made.length} made`);
  assert.ok(kills > 10);
  assert.equal(new Set(made.map((r) => r.code)).size, made.length);
  assert.deepEqual([count('audit_log'), count('work_keys'), count('usage_keys', ' AND event_id = 0')], [made.length, made.length, made.length]);
  const ids = new Map(made.map((r) => [r.code, Number(r.customer_id)]));
  first.forEach((r, i) => { if (r.status === 201) assert.equal(ids.get(`c${i}`), r.json.id); });
  const again = await inParallel(12, Array.from({ length: 600 }, (_, i) => i), post);
  again.forEach((r, i) => {
    assert.equal(r.status, ids.has(`c${i}`) ? 200 : 201, `${i}: ${r.text}`);
    if (ids.has(`c${i}`)) assert.equal(r.json.id, ids.get(`c${i}`), 'a repeat answers the object that was made');
  });
  assert.equal(count('customers'), 600);
  assert.deepEqual((await tenant.get('/api/audit/verify')).json.ok, true);
  assert.equal(server.pennymeter(['check']).ok, true);
});

test('whoever is killed, an import is there whole or not at all, and its repeat answers what it made', async (t) => {
  const tenant = tenantOf(server), customers = kindOf(tenant, 'customers'), stop = killing(), ROWS = 60;
  const csv = (i) => `name,code\r\n${Array.from({ length: ROWS }, (_, n) => `n${i},c${i}-${n}\r\n`).join('')},bad\r\n`;
  const post = async (i) => {
    try { return await customers.import(csv(i), '', { 'Idempotency-Key': `k${i}` }); } catch { return { status: 0 }; }
  };
  const first = await inParallel(8, Array.from({ length: 120 }, (_, i) => i), post);
  const kills = await stop();
  await sleep(300);
  const made = new Map(query(server.data, `SELECT name, COUNT(*) AS rows FROM customers WHERE tenant_id = ${tenant.tenant_id} GROUP BY name`).map((r) => [r.name, Number(r.rows)]));
  const count = (table) => Number(value(server.data, `SELECT COUNT(*) FROM ${table} WHERE tenant_id = ${tenant.tenant_id}`));
  t.diagnostic(`${kills} kills, ${first.filter((r) => r.status === 200).length} of 120 acknowledged, ${made.size} made`);
  assert.ok(kills > 10);
  assert.deepEqual([...made.values()].filter((rows) => rows !== ROWS), []);
  assert.deepEqual([count('audit_log'), count('work_keys'), count('work_answers')], [made.size * (ROWS + 1), made.size, made.size]);
  const again = await inParallel(8, Array.from({ length: 120 }, (_, i) => i), post);
  for (const reply of again) assert.deepEqual([reply.status, reply.json.created, reply.json.rejected.map((r) => r.row)], [200, ROWS, [ROWS + 1]]);
  assert.equal(count('customers'), 120 * ROWS);
  assert.deepEqual((await tenant.get('/api/audit/verify')).json.ok, true);
});

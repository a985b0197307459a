// kill -9 in the middle of POSTs: of each, the object, its row of the audit and its key are all there, or none of them is; and what
// was committed for others by one who could not say so is not done twice.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { compiled } from '../lib/compile.mjs';
import { query, value } from '../lib/database.mjs';
import { startProgram } from '../lib/program.mjs';
import { randomness } from '../lib/random.mjs';
import { kindOf } from '../lib/resources.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, json, tenantOf, until } from '../lib/tenant.mjs';
import { soon } from '../lib/until.mjs';
import { asleep } from '../lib/waiters.mjs';

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

test('what one carried out for others before it died is not carried out again, though they have no key', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pm-dying-')), armed = path.join(folder, 'armed'), tenant = tenantOf(server), names = ['a', 'b', 'c', 'd', 'e'];
  const env = { LD_PRELOAD: compiled('tests/lib/dying_sync.c', { shared: true }), DYING_SYNC: armed }, programs = names.map(() => startProgram(server.data, 'customers', { env }));
  const add = (program, name) => program.ask('POST', '/api/customers', { token: tenant.token, body: json({ name }) });
  try {
    for (const program of programs) assert.equal((await add(program, 'before')).status, 201);
    const holder = spawn('flock', [path.join(server.data, 'pennymeter.db'), 'sh', '-c', 'echo held; read -r _'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await soon(new Promise((held) => { holder.stdout.once('data', held); }), 'the lock to be held');
    const answers = programs.map((program, i) => add(program, names[i]).catch(() => ({ status: 0 })));
    await until(() => asleep(programs.map(({ pid }) => pid)) === names.length, { what: 'all of them to wait for who leads', every: 1 });
    writeFileSync(armed, '');
    holder.stdin.end();
    const made = await Promise.all(answers), rows = query(server.data, `SELECT name, customer_id FROM customers WHERE tenant_id = ${tenant.tenant_id} AND name <> 'before'`);
    assert.ok(!existsSync(armed), 'one has died');
    assert.deepEqual(made.map(({ status }) => status).sort(), [0, 201, 201, 201, 201]);
    assert.deepEqual(rows.map(({ name }) => name).sort(), names, 'each was made once');
    const ids = new Map(rows.map((row) => [row.name, Number(row.customer_id)]));
    made.forEach(({ status, text }, i) => { if (status === 201) assert.equal(JSON.parse(text).id, ids.get(names[i])); });
    assert.equal((await tenant.get('/api/audit/verify')).json.ok, true);
  } finally {
    for (const program of programs) program.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});

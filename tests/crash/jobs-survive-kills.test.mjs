// Jobs whose runner is killed anywhere, or that two run at once: each step is done once, and what was counted counts exactly.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { query, value } from '../lib/database.mjs';
import { cases, randomness } from '../lib/random.mjs';
import { build, repo, startServer } from '../lib/server.mjs';
import { databaseOf, storeEnvironment } from '../lib/store.mjs';
import { tenantOf, until } from '../lib/tenant.mjs';
import { soon } from '../lib/until.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(280);

const random = randomness(230), kills = cases(30);
const env = { PENNYMETER_TEST_CLOCKS: 'on' };
let server;
before(async () => { server = await startServer({ procs: 4, env }); });
after(() => server?.stop());

/** A runner of its own: its pid, and the promise of what it ran, or of its signal. */
function runner(...args) {
  const child = spawn(path.join(build, 'bin/pennymeter'), ['job', 'run', ...args, '--json'],
    { env: { ...process.env, ...storeEnvironment(server.data), ...env, PENNYMETER_DATA: server.data }, cwd: repo, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (piece) => { text += piece; });
  return { pid: child.pid, kill: (signal) => child.kill(signal), ended: new Promise((done) => child.on('close', (code, signal) => done(signal ?? JSON.parse(text).ran))) };
}

const old = 2_000_000; // microseconds since 1970
/** So many tenants, each with so many old rows in its audit and its purge due. */
function oldTenants(tenants, rows) {
  const ids = Array.from({ length: tenants }, () => tenantOf(server).tenant_id);
  query(server.data, ids.map((id) => `INSERT INTO audit_log (tenant_id, seq, at, body, hash, salt, detail)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) SELECT ${id}, i, ${old} + i, '{}', 'h', 's', 'd' FROM n;
    INSERT INTO numbers (tenant_id, kind, last) VALUES (${id}, 'audit', ${rows});
    INSERT INTO jobs (tenant_id, job, place, due_at, turn, leased_until, position, failures) VALUES (${id}, 'purge', '', 0, 0, 0, 0, 0)`).join(';\n'));
  return ids;
}
const left = (ids) => Number(value(server.data, `SELECT COUNT(detail) FROM audit_log WHERE tenant_id IN (${ids})`));
const standing = (ids) => query(server.data, `SELECT j.position, COUNT(*) - COUNT(a.detail) AS gone FROM jobs j JOIN audit_log a ON a.tenant_id = j.tenant_id
  WHERE j.tenant_id IN (${ids}) AND j.job = 'purge' GROUP BY j.tenant_id, j.position`);
const expire = () => query(server.data, 'UPDATE jobs SET leased_until = 1 WHERE leased_until > 0');
const doneBy = (ran, ids) => ran.filter((r) => ids.includes(r.tenant_id)).reduce((sum, r) => sum + r.done, 0);

test('a runner that is killed anywhere leaves whole steps, and the next one goes on behind them', async (t) => {
  const ids = oldTenants(6, 2500);
  let killed = 0, between = 0;
  for (let i = 0; i < kills; i++) {
    const one = runner('purge');
    await sleep(2 + random.below(databaseOf(server.data) ? 150 : 60));
    one.kill('SIGKILL');
    killed += (await one.ended) === 'SIGKILL';
    for (const { gone, position } of standing(ids)) {
      assert.equal(Number(gone), Number(position), 'what is erased is what is noted');
      assert.equal(gone % 500, 0, 'a step is whole or not at all');
      between += gone > 0 && gone < 2500;
    }
    expire();
  }
  t.diagnostic(`${killed} of ${kills} killed; ${between} times a tenant was found in between`);
  const ran = await runner('purge').ended;
  assert.equal(left(ids), 0);
  assert.deepEqual(ran.filter((r) => r.failed), []);
  assert.equal(Number(value(server.data, `SELECT COUNT(*) FROM jobs WHERE tenant_id IN (${ids}) AND leased_until > 0`)), 0);
});

test('two runners at once: each tenant is one\'s, and nothing is done twice', async () => {
  const ids = oldTenants(12, 1200);
  const all = await Promise.all([runner('purge').ended, runner('purge').ended, runner('--due').ended]);
  assert.equal(all.reduce((sum, ran) => sum + doneBy(ran, ids), 0), 12 * 1200);
  for (const id of ids) assert.equal(all.filter((ran) => ran.some((r) => r.tenant_id === id && r.done)).length, 1, `tenant ${id}`);
  assert.equal(left(ids), 0);
});

test('who has lost his lease to another changes nothing any more, and tells nothing', async () => {
  const [id] = oldTenants(1, 200_000);
  const slow = runner('purge');
  await until(() => Number(value(server.data, `SELECT position FROM jobs WHERE tenant_id = ${id}`)) > 0, { what: 'it to be at work', every: 1 });
  query(server.data, `UPDATE jobs SET turn = turn + 1, leased_until = 1 WHERE tenant_id = ${id}`); // as he who takes it does
  const late = await soon(slow.ended, 'the first one to end'), then = left([id]);
  assert.ok(then > 0, 'he was stopped in the middle');
  assert.deepEqual(late.filter((r) => r.tenant_id === id), []);
  assert.equal(Number(value(server.data, `SELECT position FROM jobs WHERE tenant_id = ${id}`)), 200_000 - then);
  assert.equal(doneBy(await runner('purge').ended, [id]), then, 'the other goes on where he stood');
  assert.equal(left([id]), 0);
});

test('calls that are counted while functions and flushing runners are killed count exactly', async (t) => {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  let going = true, answered = 0, lost = 0, died = 0;
  const client = async () => {
    while (going) {
      const reply = await tenant.get('/api/taxes').catch(() => null);
      if (reply?.status === 200) answered++;
      else lost++;
    }
  };
  const clients = Array.from({ length: 6 }, client);
  for (let i = 0; i < kills; i++) {
    const one = runner('calls');
    await sleep(random.below(40));
    const victims = random.chance(0.5) ? [one.pid] : server.pids().slice(0, 2);
    for (const pid of victims) { try { process.kill(pid, 'SIGKILL'); died++; } catch { /* it has ended */ } }
    await one.ended;
    expire();
  }
  going = false;
  await Promise.all(clients);
  await sleep(300);
  await runner('calls').ended;
  const sum = () => Number(value(server.data, `SELECT SUM(quantity) FROM usage_events WHERE tenant_id = ${tenant.tenant_id} AND metric = 'api_calls'`)) / 1e6;
  t.diagnostic(`${died} killed, ${answered} answered, ${lost} not, ${sum()} counted`);
  assert.ok(sum() >= answered && sum() <= answered + lost, 'what was answered counts; what was not may, too');
  assert.ok(answered > 100 && died > kills / 3);
  await runner('calls').ended;
  const once = sum();
  await runner('calls').ended;
  assert.equal(sum(), once);
  assert.equal(server.pennymeter(['check', '--tenant', String(tenant.tenant_id)]).ok, true);
});

test('no runner but those of calls is killed: every answered call counts exactly', async (t) => {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  let going = true, answered = 0, died = 0;
  const client = async () => { while (going) { assert.equal((await tenant.get('/api/taxes')).status, 200); answered++; } };
  const clients = Array.from({ length: 6 }, client);
  for (let i = 0; i < kills; i++) {
    const one = runner('calls');
    await sleep(random.below(40));
    one.kill('SIGKILL');
    died += (await one.ended) === 'SIGKILL';
    expire();
  }
  going = false;
  await Promise.all(clients);
  await runner('calls').ended;
  t.diagnostic(`${died} of ${kills} runners killed, ${answered} calls`);
  assert.equal(Number(value(server.data, `SELECT SUM(quantity) FROM usage_events WHERE tenant_id = ${tenant.tenant_id} AND metric = 'api_calls'`)) / 1e6, answered);
  assert.equal(server.pennymeter(['check', '--tenant', String(tenant.tenant_id)]).ok, true);
});

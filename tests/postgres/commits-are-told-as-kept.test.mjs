// A commit that is on this machine's disk and not on the stand-by's, where it was promised to be, is told as not known:
// whoever ends the waiting for the stand-by, no answer says 201.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { value } from '../lib/database.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { startPgbouncer, startPostgres } from '../lib/postgres.mjs';
import { build, repo, startServer } from '../lib/server.mjs';
import { isProblem, tenantOf, until } from '../lib/tenant.mjs';

const one = { metric_name: 'api_calls', quantity: 1 };
const callers = { metric_name: 'callers', quantity: 1, metadata: { caller: 'a' } };

let cluster, bouncer;
const servers = {};
before(async () => {
  cluster = await startPostgres();
  bouncer = await startPgbouncer(cluster);
  servers.directly = await startServer({ store: 'postgres', cluster, procs: 2 });
  servers['through a pooler'] = await startServer({ store: 'postgres', cluster, through: bouncer, procs: 2 });
  for (const server of Object.values(servers))
    applyPlans(server, { 'metrics.json': (m) => ({ metrics: [...m.metrics, { name: 'callers', aggregation: 'unique', field: 'caller' }] }) });
});
after(async () => {
  for (const server of Object.values(servers)) await server.stop();
  await bouncer?.stop();
  await cluster?.stop();
});

/** Name a stand-by that is away, or none. Resolves once new commits see it. */
async function standBy(name) {
  cluster.command(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`);
  cluster.command('SELECT pg_reload_conf()');
  await until(() => cluster.asAdmin('postgres', 'SHOW synchronous_standby_names').trim() === name);
}
const waiting = () => cluster.rows('postgres', "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'").map((r) => r.pid);
/** Once somebody waits for the stand-by, end that by the function of PostgreSQL, until the work is done. */
async function endWaiting(by, work) {
  let done = false;
  const end = work.finally(() => { done = true; });
  const ended = [];
  while (!done) {
    for (const pid of waiting()) {
      cluster.command(`SELECT ${by}(${pid})`);
      ended.push(pid);
    }
    await Promise.race([end, new Promise((resolve) => { setTimeout(resolve, 20); })]);
  }
  assert.ok(ended.length > 0, 'somebody waited for the stand-by');
  return end;
}

let tenants;
beforeEach(async () => {
  tenants = Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, tenantOf(server, { plan: 'enterprise' })]));
  for (const tenant of Object.values(tenants)) await tenant.use('api_calls', 1);
  await standBy('absent');
});
afterEach(() => standBy(''));

const count = (server, tenant) => Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`)) - 1;

for (const through of ['directly', 'through a pooler']) {
  const kinds = [
    ['an event', (tenant) => [tenant.record(one, { 'Idempotency-Key': 'k' })]],
    ['an event that takes a transaction', (tenant) => [tenant.record(callers, { 'Idempotency-Key': 'k' })]],
    ['a batch', (tenant) => [tenant.batch([{ ...one, idempotency_key: 'k' }])]],
    ['events that share a call', (tenant) => ['k', 'l', 'm', 'n'].map((key) => tenant.record(one, { 'Idempotency-Key': key }))],
  ];
  for (const [what, send] of kinds) {
    for (const by of through === 'directly' ? ['pg_cancel_backend', 'pg_terminate_backend'] : ['pg_cancel_backend']) {
      test(`${what}, ${through}, whose waiting ${by} ends, is outcome-unknown`, { timeout: 60_000 }, async () => {
        const server = servers[through], tenant = tenants[through];
        const replies = await endWaiting(by, Promise.all(send(tenant)));
        for (const reply of replies) isProblem(reply, 503, { code: 'outcome-unknown' });
        assert.equal(count(server, tenant), replies.length, 'each is there, on this machine');
        await standBy('');
        for (const reply of await Promise.all(send(tenant))) assert.equal(reply.status, 200, reply.text);
        assert.equal(count(server, tenant), replies.length);
        assert.deepEqual(server.pennymeter(['check']).differences, []);
      });
    }
  }
}

test('a role that is told of no warning is told of this one', { timeout: 60_000 }, async () => {
  const server = servers.directly, tenant = tenants.directly;
  await standBy(''); // what we do ourselves would wait too
  cluster.command(`ALTER DATABASE ${server.store.name} SET client_min_messages = error`);
  cluster.command(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${server.store.name}'`);
  await standBy('absent');
  try {
    const [reply] = await endWaiting('pg_cancel_backend', Promise.all([tenant.record(one)]));
    isProblem(reply, 503, { code: 'outcome-unknown' });
  } finally {
    await standBy('');
    cluster.command(`ALTER DATABASE ${server.store.name} RESET client_min_messages`);
  }
});

test('nobody ends the waiting: the answer comes in time all the same, and is the same', { timeout: 60_000 }, async () => {
  const began = Date.now();
  isProblem(await tenants.directly.record(one), 503, { code: 'outcome-unknown' });
  assert.ok(Date.now() - began < 8000, `${Date.now() - began} ms`);
});

/** A command while the stand-by is away. */
function command(args) {
  const server = servers.directly;
  const child = spawn(path.join(build, 'bin/pennymeter'), args, { cwd: repo,
    env: { ...process.env, PENNYMETER_DATA: server.data, PENNYMETER_STORE: cluster.url(server.store.name) } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { said += text; });
  return new Promise((resolve) => { child.on('exit', (code) => resolve({ code, said })); });
}

for (const args of [['tenant', 'add', '--name', 'Acme', '--plan', 'starter'], ['token', 'add', '--tenant', '1'], ['plan', 'apply', 'plans']]) {
  test(`${args.slice(0, 2).join(' ')} says so too, with 1`, { timeout: 60_000 }, async () => {
    const { code, said } = await endWaiting('pg_cancel_backend', command(args));
    assert.equal(code, 1, said);
    assert.match(said, /did not confirm it/);
    assert.doesNotMatch(said, /pm_\d/, 'no token is printed as good');
  });
}

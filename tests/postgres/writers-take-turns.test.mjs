// Writers that meet on PostgreSQL: they wait for each other, try again where the server gave one up, and where
// that does not help say 503 and have recorded nothing.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { recorded, value } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf, until } from '../lib/tenant.mjs';

const quantity = async (tenant) => (await tenant.read('/api/usage/summary?metric_name=api_calls')).metrics[0].total_quantity;
const one = { metric_name: 'api_calls', quantity: 1 };

let server, cluster, database, tenant, session;
before(async () => {
  server = await startServer({ store: 'postgres', procs: 4 });
  ({ cluster, name: database } = server.store);
});
after(() => server?.stop());
beforeEach(async () => {
  tenant = tenantOf(server, { plan: 'enterprise' });
  await tenant.use('api_calls', 1);
  session = cluster.hold(database);
});
afterEach(() => session.end());

const holdTenant = () => session.run(`BEGIN; SELECT 1 FROM tenants WHERE tenant_id = ${tenant.tenant_id} FOR UPDATE`);
const waiting = () => until(() => Number(value(server.data, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")) > 0);
const proven = () => assert.deepEqual(server.pennymeter(['check']).differences, []);

/** A request under way: `state()` tells whether it has been answered. */
function sent(promise) {
  const self = { reply: null, done: promise.then((reply) => { self.reply = reply; return reply; }) };
  return self;
}

test('a tenant that is held makes its writers wait and nobody else, and then they go on', async () => {
  await holdTenant();
  const held = sent(tenant.record(one));
  await waiting();
  await tenantOf(server, { plan: 'enterprise' }).use('api_calls', 1);
  assert.equal((await tenant.get('/api/usage/summary')).status, 200, 'readers do not wait');
  assert.equal(held.reply, null);
  await session.run('COMMIT');
  assert.equal((await held.done).status, 201);
  assert.equal(await quantity(tenant), '2');
  proven();
});

test('a tenant that stays held makes a writer answer 503 in time, and nothing is recorded', { timeout: 60_000 }, async () => {
  const before = recorded(server.data, tenant.tenant_id);
  await holdTenant();
  const start = Date.now();
  const replies = await Promise.all([tenant.record(one), tenant.batch([one, one])]);
  const seconds = (Date.now() - start) / 1000;
  for (const reply of replies) {
    isProblem(reply, 503, { code: 'busy' });
    assert.match(reply.headers['retry-after'] ?? '', /^[1-9]\d*$/);
  }
  assert.ok(seconds < 8, `${seconds} s: Apache gives a function eight`);
  await session.run('COMMIT');
  assert.equal(recorded(server.data, tenant.tenant_id), before);
  await tenant.use('api_calls', 1);
  assert.equal(await quantity(tenant), '2');
  proven();
});

test('a deadlock that costs the function its transaction is tried again: the event counts once', async () => {
  await session.run(`BEGIN; SELECT 1 FROM usage_balances WHERE tenant_id = ${tenant.tenant_id} FOR UPDATE`);
  const held = sent(tenant.record(one)); // it has the tenant, and waits for the balance
  await waiting();
  const answer = await session.run(`SELECT 'mine' FROM tenants WHERE tenant_id = ${tenant.tenant_id} FOR UPDATE`);
  assert.equal(answer, 'mine', 'the function was there first, so it was it that gave way');
  assert.equal(held.reply, null);
  await session.run('COMMIT');
  assert.equal((await held.done).status, 201, held.reply.text);
  assert.equal(await quantity(tenant), '2');
  assert.equal(Number(value(server.data, `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`)) > 0, true);
  proven();
});

/** Have the server refuse inserts as it does where transactions cannot be put in order: `times` of them. */
const refuse = (times) => cluster.psql(database, `CREATE SEQUENCE refusals;
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('refusals') <= ${times} THEN RAISE EXCEPTION 'could not serialize access' USING ERRCODE = 'serialization_failure'; END IF;
    RETURN NEW; END $$;
  CREATE TRIGGER refuse BEFORE INSERT ON usage_events FOR EACH ROW WHEN (NEW.tenant_id = ${tenant.tenant_id}) EXECUTE FUNCTION refuse()`);
const refuseNoMore = () => cluster.psql(database, 'DROP TRIGGER refuse ON usage_events; DROP FUNCTION refuse; DROP SEQUENCE refusals');

test('what the server could not put in order is tried again, and counts once', async () => {
  refuse(2);
  try {
    await tenant.use('api_calls', 1);
    assert.deepEqual((await tenant.batch([one, one])).json.inserted, 2);
  } finally {
    refuseNoMore();
  }
  assert.equal(await quantity(tenant), '4');
  proven();
});

test('what the server never puts in order is 503, and nothing of it is recorded', async () => {
  const before = recorded(server.data, tenant.tenant_id);
  refuse(1_000_000);
  try {
    for (const reply of [await tenant.record(one, { 'Idempotency-Key': 'k' }), await tenant.batch([one, one])]) isProblem(reply, 503, { code: 'busy' });
    assert.equal(recorded(server.data, tenant.tenant_id), before);
  } finally {
    refuseNoMore();
  }
  assert.equal((await tenant.record(one, { 'Idempotency-Key': 'k' })).status, 201, 'the key was not taken');
});

test('settings of the database do not change what is counted', async () => {
  const settings = ['default_transaction_isolation = serializable', 'standard_conforming_strings = off',
    'client_encoding = LATIN1', "datestyle = 'German'", 'row_security = off', 'plan_cache_mode = force_generic_plan', 'enable_seqscan = off'];
  const cutOff = () => cluster.command(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${database}' AND application_name LIKE 'pennymeter%'`);
  for (const setting of settings) cluster.command(`ALTER DATABASE ${database} SET ${setting}`);
  cutOff();
  try {
    const text = 'Bücher “3” – \\n ’; 💶';
    const replies = await inParallel(12, Array.from({ length: 60 }, (_, i) => i), (i) => tenant.record({ ...one, resource_id: text }, { 'Idempotency-Key': `k-${i % 40}` }));
    assert.deepEqual([201, 200].map((status) => replies.filter((r) => r.status === status).length), [40, 20], replies.find((r) => r.status > 201)?.text);
    assert.equal(await quantity(tenant), '41');
    const { events } = await tenant.read('/api/usage/history?limit=1');
    assert.equal(events?.[0]?.resource_id ?? text, text);
  } finally {
    cluster.command(`ALTER DATABASE ${database} RESET ALL`);
    cutOff();
  }
  assert.equal(Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`)), 41);
  proven();
});

test('a server that takes no more connections is 503, until it does', async () => {
  const pids = () => `datname = '${database}'`;
  cluster.command(`ALTER DATABASE ${database} CONNECTION LIMIT 0`);
  cluster.command(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE ${pids()} AND application_name LIKE 'pennymeter%'`);
  try {
    for (const reply of [await tenant.record(one), await tenant.get('/api/usage/summary'), await server.request('GET', '/api/health')]) isProblem(reply, 503);
  } finally {
    cluster.command(`ALTER DATABASE ${database} CONNECTION LIMIT -1`);
  }
  await sleep(10);
  await tenant.use('api_calls', 1);
  assert.equal(await quantity(tenant), '2');
});

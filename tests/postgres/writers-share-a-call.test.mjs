// Processes that record for one tenant at the same moment share one call of PostgreSQL; what each is answered is what it
// would be answered alone, and whoever is killed in it, nothing is lost and nothing doubled.
//
// A session of ours holds the tenant: the first record leads and waits at the server, the others wait for it, and all of
// those go into the next call.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { query, value } from '../lib/database.mjs';
import { startLossy } from '../lib/lossy.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { sharedPostgres } from '../lib/postgres.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf, until } from '../lib/tenant.mjs';
import { asleep, holders } from '../lib/waiters.mjs';

const PROCS = 8;
const fact = (name, work) => test(name, { timeout: 60_000 }, work);
let way, server, tenant, session, other;
before(async () => {
  way = await startLossy(await sharedPostgres());
  server = await startServer({ store: 'postgres', procs: PROCS, functionsThrough: way });
  applyPlans(server, { 'metrics.json': (m) => ({ metrics: [...m.metrics, { name: 'callers', aggregation: 'unique', field: 'caller' }, { name: 'lowest', aggregation: 'min' }] }) });
});
after(async () => {
  way?.mend();
  await server?.stop();
  await way?.stop();
});
beforeEach(async () => {
  way.mend();
  tenant = tenantOf(server, { plan: 'starter' });
  [session, other] = [1, 2].map(() => server.store.cluster.hold(server.store.name));
  await bringUp();
});
afterEach(async () => {
  await Promise.all([session.end(), other.end()]);
  way.mend();
  assert.deepEqual(server.pennymeter(['check']).differences, []);
});

const one = (n = 1) => ({ metric_name: 'api_calls', quantity: n });
const take = (by, who = tenant) => by.run(`BEGIN; SELECT 1 FROM tenants WHERE tenant_id = ${who.tenant_id} FOR UPDATE`);
/** The processes of a function. */
const processesOf = (name) => server.processes().filter(({ args }) => args[0].endsWith(`${name}.fcgi`)).map(({ pid }) => pid);
const writers = () => processesOf('usage-record');

/** A process for each record that waits: the launcher starts as many, and all are connected. */
async function bringUp() {
  await take(session);
  const used = inParallel(PROCS, Array.from({ length: PROCS }), () => tenant.use('storage_gb', 1));
  await until(() => writers().length === PROCS);
  await session.run('COMMIT');
  await used;
}
const number = (sql) => Number(value(server.data, sql));
const events = (who = tenant) => number(`SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${who.tenant_id} AND metric <> 'storage_gb'`);
const calls = () => number(`SELECT COUNT(DISTINCT xmin::TEXT) FROM usage_events WHERE tenant_id = ${tenant.tenant_id} AND metric <> 'storage_gb'`);
const atServer = (n) => until(() => number("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") >= n);
const leaders = () => holders(path.join(server.data, 'calls.slots'), 'POSIX');
const together = (n) => until(() => asleep([...writers(), ...processesOf('usage-batch')]) >= n);
const used = (replies) => replies.map((r) => r.json.usage?.used);

/** A record that waits at the server, as the leader of those that come meanwhile. */
async function heldRecord() {
  await take(session);
  const reply = tenant.record(one());
  await Promise.race([atServer(1), reply.then(({ text }) => assert.fail(`it did not wait: ${text}`))]);
  return { reply };
}

/** Send all of them into one call, behind a first one. Answers their replies, and the first one's. */
async function inOneCall(sends, meanwhile = () => {}) {
  const { reply: first } = await heldRecord();
  const rest = sends.map((send) => send());
  await together(sends.length);
  await meanwhile();
  await session.run('COMMIT');
  return [await Promise.all(rest), await first];
}

fact('writers of one tenant share a call', async () => {
  const [replies, first] = await inOneCall(Array.from({ length: PROCS - 1 }, () => () => tenant.record(one())));
  assert.deepEqual([...replies, first].map((r) => r.status), Array(PROCS).fill(201));
  assert.deepEqual(used([first, ...replies]).sort(), Array.from({ length: PROCS }, (_, i) => i + 1), 'each sees what came before it');
  assert.equal(new Set(replies.map((r) => r.json.id)).size, PROCS - 1);
  assert.equal(events(), PROCS);
  assert.ok(calls() <= 3, `${calls()} transactions`); // one that woke just then may go by itself
});

fact('a refused event leaves its neighbours counted', async () => {
  await tenant.record(one(7), { 'Idempotency-Key': 'used' });
  const [[limit, reused, repeat, batch, keyed, again, small]] = await inOneCall([
    () => tenant.record({ metric_name: 'leads_created', quantity: 501 }), // of 500
    () => tenant.record(one(8), { 'Idempotency-Key': 'used' }),
    () => tenant.record(one(7), { 'Idempotency-Key': 'used' }),
    () => tenant.batch([one(), { metric_name: 'leads_created', quantity: 501 }, { metric_name: 'no_such', quantity: 1 }, one()]), // small enough for it
    () => tenant.record(one(), { 'Idempotency-Key': 'twice' }),
    () => tenant.record(one(), { 'Idempotency-Key': 'twice' }),
    () => tenant.record({ metric_name: 'leads_created', quantity: 500 }),
  ]);
  isProblem(limit, 403, { code: 'limit-exceeded' });
  isProblem(reused, 422);
  assert.deepEqual([repeat.status, repeat.json.duplicate], [200, true]);
  assert.deepEqual([batch.json.inserted, batch.json.rejected.length], [2, 2], batch.text);
  assert.deepEqual([keyed.status, again.status].sort(), [200, 201]);
  assert.equal(keyed.json.id, again.json.id);
  assert.equal(small.status, 201);
  assert.equal(events(), 1 + 1 + 2 + 1 + 1);
  assert.ok(calls() <= 4, `${calls()} transactions`);
});

fact('a limit is filled to its last unit by one call, and not passed', async () => {
  const [replies] = await inOneCall(Array.from({ length: PROCS - 1 }, () => () => tenant.record({ metric_name: 'leads_created', quantity: 100 })));
  assert.equal(replies.filter((r) => r.status === 201).length, 5);
  replies.filter((r) => r.status !== 201).forEach((r) => isProblem(r, 403, { code: 'limit-exceeded' }));
});

fact('one request\'s total that does not fit hurts nobody else in the call', async () => {
  const most = '9223372036854.775807';
  const [[large, ...replies]] = await inOneCall([() => tenant.record(one(most)), ...Array.from({ length: PROCS - 2 }, () => () => tenant.record(one()))]);
  isProblem(large, 400, { pointer: '/quantity' });
  assert.deepEqual(replies.map((r) => r.status), Array(PROCS - 2).fill(201));
  assert.equal(events(), PROCS - 1);
});

fact('what wants more than roll-ups goes by itself, and the others together', async () => {
  const caller = (name) => () => tenant.record({ metric_name: 'callers', quantity: 1, metadata: { caller: name } });
  await take(session);
  const replies = [caller('a'), caller('b'), () => tenant.record(one()), () => tenant.record(one())].map((send) => send());
  await atServer(3);
  await session.run('COMMIT');
  assert.deepEqual((await Promise.all(replies)).map((r) => r.status), Array(4).fill(201));
  assert.equal(events(), 4);
});

fact('what was decided by another catalogue is decided anew, all of the call', async () => {
  const apply = () => applyPlans(server, { 'metrics.json': (m) => ({ metrics: [...m.metrics, { name: 'callers', aggregation: 'unique', field: 'caller' }, { name: 'lowest', aggregation: 'min', unit: 'x' }] }) });
  const [replies, first] = await inOneCall(Array.from({ length: PROCS - 1 }, () => () => tenant.record(one())), apply);
  assert.deepEqual([...replies, first].map((r) => r.status), Array(PROCS).fill(201));
  assert.equal(events(), PROCS);
});

fact('tenants do not wait for each other', async () => {
  const [busy, free] = [tenantOf(server, { plan: 'enterprise' }), tenantOf(server, { plan: 'enterprise' })];
  await take(session, busy);
  const held = Array.from({ length: 4 }, () => busy.record(one()));
  await together(3);
  const replies = await inParallel(PROCS - 4, Array.from({ length: 60 }), () => free.record(one()));
  assert.ok(replies.every((r) => r.status === 201));
  assert.equal(leaders().length, 1, 'the held tenant still has its leader');
  await session.run('COMMIT');
  assert.deepEqual((await Promise.all(held)).map((r) => r.status), Array(4).fill(201));
  assert.deepEqual([events(busy), events(free)], [4, 60]);
});

// ---- who is killed ----

/** A leader waits at the server with all of a call's events but its own first; `end` lets it go on or not. */
async function killTheLeader(end) {
  const { reply: first } = await heldRecord();
  const rest = Array.from({ length: PROCS - 1 }, (_, n) => tenant.record({ ...one(), resource_id: `r-${n}` }, n % 2 ? { 'Idempotency-Key': `k-${n}` } : {}));
  await together(PROCS - 1);
  const second = take(other); // behind the first call, before the next one
  await atServer(2);
  await session.run('COMMIT');
  await second;
  assert.equal((await first).status, 201);
  await atServer(1);
  const [leader] = leaders();
  process.kill(leader, 'SIGKILL');
  await end();
  const replies = await Promise.all(rest);
  assert.equal(replies.filter((r) => r.status === 201).length, PROCS - 2, 'all but the one whose process died');
  assert.ok(replies.every((r) => r.status === 201 ? !r.json.duplicate : r.status >= 500));
  const counts = query(server.data, `SELECT resource_id, COUNT(*) AS n FROM usage_events WHERE tenant_id = ${tenant.tenant_id} AND resource_id IS NOT NULL GROUP BY resource_id`);
  assert.deepEqual(counts.map(({ n }) => n), Array(PROCS - 1).fill(1), 'each is there once');
}

fact('a leader killed in the call loses nothing and doubles nothing: the server carries its call out', () => killTheLeader(async () => {
  await atServer(2); // the next leader with the same events
  await other.run('COMMIT');
}));

fact('a leader killed in the call loses nothing and doubles nothing: its call comes to nothing', () => killTheLeader(async () => {
  await atServer(2);
  server.store.cluster.command(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${server.store.name}' AND wait_event_type = 'Lock' ORDER BY query_start LIMIT 1`);
  await other.run('COMMIT');
}));

fact('a follower killed while it waits is recorded once or not at all, and hurts nobody', async () => {
  const sends = Array.from({ length: PROCS - 1 }, () => () => tenant.record(one()).catch(() => null));
  const [replies, first] = await inOneCall(sends, () => {
    const led = leaders();
    process.kill(writers().find((pid) => !led.includes(pid) && asleep([pid])), 'SIGKILL');
  });
  assert.equal(first.status, 201);
  assert.ok(replies.filter((r) => r?.status === 201).length >= PROCS - 2);
  assert.ok(events() === PROCS || events() === PROCS - 1);
});

fact('a leader that stands still costs its followers seconds and a true answer', async () => {
  const { reply: first } = await heldRecord();
  const [leader] = leaders();
  process.kill(leader, 'SIGSTOP');
  let replies;
  try {
    await session.run('COMMIT');
    replies = await Promise.all(Array.from({ length: 3 }, () => tenant.record(one())));
  } finally {
    process.kill(leader, 'SIGCONT');
  }
  replies.forEach((reply) => isProblem(reply, 503, { code: 'busy' }));
  assert.match(server.log(), new RegExp(`process ${leader} \\(usage-record[^)]*\\), which is stopped,`));
  await first;
  assert.equal(events(), 1);
  assert.equal((await tenant.record(one())).status, 201);
});

// ---- whose answer is lost ----

fact('a call whose answer is lost counts once, and all of it are answered', async () => {
  const before = way.lost();
  const [replies, first] = await inOneCall(Array.from({ length: PROCS - 1 }, () => () => tenant.record(one())), () => way.lose('usage_record'));
  assert.equal(way.lost(), before + 1);
  assert.deepEqual([...replies, first].map((r) => r.status), Array(PROCS).fill(201));
  assert.equal(events(), PROCS);
});

fact('a call whose answer is lost for good is 503 or known, and no answer says that it was not recorded', async () => {
  const [replies] = await inOneCall(Array.from({ length: PROCS - 1 }, () => () => tenant.record(one())), () => way.lose('usage_record', { then: 'refuse' }));
  assert.equal(events(), PROCS, 'all are recorded');
  for (const reply of replies.filter((r) => r.status !== 201)) {
    isProblem(reply, 503, { code: 'outcome-unknown' });
    assert.doesNotMatch(reply.text, /nothing was changed/i);
  }
});

fact('where all connections break after it, nobody says that nothing was recorded', async () => {
  const [replies] = await inOneCall(Array.from({ length: PROCS - 1 }, () => () => tenant.record(one())), () => way.lose('usage_record', { then: 'cut' }));
  assert.equal(events(), PROCS, 'all are recorded');
  for (const reply of replies) {
    isProblem(reply, 503, { code: 'outcome-unknown' });
    assert.doesNotMatch(reply.text, /nothing was changed/i);
  }
});

// ---- where they cannot meet ----

fact('where no file can be made beside the configuration each makes a call of its own', async () => {
  const alone = await startServer({ store: 'postgres', procs: 4, prepare: (data) => mkdirSync(path.join(data, 'calls.slots')) });
  try {
    const lonely = tenantOf(alone, { plan: 'enterprise' });
    const replies = await inParallel(8, Array.from({ length: 40 }), () => lonely.record(one()));
    assert.ok(replies.every((r) => r.status === 201));
    assert.deepEqual(readdirSync(path.join(alone.data, 'calls.slots')), []);
    assert.deepEqual(alone.pennymeter(['check']).differences, []);
  } finally {
    await alone.stop();
  }
});

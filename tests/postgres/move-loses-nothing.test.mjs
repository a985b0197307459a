// `pennymeter move` from SQLite to PostgreSQL while usage is recorded: nothing is lost or doubled, also when it
// is killed anywhere and begun again, and nothing is switched where the two differ.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { query, value } from '../lib/database.mjs';
import { startLoad } from '../lib/load.mjs';
import { build } from '../lib/places.mjs';
import { sharedPostgres } from '../lib/postgres.mjs';
import { randomness } from '../lib/random.mjs';
import { startServer } from '../lib/server.mjs';
import { json, tenantOf, until } from '../lib/tenant.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(300);

let cluster;
let databases = 0;
before(async () => { cluster = await sharedPostgres(); });

/** An empty database, dropped when the test ends. */
function target(t) {
  const name = `move${process.pid}_${++databases}`;
  cluster.createDatabase(name);
  t.after(() => cluster.dropDatabase(name));
  return { name, url: cluster.url(name), rows: (sql) => cluster.rows(name, sql), value: (sql) => Object.values(cluster.rows(name, sql)[0])[0] };
}

async function sqliteServer(t, options = {}) {
  const server = await startServer({ store: 'sqlite', procs: 4, ...options });
  t.after(() => server.stop());
  return server;
}

/** `pennymeter move` as a person's shell runs it: a child that can be killed. */
function startMove(server, args, env = {}) {
  const child = spawn(path.join(build, 'bin/pennymeter'), ['move', ...args], { env: { ...process.env, ...env, PENNYMETER_DATA: server.data } });
  let said = '';
  child.stdout.on('data', (text) => { said += text; });
  child.stderr.on('data', (text) => { said += text; });
  const ended = new Promise((resolve) => { child.on('exit', (code, signal) => resolve({ code, signal, said })); });
  return { kill: () => child.kill('SIGKILL'), ended };
}
const move = (server, args, env) => startMove(server, args, env).ended;

const metrics = ['api_calls', 'quotes_generated', 'storage_gb'];
const event = (n) => ({ metric_name: metrics[n % 3], quantity: `${1 + (n % 7)}.5`, resource_id: `r-${n}`, metadata: { n, text: 'żółw "q" \\ ₿' } });

async function fill(tenant, count) {
  for (let from = 0; from < count; from += 1000) {
    const events = Array.from({ length: Math.min(1000, count - from) }, (_, i) => ({
      ...event(from + i), resource_id: `seed-${from + i}`, idempotency_key: `seed-${from + i}`,
      recorded_at: new Date(Date.now() - ((from + i) % 700) * 3_600_000).toISOString(),
    }));
    const reply = await tenant.post('/api/usage/batch', events);
    assert.equal(reply.json.inserted, events.length, reply.text.slice(0, 300));
  }
}

const isMoved = (server) => existsSync(path.join(server.data, 'pennymeter.db.moved')) && !existsSync(path.join(server.data, 'pennymeter.db'));

/** Every acknowledged event is on the server once, and so is every seeded one. */
function assertAllThere(there, attempts, seeded) {
  const counts = new Map(there.rows('SELECT resource_id, COUNT(*) AS n FROM usage_events GROUP BY resource_id').map((r) => [r.resource_id, r.n]));
  for (const a of attempts.filter((a) => a.status === 201)) assert.equal(counts.get(a.event.resource_id), 1, `${json(a.event)} was acknowledged`);
  for (const [resource, n] of counts) assert.equal(n, 1, `${resource} is there ${n} times`);
  assert.equal([...counts.keys()].filter((r) => r.startsWith('seed-')).length, seeded);
  return counts;
}

test('100,000 events are moved while 8 clients record: none lost, none doubled, no request refused', async (t) => {
  const server = await sqliteServer(t), there = target(t);
  const tenant = tenantOf(server, { plan: 'enterprise' });
  await fill(tenant, 100_000);
  const load = startLoad(tenant, event, { width: 8, keyed: (n) => n % 2 === 0 });
  await until(() => load.attempts.length > 300);
  const moved = await move(server, ['--to', there.url]);
  assert.equal(moved.code, 0, moved.said);
  const before = load.attempts.length;
  await until(() => load.attempts.length > before + 300); // on the server now
  const attempts = await load.stop();
  assert.deepEqual([...new Set(attempts.map((a) => a.status))], [201]);
  const counts = assertAllThere(there, attempts, 100_000);
  assert.equal(counts.size, 100_000 + attempts.length);
  assert.ok(isMoved(server));
  assert.deepEqual(server.pennymeter(['check']).differences, []);

  // A key that was taken before the move is known after it.
  const repeat = attempts.find((a) => a.key);
  const reply = await tenant.record(repeat.event, { 'Idempotency-Key': repeat.key });
  assert.equal(reply.status, 200);
  assert.equal(reply.json.id, repeat.id);
});

test('a move that is killed anywhere loses nothing, and goes on where it stood', async (t) => {
  const random = randomness(4);
  const server = await sqliteServer(t), there = target(t);
  const tenant = tenantOf(server, { plan: 'enterprise' });
  await fill(tenant, 20_000);
  const load = startLoad(tenant, event, { width: 4, keyed: (n) => n % 2 === 0 });
  t.after(() => load.stop());
  let kills = 0;
  let last;
  for (let longest = 40; !last || last.signal; longest *= 1.3) {
    const running = startMove(server, ['--to', there.url]);
    const timer = setTimeout(() => running.kill(), 10 + random.below(Math.round(longest)));
    last = await running.ended;
    clearTimeout(timer);
    kills += last.signal ? 1 : 0;
  }
  assert.equal(last.code, 0, last.said);
  assert.ok(kills >= 3, `killed ${kills} times`);
  const before = load.attempts.length;
  await until(() => load.attempts.length > before + 50);
  const attempts = await load.stop();
  assertAllThere(there, attempts, 20_000);
  assert.deepEqual(attempts.filter((a) => ![201, 503].includes(a.status)), []);
  assert.deepEqual(server.pennymeter(['check']).differences, []);
});

const run = (server, store, ...args) => spawnSync(path.join(build, 'bin/pennymeter'), args,
  { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: server.data, PENNYMETER_STORE: store } });

test('a move cut off after its first tenants were there and before it noted that goes on, and into no other database', async (t) => {
  const server = await sqliteServer(t), there = target(t), other = target(t);
  const tenant = tenantOf(server, { plan: 'starter' });
  await fill(tenant, 1000);
  for (const { url } of [there, other]) assert.equal(run(server, url, 'init').status, 0);
  assert.equal(run(server, other.url, 'tenant', 'add', '--name', 'Not ours').status, 0);
  there.rows('ALTER TABLE usage_events ADD CONSTRAINT stop CHECK (tenant_id < 0)');
  assert.equal((await move(server, ['--to', there.url])).code, 1);
  there.rows('ALTER TABLE usage_events DROP CONSTRAINT stop');
  assert.deepEqual([there.value('SELECT COUNT(*) FROM tenants'), there.value('SELECT COUNT(*) FROM usage_events')], [2, 0]);
  query(server.data, "DELETE FROM move_progress WHERE name = 'tenants'");
  const refused = await move(server, ['--to', other.url]);
  assert.deepEqual([refused.code, other.value("SELECT COUNT(*) FROM tenants WHERE name = 'Not ours'")], [1, 1]);
  assert.match(refused.said, /not the database that the move began with.*--cancel/);
  const { code, said } = await move(server, ['--to', there.url]);
  assert.equal(code, 0, said);
  assert.equal(there.value('SELECT COUNT(*) FROM usage_events'), 1000);
});

test('what is changed and taken away meanwhile is so on the server too', async (t) => {
  const server = await sqliteServer(t), there = target(t);
  const tenant = tenantOf(server, { plan: 'starter' });
  await fill(tenant, 3000);
  const first = startMove(server, ['--to', there.url]);
  await until(() => query(server.data, 'SELECT name FROM move_progress').length > 3);
  first.kill();
  await first.ended;
  assert.ok(!isMoved(server));
  const added = tenantOf(server, { plan: 'free', name: 'Late' });
  const token = server.pennymeter(['token', 'add', '--tenant', String(tenant.tenant_id), '--name', 'short']);
  server.pennymeter(['token', 'revoke', '--tenant', String(tenant.tenant_id), '--token', String(token.token_id)]);
  query(server.data, `DELETE FROM outbox WHERE tenant_id = ${tenant.tenant_id}`);
  await added.use('api_calls', 5);
  const moved = await move(server, ['--to', there.url]);
  assert.equal(moved.code, 0, moved.said);
  assert.equal(there.value(`SELECT COUNT(*) FROM outbox WHERE tenant_id = ${tenant.tenant_id}`), 0);
  assert.equal((await server.request('GET', '/api/usage/summary', { token: token.token })).status, 401);
  assert.equal((await added.get('/api/usage/summary')).json.metrics[0].total_quantity, 5);
  assert.deepEqual(server.pennymeter(['check']).differences, []);
});

test('nothing is switched where the two differ', async (t) => {
  const server = await sqliteServer(t), there = target(t);
  const tenant = tenantOf(server, { plan: 'starter' });
  await fill(tenant, 3000);
  const first = startMove(server, ['--to', there.url]);
  await until(() => query(server.data, "SELECT done FROM move_progress WHERE name = 'usage_events' AND done = 1").length > 0);
  first.kill();
  await first.ended;
  if (isMoved(server)) return assert.fail('the kill came too late');
  cluster.psql(there.name, "UPDATE usage_events SET quantity = quantity + 1 WHERE resource_id = 'seed-7'");
  const moved = await move(server, ['--to', there.url]);
  assert.equal(moved.code, 1);
  assert.match(moved.said, /differs: usage_events, the row \{"tenant_id":\d+,"recorded_at":\d+,"event_id":\d+\} holds something else there; nothing was switched/);
  assert.ok(!isMoved(server));
  assert.equal((await tenant.record(event(1))).status, 201);
  assert.equal(there.value("SELECT COUNT(*) FROM usage_events WHERE resource_id = 'r-1'"), 0);

  const cancelled = await move(server, ['--cancel']);
  assert.equal(cancelled.code, 0, cancelled.said);
  assert.deepEqual(query(server.data, "SELECT name FROM sqlite_schema WHERE name LIKE 'move%' AND name <> 'move_progress'"), []);
  assert.equal(value(server.data, 'SELECT COUNT(*) FROM move_progress'), 0);
});

test('a move cut off between the file and the configuration is completed by the next', async (t) => {
  const server = await sqliteServer(t), there = target(t), other = target(t);
  const tenant = tenantOf(server, { plan: 'starter' });
  await fill(tenant, 1000);
  const conf = path.join(server.data, 'pennymeter.conf');
  const before = readFileSync(conf, 'utf8');
  assert.equal((await move(server, ['--to', there.url])).code, 0);
  renameSync(conf, `${conf}.new`);
  appendFileSync(conf, before);
  await until(async () => (await tenant.get('/api/usage/summary')).status === 503 || await sleep(20));
  const wrong = await move(server, ['--to', other.url]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.said, /holds fewer tenants or events/);
  const moved = await move(server, ['--to', there.url]);
  assert.equal(moved.code, 0, moved.said);
  assert.equal((await tenant.record(event(1))).status, 201);
});

test('the configuration keeps what else stands in it', async (t) => {
  const server = await sqliteServer(t), there = target(t);
  const conf = path.join(server.data, 'pennymeter.conf');
  appendFileSync(conf, '\n# mine\nlate_days = 40\n  store = pennymeter.db\ncurrency = EUR');
  assert.equal((await move(server, ['--to', there.url])).code, 0);
  const lines = readFileSync(conf, 'utf8').split('\n').filter((l) => l && !l.startsWith('#'));
  assert.deepEqual(lines, ['late_days = 40', 'currency = EUR', `store = ${there.url}`]);
  assert.match(readFileSync(conf, 'utf8'), /# mine/);
});

for (const [what, args, env, why] of [
  ['no address', [], {}, /--to: is needed/],
  ['another kind of address', ['--to', 'mysql://x/y'], {}, /must be an address like postgresql:/],
  ['an address with a space', ['--to', 'postgresql://127.0.0.1/a b'], {}, /%20/],
  ['a server that is not there', ['--to', 'postgresql://127.0.0.1:1/x'], {}, /cannot use the PostgreSQL database/],
  ['a store that the environment names', ['--to', 'postgresql://127.0.0.1/x'], { PENNYMETER_STORE: 'pennymeter.db' }, /PENNYMETER_STORE/],
]) {
  test(`refuses ${what}, and touches nothing`, async (t) => {
    const server = await sqliteServer(t, { procs: 1 });
    const refused = await move(server, args, env);
    assert.equal(refused.code, 1);
    assert.match(refused.said, why);
    assert.ok(!isMoved(server));
    assert.deepEqual(query(server.data, "SELECT name FROM sqlite_schema WHERE type = 'trigger'"), []);
  });
}

test('refuses a database that holds tenants of its own', async (t) => {
  const server = await sqliteServer(t, { procs: 1 }), other = await startServer({ store: 'postgres' });
  t.after(() => other.stop());
  tenantOf(other, { plan: 'starter' });
  const refused = await move(server, ['--to', other.store.cluster.url(other.store.name)]);
  assert.equal(refused.code, 1);
  assert.match(refused.said, /has tenants already/);
  assert.deepEqual(query(server.data, "SELECT name FROM sqlite_schema WHERE type = 'trigger'"), []);
});

// `pennymeter move` from SQLite to PostgreSQL while usage is recorded: nothing is lost or doubled, also when it
// is killed anywhere and begun again, and nothing is switched where the two differ.

import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { query, value } from '../lib/database.mjs';
import { startLoad } from '../lib/load.mjs';
import { assertAllThere, command, confOf, event, fill, holdAt, isMoved, killedAt, move, sqliteServer, startMove, target, within } from '../lib/move.mjs';
import { randomness } from '../lib/random.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(400);

test('100,000 events are moved while 8 clients record: none lost, none doubled, no request refused', async (t) => {
  const server = await sqliteServer(t), there = await target(t);
  const tenant = tenantOf(server, { plan: 'enterprise' });
  await fill(tenant, 100_000);
  const load = startLoad(tenant, event, { width: 8, keyed: (n) => n % 2 === 0 });
  await within(60, () => load.attempts.length > 300, 'they record');
  const moved = await move(server, ['--to', there.url]);
  assert.equal(moved.code, 0, moved.said);
  const before = load.attempts.length;
  await within(60, () => load.attempts.length > before + 300, 'they go on'); // on the server now
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
  const server = await sqliteServer(t), there = await target(t);
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
  await within(60, () => load.attempts.length > before + 50, 'they go on');
  const attempts = await load.stop();
  assertAllThere(there, attempts, 20_000);
  assert.deepEqual(attempts.filter((a) => ![201, 503].includes(a.status)), []);
  assert.deepEqual(server.pennymeter(['check']).differences, []);
});

test('a move cut off after its first tenants were there and before it noted that goes on, and into no other database', async (t) => {
  const server = await sqliteServer(t), there = await target(t), other = await target(t);
  const tenant = tenantOf(server, { plan: 'starter' });
  await fill(tenant, 1000);
  for (const { url } of [there, other]) assert.equal(command(server, ['init'], url).status, 0);
  assert.equal(command(server, ['tenant', 'add', '--name', 'Not ours'], other.url).status, 0);
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
  const server = await sqliteServer(t), there = await target(t);
  const tenant = tenantOf(server, { plan: 'starter' });
  await fill(tenant, 3000);
  await killedAt(t, server, there, 'usage_keys');
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

for (const [what, alter, why] of [
  ['an event lies there that was not copied', "INSERT INTO usage_events SELECT tenant_id, recorded_at, 7, metric, quantity, user_id FROM usage_events LIMIT 1", /usage_events, the row .*"event_id":7\} is there and not here/],
  ['an event is gone there', "DELETE FROM usage_events WHERE resource_id = 'seed-9'", /usage_events, the row .* is here and not there/],
  ['a roll-up of a day', 'UPDATE usage_days SET quantity_sum = quantity_sum + 1 WHERE day = (SELECT MAX(day) FROM usage_days)', /usage_days, the row \{"tenant_id":\d+,"day":\d+,"metric":"\w+","user_id":0\} holds something else there/],
  ['a roll-up of an hour, not in its sum', 'UPDATE usage_hours SET last_event_id = last_event_id + 1 WHERE hour = (SELECT MIN(hour) FROM usage_hours)', /usage_hours, the row .* holds something else/],
  ['a balance', 'UPDATE usage_balances SET distinct_values = 1', /usage_balances, the row .* holds something else/],
  ['a plan', "UPDATE plan_versions SET document = document || ' '", /plan_versions, the row .* holds something else/],
  ['the name of a tenant', "UPDATE tenants SET name = 'x' WHERE tenant_id = 2", /tenants, the row \{"tenant_id":2\} holds something else/],
]) {
  test(`nothing is switched where ${what} was altered there`, async (t) => {
    const server = await sqliteServer(t, { procs: 1 }), there = await target(t);
    await fill(tenantOf(server, { plan: 'starter' }), 300);
    await killedAt(t, server, there, 'usage_keys');
    there.run(alter);
    const refused = await move(server, ['--to', there.url]);
    assert.equal(refused.code, 1);
    assert.match(refused.said, why);
    assert.match(refused.said, /differs: .*nothing was switched.*`pennymeter move --cancel`/);
    assert.ok(!isMoved(server));
  });
}

test('nothing is switched where the two differ', async (t) => {
  const server = await sqliteServer(t), there = await target(t);
  const tenant = tenantOf(server, { plan: 'starter' });
  await fill(tenant, 3000);
  await killedAt(t, server, there, 'usage_keys');
  there.run("UPDATE usage_events SET quantity = quantity + 1 WHERE resource_id = 'seed-7'");
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

test('the configuration keeps what else stands in it', async (t) => {
  const server = await sqliteServer(t), there = await target(t);
  const conf = confOf(server);
  appendFileSync(conf, '\n# mine\nlate_days = 40\n  store = pennymeter.db\ncurrency = EUR');
  assert.equal((await move(server, ['--to', there.url])).code, 0);
  const lines = readFileSync(conf, 'utf8').split('\n').filter((l) => l && !l.startsWith('#'));
  assert.deepEqual(lines, ['late_days = 40', 'currency = EUR', `store = ${there.url}`]);
  assert.match(readFileSync(conf, 'utf8'), /# mine/);
});

for (const [code, what, args, env, why] of [
  [2, 'no address', [], {}, /--to: is required/],
  [2, 'another kind of address', ['--to', 'mysql://x/y'], {}, /must be an address like postgresql:/],
  [2, 'an address with a space', ['--to', 'postgresql://127.0.0.1/a b'], {}, /%20/],
  [1, 'a server that is not there', ['--to', 'postgresql://127.0.0.1:1/x'], {}, /cannot use the PostgreSQL database/],
  [1, 'a store that the environment names', ['--to', 'postgresql://127.0.0.1/x'], { PENNYMETER_STORE: 'pennymeter.db' }, /PENNYMETER_STORE/],
]) {
  test(`refuses ${what}, and touches nothing`, async (t) => {
    const server = await sqliteServer(t, { procs: 1 });
    const refused = await move(server, args, env);
    assert.equal(refused.code, code);
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

test('a move that was given up can be made to another database, and not to one that holds what it left', async (t) => {
  const server = await sqliteServer(t, { procs: 1 }), there = await target(t), other = await target(t);
  const tenant = tenantOf(server, { plan: 'starter' });
  await fill(tenant, 300);
  await killedAt(t, server, there, 'usage_keys');
  const elsewhere = await move(server, ['--to', other.url]);
  assert.match(elsewhere.said, /not the database that the move began with.*`pennymeter move --cancel`/);
  assert.equal((await move(server, ['--cancel'])).code, 0);
  assert.equal((await move(server, ['--cancel'])).code, 0);
  assert.match((await move(server, ['--to', there.url])).said, /has tenants already.*name an empty one/);
  const moved = await move(server, ['--to', other.url]);
  assert.equal(moved.code, 0, moved.said);
  assert.equal(other.value('SELECT COUNT(*) FROM usage_events'), 300);
  assert.match((await move(server, ['--cancel'])).said, /on a server already/);
});

test('of two moves at once the second refuses, and so does giving up', async (t) => {
  const server = await sqliteServer(t, { procs: 1 }), there = await target(t), other = await target(t);
  assert.equal(command(server, ['init'], there.url).status, 0);
  const release = await holdAt(t, there, 'tokens');
  tenantOf(server, { plan: 'starter' });
  const first = startMove(server, ['--to', there.url]);
  await within(30, () => query(server.data, "SELECT 1 FROM move_progress WHERE name = 'tenants'").length, 'it copies');
  for (const args of [['--to', other.url], ['--to', there.url], ['--cancel']]) {
    const second = await move(server, args);
    assert.equal(second.code, 1);
    assert.match(second.said, /another `pennymeter move` is at work here/);
  }
  await release();
  const { code, said } = await first.ended;
  assert.ok(code === 0 || (await move(server, ['--to', there.url])).code === 0, said);
  assert.ok(isMoved(server));
});

test('a database that an earlier move went to is not taken for an empty one, nor is a schema of another version', async (t) => {
  const server = await sqliteServer(t, { procs: 1 }), there = await target(t), newer = await target(t);
  const tenant = tenantOf(server, { plan: 'starter' });
  await fill(tenant, 100);
  const before = readFileSync(confOf(server));
  assert.equal((await move(server, ['--to', there.url])).code, 0);
  await tenant.use('api_calls', 1);
  writeFileSync(confOf(server), before); // back to the file, as it was
  renameSync(`${server.data}/pennymeter.db.moved`, `${server.data}/pennymeter.db`);
  assert.match((await move(server, ['--to', there.url])).said, /has tenants already/);
  assert.equal(there.value('SELECT COUNT(*) FROM usage_events'), 101);
  assert.equal(command(server, ['init'], newer.url).status, 0);
  newer.run("INSERT INTO schema_version VALUES (999, 'later', 0)");
  assert.match((await move(server, ['--to', newer.url])).said, /version 999, newer than this program's/);
  assert.equal((await tenant.record(event(1))).status, 201);
});

// What an earlier version has stored by hours and days of UTC is, after `init`, as if it had been recorded by this one: row by row,
// for tenants of every zone, and not touched for those in UTC. Where that cannot be, nothing is changed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { DAY, HOUR, floorTo, fromInstant, fromMicro, toInstant } from '../lib/exact.mjs';
import { fileOf, query, setBack } from '../lib/database.mjs';
import { repo } from '../lib/places.mjs';
import { plansWith } from '../lib/plans.mjs';
import { cases, randomness } from '../lib/random.mjs';
import { databaseOf } from '../lib/store.mjs';
import { openStore } from '../lib/three-stores.mjs';
import { toldClock } from '../lib/told-clock.mjs';

const NOW = toInstant('2026-04-15T12:00:00Z');
const zones = ['UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'UTC', 'Pacific/Kiritimati'];
const metrics = { flow: 'sum', seats: 'latest', visitors: 'unique', disk: 'weighted_sum' };
const kept = ['usage_hours', 'usage_days', 'usage_values', 'usage_moments', 'usage_levels'];
const elsewhere = "tenant_id IN (SELECT tenant_id FROM tenants WHERE timezone <> 'UTC')";
const random = randomness(31);

let clock, store, tenants, recorded;

const run = (sql) => query(store.data, sql);
const list = (values) => `(${values.map((v) => (typeof v === 'string' ? `'${v}'` : String(v))).join(', ')})`;

before(async () => {
  clock = toldClock();
  clock.tell(NOW - 60n * DAY);
  store = await openStore(process.env.PENNYMETER_TEST_STORE || 'sqlite', undefined, { ...clock.env, PENNYMETER_LATE_DAYS: '50' });
  const folder = plansWith({ 'metrics.json': (old) => ({ metrics: [...old.metrics, ...Object.entries(metrics).map(([name, aggregation]) => ({ name, unit: 'unit', aggregation,
    ...(name === 'visitors' && { field: 'who' }), ...(['disk', 'flow'].includes(name) && { signed: true }) }))] }) });
  assert.equal((await store.run(['plan', 'apply', folder])).status, 0);
  rmSync(folder, { recursive: true });
  tenants = [];
  for (const [i, zone] of zones.entries()) {
    clock.tell(NOW - 60n * DAY + BigInt(i));
    tenants.push(JSON.parse((await store.run(['tenant', 'add', '--name', zone, '--plan', 'enterprise', '--timezone', zone, '--start', '2026-02-20'])).text));
  }
  clock.tell(NOW);
  for (const { token } of tenants) {
    const events = Array.from({ length: cases(250) }, () => {
      const at = random.pick([(t) => t, (t) => floorTo(t, HOUR) - 1n, (t) => floorTo(t, 15n * HOUR / 60n)])(NOW - 1n - random.big(45n * DAY)), metric_name = random.pick(Object.keys(metrics));
      return { metric_name, quantity: fromMicro((metric_name === 'disk' && random.chance(0.3) ? -1n : 1n) * (1n + random.big(10n ** 9n))), recorded_at: fromInstant(at),
        ...(metric_name === 'visitors' && { metadata: { who: random.below(40) } }) };
    });
    const reply = await store.ask('POST', '/api/usage/batch', { token, body: JSON.stringify(events) });
    assert.equal(JSON.parse(reply.text).inserted, events.length, reply.text);
  }
  recorded = store.rows();
});
after(async () => {
  await store?.close();
  clock?.end();
});

// ---- as it was before ----

/** Roll-ups by hours or days of UTC, by the arithmetic of schema 7. */
function sumsOf(table, column, width) {
  const start = `e.recorded_at - e.recorded_at % ${width}`, newest = (what) => `(SELECT l.${what} FROM usage_events l WHERE l.tenant_id = s.tenant_id AND l.metric = s.metric
    AND l.user_id = s.user_id AND l.recorded_at = s.last_at ORDER BY l.event_id DESC LIMIT 1)`;
  run(`DELETE FROM ${table} WHERE ${elsewhere}`);
  run(`INSERT INTO ${table} SELECT s.*, ${newest('event_id')}, ${newest('quantity')} FROM (
    SELECT e.tenant_id, ${start} AS ${column}, e.metric, e.user_id, SUM(e.quantity), COUNT(*), MIN(e.quantity), MAX(e.quantity), MIN(e.recorded_at), MAX(e.recorded_at) AS last_at
    FROM usage_events e WHERE e.${elsewhere} GROUP BY e.tenant_id, ${start}, e.metric, e.user_id) s`);
}

/** What was kept beside them: of each bucket its values, or its sum and moment; of each day the level at its end. */
function besideOf() {
  const samples = run(`SELECT tenant_id, metric, CAST(recorded_at AS TEXT) AS at, user_id, CAST(quantity AS TEXT) AS quantity, value
    FROM usage_samples WHERE ${elsewhere} ORDER BY tenant_id, metric, recorded_at, event_id`);
  const values = new Set(), moments = new Map(), levels = new Map(), closing = new Map();
  for (const { tenant_id, metric, at, user_id, quantity, value } of samples) {
    for (const width of [HOUR, DAY]) {
      const start = floorTo(BigInt(at), width), key = JSON.stringify([tenant_id, metric, String(width), String(start)]);
      if (metric === 'visitors') values.add(JSON.stringify([...JSON.parse(key), value, user_id]));
      const [sum, moment] = moments.get(key) ?? [0n, 0n];
      if (metric === 'disk') moments.set(key, [sum + BigInt(quantity), moment + BigInt(quantity) * (BigInt(at) - start)]);
    }
    if (metric !== 'disk') continue;
    closing.set(tenant_id, (closing.get(tenant_id) ?? 0n) + BigInt(quantity));
    for (const user of [0, -1]) levels.set(JSON.stringify([tenant_id, metric, user, String(floorTo(BigInt(at), DAY))]), closing.get(tenant_id));
  }
  for (const table of ['usage_values', 'usage_moments', 'usage_levels']) run(`DELETE FROM ${table} WHERE ${elsewhere}`);
  const numbers = (key, ...wide) => JSON.parse(key).map((v, i) => (wide.includes(i) ? BigInt(v) : v));
  run(`INSERT INTO usage_values VALUES ${[...values].map((key) => list(numbers(key, 2, 3))).join(', ')}`);
  run(`INSERT INTO usage_moments VALUES ${[...moments].map(([key, [sum, moment]]) => list([...numbers(key, 2, 3), 0, sum, String(moment)])).join(', ')}`);
  run(`INSERT INTO usage_levels VALUES ${[...levels].map(([key, level]) => list([...numbers(key, 3), level])).join(', ')}`);
}

function asSchema7() {
  sumsOf('usage_hours', 'hour', HOUR);
  sumsOf('usage_days', 'day', DAY);
  besideOf();
  setBack(store.data, 7);
  const database = databaseOf(store.data);
  if (database) database.cluster.script(database.name, path.join(repo, 'shared/store/schema/0005_record_call.sql'));
}

/** What there is of usage: `init` applies plans too, and notes which migration ran when. */
const ofUsage = (all) => Object.fromEntries(Object.entries(all).filter(([table]) => table.startsWith('usage_')));
const rows = () => ofUsage(store.rows());
const want = () => ofUsage(recorded);

/** What `check` finds; the pages that sqlite3 wrote here have no checksums of ours. */
async function differences() {
  const checked = await store.run(['check', ...(databaseOf(store.data) ? [] : ['--accept'])]);
  return JSON.parse(checked.text).differences;
}

// ---- the facts ----

test('before, the rows are others for every tenant outside UTC; until then nothing is served', async () => {
  asSchema7();
  const now = rows();
  for (const table of kept) assert.notDeepEqual(now[table], want()[table], table);
  const served = await store.run(['check']);
  assert.equal(served.status, 1);
  assert.match(served.head, /schema 7.*init/s);
});

test('init leaves every row as recording makes it, and check is content', async () => {
  assert.equal((await store.run(['init'])).status, 0);
  assert.deepEqual(rows(), want());
  assert.deepEqual(await differences(), []);
});

test('a second init changes nothing', async () => {
  assert.equal((await store.run(['init'])).status, 0);
  assert.deepEqual(rows(), want());
});

test('recording goes on in the hours and days that were made', async () => {
  const { token } = tenants[2];
  clock.tell(NOW + HOUR);
  for (const metric_name of Object.keys(metrics)) {
    const reply = await store.ask('POST', '/api/usage/record', { token, body: JSON.stringify({ metric_name, quantity: 3, metadata: { who: 1 } }) });
    assert.equal(reply.status, 201, reply.text);
  }
  assert.deepEqual(await differences(), []);
});

test('a backup of an earlier version comes back so too', { skip: Boolean(process.env.PENNYMETER_TEST_STORE?.match(/postgres|partitioned/)) }, async () => {
  recorded = store.rows();
  asSchema7();
  const copy = path.join(store.data, 'of-before.db');
  const made = spawnSync('sh', ['-c', 'sqlite3 "$1" .dump | sqlite3 "$2"', 'sh', fileOf(store.data), copy], { encoding: 'utf8' }); // of pages without checksums
  assert.deepEqual([made.status, made.stderr], [0, '']);
  assert.equal((await store.run(['init'])).status, 0);
  const back = await store.run(['restore', copy]);
  assert.equal(back.status, 0, back.head);
  assert.deepEqual(rows(), want());
});

test('where a day of the tenant holds more than can be counted, init says of whom and changes nothing', async () => {
  const { tenant_id } = tenants[1], evening = toInstant('2026-03-20T23:30:00Z'), most = 9_000_000_000_000_000_000n;
  asSchema7();
  const add = (at, id) => run(`INSERT INTO usage_events VALUES (${tenant_id}, ${at}, ${id}, 'flow', ${most}, 0, NULL, NULL)`);
  add(evening, 1);
  add(evening + HOUR, 2);
  const before = store.rows();
  const made = await store.run(['init']);
  assert.equal(made.status, 1);
  assert.match(made.head, new RegExp(`tenant ${tenant_id}: its events cannot be counted`));
  assert.deepEqual(store.rows(), before);
  run(`DELETE FROM usage_events WHERE quantity = ${most}`);
  assert.equal((await store.run(['init'])).status, 0);
  assert.deepEqual(await differences(), []);
});

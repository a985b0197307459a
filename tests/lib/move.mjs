// What tests of `pennymeter move` share: a database to move to, the command as a child that can be killed, and proofs.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { build } from './places.mjs';
import { sharedPostgres } from './postgres.mjs';
import { startServer } from './server.mjs';
import { until } from './until.mjs';

let databases = 0;

/** An empty database, dropped when the test ends. */
export async function target(t) {
  const cluster = await sharedPostgres();
  const name = `move${process.pid}_${++databases}`;
  cluster.createDatabase(name);
  t.after(() => cluster.dropDatabase(name));
  return {
    name, cluster, url: cluster.url(name), rows: (sql) => cluster.rows(name, sql), run: (sql) => cluster.psql(name, sql),
    value: (sql) => Object.values(cluster.rows(name, sql)[0])[0],
  };
}

export async function sqliteServer(t, options = {}) {
  const server = await startServer({ store: 'sqlite', procs: 4, ...options });
  t.after(() => server.stop());
  return server;
}

/** `pennymeter move` as a person's shell runs it. `ended` resolves with { code, signal, said }. */
export function startMove(server, args, env = {}) {
  const child = spawn(path.join(build, 'bin/pennymeter'), ['move', ...args], { env: { ...process.env, ...env, PENNYMETER_DATA: server.data } });
  let said = '';
  let over = false;
  child.stdout.on('data', (text) => { said += text; });
  child.stderr.on('data', (text) => { said += text; });
  const ended = new Promise((resolve) => { child.on('close', (code, signal) => { over = true; resolve({ code, signal, said }); }); });
  return { pid: child.pid, kill: (signal = 'SIGKILL') => child.kill(signal), ended, over: () => over };
}
export const move = (server, args, env) => startMove(server, args, env).ended;

/** Another command; a store may be named as its environment does. */
export const command = (server, args, store) => spawnSync(path.join(build, 'bin/pennymeter'), args,
  { encoding: 'utf8', timeout: 60_000, env: { ...process.env, PENNYMETER_DATA: server.data, ...(store && { PENNYMETER_STORE: store }) } });

/** Let the move wait where it writes into a table of the server, until released: it stands at a known step then. */
export async function holdAt(t, there, table) {
  const session = there.cluster.hold(there.name);
  await session.run('SELECT pg_advisory_lock(77)');
  there.run(`CREATE OR REPLACE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NULL; END';
    CREATE TRIGGER hold BEFORE INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION hold()`);
  let held = true;
  const release = async () => {
    if (!held) return;
    held = false;
    await session.end();
    there.run(`DROP TRIGGER hold ON ${table}`);
  };
  t.after(release);
  return release;
}

/** A move that was killed when it was about to write into that table. */
export async function killedAt(t, server, there, table) {
  command(server, ['init'], there.url);
  const release = await holdAt(t, there, table);
  const running = startMove(server, ['--to', there.url]);
  await within(30, () => there.value("SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") > 0 || running.over(), `it comes to ${table}`);
  running.kill();
  const { signal, said } = await running.ended;
  assert.equal(signal, 'SIGKILL', said);
  await release();
}

export const confOf = (server) => path.join(server.data, 'pennymeter.conf');
export const isMoved = (server) => existsSync(path.join(server.data, 'pennymeter.db.moved')) && !existsSync(path.join(server.data, 'pennymeter.db'));

const metrics = ['api_calls', 'quotes_generated', 'storage_gb'];
export const event = (n) => ({ metric_name: metrics[n % 3], quantity: `${1 + (n % 7)}.5`, resource_id: `r-${n}`, metadata: { n, text: 'żółw "q" \\ ₿' } });

export async function fill(tenant, count) {
  for (let from = 0; from < count; from += 1000) {
    const events = Array.from({ length: Math.min(1000, count - from) }, (_, i) => ({
      ...event(from + i), resource_id: `seed-${from + i}`, idempotency_key: `seed-${from + i}`,
      recorded_at: new Date(Date.now() - ((from + i) % 700) * 3_600_000).toISOString(),
    }));
    const reply = await tenant.post('/api/usage/batch', events);
    assert.equal(reply.json.inserted, events.length, reply.text.slice(0, 300));
  }
}

/** Every acknowledged event is on the server once, and so is every seeded one. */
export function assertAllThere(there, attempts, seeded) {
  const counts = new Map(there.rows('SELECT resource_id, COUNT(*) AS n FROM usage_events GROUP BY resource_id').map((r) => [r.resource_id, r.n]));
  for (const a of attempts.filter((a) => a.status === 201)) assert.equal(counts.get(a.event.resource_id), 1, `${JSON.stringify(a.event)} was acknowledged`);
  for (const [resource, n] of counts) assert.equal(n, 1, `${resource} is there ${n} times`);
  assert.equal([...counts.keys()].filter((r) => r.startsWith('seed-')).length, seeded);
  return counts;
}

/** Try until `probe` answers something true, for so many seconds at most. */
export const within = (seconds, probe, what) => until(probe, { what, ms: seconds * 1000 });

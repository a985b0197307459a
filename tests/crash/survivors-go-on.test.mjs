// 200 kills of single processes under load, leaders of a group commit and followers alike: the others' answers go on,
// none waits for the dead, and every 201 is in the database once.

import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { compiled } from '../lib/compile.mjs';
import { query, value } from '../lib/database.mjs';
import { startLoad } from '../lib/load.mjs';
import { cases, randomness } from '../lib/random.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf, until } from '../lib/tenant.mjs';

const PROCS = 16, CLIENTS = 32;
const random = randomness(200);
const kills = cases(200);

let server;
// A sync of 2 ms more is what a leader can be caught in.
before(async () => { server = await startServer({ server: 'all', procs: PROCS, env: { LD_PRELOAD: compiled('tests/bench/slow_sync.c', { shared: true }) } }); });
after(() => server?.stop());

/** Who holds the store's lock: the leader, if there is one just now. */
function leader() {
  const { ino } = statSync(path.join(server.data, 'pennymeter.db.lock'));
  const row = readFileSync('/proc/locks', 'utf8').split('\n').find((line) => / FLOCK /.test(line) && line.includes(`:${ino} `));
  return row ? Number(row.trim().split(/\s+/)[4]) : null;
}

/** Kill the leader, or someone else, while most of the others live. Answers when, and whom. */
async function killOne(wantLeader) {
  const alive = await until(() => { const pids = server.pids(); return pids.length > PROCS / 2 && pids; });
  for (;;) {
    const led = leader(), pid = wantLeader ? led : random.pick(alive.filter((one) => one !== led));
    try {
      if (pid) process.kill(pid, 'SIGKILL');
      if (pid) return { at: performance.now(), led: pid === led };
    } catch (error) {
      assert.equal(error.code, 'ESRCH');
    }
    await sleep(0);
  }
}

async function killUnderLoad(load) {
  const done = [];
  const acknowledged = () => load.attempts.filter((a) => a.status === 201).length;
  while (done.length < kills) {
    done.push(await killOne(done.length % 2 === 0));
    const goal = acknowledged() + 10 + random.below(40);
    await until(() => acknowledged() >= goal); // the others go on
    await sleep(random.below(60));
  }
  return done;
}

/** The longest time without an answer 201 that touches the tenth of a second after a kill. */
function silenceAfter({ at }, times) {
  let longest = 0;
  for (let i = times.findIndex((t) => t > at); i >= 0 && i < times.length && (times[i - 1] ?? at) < at + 100; i++)
    longest = Math.max(longest, times[i] - (times[i - 1] ?? at));
  return longest;
}

const spread = (list) => {
  const sorted = [...list].sort((a, b) => a - b), part = (p) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))].toFixed(1);
  return `median ${part(0.5)}, 95 of 100 within ${part(0.95)}, longest ${part(1)} ms`;
};

test(`${kills} kills: every 201 is there once, and no answer waits for the dead`, { timeout: 300_000 }, async (t) => {
  const tenant = tenantOf(server, { plan: 'enterprise' });
  const load = startLoad(tenant, (n) => ({ metric_name: ['quotes_generated', 'api_calls'][n % 2], quantity: 1, resource_id: `r-${n}` }), { width: CLIENTS, keyed: (n) => n % 3 > 0 });
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  const done = await killUnderLoad(load);
  const attempts = await load.stop(); // each has been answered or has lost its connection: nobody is stuck
  lag.disable();

  const good = attempts.filter((a) => a.status === 201), times = good.map((a) => a.ended).sort((a, b) => a - b);
  const silences = done.map((kill) => silenceAfter(kill, times));
  t.diagnostic(`${done.length} kills, ${done.filter((kill) => kill.led).length} of them of a leader; ${attempts.length} requests, ${good.length} answered 201`);
  t.diagnostic(`no answer to anybody after a kill: ${spread(silences)}`);
  t.diagnostic(`an answer 201 took: ${spread(good.map((a) => a.ended - a.began))}; this client itself paused for up to ${(lag.max / 1e6).toFixed(1)} ms`);
  assert.ok(Math.max(...silences) < 5000, 'the others go on');
  assert.ok(Math.max(...attempts.map((a) => a.ended - a.began)) < 20_000, 'no answer is stuck');
  assert.deepEqual([...new Set(attempts.map((a) => a.status))].filter((s) => ![0, 201, 500, 503].includes(s)), []);

  const counts = new Map(query(server.data, `SELECT resource_id, COUNT(*) AS n FROM usage_events WHERE tenant_id = ${tenant.tenant_id} GROUP BY resource_id`).map((row) => [row.resource_id, row.n]));
  for (const a of good) assert.equal(counts.get(a.event.resource_id), 1, `${a.event.resource_id} was acknowledged`);
  for (const [resource, n] of counts) assert.equal(n, 1, `${resource} is there ${n} times`);
  assert.equal(server.pennymeter(['check']).ok, true);
  assert.equal(value(server.data, 'PRAGMA integrity_check'), 'ok');
});

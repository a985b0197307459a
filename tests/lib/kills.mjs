// Kills of single processes under load, leaders of a group and followers alike: how the others' answers go on.

import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad } from './load.mjs';
import { randomness } from './random.mjs';
import { tenantOf, until } from './tenant.mjs';
import { assertTrue } from './truth.mjs';

const random = randomness(200);

/** Kill the leader, or someone else, while most of the others live. Answers when, and whom. */
async function killOne({ server, procs, leader }, wantLeader) {
  const alive = await until(() => { const pids = server.pids(); return pids.length > procs / 2 && pids; }, { what: `more than half of ${procs} writers` });
  const kill = () => {
    const led = leader(), pid = wantLeader ? led : random.pick(alive.filter((one) => one !== led));
    try {
      if (pid) process.kill(pid, 'SIGKILL');
      return pid && { at: performance.now(), led: pid === led };
    } catch (error) {
      assert.equal(error.code, 'ESRCH');
      return null;
    }
  };
  return until(kill, { what: wantLeader ? 'somebody to lead' : 'somebody to follow', every: 0 });
}

async function killUnderLoad(place, kills, load) {
  const done = [];
  const acknowledged = () => load.attempts.filter((a) => a.status === 201).length;
  while (done.length < kills) {
    done.push(await killOne(place, done.length % 2 === 0));
    const goal = acknowledged() + 10 + random.below(40);
    await until(() => acknowledged() >= goal, { what: `the others to go on after kill ${done.length}` });
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

/** Kill so many of `place`: { server, procs, leader }, where leader() is who leads just now, or null. Every 201 is there once. */
export async function surviveKills(t, place, { kills, clients }) {
  const { server } = place;
  const tenant = tenantOf(server, { plan: 'enterprise' });
  const load = startLoad(tenant, (n) => ({ metric_name: ['quotes_generated', 'api_calls'][n % 2], quantity: 1, resource_id: `r-${n}` }), { width: clients, keyed: (n) => n % 3 > 0 });
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  const done = await killUnderLoad(place, kills, load);
  const attempts = await load.stop(); // each has been answered or has lost its connection: nobody is stuck
  lag.disable();

  const good = attempts.filter((a) => a.status === 201), times = good.map((a) => a.ended).sort((a, b) => a - b);
  const silences = done.map((kill) => silenceAfter(kill, times));
  t.diagnostic(`${done.length} kills, ${done.filter((kill) => kill.led).length} of them of a leader; ${attempts.length} requests, ${good.length} answered 201`);
  t.diagnostic(`no answer to anybody after a kill: ${spread(silences)}`);
  t.diagnostic(`an answer 201 took: ${spread(good.map((a) => a.ended - a.began))}; this client itself paused for up to ${(lag.max / 1e6).toFixed(1)} ms`);
  assert.ok(Math.max(...silences) < 5000, 'the others go on');
  assert.ok(Math.max(...attempts.map((a) => a.ended - a.began)) < 20_000, 'no answer is stuck');
  assertTrue(server, tenant, attempts);
}

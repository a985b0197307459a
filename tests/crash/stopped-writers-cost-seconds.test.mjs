// A process that stands still while it leads the writers: the others are answered within seconds, each answer is true, and
// once it goes on all does.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgi } from '../lib/cgi.mjs';
import { compiled } from '../lib/compile.mjs';
import { value } from '../lib/database.mjs';
import { startLoad } from '../lib/load.mjs';
import { cases, randomness } from '../lib/random.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf, until } from '../lib/tenant.mjs';
import { assertTrue } from '../lib/truth.mjs';
import { leadersIn } from '../lib/waiters.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(300);

const PROCS = 8, LONGEST = 20_000;
const fact = (name, work) => test(name, { timeout: 120_000 }, work);
const random = randomness(7);

let server, tenant, load;
// A sync of 2 ms more is what a leader can be caught in.
before(async () => { server = await startServer({ server: 'all', procs: PROCS, env: { LD_PRELOAD: compiled('tests/bench/slow_sync.c', { shared: true }) } }); });
after(() => server?.stop());
beforeEach(() => {
  tenant = tenantOf(server, { plan: 'enterprise' });
  load = startLoad(tenant, (n) => ({ metric_name: 'api_calls', quantity: 1, resource_id: `r-${n}` }), { width: 12, keyed: (n) => n % 2 === 0 });
});

const acknowledged = () => load.attempts.filter((a) => a.status === 201).length;
const more = (n) => { const goal = acknowledged() + n; return until(() => acknowledged() >= goal); };

/** Stop a leader while it leads; answers its id. */
async function stopLeader() {
  for (;;) {
    const [pid] = leadersIn(server.data);
    if (pid) {
      process.kill(pid, 'SIGSTOP');
      await sleep(20);
      if (leadersIn(server.data).includes(pid)) return pid;
      process.kill(pid, 'SIGCONT');
    }
    await sleep(0);
  }
}

async function endLoad() {
  const attempts = await load.stop();
  const found = assertTrue(server, tenant, attempts);
  assert.ok(found.good.length > 50);
  assert.equal(server.pennymeter(['check']).ok, true);
  assert.equal(value(server.data, 'PRAGMA integrity_check'), 'ok');
  return { attempts, ...found };
}

fact('while a leader is stopped the others are answered within seconds; once it goes on all are', async () => {
  await more(30);
  const stopped = await stopLeader(), at = performance.now();
  try {
    await until(() => load.attempts.filter((a) => a.status === 503 && a.ended > at).length >= PROCS);
    const health = await server.request('GET', '/api/health');
    assert.equal(health.status, 200, health.text);
    await sleep(500);
  } finally {
    process.kill(stopped, 'SIGCONT');
  }
  await more(100);
  const { attempts, refused } = await endLoad();
  const others = attempts.filter((a) => a.status === 503);
  assert.ok(Math.max(...others.map((a) => a.ended - a.began)) < LONGEST, 'no answer is stuck');
  assert.deepEqual([...new Set(refused.map((a) => JSON.parse(a.text).code))].filter((code) => !['busy', 'outcome-unknown'].includes(code)), []);
  assert.ok(refused.some((a) => JSON.parse(a.text).code === 'busy'), 'what nobody had taken is known not to be recorded');
  assert.match(server.log(), new RegExp(`process ${stopped} \\(pennymeter-all[^)]*\\), which is stopped,`));
});

fact('a command ends too, and says who is in the way', async () => {
  await more(30);
  const stopped = await stopLeader();
  try {
    assert.throws(() => tenantOf(server), (error) => {
      assert.equal(error.code, 1);
      assert.match(error.stderr, new RegExp(`process ${stopped} \\(pennymeter-all[^)]*\\), which is stopped, holds the store's lock.*kill -CONT`));
      return true;
    });
  } finally {
    process.kill(stopped, 'SIGCONT');
  }
  await more(50);
  tenantOf(server);
  await endLoad();
});

fact('who comes first while a leader is stopped reads, wherever in its commit it stands', async () => {
  for (let i = 0; i < cases(8); i++) {
    await more(3 + random.below(6));
    const stopped = await stopLeader();
    try {
      const answer = cgi(server.data, 'pennymeter-all', 'GET', '/api/usage/summary', { token: tenant.token });
      assert.equal(answer.status, 200, `round ${i}: ${answer.text} ${answer.stderr}`);
      assert.ok(server.pennymeter(['tenant', 'list']).tenants.some((t) => t.tenant_id === tenant.tenant_id));
    } finally {
      process.kill(stopped, 'SIGCONT');
    }
  }
  await endLoad();
});

fact('leaders that stand still for a while, again and again, lose and double nothing', async () => {
  for (let i = 0; i < cases(4); i++) {
    await more(5 + random.below(30));
    const stopped = await stopLeader();
    await sleep(random.pick([50, 500, 2900, 3100]));
    process.kill(stopped, 'SIGCONT');
  }
  await more(50);
  await endLoad();
});

fact('a stopped leader that is killed is followed by the next', async () => {
  await more(30);
  const stopped = await stopLeader();
  await sleep(4000);
  process.kill(stopped, 'SIGKILL');
  await more(50);
  await endLoad();
});

fact('a record by itself is refused as busy and is not there', async () => {
  await load.stop();
  const alone = tenantOf(server, { plan: 'enterprise' });
  await alone.use('api_calls', 1);
  load = startLoad(tenant, (n) => ({ metric_name: 'api_calls', quantity: 1, resource_id: `s-${n}` }), { width: 2 });
  const stopped = await stopLeader();
  try {
    isProblem(await alone.record({ metric_name: 'api_calls', quantity: 1 }), 503, { code: 'busy' });
  } finally {
    process.kill(stopped, 'SIGCONT');
  }
  await load.stop();
  assert.equal(Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${alone.tenant_id}`)), 1);
});

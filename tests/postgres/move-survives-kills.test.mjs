// Moves with writers that are killed, at random moments and at each step that the file system shows: all complete in the
// end, nothing is lost or doubled. PENNYMETER_MOVES tells how many moves; 40 take some minutes.

import assert from 'node:assert/strict';
import { existsSync, watch } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { startLoad } from '../lib/load.mjs';
import { assertAllThere, command, confOf, event, fill, isMoved, sqliteServer, startMove, target, within } from '../lib/move.mjs';
import { randomness } from '../lib/random.mjs';
import { tenantOf } from '../lib/tenant.mjs';
import { mayTake } from '../lib/watch.mjs';

const moves = Number(process.env.PENNYMETER_MOVES ?? 2);
const random = randomness(40);
mayTake(60 + moves * 60);
const steps = ['pennymeter.conf.new', 'pennymeter.db.moved', 'pennymeter.db.moved-wal', 'pennymeter.conf'];
const seeded = 1500;

/** Kill the move when a name shows up in the folder for the `nth` time; otherwise by the clock. Answers how it ended. */
async function killOnce(server, url, { name, nth = 1, ms }) {
  const running = startMove(server, ['--to', url]);
  let seen = 0;
  const watcher = name && watch(server.data, (kind, file) => { if (file === name && ++seen === nth) running.kill(); });
  const timer = setTimeout(() => running.kill(), ms ?? 60_000);
  const ended = await running.ended;
  clearTimeout(timer);
  watcher?.close();
  return ended;
}

async function moveThroughKills(t) {
  const server = await sqliteServer(t, { procs: 2 }), there = await target(t);
  const tenant = tenantOf(server, { plan: 'enterprise' });
  await fill(tenant, seeded);
  const load = startLoad(tenant, event, { width: 3, keyed: (n) => n % 2 === 0 });
  t.after(() => load.stop());
  const plans = [{ ms: 5 + random.below(300) }, { ms: 50 + random.below(1500) }, { name: steps[0], nth: 1 + random.below(5) }, { name: random.pick(steps), nth: 1 + random.below(3) }];
  let kills = 0, late = 0;
  for (const plan of random.shuffle(plans)) {
    const ended = await killOnce(server, there.url, plan);
    kills += ended.signal ? 1 : 0;
    late += ended.signal && existsSync(path.join(server.data, 'pennymeter.db.moved')) ? 1 : 0;
    if (!ended.signal) assert.equal(ended.code, 0, ended.said);
    if (random.chance(0.5)) assert.equal(command(server, ['init']).status, 0); // as `make run` does at each start
  }
  const last = await killOnce(server, there.url, {});
  assert.equal(last.code, 0, last.said);
  assert.ok(isMoved(server));
  assert.ok(!existsSync(`${confOf(server)}.new`));
  const before = load.attempts.length;
  await within(60, () => load.attempts.length > before + 20, 'they go on');
  const attempts = await load.stop();
  assert.deepEqual(attempts.filter((a) => ![201, 503].includes(a.status)).map((a) => a.text), []);
  assertAllThere(there, attempts, seeded);
  assert.deepEqual(server.pennymeter(['check']).differences, []);
  return { kills, late, recorded: attempts.length, refused: attempts.filter((a) => a.status !== 201).length };
}

test(`${moves} moves with writers, each killed again and again, all complete, and nothing is lost`, { timeout: 60_000 + moves * 60_000 }, async (t) => {
  const all = [];
  for (let i = 1; i <= moves; i++) await t.test(`move ${i}`, async (t) => { all.push(await moveThroughKills(t)); });
  const sum = (name) => all.reduce((n, one) => n + one[name], 0);
  t.diagnostic(`${all.length} moves, ${sum('kills')} kills, ${sum('late')} of them after the file was put aside; ${sum('recorded')} records meanwhile, ${sum('refused')} refused`);
  assert.equal(all.length, moves);
  assert.ok(sum('kills') >= moves, `${sum('kills')} kills`);
});

// SQLite, PostgreSQL and the partitioned PostgreSQL, asked the same at the same instants, answer the same to the byte and
// hold the same rows. What is asked follows from what the functions declare, errors included.
//
//   PENNYMETER_SEED=7 PENNYMETER_SCALE=10 node --test tests/stores/stores-agree.test.mjs

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { declarations, requestTo } from '../lib/declared.mjs';
import { startPostgres } from '../lib/postgres.mjs';
import { cases, randomness, seed } from '../lib/random.mjs';
import { answersDiffer, openThree, rowsDiffer } from '../lib/three-stores.mjs';
import { toldClock } from '../lib/told-clock.mjs';
import { mayTake } from '../lib/watch.mjs';
import { BEGIN, beginning, folders, worldsOf } from '../lib/worlds.mjs';

const CASES = cases(2500), LOOK_AT_ROWS = 500, SHRINK_SECONDS = 60;
const MICRO = 1_000_000n, MINUTE = 60n * MICRO, HOUR = 60n * MINUTE, DAY = 24n * HOUR;

mayTake(Math.max(600, CASES / 4));

let cluster, clock, plansFolders;
before(async () => {
  clock = toldClock();
  plansFolders = folders();
  cluster = await startPostgres({ conf: 'fsync = off\n' });
});
after(async () => {
  await cluster?.stop();
  clock?.end();
  plansFolders?.forEach((folder) => rmSync(folder, { recursive: true }));
});

const open = () => openThree({ cluster, tell: clock.tell, env: { ...clock.env, PENNYMETER_REQUESTS_PER_MINUTE: '2' } });

/** Take steps in fresh stores until one is answered differently or leaves other rows: what differs; null if nothing does, or time is up. */
async function differenceOf(steps, lookAtRows, end) {
  const three = await open();
  try {
    for (const step of [...beginning(plansFolders[0]), ...steps]) {
      const difference = answersDiffer(await three.take(step));
      if (difference) return difference;
      if (Date.now() > end) return null;
    }
    return lookAtRows ? rowsDiffer(three.rows()) : null;
  } finally {
    await three.close();
  }
}

/** As few of the steps as still differ, for as long as there is time: those of one tenant, then ever smaller parts are left out. */
async function shrunk(steps, difference, lookAtRows) {
  const end = Date.now() + SHRINK_SECONDS * 1000, tenant = /"tenant_id","(\d+)"/.exec(difference)?.[1] ?? /^pm_(\d+)_/.exec(steps.at(-1).token)?.[1];
  const own = steps.filter(({ args, token }) => args || token?.startsWith(`pm_${tenant}_`));
  if (await differenceOf(own, lookAtRows, end)) steps = own;
  for (let part = Math.ceil(steps.length / 2); part >= 1 && Date.now() < end; part = part === 1 ? 0 : Math.ceil(part / 2)) {
    for (let at = 0; at < steps.length && Date.now() < end;) {
      const fewer = [...steps.slice(0, at), ...steps.slice(at + part)];
      if (fewer.length && await differenceOf(fewer, lookAtRows, end)) steps = fewer;
      else at += part;
    }
  }
  return steps;
}

async function fail(steps, difference, lookAtRows) {
  console.error(`PENNYMETER_SEED=${seed}: the stores differ after ${steps.length} steps; looking for the fewest that do\n${difference}`);
  const few = await shrunk(steps, difference, lookAtRows);
  const told = few.slice(-30).map((step) => JSON.stringify(step, (_, v) => (typeof v === 'bigint' ? String(v) : v)).slice(0, 3000));
  const left = await differenceOf(few, lookAtRows, Infinity) ?? `they agree when it is done again; at first:\n${difference}`;
  assert.fail(`seed ${seed}: of ${steps.length} steps ${few.length} are enough:\n${told.join('\n')}\n${left}`);
}

/** How the clock goes on: mostly a little, sometimes a day, sometimes to an edge. */
function nextInstant(r, now) {
  const edge = r.pick([15n * MINUTE, HOUR, DAY]), till = (now / edge + 1n) * edge;
  const a = r.below(100);
  if (a < 45) return now + 1n + r.big(1000n);
  if (a < 65) return now + 1n + r.big(20n * MICRO);
  if (a < 85) return now + 1n + r.big(10n * MINUTE);
  if (a < 93) return now + 1n + r.big(DAY);
  return till + BigInt(r.below(3)) - 1n > now ? till + BigInt(r.below(3)) - 1n : till + 1n;
}

/** Remember what an answer gave, for requests to come. */
function learn(w, step, { status, head, text }) {
  w.count++;
  const tag = /^ETag: (.*)$/m.exec(head)?.[1].trim();
  if (tag && status === 200 && w.tags.size < 60) w.tags.set(step.target, tag);
  if (status >= 300) return;
  for (const [, name, id] of text.matchAll(/"(id|next)":"([^"]+)"/g)) {
    const list = name === 'id' ? w.ids : w.cursors;
    list.push(id);
    if (list.length > 50) list.shift();
  }
  w.instants = [...w.instants.slice(-40), w.now];
}

/** Sometimes the operator does something. */
const commandOf = (r, w) => r.pick([
  ['plan', 'apply', r.pick(plansFolders)], ['token', 'add', '--tenant', String(w.tenant_id), '--scopes', 'usage:read'],
  ['token', 'revoke', '--tenant', String(w.tenant_id), '--token', String(1 + r.below(12))], ['token', 'list', '--tenant', String(w.tenant_id)],
  ['tenant', 'list'], ['tenant', 'add', '--name', 'New', '--plan', r.pick(w.plans)], ['plan', 'list'],
]);

test('they answer the same and hold the same', async (t) => {
  const r = randomness(5), all = declarations(), steps = [], seen = new Map(all.map(({ name }) => [name, { good: 0, bad: 0 }])), statuses = new Map();
  const weights = all.flatMap((verb) => Array(verb.method === 'GET' || verb.scope === 'public' ? 1 : 4).fill(verb));
  const three = await open();
  let worlds, now = BEGIN;
  t.diagnostic(`PENNYMETER_SEED=${seed}, ${CASES} requests`);

  async function take(step) {
    const answers = await three.take(step), difference = answersDiffer(answers);
    if (difference) await fail(steps, difference, false);
    return answers[0];
  }
  async function look() {
    const difference = rowsDiffer(three.rows());
    if (difference) await fail(steps, difference, true);
  }

  try {
    const outputs = [];
    for (const step of beginning(plansFolders[0])) {
      outputs.push(await take(step));
      assert.equal(outputs.at(-1).status, 0, `${step.args.join(' ')}: ${outputs.at(-1).head}`);
    }
    worlds = worldsOf(outputs);
    for (const w of worlds) {
      w.tokens = worlds.flatMap(({ every, read, write, both }) => [every, read, write, both]);
      w.token = (scope) => (scope.startsWith('operator:') ? w.operator : scope.startsWith('usage:') ? r.pick([w.every, w.both, scope === 'usage:read' ? w.read : w.write]) : w.every);
    }
    let w = worlds[0];
    for (let i = 1; i <= CASES; i++) {
      w = r.chance(0.6) ? w : r.pick(worlds); // one tenant's requests come in bursts
      const verb = r.pick(weights);
      now = nextInstant(r, now);
      w.now = now;
      const again = steps.length > 20 && r.chance(0.06) ? r.pick(steps.slice(-20)) : null;
      const step = r.chance(0.01) ? { at: now, args: commandOf(r, w) } : again ? { ...again, at: now } : { at: now, ...requestTo(verb, r, w, all) };
      steps.push(step);
      const answer = await take(step);
      if (!step.args) {
        learn(w, step, answer);
        const count = seen.get(step.name);
        count[answer.status < 400 ? 'good' : 'bad']++;
        for (const what of [answer.status, ...answer.text.matchAll(/"code":"([a-z-]+)"/g)].map((found) => found[1] ?? found)) statuses.set(what, (statuses.get(what) ?? 0) + 1);
      }
      if (i % LOOK_AT_ROWS === 0 || i === CASES) await look();
    }
    assert.equal((await take({ at: now + 1n, args: ['check'] })).status, 0, 'the roll-ups equal the events in each');
  } finally {
    await three.close();
  }
  t.diagnostic([...statuses].sort().map(([status, n]) => `${status}: ${n}`).join(', '));
  if (CASES < 1000) return;
  for (const [name, { good, bad }] of seen) {
    assert.ok(good, `none of ${bad} requests to ${name} was answered well: teach \`named\` in tests/lib/declared.mjs the values that it wants`);
    assert.ok(bad || name === 'GET health', `each of ${good} requests to ${name} was answered well: none was refused`);
  }
  for (const status of [200, 201, 204, 304, 400, 401, 403, 404, 405, 412, 415, 422, 428, 429, 'limit-exceeded', 'idempotency-key-reused', 'out-of-range']) assert.ok(statuses.get(status), `no answer was ${status}`);
});

test('a type of which nothing is known is asked for by name', () => {
  const r = randomness(6), verb = { name: 'POST new/thing', path: 'new/thing', method: 'POST', scope: 'public', query: [], body: [{ name: 'colour', type: 'a colour' }] };
  const world = { now: BEGIN, tags: new Map(), tokens: ['x'], token: () => 'x' };
  assert.throws(() => requestTo(verb, r, world, [verb]), /"colour" of the type "a colour".*add a row to its `types`/);
  assert.throws(() => requestTo({ ...verb, media: 'image/png' }, r, world, [verb]), /a body of image\/png.*add a row to its `raw`/);
});

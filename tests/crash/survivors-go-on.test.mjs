// 200 kills of single processes under load, leaders of a group commit and followers alike: the others' answers go on,
// none waits for the dead, and every 201 is in the database once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { compiled } from '../lib/compile.mjs';
import { value } from '../lib/database.mjs';
import { surviveKills } from '../lib/kills.mjs';
import { cases } from '../lib/random.mjs';
import { startServer } from '../lib/server.mjs';
import { leadersIn } from '../lib/waiters.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(300);

const PROCS = 16, CLIENTS = 32;
const kills = cases(200);

let server;
// A sync of 2 ms more is what a leader can be caught in.
before(async () => { server = await startServer({ server: 'all', procs: PROCS, env: { LD_PRELOAD: compiled('tests/bench/slow_sync.c', { shared: true }) } }); });
after(() => server?.stop());

const leader = () => leadersIn(server.data)[0] ?? null;

test(`${kills} kills: every 201 is there once, and no answer waits for the dead`, { timeout: 300_000 }, async (t) => {
  await surviveKills(t, { server, procs: PROCS, leader }, { kills, clients: CLIENTS });
  assert.equal(server.pennymeter(['check']).ok, true);
  assert.equal(value(server.data, 'PRAGMA integrity_check'), 'ok');
});

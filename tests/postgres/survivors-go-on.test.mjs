// 60 kills of single processes that share calls of PostgreSQL, leaders and followers alike: the others' answers go on, and
// every 201 is in the database once, though the server carries a dead leader's call out all the same.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { surviveKills } from '../lib/kills.mjs';
import { cases } from '../lib/random.mjs';
import { startServer } from '../lib/server.mjs';
import { holders } from '../lib/waiters.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(300);

const PROCS = 12, CLIENTS = 24;
const kills = cases(60);

let server;
before(async () => { server = await startServer({ store: 'postgres', server: 'all', procs: PROCS }); });
after(() => server?.stop());

const leader = () => holders(path.join(server.data, 'calls.slots'), 'POSIX')[0] ?? null;

test(`${kills} kills: every 201 is there once, and no answer waits for the dead`, { timeout: 300_000 }, async (t) => {
  await surviveKills(t, { server, procs: PROCS, leader }, { kills, clients: CLIENTS });
  assert.deepEqual(server.pennymeter(['check']).differences, []);
});

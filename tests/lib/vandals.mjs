// What may become of the file in which writers leave their letters, while eight of them write.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { query } from './database.mjs';
import { startLoad } from './load.mjs';
import { cases, randomness } from './random.mjs';
import { startServer } from './server.mjs';
import { tenantOf, until } from './tenant.mjs';
import { assertTrue } from './truth.mjs';

const PROCS = 8, random = randomness(11);
const metrics = ['quotes_generated', 'api_calls'];

/** Facts of a server that `start` starts, whose letter box bears `name`; `prove(server)` holds its database to account. */
export function boxMayGo({ name, env, prove }) {
  let server, box, copy;
  before(async () => {
    server = await startServer({ procs: PROCS, env, server: 'all' });
    box = path.join(server.data, name);
    copy = path.join(server.data, 'older');
  });
  after(() => server?.stop());

  const there = () => Boolean(statSync(box, { throwIfNoEntry: false })?.size);
  const ways = {
    removed: () => rmSync(box, { force: true }),
    'replaced by an older copy of itself': (round) => {
      if (round % 2) renameSync(copy, box);
      else copyFileSync(box, copy);
    },
    'overwritten by an older copy of itself': (round) => {
      if (round % 3) copyFileSync(copy, box);
      else copyFileSync(box, copy);
    },
    'overwritten by noise': () => writeFileSync(box, randomBytes(statSync(box).size), { flag: 'r+' }),
    'cut off': (round) => truncateSync(box, round % 2 ? 0 : statSync(box).size / 2),
  };

  /** Do it again and again, each time after some more were acknowledged. */
  async function vandalise(way, load) {
    const acknowledged = () => load.attempts.filter((a) => a.status === 201).length;
    for (let round = 0; round < cases(12); round++) {
      const goal = acknowledged() + 5 + random.below(30);
      await until(() => acknowledged() >= goal && there());
      way(round);
      await sleep(random.below(40));
    }
    const goal = acknowledged() + 50;
    await until(() => acknowledged() >= goal);
  }

  for (const [what, way] of Object.entries(ways)) {
    test(`a letter box that is ${what} costs no event`, { timeout: 60_000 }, async () => {
      const tenant = tenantOf(server, { plan: 'enterprise' });
      const load = startLoad(tenant, (n) => ({ metric_name: metrics[n % 2], quantity: 1 + n % 5, resource_id: `r-${n}`, metadata: { n } }),
        { width: 2 * PROCS, keyed: (n) => n % 3 === 0 });
      await until(() => load.attempts.filter((a) => a.status === 201).length > PROCS);
      const before = server.pids();
      await vandalise(way, load);
      const attempts = await load.stop();
      const { good } = assertTrue(server, tenant, attempts);
      assert.ok(good.length > 100, `${good.length} acknowledged`);
      assert.deepEqual(before.filter((pid) => !server.pids().includes(pid)), [], 'no process has ended');
      assert.deepEqual(attempts.filter((a) => a.status !== 201 && a.status !== 503).map((a) => a.text), [], 'each was answered');
      const names = query(server.data, `SELECT DISTINCT metric FROM usage_events WHERE tenant_id = ${tenant.tenant_id} ORDER BY metric`);
      assert.deepEqual(names.map((row) => row.metric), [...metrics].sort());
      assert.equal(server.pennymeter(['check']).ok, true);
      prove?.(server);
    });
  }
}

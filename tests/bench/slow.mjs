// Records where each sync takes 2 ms longer: what group commit is worth on a disk without a fast cache.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { compiled } from '../lib/compile.mjs';
import { drive, takeTurns } from './drive.mjs';
import { decimals, heading, table, target } from './report.mjs';
import { startProduct } from './serve.mjs';

const CLIENTS = 32, PROCS = 32;

/** A folder where the letter box should be: it cannot be mapped, and each write commits alone. */
const takeTheBox = (data) => mkdirSync(path.join(data, 'pennymeter.db.slots'));

export async function slowSyncs() {
  const env = { LD_PRELOAD: compiled('tests/bench/slow_sync.c', { shared: true }) }, how = { events: 0, procs: PROCS, server: 'all', env };
  const together = await startProduct(how), alone = await startProduct({ ...how, prepare: takeTheBox });
  heading('Slow syncs', `Records with each sync 2 ms slower, ${CLIENTS} connections, ${PROCS} processes: commits shared by those who write at the same time, and one commit a request.`);
  const record = (server) => drive(`${server.url}/api/usage/record`, { token: server.token, record: true, clients: CLIENTS });
  const best = await takeTurns({ together: () => record(together), alone: () => record(alone) });
  table(['commits', 'records/s', 'p50 ms', 'p99 ms'], Object.entries(best).map(([name, b]) => [name, decimals(b.rate, 0), b.p50, b.p99]));
  target(`record with syncs of +2 ms, ${CLIENTS} connections: shared commits over one a request`, best.together.rate / best.alone.rate, { least: 10, digits: 1 });
  for (const server of [together, alone]) {
    server.pennymeter(['check']);
    await server.stop();
  }
}

// Batches of 500 events beside SQLite's own loop that commits 500 at a time.

import { commits, drive, takeTurns } from './drive.mjs';
import { options } from './options.mjs';
import { decimals, heading, table, target } from './report.mjs';
import { scratch, startProduct } from './serve.mjs';

const SIZE = 500, CLIENTS = [1, 8];

export async function batches() {
  const server = await startProduct({ events: options.seeded });
  const batch = async (clients) => {
    const result = await drive(`${server.url}/api/usage/batch`, { token: server.token, batch: SIZE, clients });
    return { ...result, rate: result.rate * SIZE };
  };
  heading('Batches', `Events a second by \`POST /api/usage/batch\`, ${SIZE} a request and each with its key; beside SQLite alone, ${SIZE} events a commit.`);
  const best = await takeTurns({
    loop: () => commits(scratch('batches.db'), { batch: SIZE }),
    ...Object.fromEntries(CLIENTS.map((clients) => [clients, () => batch(clients)])),
  });
  table(['connections', 'events/s', 'of the loop', 'p50 ms', 'p99 ms'], [['the loop', decimals(best.loop.rate, 0), '1.00', best.loop.p50, best.loop.p99],
    ...CLIENTS.map((clients) => [clients, decimals(best[clients].rate, 0), decimals(best[clients].rate / best.loop.rate), best[clients].p50, best[clients].p99])]);
  target(`batches of ${SIZE}: of the bare loop`, Math.max(...CLIENTS.map((clients) => best[clients].rate)) / best.loop.rate, { least: 0.5 });
  server.pennymeter(['check']);
  await server.stop();
}

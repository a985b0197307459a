// The options of the bench, from the environment; what each means stands at the head of bench.mjs.

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { repo } from '../lib/server.mjs';

const number = (name, otherwise) => Number(process.env[name] ?? otherwise);
const words = (name, otherwise) => (process.env[name] ?? otherwise).split(' ').filter(Boolean);

export const yardsticks = path.join(repo, '../shared/bench');

/** The folders in ../shared/bench/peers, all or those that are named; none where that is not there. */
function choosePeers() {
  const asked = process.env.PEERS ?? 'auto', folder = path.join(yardsticks, 'peers');
  if (asked === 'none' || (asked === 'auto' && !existsSync(folder))) return [];
  return asked === 'auto' ? readdirSync(folder).sort() : words('PEERS');
}

export const options = {
  seconds: number('SECONDS', 3),
  rounds: number('ROUNDS', 3),
  concurrency: words('CONCURRENCY', '1 8 64').map(Number),
  procs: number('PROCS', 4),
  writers: number('WRITERS', 16),
  seeded: number('SEEDED', 100_000),
  sizes: words('EVENTS', '10000 1000000').map(Number),
  million: number('MILLION', 1_000_000),
  starts: number('STARTS', 7),
  peers: choosePeers(),
  parts: words('PARTS', 'rates resources batches slow stores tenants growth cold memory hundred costs'),
  results: process.env.RESULTS === '1',
};

// What one request of each route costs: SQL queries, syncs, allocations, instructions. Not a rate: it is the same on any machine.

import { costsOf } from '../lib/counts.mjs';
import { addObjects, exampleOf, isOperators, programOf, routes } from '../lib/examples.mjs';
import { instructionsOf } from './callgrind.mjs';
import { options } from './options.mjs';
import { decimals, heading, table } from './report.mjs';
import { startProduct } from './serve.mjs';

const CALLS = 50, WRITES = 500; // of writes so many that checkpoints even out

async function rowOf({ data, token }, route) {
  const name = programOf(route), make = (prefix) => (n) => ({ token, ...exampleOf(route, n, `${prefix}-${name}`) });
  const each = await costsOf(data, name, make('counts'), { calls: CALLS });
  const mean = (what) => each.reduce((sum, cost) => sum + cost[what], 0) / CALLS;
  const instructions = await instructionsOf(data, name, make('callgrind'), route.startsWith('GET') ? CALLS : WRITES);
  return [route, ...['queries', 'transactions', 'prepares', 'syncs', 'allocations'].map((what) => decimals(mean(what), 1)), instructions.toFixed(0)];
}

export async function costs() {
  const server = await startProduct({ events: options.seeded, procs: 1 }), rows = [];
  heading('Costs', `Of one request, the mean of ${CALLS}, with ${options.seeded} events; batches of ten. A query is a statement that is run; transactions are BEGIN, COMMIT and savepoints.`);
  await addObjects((kind, body) => server.request('POST', `/api/${kind}`, { token: server.token, body: JSON.stringify(body) }));
  for (const route of routes().filter((name) => !name.startsWith('DELETE') && !isOperators(name))) rows.push(await rowOf(server, route));
  table(['route', 'queries', 'transactions', 'prepared', 'syncs', 'allocations', 'instructions'], rows);
  await server.stop();
}

// Changes of eight tenants at once beside those of one, on PostgreSQL: what it is worth that tenants do not wait for one another.

import { sharedPostgres } from '../lib/postgres.mjs';
import { bodies } from '../lib/resources.mjs';
import { drive, takeTurns } from './drive.mjs';
import { options } from './options.mjs';
import { decimals, heading, table, target } from './report.mjs';
import { startProduct } from './serve.mjs';

const TENANTS = 8, CLIENTS = 16;

/** Each changes a customer of its own, on as many connections; together. */
async function changes({ url }, tokens) {
  const how = { method: 'PATCH', body: { notes: 'called' }, clients: CLIENTS / tokens.length };
  const all = await Promise.all(tokens.map((token) => drive(`${url}/api/customers/1`, { token, ...how })));
  const sum = (what) => all.reduce((total, one) => total + one[what], 0);
  return { rate: sum('rate'), errors: sum('errors'), p99: Math.max(...all.map(({ p99 }) => p99)) };
}

export async function tenants() {
  const postgres = await sharedPostgres(), server = await startProduct({ events: 0, writers: options.writers, store: 'postgres' }), tokens = [server.token];
  heading('Tenants', `Changes of a customer a second, ${CLIENTS} connections, on PostgreSQL beside it; commits synced.`);
  while (tokens.length < TENANTS) tokens.push(server.addTenant({ plan: 'starter' }).token);
  for (const token of tokens) await server.request('POST', '/api/customers', { token, body: JSON.stringify(bodies.customers) });
  const best = await takeTurns({ one: () => changes(server, tokens.slice(0, 1)), eight: () => changes(server, tokens) });
  table(['tenants', 'changes/s', 'p99 ms'], [[1, decimals(best.one.rate, 0), best.one.p99], [TENANTS, decimals(best.eight.rate, 0), best.eight.p99]]);
  target(`changes of customers on PostgreSQL, ${TENANTS} tenants: times one`, best.eight.rate / best.one.rate, { least: 3, digits: 1 });
  await server.stop();
  await postgres.stop?.();
}

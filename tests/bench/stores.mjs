// The same executables on SQLite and on PostgreSQL beside them: what a server on the same machine gives and costs.

import { sharedPostgres } from '../lib/postgres.mjs';
import { drive, takeTurns } from './drive.mjs';
import { options } from './options.mjs';
import { decimals, fault, heading, table } from './report.mjs';
import { monthStart, startProduct } from './serve.mjs';

const TENANTS = 4, CLIENTS = 64, SIZE = 500;

async function startOn(store) {
  const server = await startProduct({ events: 0, writers: options.writers, store }), tokens = [server.token];
  while (tokens.length < TENANTS) tokens.push(server.addTenant({ plan: 'starter', start: monthStart() }).token);
  return { ...server, tokens };
}

const record = (server, token, clients) => drive(`${server.url}/api/usage/record`, { token, record: true, clients });

/** All tenants at once, with as many connections together. */
async function recordOfAll(server) {
  const all = await Promise.all(server.tokens.map((token) => record(server, token, CLIENTS / TENANTS)));
  const sum = (what) => all.reduce((total, one) => total + one[what], 0);
  return { rate: sum('rate'), errors: sum('errors') };
}

async function batches(server) {
  const found = await drive(`${server.url}/api/usage/batch`, { token: server.token, batch: SIZE, clients: 8 });
  return { ...found, rate: found.rate * SIZE };
}

const jobs = {
  'records a second, one tenant': (server) => record(server, server.token, CLIENTS),
  [`records a second, ${TENANTS} tenants`]: recordOfAll,
  [`events a second in batches of ${SIZE}`]: batches,
  'current period, answers a second': (server) => drive(`${server.url}/api/usage/current-period`, { token: server.token, clients: CLIENTS }),
};

export async function stores() {
  const postgres = await sharedPostgres(), servers = { sqlite: await startOn('sqlite'), postgres: await startOn('postgres') }, rows = [];
  heading('Stores', `SQLite, and PostgreSQL on the same machine; ${CLIENTS} connections, 8 for batches; commits synced on both.`);
  for (const [job, run] of Object.entries(jobs)) {
    const best = await takeTurns(Object.fromEntries(Object.entries(servers).map(([store, server]) => [store, () => run(server)])));
    rows.push([job, decimals(best.sqlite.rate, 0), decimals(best.postgres.rate, 0), decimals(best.postgres.rate / best.sqlite.rate)]);
  }
  table(['what', 'SQLite', 'PostgreSQL', 'PostgreSQL : SQLite'], rows);
  for (const [store, server] of Object.entries(servers)) {
    if (!server.pennymeter(['check']).ok) fault(`${store}: check: roll-ups differ from events`);
    await server.stop();
  }
  await postgres.stop?.();
}

// Customers beside a FastCGI hello: one of them, a page of a list, and adding one.

import { bodies } from '../lib/resources.mjs';
import { drive, takeTurns } from './drive.mjs';
import { options } from './options.mjs';
import { settle } from './processes.mjs';
import { decimals, fault, heading, table, target } from './report.mjs';
import { startHello, startProduct } from './serve.mjs';

const SEEDED = 100;
/** As a form sends it, and all that one can have; no two have the same code. */
const { code, ...whole } = bodies.customers, body = { name: whole.name, email: whole.email, currency: whole.currency, addresses: whole.addresses };

const jobs = {
  'one customer': { target: '/api/customers/1', least: 0.6 },
  'a page of 25': { target: '/api/customers', least: 0.4 },
  'add a customer': { target: '/api/customers', method: 'POST', body, least: 0.35 },
  'add one under a key': { target: '/api/customers', method: 'POST', body, keyed: true },
  'add one with all members': { target: '/api/customers', method: 'POST', body: whole },
};

/** The id of the newest: as many were made, since none is given twice. */
const newest = async ({ url, request, token }) => (await request('GET', '/api/customers?limit=1&sort=-id', { token })).json.customers[0].id;

/** What is answered must be there; of what was under way when wrk stopped, one a connection may be. */
async function ask(server, { target: address, method, body: sent, keyed }, clients) {
  const before = method ? await newest(server) : 0;
  const result = await drive(`${server.url}${address}`, { token: server.token, method, body: sent, keyed, clients });
  await settle(server.pid);
  const extra = method ? await newest(server) - before - result.answers : 0;
  if (extra < 0 || extra > clients) fault(`customers: ${extra} more than answers on ${clients} connections`);
  return result;
}

export async function resources() {
  const hello = await startHello(options.writers), server = await startProduct({ events: 0, writers: options.writers }), rows = [];
  heading('Resources', `Customers, answers a second; ${options.writers} processes of the function, which writes, and of the hello beside it; best of ${options.rounds} rounds of ${options.seconds} s, in turn.`);
  for (let i = 0; i < SEEDED; i++) await server.request('POST', '/api/customers', { token: server.token, body: JSON.stringify({ ...whole, code: `C-${i}` }) });
  for (const [name, job] of Object.entries(jobs)) {
    for (const clients of options.concurrency) {
      const best = await takeTurns({ hello: () => drive(`${hello.url}/hello`, { clients }), ours: () => ask(server, job, clients) }), share = best.ours.rate / best.hello.rate;
      rows.push([name, clients, decimals(best.hello.rate, 0), decimals(best.ours.rate, 0), best.ours.p50, best.ours.p99, decimals(share)]);
      if (job.least && clients === 64) target(`${name}, ${clients} connections: of hello`, share, { least: job.least });
    }
  }
  table(['job', 'clients', 'hello/s', 'ours/s', 'p50 ms', 'p99 ms', 'of hello'], rows);
  for (const one of [hello, server]) await one.stop();
}

// The cost of a request as the tenant's history grows: instructions, and the time of one client.

import { exampleOf, programOf } from '../lib/examples.mjs';
import { instructionsOf } from './callgrind.mjs';
import { drive, takeTurns } from './drive.mjs';
import { options } from './options.mjs';
import { decimals, fault, heading, note, table, target } from './report.mjs';
import { startProduct } from './serve.mjs';

const jobs = {
  summary: { route: 'GET /api/usage/summary', calls: 100 },
  'current-period': { route: 'GET /api/usage/current-period', calls: 100 },
  record: { route: 'POST /api/usage/record', calls: 1000 }, // so many that checkpoints even out
};

async function startAll() {
  const servers = [];
  for (const events of options.sizes) {
    const began = Date.now();
    servers.push(await startProduct({ events, procs: 1 }));
    note(`seeded ${events} events in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  }
  return servers;
}

async function measure(servers, name) {
  const { route, calls } = jobs[name], instructions = [];
  for (const { data, token } of servers)
    instructions.push(await instructionsOf(data, programOf(route), (n) => ({ token, ...exampleOf(route, n, name) }), calls));
  const target = exampleOf(route, 0).target, record = name === 'record';
  const best = await takeTurns(Object.fromEntries(servers.map((server, i) => [`size ${i}`, () => drive(`${server.url}${target}`, { token: server.token, record })])));
  return { name, instructions, p50: servers.map((_, i) => best[`size ${i}`].p50) };
}

const growthOf = (numbers) => numbers.at(-1) / numbers[0];

export async function growth() {
  const sizes = options.sizes, servers = await startAll();
  heading('Growth', 'Instructions a request (callgrind), and the p50 of one connection in ms, by the events in the tenant\'s month.');
  const found = [];
  for (const name of Object.keys(jobs)) found.push(await measure(servers, name));
  table(['job', ...sizes.map((n) => `${n}: instructions`), 'last : first', ...sizes.map((n) => `${n}: p50`), 'last : first'],
    found.map((f) => [f.name, ...f.instructions.map((n) => n.toFixed(0)), decimals(growthOf(f.instructions)), ...f.p50, decimals(growthOf(f.p50))]));
  for (const f of found) target(`${f.name}: instructions at ${sizes.at(-1)} events over ${sizes[0]}`, growthOf(f.instructions), { most: 1.2 });
  for (const server of servers) {
    if (!server.pennymeter(['check']).ok) fault('check: roll-ups differ from events');
    await server.stop();
  }
}

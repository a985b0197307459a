// Rates of the jobs of ../shared/bench beside a FastCGI hello, SQLite's own commits, and the peers.

import { setTimeout as sleep } from 'node:timers/promises';
import { summaryOf } from '../lib/examples.mjs';
import { commits, drive, takeTurns } from './drive.mjs';
import { options } from './options.mjs';
import { settle } from './processes.mjs';
import { decimals, fault, heading, table, target } from './report.mjs';
import { countEvents, scratch, startHello, startPeer, startProduct } from './serve.mjs';

const jobs = {
  summary: { target: summaryOf() },
  'current-period': { target: '/api/usage/current-period' },
  'overage-charges': { target: '/api/usage/overage-charges' },
  record: { target: '/api/usage/record', record: true },
};

/** What is answered must be a row; of what was under way when wrk stopped, one a connection may be one too. */
async function recordAndCount(server, how) {
  const before = await countEvents(server), result = await drive(`${server.url}${jobs.record.target}`, how);
  await sleep(1000);
  const extra = await countEvents(server) - before - result.answers;
  if (extra < 0 || extra > how.clients) fault(`${server.name}: ${extra} rows more than answers on ${how.clients} connections`);
  return result;
}

/** One round of a job on a server, and the wait until it has done with what its clients dropped. */
async function round(server, job, clients, seconds = options.seconds) {
  const how = { token: server.token, record: job.record, clients, seconds };
  const result = job.record ? await recordAndCount(server, how) : await drive(`${server.url}${job.target}`, how);
  await settle(server.pid);
  return result;
}

async function row(stage, name, clients) {
  const { hello, writers, servers } = stage, job = jobs[name];
  for (const server of servers) await round(server, job, 8, 1); // warm
  return takeTurns({
    hello: () => drive(`${(job.record ? writers : hello).url}/hello`, { clients }),
    ...(job.record && { commits: () => commits(scratch('commits.db')) }),
    ...Object.fromEntries(servers.map((server) => [server.name, () => round(server, job, clients)])),
  });
}

/** The rate of doing one thing after the other. */
const inTurn = (one, other) => 1 / (1 / one + 1 / other);

function say(rows) {
  const peers = options.peers;
  table(['job', 'clients', 'hello/s', 'commits/s', 'ours/s', 'p50 ms', 'p99 ms', 'of hello', 'of commits', 'of both', ...peers.map((name) => `${name}/s`), ...peers.map((name) => `× ${name}`)],
    rows.map(({ job, clients, best }) => {
      const { pennymeter: ours, hello, commits: bare } = best;
      return [job, clients, decimals(hello.rate, 0), decimals(bare?.rate, 0), decimals(ours.rate, 0), ours.p50, ours.p99, decimals(ours.rate / hello.rate),
        decimals(ours.rate / bare?.rate), decimals(clients === 1 ? ours.rate / inTurn(hello.rate, bare?.rate) : NaN), ...peers.map((name) => decimals(best[name].rate, 0)), ...peers.map((name) => decimals(ours.rate / best[name].rate, 1))];
    }));
}

/** How many times the best of the named ones we answer; `whose` rate it is. */
const times = ({ best }, names, whose = 'pennymeter') => Math.min(...names.map((name) => best[whose].rate / best[name].rate));

const readWanted = { hello: 0.7, peers: 200 };
const wanted = {
  summary: () => readWanted, 'current-period': () => readWanted, 'overage-charges': () => readWanted,
  record: (clients) => ({ 1: { hello: 0.4 }, 64: { hello: 0.4, peers: 3, fastapi: 15, p99: 20 } }[clients] ?? {}),
};

function judge(row) {
  const { hello, peers, fastapi, p99 } = wanted[row.job](row.clients), what = `${row.job}, ${row.clients} ${row.clients > 1 ? 'connections' : 'connection'}`;
  if (hello) target(`${what}: of hello`, times(row, ['hello']), { least: hello });
  if (peers && options.peers.length) target(`${what}: times the best peer`, times(row, options.peers), { least: peers, digits: 1, ceiling: times(row, options.peers, 'hello') });
  if (fastapi && options.peers.includes('fastapi')) target(`${what}: times FastAPI`, times(row, ['fastapi']), { least: fastapi, digits: 1 });
  if (p99) target(`${what}: p99`, row.best.pennymeter.p99, { most: p99, unit: ' ms', digits: 1 });
}

/** Everybody with as many events this month, up at once. */
async function setStage() {
  const hello = await startHello(options.procs), writers = await startHello(options.writers);
  const product = await startProduct({ events: options.seeded, writers: options.writers });
  const peers = [];
  for (const name of options.peers) peers.push(await startPeer(name, options.seeded));
  return { hello, writers, product, servers: [product, ...peers] };
}

export async function rates() {
  const stage = await setStage(), rows = [];
  heading('Rates', `Answers a second, ${options.seeded} events in the tenant's month, ${options.procs} processes of a function that reads and of the hello beside it, ${options.writers} where it writes; best of ${options.rounds} rounds of ${options.seconds} s, all in turn.
\`commits\` is SQLite alone, one process, the five writes of a record in each commit; \`of both\` compares with a hello and such a commit in turn, which is the least that one client can wait for.`);
  for (const name of Object.keys(jobs))
    for (const clients of options.concurrency) rows.push({ job: name, clients, best: await row(stage, name, clients) });
  say(rows);
  rows.forEach(judge);
  if (!stage.product.pennymeter(['check']).ok) fault('check: roll-ups differ from events');
  for (const server of [stage.hello, stage.writers, ...stage.servers]) await server.stop();
}

// Memory: the whole bundle at rest beside FastAPI, and that it does not grow with requests.

import { addObjects, exampleOf, isOperators, routes, summaryOf } from '../lib/examples.mjs';
import { drive } from './drive.mjs';
import { options } from './options.mjs';
import { memoryOf, treeOf } from './processes.mjs';
import { fault, heading, note, say, table, target } from './report.mjs';
import { startPeer, startProduct } from './serve.mjs';

const mib = (n) => `${n.toFixed(1)} MiB`;

/** At rest: just started, and after a request to each route. */
async function atRest() {
  const server = await startProduct({ events: 1000, procs: 1 }), { token } = server;
  const started = memoryOf(server.pid);
  await addObjects((kind, body) => server.request('POST', `/api/${kind}`, { token, body: JSON.stringify(body) }), 2);
  for (const route of routes().filter((name) => !isOperators(name))) {
    const { method, target: path, body, headers, status } = exampleOf(route, 0);
    const answer = await server.request(method, path, { token, body, headers });
    if (answer.status !== status) fault(`${route}: ${answer.status}`);
  }
  const asked = memoryOf(server.pid), count = treeOf(server.pid).length;
  await server.stop();
  return { started, asked, count };
}

async function compare() {
  const ours = await atRest(), rows = [[`ours: lighttpd, the launcher and ${ours.count - 2} functions`, mib(ours.started), mib(ours.asked)]];
  for (const name of options.peers) {
    const peer = await startPeer(name, 1000), pss = memoryOf(peer.pid);
    rows.push([name, '-', mib(pss)]);
    if (name === 'fastapi') target('memory at rest, after a request to each function: of FastAPI', ours.asked / pss, { most: 1 / 3 });
    await peer.stop();
  }
  table(['server', 'just started', 'after a request to each'], rows);
}

const paths = ['/api/usage/record', summaryOf(), '/api/usage/current-period', '/api/usage/overage-charges', '/api/usage/stats', '/api/usage/history'];

/** Requests of several kinds in turn, all of them at least once, until `goal` have been answered. History is asked for less: it is the slowest. */
async function ask(server, goal, answered) {
  for (let i = 0; answered < goal || i < paths.length; i++) {
    const path = paths[i % paths.length], long = goal - answered > 100_000 && !path.endsWith('history');
    const result = await drive(`${server.url}${path}`, { token: server.token, record: path.endsWith('record'), clients: 8, seconds: long ? 5 : 1 });
    if (result.errors) fault(`memory, ${path}: ${result.errors} errors`);
    answered += result.answers;
  }
  return answered;
}

async function stayFlat() {
  const server = await startProduct({ events: options.seeded, procs: 1 }), seen = [];
  let answered = 0;
  for (const goal of [options.million / 100, options.million / 10, options.million]) {
    answered = await ask(server, goal, answered);
    seen.push([answered, memoryOf(server.pid)]);
    note(`${answered} requests: ${mib(seen.at(-1)[1])}`);
  }
  say();
  table(['requests', 'PSS'], seen.map(([n, pss]) => [n, mib(pss)]), 0);
  target(`memory after ${options.million} requests: of that after a hundredth`, seen.at(-1)[1] / seen[0][1], { most: 1.1 });
  await server.stop();
}

export async function memory() {
  heading('Memory', 'Proportional memory (PSS) of all processes together, one process a function. Then as requests go on: record, summary, current-period, overage-charges, stats and history in turn.');
  await compare();
  await stayFlat();
}

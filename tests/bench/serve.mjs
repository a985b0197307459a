// Starts what is measured: the product with this month's events, a FastCGI hello behind lighttpd, the peers.

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compiled } from '../lib/compile.mjs';
import { freePort } from '../lib/ports.mjs';
import { build, request, startServer } from '../lib/server.mjs';
import { soon } from '../lib/until.mjs';
import { summaryOf } from '../lib/examples.mjs';
import { options, yardsticks } from './options.mjs';
import { note } from './report.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'pm-bench-'));
const running = new Set();
process.on('exit', () => { running.forEach((child) => child.kill('SIGTERM')); rmSync(folder, { recursive: true, force: true }); });

/** A path of its own for something that lasts as long as the bench. */
export const scratch = (name) => path.join(folder, name);

/** Start a server and wait for the first answer of `target`. */
async function startAndWait({ command, args, url, target, token, log }) {
  const said = log ? openSync(log, 'a') : 'ignore', began = Date.now();
  const child = spawn(command, args, { stdio: ['ignore', said, said] });
  running.add(child);
  const ended = new Promise((done) => { child.on('exit', () => { running.delete(child); done(); }); });
  const stop = async (signal = 'SIGTERM') => { child.kill(signal); await soon(ended, `${command} to end`); };
  while (Date.now() - began < 30_000 && child.exitCode === null) {
    const status = await request(url, 'GET', target, { token }).then((answer) => answer.status, () => 0);
    if (status === 200) return { url, token, pid: child.pid, stop };
    await sleep(10);
  }
  await stop('SIGKILL');
  throw new Error(`${command} did not start${log ? `: see ${log}` : ''}`);
}

// ---- the product ----

export const monthStart = () => `${new Date().toISOString().slice(0, 7)}-01`;

/** Record `events` of this month for a tenant, by the product's own code. */
export function seed(data, tenant, events) {
  execFileSync(path.join(build, 'bench/seed'), [String(tenant), String(events)], { env: { ...process.env, PENNYMETER_DATA: data }, stdio: 'inherit' });
}

/** The product with a tenant on STARTER whose period is this month; `more` goes to startServer(). */
export async function startProduct({ events, ...more }) {
  const server = await startServer({ procs: options.procs, ...more });
  const { token, tenant_id: tenant } = server.addTenant({ name: 'Bench', plan: 'starter', start: monthStart() });
  if (events) seed(server.data, tenant, events);
  return { ...server, name: 'pennymeter', token, tenant, pid: server.processes().find(({ args }) => args[1] === 'launch')?.pid };
}

/** The tenant's events this month, as the API tells them. */
export async function countEvents({ url, token }) {
  const { json } = await request(url, 'GET', summaryOf(), { token });
  return json.metrics.reduce((sum, metric) => sum + Number(metric.event_count), 0);
}

// ---- the ceiling ----

/** How to start a FastCGI program that answers a few bytes, behind lighttpd, as many processes as a function has. */
export async function helloServer(procs) {
  const program = compiled('tests/bench/hello.c', { libraries: ['fcgi'] }), port = await freePort(), conf = scratch(`hello-${procs}.conf`), socket = `${folder}/hello-${procs}.sock`;
  writeFileSync(conf, `server.modules = ("mod_fastcgi")
server.document-root = "${folder}"
server.bind = "127.0.0.1"
server.port = ${port}
fastcgi.server = ("/hello" => (("bin-path" => "${program}", "socket" => "${socket}", "check-local" => "disable", "min-procs" => ${procs}, "max-procs" => ${procs})))
`);
  return { command: 'lighttpd', args: ['-D', '-f', conf], url: `http://127.0.0.1:${port}`, target: '/hello' };
}

export async function startHello(procs) {
  const started = await startAndWait(await helloServer(procs));
  return { ...started, name: 'hello', stop: () => started.stop('SIGINT') };
}

// ---- the peers ----

/** A copy of the peers with what they need installed: nothing is written into ../shared. */
export function preparePeers() {
  const copies = path.join(build, 'bench/peers'), node = path.join(copies, 'node');
  if (!options.peers.length) return;
  mkdirSync(copies, { recursive: true });
  for (const name of options.peers) {
    cpSync(path.join(yardsticks, 'peers', name), path.join(copies, name), { recursive: true, filter: (from) => !from.includes('node_modules') });
    execFileSync('chmod', ['-R', 'u+w', path.join(copies, name)]);
  }
  if (options.peers.includes('node')) installNode(node);
}

/** npm's packages of the Node peer, which compiles better-sqlite3 with Debian's headers where Node's own are not at hand. */
function installNode(peer) {
  const at = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const done = path.join(peer, 'node_modules/.installed');
  if (at(done) > at(path.join(yardsticks, 'peers/node/package-lock.json'))) return;
  note('installing what the Node peer needs');
  const headers = existsSync('/usr/include/node/node.h') ? { npm_config_nodedir: '/usr' } : {};
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: peer, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...headers } });
  writeFileSync(done, '');
}

/** How to start a peer over a database of as many events. */
export async function peerServer(name, events) {
  const peer = path.join(build, 'bench/peers', name), data = scratch(name), port = await freePort();
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data);
  execFileSync(path.join(yardsticks, 'seed.sh'), [path.join(data, 'bench.db'), String(events)]);
  chmodSync(path.join(peer, 'start.sh'), 0o755);
  execFileSync('sync');
  return { command: path.join(peer, 'start.sh'), args: [String(port), path.join(data, 'bench.db')], url: `http://127.0.0.1:${port}`,
    target: '/api/usage/current-period', token: 'bench-token', log: path.join(data, 'log') };
}

export async function startPeer(name, events) {
  return { ...await startAndWait(await peerServer(name, events)), name };
}

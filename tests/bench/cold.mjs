// From the start of a server to its first answer, with 1,000 events.

import { execFile, execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { compiled } from '../lib/compile.mjs';
import { nginx } from '../lib/launcher.mjs';
import { freePort } from '../lib/ports.mjs';
import { build, repo } from '../lib/server.mjs';
import { options } from './options.mjs';
import { decimals, heading, table, target } from './report.mjs';
import { helloServer, peerServer, startProduct } from './serve.mjs';

const EVENTS = 1000, TARGET = '/api/usage/current-period';
const run = `/dev/shm/pennymeter-cold.${process.pid}`;
process.on('exit', () => rmSync(run, { recursive: true, force: true }));

/** A data folder that was served before and is at rest. */
export async function dataFolder({ events = EVENTS, ...more } = {}) {
  const server = await startProduct({ events, procs: 1, ...more }), kept = { data: server.data, token: server.token };
  await server.stop({ keep: true });
  return kept;
}

/** A server's configuration as infra/serve writes it, once, as on a server that is only started; sockets in memory, as it has them. */
async function configuration({ data }, server, more, built) {
  const port = await freePort(), conf = path.join(data, `kept-${server}${more.join('')}.conf`);
  const where = ['--data', data, '--www', path.join(build, 'www'), '--run', run, '--log', path.join(data, 'kept.log')];
  writeFileSync(conf, execFileSync(path.join(built, 'bin/routes'), [server, ...where, '--address', '127.0.0.1', '--port', String(port), ...more]));
  return { conf, url: `http://127.0.0.1:${port}` };
}

/** How to start the launcher with a web server, by its folder; `built`: of other programs. */
export async function installed(folder, { server = 'lighttpd', more = [], built = build } = {}) {
  const { conf, url } = await configuration(folder, server, more, built);
  const command = server === 'nginx' ? nginx(folder.data, conf) : ['lighttpd', '-D', '-f', conf];
  return { command: path.join(built, 'bin/pennymeter'), args: ['launch', '--run', run, '--procs', String(options.procs), ...more, '--', ...command],
    url, target: TARGET, token: folder.token, env: { PENNYMETER_DATA: folder.data } };
}

async function byScript({ data, token }) {
  const port = await freePort(), env = { BUILD: build, DATA: data, HOST: '127.0.0.1', PORT: String(port), PROCS: String(options.procs), ALL: '0', DEMO: '0' };
  return { command: path.join(repo, 'infra/serve'), args: ['lighttpd'], url: `http://127.0.0.1:${port}`, target: TARGET, token, env };
}

/** Milliseconds to the first answer; the server is ended then. */
export async function firstAnswer({ command, args, url, target: path, token = '-', env = {} }) {
  const { stdout } = await promisify(execFile)(compiled('tests/bench/first_answer.c'), [new URL(url).port, path, token, command, ...args],
    { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, ...env }, timeout: 90_000 });
  return Number(stdout);
}

export const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

export async function coldStarts() {
  const folder = await dataFolder(), times = {};
  const servers = {
    'ours, a program for each function': await installed(folder),
    'ours, all functions in one program': await installed(folder, { more: ['--all'] }),
    'ours, by infra/serve, which writes the configuration first': await byScript(folder),
    'hello, 1 process': await helloServer(1),
  };
  for (const name of options.peers) servers[name] = await peerServer(name, EVENTS);
  heading('Cold start', `From the start of the server to the first answer of current-period on ${EVENTS} events, ${options.starts} starts each, in turn. The launcher starts that function beside the web server, since it had most to do the time before.`);
  for (let i = 0; i < options.starts; i++)
    for (const [name, server] of Object.entries(servers)) (times[name] ??= []).push(await firstAnswer(server));
  table(['server', 'least ms', 'median ms'], Object.entries(times).map(([name, list]) => [name, decimals(Math.min(...list), 1), decimals(median(list), 1)]));
  if (!times.php) return;
  const [separate, together] = Object.keys(servers), ofPhp = (name) => median(times[name]) / median(times.php);
  target('cold start, a program for each function: of PHP', ofPhp(separate), { most: 0.2 });
  target('cold start, all functions in one program: of PHP', ofPhp(together), { most: 0.2 });
}

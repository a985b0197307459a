// From the start of a server to its first answer, with 1,000 events.

import { rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { build, repo } from '../lib/server.mjs';
import { options } from './options.mjs';
import { decimals, heading, table, target } from './report.mjs';
import { freePort, startAndWait, startHello, startPeer, startProduct } from './serve.mjs';

const EVENTS = 1000, TARGET = '/api/usage/current-period';

/** A data folder that was served before and is at rest. */
async function dataFolder() {
  const server = await startProduct({ events: EVENTS, procs: 1 }), kept = { data: server.data, token: server.token };
  await server.stop({ keep: true });
  return kept;
}

const run = `/dev/shm/pennymeter-cold.${process.pid}`;
process.on('exit', () => rmSync(run, { recursive: true, force: true }));

/** lighttpd's configuration as infra/serve writes it, once, as on a server that is only started; sockets in memory, as it has them. */
async function configuration({ data }, more) {
  const port = await freePort(), conf = path.join(data, 'kept.conf');
  const where = ['--data', data, '--www', path.join(repo, 'www'), '--run', run, '--log', path.join(data, 'kept.log')];
  writeFileSync(conf, execFileSync(path.join(build, 'bin/routes'), ['lighttpd', ...where, '--address', '127.0.0.1', '--port', String(port), ...more]));
  return { conf, url: `http://127.0.0.1:${port}` };
}

async function startInstalled(folder, procs, ...more) {
  const { conf, url } = await configuration(folder, more), server = ['lighttpd', '-D', '-f', conf];
  return startAndWait(path.join(build, 'bin/pennymeter'), ['launch', '--run', run, '--procs', String(procs), ...more, '--', ...server],
    { url, target: TARGET, token: folder.token, env: { PENNYMETER_DATA: folder.data } });
}

async function startByScript({ data, token }) {
  const port = await freePort(), env = { BUILD: build, DATA: data, HOST: '127.0.0.1', PORT: String(port), PROCS: String(options.procs), ALL: '0', DEMO: '0' };
  return startAndWait(path.join(repo, 'infra/serve'), ['lighttpd'], { url: `http://127.0.0.1:${port}`, target: TARGET, token, env });
}

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

export async function coldStarts() {
  const folder = await dataFolder(), times = {};
  const starters = {
    'ours, a program for each function': () => startInstalled(folder, options.procs),
    'ours, all functions in one program': () => startInstalled(folder, options.procs, '--all'),
    'ours, by infra/serve, which writes the configuration first': () => startByScript(folder),
    'hello, 1 process': () => startHello(1),
    ...Object.fromEntries(options.peers.map((name) => [name, () => startPeer(name, EVENTS, TARGET)])),
  };
  heading('Cold start', `From the start of the server to the first answer of current-period on ${EVENTS} events, ${options.starts} starts each, in turn. The launcher starts that function beside the web server, since it had most to do the time before.`);
  for (let i = 0; i < options.starts; i++) {
    for (const [name, start] of Object.entries(starters)) {
      const server = await start();
      (times[name] ??= []).push(server.took);
      await server.stop();
    }
  }
  table(['server', 'least ms', 'median ms'], Object.entries(times).map(([name, list]) => [name, decimals(Math.min(...list), 1), decimals(median(list), 1)]));
  if (!times.php) return;
  const [separate, together, script] = Object.keys(starters), ofPhp = (name) => median(times[name]) / median(times.php);
  target('cold start, a program for each function: of PHP', ofPhp(separate), { most: 0.2 });
  target('cold start, all functions in one program: of PHP', ofPhp(together), { most: 0.2 });
  target('cold start, by infra/serve: of PHP', ofPhp(script), { most: 0.2 });
}

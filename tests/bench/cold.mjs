// From the start of a server to its first answer, with 1,000 events.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
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

/** The configuration as infra/serve writes it, once, as on a server that is only started. */
async function configuration({ data }, more) {
  const run = path.join(data, 'kept'), port = await freePort(), conf = path.join(run, 'lighttpd.conf');
  mkdirSync(run, { recursive: true });
  try { symlinkSync(path.join(build, 'fn'), path.join(run, 'fn')); } catch { /* it is there */ }
  const where = ['--root', path.join(run, 'fn'), '--data', data, '--www', path.join(repo, 'www'), '--run', run, '--log', path.join(run, 'log')];
  writeFileSync(conf, execFileSync(path.join(build, 'bin/routes'), ['lighttpd', ...where, '--address', '127.0.0.1', '--port', String(port), ...more]));
  return { conf, url: `http://127.0.0.1:${port}` };
}

async function startBundle(folder, ...more) {
  const { conf, url } = await configuration(folder, more);
  return startAndWait('lighttpd', ['-D', '-f', conf], { url, target: TARGET, token: folder.token });
}

async function startByScript({ data, token }) {
  const port = await freePort(), env = { BUILD: build, DATA: data, HOST: '127.0.0.1', PORT: String(port), PROCS: '1', ALL: '0', DEMO: '0' };
  return startAndWait(path.join(repo, 'infra/serve'), ['lighttpd'], { url: `http://127.0.0.1:${port}`, target: TARGET, token, env });
}

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

export async function coldStarts() {
  const folder = await dataFolder(), times = {};
  const starters = {
    'ours, 1 process a function': () => startBundle(folder, '--procs', '1'),
    [`ours, ${options.procs} processes a function`]: () => startBundle(folder, '--procs', String(options.procs)),
    'ours, all functions in one program, 1 process': () => startBundle(folder, '--procs', '1', '--all'),
    'ours, by infra/serve, 1 process a function': () => startByScript(folder),
    'hello, 1 process': () => startHello(1),
    ...Object.fromEntries(options.peers.map((name) => [name, () => startPeer(name, EVENTS, TARGET)])),
  };
  heading('Cold start', `From the start of the server to the first answer of current-period on ${EVENTS} events, ${options.starts} starts each, in turn.`);
  for (let i = 0; i < options.starts; i++) {
    for (const [name, start] of Object.entries(starters)) {
      const server = await start();
      (times[name] ??= []).push(server.took);
      await server.stop();
    }
  }
  table(['server', 'least ms', 'median ms'], Object.entries(times).map(([name, list]) => [name, decimals(Math.min(...list), 1), decimals(median(list), 1)]));
  if (!times.php) return;
  const [separate, , together] = Object.keys(starters);
  target('cold start, 14 programs: of PHP', median(times[separate]) / median(times.php), { most: 0.2 });
  target('cold start, all functions in one program: of PHP', median(times[together]) / median(times.php), { most: 0.2 });
}

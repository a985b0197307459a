// What a hundred functions more cost, behind each web server: memory once all were asked, and the start to the first answer beside today's.

import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { askAll, buildHundred, oursOf } from '../lib/hundred.mjs';
import { pssOf } from '../lib/memory.mjs';
import { build, startServer } from '../lib/server.mjs';
import { dataFolder, firstAnswer, installed, median } from './cold.mjs';
import { options } from './options.mjs';
import { decimals, heading, note, table, target } from './report.mjs';

const www = path.join(build, 'www'), kept = [];
process.on('exit', () => kept.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** What infra/serve lays out for Apache, kept, so that a start is Apache's own. */
async function keptApache(built) {
  const server = await startServer({ server: 'apache-fcgid', built, www }), { token } = server.addTenant();
  const { args } = server.processes().find(({ args: [program] }) => program.endsWith('apache2')), run = args[args.indexOf('-d') + 1], own = `${run}.kept`;
  const { uid, gid } = statSync(run), site = path.join(server.data, 'kept'), conf = path.join(own, 'apache.conf');
  execFileSync('cp', ['-a', path.join(server.data, 'htdocs'), site]);
  mkdirSync(own);
  kept.push(own, server.data);
  writeFileSync(conf, readFileSync(path.join(run, 'apache.conf'), 'utf8').replaceAll(run, own).replaceAll(path.join(server.data, 'htdocs'), site));
  chownSync(own, uid, gid);
  chmodSync(own, 0o700);
  await server.stop({ keep: true });
  return { command: 'apache2', args: ['-d', own, '-f', conf, '-DFOREGROUND'], url: server.url, target: '/api/usage/current-period', token };
}

/** How to start each server, by its name, with programs of a build. */
async function serversOf(built) {
  const folder = await dataFolder({ events: 0, built, www });
  return { lighttpd: await installed(folder, { built }), nginx: await installed(folder, { server: 'nginx', built }), apache: await keptApache(built) };
}

async function memoryBehind(server, made) {
  const s = await startServer({ server, built: made.build, www });
  await askAll(made, s);
  const ours = oursOf(s), mib = pssOf(ours.map(({ pid }) => pid));
  await s.stop();
  return { mib, count: ours.length };
}

export async function hundred() {
  const made = buildHundred(), today = await serversOf(build), then = await serversOf(made.build), rows = [];
  heading('A hundred functions', `Beside today's ${made.functions} more, each asked once: our processes' proportional memory, without the web server's. The start to the first answer of current-period, ${options.starts} starts each, in turn.`);
  for (const server of Object.keys(today)) {
    const times = { today: [], then: [] };
    for (let i = 0; i < options.starts; i++) for (const [name, list] of Object.entries({ today, then })) times[name].push(await firstAnswer(list[server]));
    const { mib, count } = await memoryBehind(server === 'apache' ? 'apache-fcgid' : server, made), ratio = median(times.then) / median(times.today);
    rows.push([server, count, `${mib.toFixed(1)} MiB`, decimals(median(times.today), 1), decimals(median(times.then), 1)]);
    target(`a hundred functions behind ${server}: memory`, mib, { most: 64, unit: ' MiB', digits: 1 });
    target(`a hundred functions behind ${server}: start to first answer, of today's`, ratio, { most: 1.2 });
    note(`${server}: ${mib.toFixed(1)} MiB, ${decimals(ratio)}`);
  }
  table(['server', 'processes', 'memory', 'today\'s start ms', 'start ms'], rows);
  made.remove();
}

// Where nothing of ours stays in the foreground: lighttpd that starts the functions itself, and nginx over spawn-fcgi.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeInstallation, nginx } from '../lib/launcher.mjs';
import { freePort } from '../lib/ports.mjs';
import { build, processesIn, request } from '../lib/server.mjs';
import { until } from '../lib/tenant.mjs';

const counts = ['--procs', '2', '--writers', '3'];
const routes = (...args) => execFileSync(path.join(build, 'bin/routes'), args, { encoding: 'utf8' });

/** An installation behind a server; `command` makes the server's, once the functions are seen to. */
async function served(at, format, more, command) {
  const port = await freePort(), url = `http://127.0.0.1:${port}`, part = path.join(at.data, 'part');
  writeFileSync(part, routes(format, '--data', at.data, '--www', path.join(build, 'www'), '--run', at.run, '--port', String(port), ...more));
  const [program, ...args] = command(part);
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await until(() => child.exitCode !== null || request(url, 'GET', '/404').then(() => true, () => false));
  return { url, async stop() { child.kill('SIGTERM'); await ended; } };
}

const functionsIn = (data, name = '') => processesIn(data).filter(({ args: [program] }) => program.endsWith(`${name && `/${name}`}.fcgi`));

/** Records, reads, has as many processes as were asked for, and outlives one that dies. */
async function works({ url }, { data, token }) {
  const record = () => request(url, 'POST', '/api/usage/record', { token, body: '{"metric_name":"api_calls","quantity":1}' });
  assert.equal((await record()).status, 201);
  assert.deepEqual(['usage-record', 'usage'].map((name) => functionsIn(data, name).length), [3, 2]);
  process.kill(functionsIn(data, 'usage-record')[0].pid, 'SIGKILL');
  for (let i = 0; i < 6; i++) await until(async () => (await record()).status === 201);
  const { json } = await request(url, 'GET', '/api/usage/summary', { token });
  assert.equal(json.metrics[0].total_quantity, 7);
}

test('lighttpd starts the functions itself where it is told their folder, and ends them', async () => {
  const at = makeInstallation();
  mkdirSync(at.run);
  const server = await served(at, 'lighttpd', ['--root', at.root, ...counts], (part) => ['lighttpd', '-D', '-f', part]);
  await works(server, at);
  await server.stop();
  await until(() => !functionsIn(at.data).length);
  at.remove();
});

test('nginx serves what spawn-fcgi started, and the script ends it all', async () => {
  const at = makeInstallation(), script = path.join(at.data, 'spawn');
  writeFileSync(script, routes('spawn', '--data', at.data, '--root', at.root, '--run', at.run, ...counts));
  execFileSync('sh', [script, 'start']);
  const server = await served(at, 'nginx', [], (part) => nginx(at.data, part));
  await works(server, at);
  await server.stop();
  execFileSync('sh', [script, 'stop']);
  assert.deepEqual(functionsIn(at.data), []);
  at.remove();
});

// `pennymeter launch` over a data folder and a folder of programs of its own, with lighttpd or nginx before it.
//
//   const l = await startLauncher({ server: 'nginx' });
//   await l.request('GET', '/api/health');
//   await l.stop();

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build, processesIn, repo, request } from './server.mjs';
import { freePort } from './ports.mjs';
import { soon, until } from './until.mjs';

const pennymeter = path.join(build, 'bin/pennymeter');
const env = (data) => ({ ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, PENNYMETER_DATA: data });
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** What nginx wants around the generated part, and its command. */
export function nginx(data, part) {
  const conf = path.join(data, 'nginx.conf'), root = process.getuid() === 0 ? 'user root;' : '';
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path "${data}/${kind}";`);
  writeFileSync(conf, `${root} daemon off; pid "${data}/nginx.pid"; error_log "${data}/server.log";
events {} http { access_log off; ${folders.join(' ')} include "${part}"; }\n`);
  return ['nginx', '-e', path.join(data, 'server.log'), '-p', data, '-c', conf];
}

/** A data folder with a tenant, and programs that a test may replace. */
export function makeInstallation() {
  const data = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-launch-'))), root = path.join(data, 'fn');
  execFileSync(pennymeter, ['init'], { env: env(data), cwd: repo });
  const { token } = JSON.parse(execFileSync(pennymeter, ['tenant', 'add', '--name', 'Acme Boxes', '--plan', 'enterprise', '--json'], { env: env(data), cwd: repo }));
  mkdirSync(root);
  for (const file of readdirSync(path.join(build, 'fn'))) symlinkSync(path.join(build, 'fn', file), path.join(root, file));
  return { data, root, run: path.join(data, 'run'), token, remove: () => rmSync(data, { recursive: true, force: true }) };
}

/** Run the command; answers { child, said, complained, ended }, the last a promise of its code or signal. */
export function launch({ data, root, run }, args = [], command = []) {
  const folders = root ? ['--root', root, '--run', run] : [];
  const child = spawn(pennymeter, ['launch', ...folders, ...args, ...(command.length ? ['--', ...command] : [])],
    { env: env(data), stdio: ['ignore', 'pipe', 'pipe'] });
  const self = { child, said: '', complained: '' };
  running.add(child);
  child.stdout.on('data', (text) => { self.said += text; });
  child.stderr.on('data', (text) => { self.complained += text; });
  self.ended = new Promise((resolve) => { child.on('close', (code, signal) => { running.delete(child); resolve(signal ?? code); }); });
  return self;
}

/** `server`: lighttpd or nginx; `args`: of the command; `at`: an installation that is there already. */
export async function startLauncher({ server = 'lighttpd', args = [], all = false, at = makeInstallation() } = {}) {
  const { data, root, run, token } = at, port = await freePort(), url = `http://127.0.0.1:${port}`, part = path.join(data, `${server}.part`);
  const more = all ? ['--all'] : [];
  writeFileSync(part, execFileSync(path.join(build, 'bin/routes'), [server, '--data', data, '--www', path.join(build, 'www'), '--run', run,
    '--port', String(port), ...more]));
  const command = server === 'nginx' ? nginx(data, part) : ['lighttpd', '-D', '-f', part];
  const launched = launch(at, [...args, ...more], command);
  const self = {
    ...at, at, url, launched, pid: launched.child.pid,
    request: (method, target, options) => request(url, method, target, { token, ...options }),
    get: (name) => self.request('GET', `/api/usage/${name}`),
    /** Ids of the processes of a function, or of all. */
    pids: (name = '') => processesIn(data).filter(({ args: [program] }) => program.endsWith(`${name && `/${name}`}.fcgi`)).map(({ pid }) => pid),
    /** Put another program in a function's place, by mv. */
    replace(name, program) {
      const fresh = path.join(data, 'fresh');
      if (program.startsWith('#!')) writeFileSync(fresh, program);
      else copyFileSync(program, fresh);
      chmodSync(fresh, 0o755);
      renameSync(fresh, path.join(root, `${name}.fcgi`));
    },
    async stop(signal = 'SIGTERM') {
      launched.child.kill(signal);
      return soon(launched.ended, `pennymeter launch to end at ${signal}`);
    },
  };
  await until(() => launched.child.exitCode !== null || request(url, 'GET', '/404').then(() => true, () => false), { what: `${server} to listen at ${url}` });
  if (launched.child.exitCode !== null) throw new Error(launched.complained);
  return self;
}

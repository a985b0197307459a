// Starts Pennymeter behind a real web server, in a scratch data folder, on a free port.
//
//   const s = await startServer({ server: 'lighttpd' });
//   const { token } = s.addTenant({ plan: 'starter' });
//   const r = await s.request('GET', '/api/usage/summary', { token });
//   await s.stop();

import { spawn, spawnSync } from 'node:child_process';
import { lchownSync, lstatSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { build, repo } from './places.mjs';
import { freePort } from './ports.mjs';
import { makeStore, storeEnvironment } from './store.mjs';
import { PATIENCE, soon, until } from './until.mjs';

export { build, repo };

const setUps = {
  lighttpd: { serve: 'lighttpd' },
  'apache-fcgid': { serve: 'apache' },
  'apache-cgi': { serve: 'apache-cgi' },
  nginx: { serve: 'nginx' },
  all: { serve: 'lighttpd', all: true },
  'all-cgi': { serve: 'apache-cgi', all: true },
};

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGTERM')));

/** One request over its own connection. `body` may be a string, a Buffer, or an array of pieces, which are sent chunked. */
export function request(url, method, target, { token, headers = {}, body } = {}) {
  const { hostname, port } = new URL(url);
  const all = { ...headers };
  if (token) all.Authorization = `Bearer ${token}`;
  if (body !== undefined && !Object.keys(all).some((k) => k.toLowerCase() === 'content-type')) all['Content-Type'] = 'application/json';
  if (body !== undefined && !Array.isArray(body)) all['Content-Length'] = Buffer.byteLength(body);
  return new Promise((resolve, reject) => {
    let answered = false;
    const rq = http.request({ hostname, port, method, path: target, headers: all, agent: false }, (answer) => {
      answered = true;
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () => resolve(toReply(answer, Buffer.concat(pieces))));
    });
    rq.setTimeout(2 * PATIENCE, () => rq.destroy(new Error(`${url} did not answer ${method} ${target} within ${2 * PATIENCE} ms`)));
    rq.on('error', (error) => { if (!answered) reject(error); }); // a server may answer before it has read all
    for (const piece of Array.isArray(body) ? body : []) rq.write(piece);
    rq.end(Array.isArray(body) ? undefined : body);
  });
}

function toReply(answer, bytes) {
  return {
    status: answer.statusCode,
    headers: answer.headers,
    bytes,
    text: bytes.toString(),
    get json() { return JSON.parse(this.text); },
  };
}

const read = (file) => {
  try { return readFileSync(file, 'utf8'); } catch { return ''; }
};

/** Every live process that names the folder in its command line, or serves it; zombies have neither. */
export function processesIn(folder) {
  const serves = (pid) => read(`/proc/${pid}/environ`).split('\0').includes(`PENNYMETER_DATA=${folder}`);
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), args: read(`/proc/${name}/cmdline`).split('\0') }))
    .filter(({ pid, args }) => pid !== process.pid && args.length > 1 && (args.some((arg) => arg.includes(folder)) || serves(pid)));
}

/** The command, with --json. Throws an Error with stdout, stderr and code. */
function runCommand(data, env, args, built = build) {
  const r = spawnSync(path.join(built, 'bin/pennymeter'), [...args, '--json'], {
    encoding: 'utf8', env: { ...process.env, ...storeEnvironment(data), ...env, PENNYMETER_DATA: data }, cwd: repo, maxBuffer: 1 << 28, timeout: 4 * PATIENCE,
  });
  if (r.error) throw r.error;
  if (r.status !== 0) {
    throw Object.assign(new Error(`pennymeter ${args.join(' ')}: ${r.stderr || r.stdout}`), { code: r.status, stdout: r.stdout, stderr: r.stderr });
  }
  return r.stdout.trim() ? JSON.parse(r.stdout) : null;
}

/** Under Apache as root the functions are www-data's: what root's command made must be too. */
function handOver(folder) {
  const { uid, gid } = lstatSync(folder);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    lchownSync(name, uid, gid);
    if (entry.isDirectory()) handOver(name);
  }
}

const flags = (options) => Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);

async function untilHealthy(child, { url, request: ask }, why) {
  const answers = async () => {
    if (child.exitCode !== null) throw new Error(`the server did not start: ${why()}`);
    return (await ask('GET', '/api/health').catch(() => null))?.status === 200;
  };
  await until(answers, { what: `${url} to be healthy`, every: 50 }).catch((error) => { throw new Error(`${error.message}: ${why()}`); });
}

/**
 * `prepare(data)` is called with the folder made and the server not yet started. What stands between us and
 * PostgreSQL: `through` for functions and commands, `functionsThrough` for functions alone. `under`: a command that runs the
 * server, as `prlimit`. `base`: the folder of the site that holds it all; `www`: of other pages than were built; `built`: of other programs.
 */
export async function startServer({ server = 'lighttpd', env = {}, procs = 1, writers = procs, demo = false, store: kind, cluster, through, functionsThrough, prepare = () => {}, under = [], base = '', www, built = build } = {}) {
  const setUp = setUps[server];
  if (!setUp) throw new Error(`unknown server ${server}`);
  const data = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-')));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}${base}`;
  const isApache = setUp.serve.startsWith('apache');
  const store = await makeStore(data, { kind, cluster, through });
  runCommand(data, env, ['init'], built);
  store.prepare();
  prepare(data);

  const [program, ...args] = [...under, path.join(repo, 'infra/serve'), setUp.serve];
  const child = spawn(program, args, {
    cwd: repo, stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...storeEnvironment(data), ...(functionsThrough && { PENNYMETER_STORE: functionsThrough.url(store.name) }),
      ...env, BUILD: built, DATA: data, HOST: '127.0.0.1', PORT: String(port), PROCS: String(procs), WRITERS: String(writers),
      BASE: base, ...(www && { WWW: www }), ALL: setUp.all ? '1' : '0', DEMO: demo ? '1' : '0' },
  });
  running.add(child);
  let said = '';
  child.stderr.on('data', (text) => { said += text; });
  const ended = new Promise((resolve) => child.on('exit', (code) => { running.delete(child); resolve(code); }));
  const log = () => read(path.join(data, 'server.log'));

  const self = {
    url, data, port, server, store, log,
    request: (method, target, options) => request(url, method, base + target, options),
    pennymeter(args) {
      try {
        return runCommand(data, env, args, built);
      } finally {
        if (isApache && process.getuid() === 0) handOver(data);
      }
    },
    addTenant: (options = {}) =>
      self.pennymeter(['tenant', 'add', ...flags({ name: 'Acme Boxes', plan: 'starter', ...options })]),
    /** Ids of the processes that run functions. */
    pids: () => processesIn(data).filter(({ args }) => args[0].endsWith('.fcgi')).map(({ pid }) => pid),
    /** Of everything that was started. */
    processes: () => processesIn(data),
    /** SIGTERM, wait, and remove the data folder and its database unless they are to be kept. Answers the exit code. */
    async stop({ keep = false } = {}) {
      child.kill('SIGTERM');
      const code = await soon(ended, `infra/serve ${setUp.serve} to end`);
      if (!keep && !process.env.PENNYMETER_KEEP) rmSync(data, { recursive: true, force: true });
      if (!keep) store.drop();
      return code;
    },
  };
  try {
    await untilHealthy(child, self, () => said + log());
  } catch (error) {
    await self.stop();
    throw error;
  }
  return self;
}

// What `make bench` runs: rates as ratios to a FastCGI hello behind the same lighttpd, the cost of reads as
// history grows, and memory. Rates of different runs must not be compared; ratios within one may.
//
//   SECONDS=4 ROUNDS=2 CONCURRENCY="1 8 64" EVENTS="10000 1000000" make bench
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { call } from '../lib/fastcgi.mjs';
import { build, repo, request, startServer } from '../lib/server.mjs';

const seconds = Number(process.env.SECONDS ?? 4);
const rounds = Number(process.env.ROUNDS ?? 2);
const concurrency = (process.env.CONCURRENCY ?? '1 8 64').split(' ').map(Number);
const sizes = (process.env.EVENTS ?? '10000 1000000').split(' ').map(Number);
const PROCESSES = 4;
const CALLS = 100; // counted instructions are the mean of so many requests

const lines = [];
const say = (line = '') => { console.log(line); lines.push(line); };

// ---- rates ----

async function startHello(folder) {
  const program = path.join(build, 'bench/hello.fcgi');
  mkdirSync(path.dirname(program), { recursive: true });
  execFileSync('gcc', ['-O2', path.join(repo, 'tests/bench/hello.c'), '-lfcgi', '-o', program]);
  const port = 20000 + (process.pid % 20000), conf = path.join(folder, 'hello.conf');
  writeFileSync(conf, `server.modules = ("mod_fastcgi")
server.document-root = "${folder}"
server.bind = "127.0.0.1"
server.port = ${port}
server.max-keep-alive-requests = 100000
fastcgi.server = ("/hello" => (("bin-path" => "${program}", "socket" => "${folder}/hello.sock", "check-local" => "disable", "max-procs" => ${PROCESSES})))
`);
  const child = spawn('lighttpd', ['-D', '-f', conf], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 100; i++) {
    const ok = await request(url, 'GET', '/hello').then((r) => r.status === 200, () => false);
    if (ok) return { url, stop: () => child.kill('SIGINT') };
    await new Promise((done) => { setTimeout(done, 50); });
  }
  throw new Error('the hello server does not answer');
}

let prefixes = 0;

function drive(job, clients) {
  const env = { ...process.env, ...(job.record ? { KEY_PREFIX: `b${process.pid}-${++prefixes}` } : {}) };
  const args = [`-t${Math.min(2, clients)}`, `-c${clients}`, `-d${seconds}s`, '-s', path.join(repo, 'tests/bench/record.lua')];
  if (job.token) args.push('-H', `Authorization: Bearer ${job.token}`);
  const out = execFileSync('wrk', [...args, job.url], { env, encoding: 'utf8' });
  const [, answers, took, p50, p99, errors] = out.match(/RESULT (\d+) ([\d.]+) ([\d.]+) ([\d.]+) (\d+)/).map(Number);
  return { rate: answers / took, p50, p99, errors };
}

/** Best round of each job; the jobs take turns, so that a slow minute strikes all alike. */
function measure(jobs, clients) {
  const best = {};
  for (let round = 0; round < rounds; round++) {
    for (const job of jobs) {
      const found = drive(job, clients);
      if (found.errors) throw new Error(`${job.name}: ${found.errors} errors`);
      if (!best[job.name] || found.rate > best[job.name].rate) best[job.name] = found;
    }
  }
  return best;
}

async function rates(folder) {
  const hello = await startHello(folder);
  const server = await startServer({ server: 'lighttpd', procs: PROCESSES });
  const { token } = server.addTenant({ name: 'Bench', plan: 'starter' });
  await seed(server, token, 10_000);
  const at = (name, target, more) => ({ name, url: `${server.url}${target}`, token, ...more });
  const jobs = [
    { name: 'hello', url: `${hello.url}/hello` },
    at('record', '/api/usage/record', { record: true }), at('summary', '/api/usage/summary'),
    at('current-period', '/api/usage/current-period'), at('overage-charges', '/api/usage/overage-charges'),
  ];
  say(`### Rates, ${PROCESSES} processes a function, best of ${rounds} rounds of ${seconds} s\n`);
  say('| clients | job | req/s | of hello | p50 ms | p99 ms |\n|--:|---|--:|--:|--:|--:|');
  for (const clients of concurrency) {
    const best = measure(jobs, clients);
    for (const { name } of jobs) {
      const b = best[name];
      say(`| ${clients} | ${name} | ${b.rate.toFixed(0)} | ${(b.rate / best.hello.rate).toFixed(2)} | ${b.p50} | ${b.p99} |`);
    }
  }
  hello.stop();
  server.pennymeter(['check']);
  await server.stop();
}

// ---- growth ----

/** Events spread over the days since the period began, recorded through the batch endpoint. */
async function seed(server, token, count) {
  const now = Date.now(), span = 30 * 86_400_000, metrics = ['api_calls', 'quotes_generated', 'invoices_generated', 'storage_gb'];
  const post = async (from) => {
    const events = [];
    for (let i = from; i < Math.min(from + 1000, count); i++)
      events.push({ metric_name: metrics[i % 4], quantity: 1, recorded_at: new Date(now - (span * (i + 1)) / count).toISOString() });
    const { status, json } = await request(server.url, 'POST', '/api/usage/batch', { token, body: JSON.stringify(events) });
    if (status !== 200 || json.inserted !== events.length) throw new Error(`seeding: ${status} ${JSON.stringify(json).slice(0, 200)}`);
  };
  for (let from = 0; from < count; from += 1000) await post(from);
}

/** Instructions of one request, the process's start left out: the difference of two runs. */
async function instructions(server, program, target, token, folder) {
  const counts = [];
  for (const calls of [10, 10 + CALLS]) {
    const socket = path.join(folder, 'counted.sock'), out = path.join(folder, 'callgrind.out');
    rmSync(out, { force: true });
    const child = spawn('spawn-fcgi', ['-n', '-s', socket, '--', '/usr/bin/valgrind', '--tool=callgrind', `--callgrind-out-file=${out}`,
      path.join(build, 'fn', program)], { env: { ...process.env, PENNYMETER_DATA: server.data }, stdio: 'ignore' });
    const [uri, query = ''] = target.split('?');
    const environment = { REQUEST_METHOD: 'GET', REQUEST_URI: target, QUERY_STRING: query, SCRIPT_NAME: uri, HTTP_AUTHORIZATION: `Bearer ${token}` };
    for (let i = 0; i < calls; i++) {
      const answer = await patiently(() => call(socket, environment));
      if (!answer.includes('Status: 200')) throw new Error(`${target}: ${answer.slice(0, 300)}`);
    }
    const ended = new Promise((done) => { child.on('exit', done); });
    child.kill('SIGTERM');
    await ended;
    counts.push(Number(readFileSync(out, 'utf8').match(/^(?:summary|totals): (\d+)/m)[1]));
  }
  return (counts[1] - counts[0]) / CALLS;
}

async function patiently(attempt) {
  for (let i = 0; ; i++) {
    try { return await attempt(); } catch (error) {
      if (i > 200) throw error;
      await new Promise((done) => { setTimeout(done, 50); });
    }
  }
}

async function growth(folder) {
  const jobs = { summary: ['usage-summary.fcgi', '/api/usage/summary'], 'current-period': ['usage-current-period.fcgi', '/api/usage/current-period'] };
  const found = {};
  say(`\n### Cost of a read as history grows, instructions a request (callgrind, mean of ${CALLS})\n`);
  for (const size of sizes) {
    const server = await startServer({ server: 'lighttpd', procs: 1 });
    const { token } = server.addTenant({ name: 'Bench', plan: 'starter' });
    const began = Date.now();
    await seed(server, token, size);
    console.error(`seeded ${size} events in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    for (const [job, [program, target]] of Object.entries(jobs))
      (found[job] ??= []).push(await instructions(server, program, target, token, folder));
    await server.stop();
  }
  say(`| job | ${sizes.map((n) => `${n} events`).join(' | ')} | last : first |\n|---|${sizes.map(() => '--:').join('|')}|--:|`);
  for (const [job, counts] of Object.entries(found))
    say(`| ${job} | ${counts.map((n) => n.toFixed(0)).join(' | ')} | ${(counts.at(-1) / counts[0]).toFixed(2)} |`);
}

// ---- memory and cold starts ----

function pssKiB(pid) {
  return Number(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Pss:\s+(\d+)/m)[1]);
}

async function memory() {
  const server = await startServer({ server: 'lighttpd', procs: 1 });
  const { token } = server.addTenant({ name: 'Bench', plan: 'starter' });
  await request(server.url, 'POST', '/api/usage/record', { token, body: '{"metric_name":"api_calls","quantity":1}' });
  for (const name of ['summary', 'current-period', 'overage-charges', 'stats', 'history', 'alerts', 'metrics', 'billing-estimate'])
    await request(server.url, 'GET', `/api/usage/${name}`, { token });
  const functions = readdirSync('/proc').filter((p) => /^\d+$/.test(p)).filter((p) => {
    try { return readFileSync(`/proc/${p}/cmdline`, 'utf8').includes('.fcgi') && readFileSync(`/proc/${p}/environ`, 'utf8').includes(server.data); } catch { return false; }
  });
  const total = functions.reduce((sum, pid) => sum + pssKiB(pid), 0) / 1024;
  say(`\n### Memory\n\n${functions.length} function processes, one each, after a request to each: ${total.toFixed(1)} MiB PSS together (to stay under 64).`);
  const times = [];
  const env = { ...process.env, PENNYMETER_DATA: server.data, REQUEST_METHOD: 'GET', REQUEST_URI: '/api/usage/current-period', HTTP_AUTHORIZATION: `Bearer ${token}` };
  for (let i = 0; i < 51; i++) {
    const began = process.hrtime.bigint();
    const out = spawnSync(path.join(build, 'fn/usage-current-period.fcgi'), { env, encoding: 'utf8' });
    if (!out.stdout.includes('Status: 200')) throw new Error(`CGI: ${out.stdout}${out.stderr}`);
    times.push(Number(process.hrtime.bigint() - began) / 1e6);
  }
  times.sort((a, b) => a - b);
  say(`A read as plain CGI, process start to exit: ${times[25].toFixed(1)} ms median, ${times[48].toFixed(1)} ms at the 95th percentile (to stay under 10).`);
  await server.stop();
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'pennymeter-bench-'));
const cpu = readFileSync('/proc/cpuinfo', 'utf8').match(/model name\s*: (.*)/)?.[1] ?? 'unknown';
say(`# Bench of ${new Date().toISOString().slice(0, 10)}: ${os.cpus().length} cores (${cpu})\n`);
try {
  await rates(folder);
  await growth(folder);
  await memory();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
writeFileSync(path.join(build, 'bench.md'), `${lines.join('\n')}\n`);

// Runs what `make test` promises: what builds first, then test files, as many beside one another as there are cores. Stops at the
// first failure, and tells what each part took.
//
//   node tests/lib/suite.mjs [PART | FOLDER/FILE …] | --changed [COMMIT] [--list]     by tests/run, which sets the environment

import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { changedSince, testsFor } from './changes.mjs';
import { repo } from './places.mjs';
import { startPostgres } from './postgres.mjs';

const CORES = os.availableParallelism(), SLOWEST = 10;
const isRoot = process.getuid() === 0;
const canUnshare = () => spawnSync('unshare', ['-rm', 'true']).status === 0;

// ---- the parts ----

const make = (...targets) => [['make', `-j${CORES}`, '--no-print-directory', ...targets]];
const onPostgres = { PENNYMETER_TEST_STORE: 'postgres' };
const sanitized = { PENNYMETER_BUILD: 'build/san', PENNYMETER_TEST_SECONDS: '600', PENNYMETER_TEST_PATIENCE: '90000' };
/** A file takes longer beside others than by itself. */
process.env.PENNYMETER_TEST_SECONDS ??= '300';

/**
 * In the order of how soon they would tell. `commands` run one after the other, before anything else; `programs` and `files`, all of some
 * folders in an environment, as there is room, `alone` with nothing beside them: they look at the whole machine, or load it. `cluster`:
 * PostgreSQL is wanted; `beneath`: what runs them.
 */
const parts = {
  build: { commands: make('all') },
  lint: { commands: make('lint') },
  unit: { commands: make('unit') },
  rating: { files: [{ folders: ['oracle'] }] },
  api: { files: [{ folders: ['api'] }] },
  sqlite: { files: [{ folders: ['sqlite'] }] },
  stores: { files: [{ folders: ['stores'], alone: true }], cluster: true },
  postgres: { commands: make('build/unit/conformance'), files: [{ folders: ['api'], env: onPostgres }, { folders: ['postgres'], env: onPostgres, alone: true }], cluster: true,
    programs: [['build/unit/conformance']] },
  partitioned: { files: [{ folders: ['api'], env: { PENNYMETER_TEST_STORE: 'partitioned' } }], cluster: true },
  sanitizers: { commands: make('SAN=1', 'all', 'unit'), cluster: true,
    files: [{ folders: ['api', 'oracle'], env: sanitized }, { folders: ['postgres'], env: { ...sanitized, ...onPostgres }, alone: true }] },
  browser: { programs: [[process.execPath, 'tests/browser/run.mjs']], alone: true },
  servers: { files: [{ folders: ['servers'], alone: true }] },
  crash: { files: [{ folders: ['crash'], alone: true }], beneath: isRoot || !canUnshare() ? [] : ['unshare', '-rm'] },
};

const filesIn = (folder) => readdirSync(path.join(repo, 'tests', folder)).filter((name) => name.endsWith('.test.mjs')).sort().map((name) => `tests/${folder}/${name}`);
const runner = [process.execPath, '--import', path.join(repo, 'tests/lib/watch.mjs'), '--test', '--test-reporter=spec'];

/** What of a part may run beside others: `{ part, name, command, env, alone }`. */
function jobsOf(part) {
  const { files = [], programs = [], alone = false, beneath = [] } = parts[part];
  const job = (name, command, more) => ({ part, name, command: [...beneath, ...command], ...more });
  return [...programs.map((command) => job(command.at(-1), command, { alone })),
    ...files.flatMap(({ folders, ...more }) => folders.flatMap(filesIn).map((file) => job(file, [...runner, file], more)))];
}

// ---- running ----

const took = [];
let failed = null;

const seconds = (began) => (performance.now() - began) / 1000;

function end(job, began, code, output) {
  const time = seconds(began), facts = /^ℹ pass (\d+)$/m.exec(output)?.[1];
  took.push({ ...job, time });
  if (code !== 0) {
    failed ??= job;
    process.stdout.write(output);
  }
  console.log(`${time.toFixed(1).padStart(7)} s  ${job.part.padEnd(11)}  ${job.name}${facts ? `  ${facts} facts` : ''}${code === 0 ? '' : `  FAILED (${code})`}`);
}

/** Run it to its end. What it says is kept and shown if it fails, or as it comes with `shown`. */
function run(job, env, { shown = false } = {}) {
  const began = performance.now(), [program, ...args] = job.command;
  let output = '';
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: repo, stdio: ['ignore', shown ? 'inherit' : 'pipe', shown ? 'inherit' : 'pipe'], env: { ...process.env, ...env, ...job.env } });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => { output += text; });
    child.on('error', (error) => { output += error.message; });
    child.on('close', (code, signal) => { end(job, began, code ?? signal, output); resolve(); });
  });
}

async function runLane(jobs, env) {
  for (let job; !failed && (job = jobs.shift());) await run(job, env);
}

async function runJobs(jobs, env) {
  const together = jobs.filter((job) => !job.alone), apart = jobs.filter((job) => job.alone);
  await Promise.all(Array.from({ length: CORES }, () => runLane(together, env)));
  await runLane(apart, env);
}

// ---- what is told ----

function tellTimes() {
  const sum = (part) => took.filter((job) => job.part === part).reduce((all, { time }) => all + time, 0);
  console.log('\nSeconds of each part (parts run beside one another):');
  for (const part of new Set(took.map((job) => job.part))) console.log(`${sum(part).toFixed(0).padStart(7)}  ${part}`);
  console.log(`\nThe ${SLOWEST} slowest:`);
  for (const { time, part, name } of [...took].sort((a, b) => b.time - a.time).slice(0, SLOWEST)) console.log(`${time.toFixed(0).padStart(7)}  ${part}  ${name}`);
}

function tellNotTried() {
  if (isRoot) return;
  console.log(`NOT TRIED, as only root can: files that belong to another user (tests/servers/neighbours-see-nothing.test.mjs).
NOT TRIED, as only root can: programs under suEXEC (tests/servers/shared-hosts.test.mjs), users and ports of a machine (own-machine-guide.test.mjs).`);
  if (!canUnshare()) console.log('NOT TRIED, as only root can: a full disk (tests/crash/full-disk-loses-nothing.test.mjs).');
}

// ---- what is wanted ----

const listed = Object.keys(parts);
const allJobs = listed.flatMap(jobsOf);
/** "api/limits-hold" is that file in the first part that runs it. */
const fileOf = (word) => allJobs.find(({ name }) => name === `tests/${word}.test.mjs`);

/** Parts and files by their words: which parts are prepared, and what is run. */
function choose(words) {
  const unknown = words.find((word) => !parts[word] && !fileOf(word));
  if (unknown) throw new Error(`there is no part and no file "${unknown}": want some of ${listed.join(' ')}, or FOLDER/NAME of a file`);
  const files = words.map(fileOf).filter((job) => job && !words.includes(job.part));
  const whole = words.length ? listed.filter((part) => words.includes(part)) : listed;
  return {
    prepared: listed.filter((part) => whole.includes(part) || files.some((job) => job.part === part)),
    jobs: [...allJobs.filter((job) => whole.includes(job.part)), ...files],
  };
}

function wordsOf(words) {
  if (words[0] !== '--changed') return words;
  const commit = words.slice(1).find((word) => word !== '--list') ?? 'main', tests = testsFor(changedSince(commit));
  console.log(tests.length ? `tests/run ${tests.join(' ')}` : 'Nothing that a test looks at was changed.');
  if (!tests.length || words.includes('--list')) process.exit(0);
  return ['build', 'lint', ...tests];
}

// ---- here it begins ----

async function prepare(names) {
  for (const part of names) {
    for (const command of parts[part].commands ?? []) if (!failed) await run({ part, name: command.join(' '), command }, {}, { shown: true });
  }
}

async function runAll({ prepared, jobs }) {
  await prepare(prepared);
  if (failed) return;
  const cluster = jobs.some((job) => parts[job.part].cluster) ? await startPostgres() : null;
  cluster?.createDatabase('scratch');
  await runJobs(jobs, cluster ? { PENNYMETER_TEST_POSTGRES: cluster.url('scratch') } : {});
  await cluster?.stop();
}

try {
  const began = performance.now(), words = wordsOf(process.argv.slice(2)), chosen = choose(words);
  console.log(`PENNYMETER_SEED=${process.env.PENNYMETER_SEED}`);
  await runAll(chosen);
  tellTimes();
  console.log(`\n======== ${failed ? `failed at ${failed.part}, ${failed.name},` : `passed: ${(words.length ? words : listed).join(' ')},`} after ${seconds(began).toFixed(0)} s`);
  if (!failed) tellNotTried();
  process.exitCode = failed ? 1 : 0;
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}

// Drives a server with wrk, or lets SQLite commit by itself, for some seconds; and finds the best of several rounds.

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { compiled } from '../lib/compile.mjs';
import { repo } from '../lib/server.mjs';
import { options } from './options.mjs';
import { fault } from './report.mjs';

const run = promisify(execFile);
let prefixes = 0;

/** "RESULT answers seconds p50_ms p99_ms errors" as an object. */
function found(text) {
  const [, answers, took, p50, p99, errors] = (/RESULT (\S+) (\S+) (\S+) (\S+) (\S+)/.exec(text) ?? []).map(Number);
  if (answers === undefined) throw new Error(`no result: ${text.slice(0, 500)}`);
  return { answers, rate: answers / took, p50, p99, errors };
}

/** Let wrk ask `url` on `clients` connections. `record`: one event a request; `batch`: so many; `method`: that, with `body`, each `keyed` or not. */
export async function drive(url, { token, record = false, batch = 0, method, body, keyed = false, clients = 1, seconds = options.seconds }) {
  const keys = record || batch || keyed ? { KEY_PREFIX: `b${process.pid}-${Date.now()}-${++prefixes}`, BATCH: String(batch) } : {};
  const env = { ...process.env, ...keys, ...(method && { METHOD: method, BODY: JSON.stringify(body) }) };
  const args = ['-t1', `-c${clients}`, `-d${seconds}s`, '--timeout', '30s', '-s', path.join(repo, 'tests/bench/record.lua')];
  if (token) args.push('-H', `Authorization: Bearer ${token}`);
  const { stdout } = await run('wrk', [...args, url], { env, timeout: (seconds + 90) * 1000 });
  return found(stdout);
}

/** What SQLite commits by itself, events a second, in a database of as many events. */
export async function commits(file, { batch = 1, events = options.seeded, seconds = options.seconds } = {}) {
  const program = compiled('tests/bench/commits.c', { libraries: ['sqlite3'] });
  const { stdout } = await run(program, [file, String(events), String(seconds), String(batch)], { timeout: (seconds + 120) * 1000 });
  return found(stdout);
}

/** Each runner's best round by its name. They take turns, so that a slow minute strikes all alike. */
export async function takeTurns(runners, rounds = options.rounds) {
  const best = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, once] of Object.entries(runners)) {
      const result = await once();
      if (result.errors) fault(`${name}: ${result.errors} errors`);
      if (!best[name] || result.rate > best[name].rate) best[name] = result;
    }
  }
  return best;
}

// infra/run as a person starts it, in a session of its own, with what it said.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build, repo } from './places.mjs';
import { until } from './until.mjs';

const running = new Set();

/** A test that fails must not leave its service behind. */
export const endRuns = () => Promise.all([...running].map((self) => { self.child.kill('SIGTERM'); return self.ended; }));

const read = (file) => { try { return readFileSync(file, 'utf8'); } catch { return ''; } };

/** `ended` is a promise of its exit code or signal. The usual umask of a person is the one it starts with. */
export function startRun(data, port, env = {}) {
  const child = spawn('sh', ['-c', 'umask 022; exec infra/run'], { cwd: repo, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BUILD: build, DATA: data, PORT: String(port), ...env } });
  const self = { child, said: '', complained: '', ended: null };
  child.stdout.on('data', (text) => { self.said += text; });
  child.stderr.on('data', (text) => { self.complained += text; });
  running.add(self);
  self.ended = new Promise((resolve) => { child.on('close', (code, signal) => { running.delete(self); resolve(signal ?? code); }); });
  return self;
}

/** What stands in run.json once it serves and has said all that it has to say: { url, token }. */
export async function untilServes(run, data) {
  const ready = await until(() => {
    if (run.child.exitCode !== null) throw new Error(`it ended: ${run.said}${run.complained}`);
    const found = JSON.parse(read(path.join(data, 'run.json')) || 'null');
    return found?.url !== 'stale' && found;
  }, { what: `run.json in ${data}` });
  if (run.said !== undefined) await until(() => /Ctrl-C stops it/.test(run.said), { what: 'the last words of infra/run' });
  return ready;
}

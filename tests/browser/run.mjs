/* Starts Pennymeter with the demo tenant and one that has recorded nothing on a free port, and runs the browser tests against it: all, or the files named. */

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { repo, startServer } from '../lib/server.mjs';

const folder = path.join(repo, 'tests/browser');
const named = process.argv.slice(2);
const files = named.length ? named : readdirSync(folder).filter((name) => name.endsWith('.test.mjs')).sort().map((name) => path.join(folder, name));

const server = await startServer({ demo: true });
try {
  const { token } = server.pennymeter(['demo']), fresh = server.addTenant({ name: 'Fresh Start' });
  const tests = spawn(process.execPath, ['--import', path.join(repo, 'tests/lib/watch.mjs'), '--test', '--test-concurrency=1', '--test-reporter=spec', ...files], {
    stdio: 'inherit',
    env: { ...process.env, PENNYMETER_URL: server.url, PENNYMETER_TOKEN: token, PENNYMETER_FRESH_TOKEN: fresh.token },
  });
  process.exitCode = await new Promise((resolve) => tests.on('exit', (code) => resolve(code ?? 1)));
} finally {
  await server.stop();
}

// Runs a command with a PostgreSQL cluster at hand, in PENNYMETER_TEST_POSTGRES, and ends as it ends.
//
//   node tests/lib/with-postgres.mjs node --test tests/api/*.test.mjs

import { spawn } from 'node:child_process';
import { startPostgres } from './postgres.mjs';

const [command, ...args] = process.argv.slice(2);
const postgres = await startPostgres();
const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, PENNYMETER_TEST_POSTGRES: postgres.address } });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
const code = await new Promise((resolve) => {
  child.on('error', (error) => { console.error(String(error)); resolve(127); });
  child.on('exit', (status) => resolve(status ?? 1));
});
await postgres.stop();
process.exitCode = code;

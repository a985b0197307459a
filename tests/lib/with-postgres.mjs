// Runs a command with a PostgreSQL cluster at hand, and ends as it ends. PENNYMETER_TEST_POSTGRES is the address
// of an empty database in it, which the command may do with as it likes.
//
//   node tests/lib/with-postgres.mjs node --test tests/api/*.test.mjs

import { spawn } from 'node:child_process';
import { startPostgres } from './postgres.mjs';

const [command, ...args] = process.argv.slice(2);
const postgres = await startPostgres();
postgres.createDatabase('scratch');
const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, PENNYMETER_TEST_POSTGRES: postgres.url('scratch') } });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
const code = await new Promise((resolve) => {
  child.on('error', (error) => { console.error(String(error)); resolve(127); });
  child.on('exit', (status) => resolve(status ?? 1));
});
await postgres.stop();
process.exitCode = code;

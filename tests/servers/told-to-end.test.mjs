// A function that is told to end by a signal: spawn-fcgi and lighttpd end theirs so.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startProgram } from '../lib/program.mjs';
import { startServer } from '../lib/server.mjs';
import { json } from '../lib/tenant.mjs';
import { soon, until } from '../lib/until.mjs';
import { tookSignals, waitsInside } from '../lib/waiters.mjs';

let server, token;
before(async () => {
  server = await startServer();
  ({ token } = server.addTenant());
});
after(() => server.stop());

const quote = () => ({ token, body: json({ metric_name: 'quotes_generated', quantity: 1 }) });

for (const signal of ['SIGTERM', 'SIGUSR1']) {
  for (const [name, method, target] of [['usage-record', 'POST', '/api/usage/record'], ['usage', 'GET', '/api/usage/summary']]) {
    test(`${name} ends at ${signal} while it waits for a request`, async () => {
      const program = startProgram(server.data, name);
      const { status } = await program.ask(method, target, method === 'POST' ? quote() : { token });
      assert.ok(status === 200 || status === 201);
      program.kill(signal);
      assert.equal(await soon(program.ended, `${name} to end`), 0);
    });
  }

  test(`usage-record that gets ${signal} during a request answers it, and ends by itself`, async () => {
    const program = startProgram(server.data, 'usage-record');
    assert.equal((await program.ask('POST', '/api/usage/record', quote())).status, 201);
    const holder = spawn('flock', [path.join(server.data, 'pennymeter.db'), 'sh', '-c', 'echo held; read -r _'], { stdio: ['pipe', 'pipe', 'inherit'] });
    await soon(new Promise((held) => { holder.stdout.once('data', held); }), 'the lock to be held');
    let answered = false;
    const answer = program.ask('POST', '/api/usage/record', quote()).finally(() => { answered = true; });
    await until(() => waitsInside(program.pid), { what: 'usage-record to wait for the lock' });
    program.kill(signal);
    await until(() => tookSignals(program.pid) && waitsInside(program.pid), { what: `usage-record to wait on after ${signal}` });
    assert.equal(answered, false);
    holder.stdin.end();
    assert.equal((await answer).status, 201);
    assert.equal(await soon(program.ended, 'usage-record to end'), 0);
  });
}

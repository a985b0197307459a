// The tests' own waiting: it ends, says what did not come, and leaves nothing behind; a port is one process's alone.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { call } from '../lib/fastcgi.mjs';
import { repo } from '../lib/places.mjs';
import { freePort } from '../lib/ports.mjs';
import { processesIn, request } from '../lib/server.mjs';
import { soon, until } from '../lib/until.mjs';

let scratch;
before(() => { scratch = mkdtempSync(path.join(os.tmpdir(), 'pm-end-')); });
after(() => rmSync(scratch, { recursive: true, force: true }));

const lib = (name) => JSON.stringify(path.join(repo, 'tests/lib', name));
const inNode = async (text, env = {}) => (await promisify(execFile)(process.execPath, ['--input-type=module', '-e', text], { timeout: 30_000, env: { ...process.env, ...env } })).stdout;

test('what does not come is a failure that says what was waited for, by the probe\'s own text or in words', async () => {
  await assert.rejects(until(() => 'to be' === 'not to be', { ms: 50 }), /waited 50 ms, \d+ tries, for \(\) => 'to be' === 'not to be'/);
  await assert.rejects(until(() => false, { ms: 50, what: 'rain' }), /for rain$/);
  await assert.rejects(until(() => new Promise(() => {}), { ms: 50, what: 'an answer' }), /1 tries, for an answer$/);
  await assert.rejects(soon(new Promise(() => {}), 'the end', 50), /waited 50 ms for the end/);
  await assert.rejects(until(() => { throw new Error('no'); }), /^Error: no$/);
  assert.equal(await until(() => 7), 7);
  assert.equal(await soon(Promise.resolve(8), 'it'), 8);
});

test('a server that takes a request and never answers fails it, by HTTP and by FastCGI', async () => {
  const mute = net.createServer(() => {});
  await new Promise((resolve) => { mute.listen(0, '127.0.0.1', resolve); });
  const socket = path.join(scratch, 'mute.sock'), muteFunction = net.createServer(() => {});
  await new Promise((resolve) => { muteFunction.listen(socket, resolve); });
  const text = `import { request } from ${lib('server.mjs')}; import { call } from ${lib('fastcgi.mjs')};
    const said = (e) => console.log(e.message);
    await request('http://127.0.0.1:${mute.address().port}', 'GET', '/x').catch(said);
    await call(${JSON.stringify(socket)}, { REQUEST_METHOD: 'GET', REQUEST_URI: '/y' }).catch(said);`;
  assert.match(await inNode(text, { PENNYMETER_TEST_PATIENCE: '100' }), /did not answer GET \/x within 200 ms\n.*mute\.sock did not answer GET \/y within 200 ms\n/);
  mute.close();
  muteFunction.close();
});

test('a file that hangs is ended with the servers that it started, and the run goes on to the next', async () => {
  const hangs = path.join(scratch, 'hangs.test.mjs'), next = path.join(scratch, 'next.test.mjs'), noted = path.join(scratch, 'noted');
  writeFileSync(hangs, `import { writeFileSync } from 'node:fs';
    import { test } from 'node:test';
    import { startServer } from ${lib('server.mjs')};
    test('hangs', async () => {
      const { data } = await startServer();
      writeFileSync(${JSON.stringify(noted)}, data);
      await new Promise(() => { setInterval(() => {}, 1000); });
    });`);
  writeFileSync(next, "import { test } from 'node:test'; test('the next one', () => {});");
  const { NODE_TEST_CONTEXT, ...env } = process.env; // a run of its own
  const child = spawn(process.execPath, ['--import', path.join(repo, 'tests/lib/watch.mjs'), '--test', '--test-concurrency=1', '--test-reporter=tap', hangs, next],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...env, PENNYMETER_TEST_SECONDS: '4' } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => { said += bytes; });
  const code = await soon(new Promise((resolve) => { child.on('close', resolve); }), 'the run to end');
  assert.equal(code, 1);
  assert.match(said, /hangs\.test\.mjs was not done after 4 s, and is ended/);
  assert.match(said, /\bok \d+ - the next one/);
  const data = readFileSync(noted, 'utf8');
  await until(() => processesIn(data).length === 0, { what: 'its server to be gone' });
  rmSync(data, { recursive: true, force: true });
});

test('ports that many processes take at a time are each one\'s alone, and nobody listens there', async () => {
  const text = `import { freePort } from ${lib('ports.mjs')};
    const ports = []; for (let i = 0; i < 100; i++) ports.push(await freePort());
    console.log(JSON.stringify(ports)); await new Promise((r) => process.stdin.on('end', r).resume());`;
  const children = Array.from({ length: 5 }, () => spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['pipe', 'pipe', 'inherit'] }));
  const lines = await soon(Promise.all(children.map(async ({ stdout }) => { for await (const bytes of stdout) return JSON.parse(bytes); return []; })), 'all ports');
  const all = lines.flat();
  assert.equal(all.length, 500);
  assert.equal(new Set(all).size, 500);
  children.forEach(({ stdin }) => stdin.end());
  const own = await freePort();
  await assert.rejects(request(`http://127.0.0.1:${own}`, 'GET', '/'), { code: 'ECONNREFUSED' });
  await assert.rejects(call(path.join(scratch, 'nobody.sock'), {}), { code: 'ENOENT' });
});

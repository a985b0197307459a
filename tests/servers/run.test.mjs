// infra/run, which `make run` calls: what it writes, says, refuses, and leaves behind.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { build, processesIn, repo, request } from '../lib/server.mjs';

const listen = (port = 0) => new Promise((resolve, reject) => {
  const listener = net.createServer((socket) => socket.destroy()).on('error', reject);
  listener.listen(port, '127.0.0.1', () => resolve(listener));
});

async function freePort() {
  const listener = await listen();
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

const running = new Set(); // a test that fails must not leave its service behind
afterEach(() => running.forEach((child) => child.kill('SIGTERM')));

/** Starts infra/run in a session of its own, as a terminal would. */
function run(data, port, env = {}) {
  const child = spawn('infra/run', [], { cwd: repo, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BUILD: build, DATA: data, PORT: String(port), ...env } });
  const self = { child, said: '', complained: '', ended: null };
  child.stdout.on('data', (text) => { self.said += text; });
  child.stderr.on('data', (text) => { self.complained += text; });
  running.add(child);
  self.ended = new Promise((resolve) => child.on('close', (code, signal) => {
    running.delete(child);
    resolve(signal ?? code);
  }));
  return self;
}

async function untilReady(run, data) {
  for (let tries = 0; tries < 600 && run.child.exitCode === null; tries++) {
    const file = path.join(data, 'run.json');
    const ready = JSON.parse(read(file) || 'null');
    if (ready && ready.url !== 'stale') return ready;
    await sleep(50);
  }
  throw new Error(`not ready: ${run.said}${run.complained}`);
}

const read = (file) => {
  try { return readFileSync(file, 'utf8'); } catch { return ''; }
};

const alive = (data) => processesIn(data).map(({ args }) => args.join(' '));

describe('infra/run', () => {
  let scratch;
  before(() => {
    scratch = mkdtempSync(path.join(os.tmpdir(), 'pm-run-'));
    chmodSync(scratch, 0o755); // as root, Apache's functions are www-data's
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  for (const server of ['lighttpd', 'apache', 'nginx']) {
    test(`serves the demo behind ${server}: the printed curl records, and Ctrl-C stops all it started`, async () => {
      const data = path.join(scratch, server);
      const started = run(data, await freePort(), { SERVER: server });
      const { url, token } = await untilReady(started, data);
      assert.match(token, /^pm_/);
      assert.deepEqual(statSync(path.join(data, 'run.json')).mode & 0o777, 0o600);
      await sleep(100);
      const [command] = /curl -X POST[^}]*}'/.exec(started.said);
      const curl = spawn('sh', ['-c', `${command} -s -o /dev/null -w '%{http_code}'`]);
      let status = '';
      for await (const text of curl.stdout) status += text;
      assert.equal(status, '201');
      assert.equal(JSON.parse((await request(url, 'GET', '/demo.json')).text).token, token);
      process.kill(-started.child.pid, 'SIGINT');
      assert.equal(await started.ended, 130);
      assert.deepEqual(alive(data), []);
      assert.ok(!existsSync(path.join(data, 'run.json')));
    });
  }

  test('removes a stale run.json, serves from a folder with spaces, starts empty with DEMO=0, and stops at SIGTERM', async () => {
    const data = path.join(scratch, 'a folder of mine');
    mkdirSync(data);
    writeFileSync(path.join(data, 'run.json'), '{"url":"stale"}');
    const started = run(data, await freePort(), { DEMO: '0' });
    const { url, token } = await untilReady(started, data);
    assert.equal(token, null);
    assert.equal((await request(url, 'GET', '/api/health')).status, 200);
    assert.deepEqual(JSON.parse((await request(url, 'GET', '/demo.json')).text), { token: null });
    await sleep(100);
    assert.match(started.said, /tenant add/);
    started.child.kill('SIGTERM');
    assert.equal(await started.ended, 143);
    assert.deepEqual(alive(data), []);
  });

  test('keeps the demo tenant and its token from one start to the next', async () => {
    const data = path.join(scratch, 'twice');
    const tokens = [];
    for (let i = 0; i < 2; i++) {
      const started = run(data, await freePort());
      tokens.push((await untilReady(started, data)).token);
      started.child.kill('SIGTERM');
      await started.ended;
    }
    assert.equal(tokens[0], tokens[1]);
  });

  test('stops at SIGINT even when started by a script with "&", which ignores it', async () => {
    const data = path.join(scratch, 'background');
    const port = await freePort();
    const script = spawn('sh', ['-c', 'infra/run >/dev/null & echo $!; wait'], { cwd: repo,
      env: { ...process.env, BUILD: build, DATA: data, PORT: String(port), DEMO: '0' } });
    const pid = Number(String(await new Promise((resolve) => script.stdout.once('data', resolve))));
    const ended = new Promise((resolve) => script.on('close', resolve));
    await untilReady({ child: script, said: '', complained: '' }, data);
    process.kill(pid, 'SIGINT');
    await ended;
    assert.deepEqual(alive(data), []);
  });

  test('says that the port is taken, and starts nothing', async () => {
    const listener = await listen();
    const { port } = listener.address();
    const data = path.join(scratch, 'taken');
    const started = run(data, port);
    assert.equal(await started.ended, 1);
    assert.match(started.complained, new RegExp(`port ${port} is taken`));
    assert.ok(!existsSync(path.join(data, 'run.json')));
    listener.close();
  });

  test('refuses a data folder that is being served already, and leaves that service alone', async () => {
    const data = path.join(scratch, 'shared');
    const first = run(data, await freePort(), { DEMO: '0' });
    const { url } = await untilReady(first, data);
    const second = run(data, await freePort(), { DEMO: '0' });
    assert.equal(await second.ended, 1);
    assert.match(second.complained, /is being served already/);
    assert.equal((await request(url, 'GET', '/api/health')).status, 200);
    assert.equal(JSON.parse(read(path.join(data, 'run.json'))).url, url);
    first.child.kill('SIGTERM');
    assert.equal(await first.ended, 143);
  });

  test('refuses a port or server that is none', async () => {
    for (const env of [{ PORT: '80a' }, { PORT: '123456' }, { SERVER: 'iis' }]) {
      const started = run(path.join(scratch, 'refused'), 8080, env);
      assert.equal(await started.ended, 1);
      assert.match(started.complained, /^run: (PORT|SERVER) must be/);
    }
  });
});

test('infra/setup does nothing, and says nothing, when all is there', async () => {
  const child = spawn('infra/setup', ['run'], { cwd: repo, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { said += text; });
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(said, '');
  assert.equal(code, 0);
});

// infra/run, which `make run` calls: what it writes, says, refuses, and leaves behind.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { compiled } from '../lib/compile.mjs';
import { freePort } from '../lib/ports.mjs';
import { endRuns, startRun, untilServes } from '../lib/runs.mjs';
import { build, processesIn, repo, request } from '../lib/server.mjs';
import { soon, until } from '../lib/until.mjs';

const listen = (port) => new Promise((resolve, reject) => {
  const listener = net.createServer((socket) => socket.destroy()).on('error', reject);
  listener.listen(port, '127.0.0.1', () => resolve(listener));
});

afterEach(endRuns);

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
      const started = startRun(data, await freePort(), { SERVER: server });
      const { url, token } = await untilServes(started, data);
      assert.match(token, /^pm_/);
      assert.deepEqual(statSync(path.join(data, 'run.json')).mode & 0o777, 0o600);
      const [command] = /curl -X POST[^}]*}'/.exec(started.said);
      const curl = spawn('sh', ['-c', `${command} -s -o /dev/null -w '%{http_code}'`]);
      let status = '';
      for await (const text of curl.stdout) status += text;
      assert.equal(status, '201');
      assert.equal(JSON.parse((await request(url, 'GET', '/demo.json')).text).token, token);
      process.kill(-started.child.pid, 'SIGINT');
      assert.equal(await soon(started.ended, 'infra/run to end'), 0, 'the end was asked for');
      assert.deepEqual(alive(data), []);
      assert.ok(!existsSync(path.join(data, 'run.json')));
    });
  }

  test('removes a stale run.json, serves from a folder with spaces, starts empty with DEMO=0, and stops at SIGTERM', async () => {
    const data = path.join(scratch, 'a folder of mine');
    mkdirSync(data);
    writeFileSync(path.join(data, 'run.json'), '{"url":"stale"}');
    const started = startRun(data, await freePort(), { DEMO: '0' });
    const { url, token } = await untilServes(started, data);
    assert.equal(token, null);
    assert.equal((await request(url, 'GET', '/api/health')).status, 200);
    assert.deepEqual(JSON.parse((await request(url, 'GET', '/demo.json')).text), { token: null });
    assert.match(started.said, /tenant add/);
    started.child.kill('SIGTERM');
    assert.equal(await soon(started.ended, 'infra/run to end'), 143);
    assert.deepEqual(alive(data), []);
  });

  test('says which tenants there are when it is started again with DEMO=0, and not that there is none', async () => {
    const data = path.join(scratch, 'again');
    for (const [DEMO, said] of [['0', /There is no tenant yet\./], ['1', /Token +pm_/], ['0', /These tenants are there:\n\n +\d+ +Acme Boxes .*\n\n[^]*token add --tenant N/]]) {
      const started = startRun(data, await freePort(), { DEMO });
      await untilServes(started, data);
      assert.match(started.said, said);
      assert.equal(/no tenant yet/.test(started.said), said.source.startsWith('There'));
      started.child.kill('SIGTERM');
      await soon(started.ended, 'infra/run to end');
    }
  });

  for (const server of ['lighttpd', 'apache', 'nginx']) {
    test(`hands the demo token to nobody where other machines can ask, behind ${server}: it comes with the address that is printed`, async () => {
      const data = path.join(scratch, `open-${server}`), started = startRun(data, await freePort(), { HOST: '0.0.0.0', SERVER: server });
      const { url, token } = await untilServes(started, data);
      assert.match(token, /^pm_/);
      assert.deepEqual(JSON.parse((await request(url, 'GET', '/demo.json')).text), { token: null });
      assert.ok(started.said.includes(`${url}/usage#token=${token}`), started.said);
      assert.match(started.complained, /hands out no token, as 0\.0\.0\.0 can be reached/);
      started.child.kill('SIGTERM');
      await soon(started.ended, 'infra/run to end');
    });
  }

  test('Ctrl-C ends `make run` without a complaint, and doctor finds nothing bad, neither while it serves nor after', async () => {
    const data = path.join(scratch, 'made'), port = await freePort();
    const make = spawn('make', ['run', `DATA=${data}`, `PORT=${port}`, 'DEMO=0'], { cwd: repo, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, MAKEFLAGS: '', MAKELEVEL: '', BUILD: build } });
    const doctor = () => spawnSync(path.join(build, 'bin/pennymeter'), ['doctor'], { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: data } });
    const started = { child: make, said: '' };
    let complained = '';
    make.stdout.on('data', (text) => { started.said += text; });
    make.stderr.on('data', (text) => { complained += text; });
    const ended = new Promise((resolve) => { make.on('close', resolve); });
    try {
      await untilServes(started, data);
      const add = /PENNYMETER_DATA=.* tenant add .*/.exec(started.said)[0];
      const added = spawnSync('sh', ['-ec', add], { encoding: 'utf8', cwd: repo });
      assert.match(added.stdout, new RegExp(`^Its page: +http://127\\.0\\.0\\.1:${port}/usage#token=pm_\\w+$`, 'm'), added.stderr);
      const served = doctor();
      assert.deepEqual([served.status, /BAD/.test(served.stdout)], [0, false], served.stdout);
    } finally {
      process.kill(-make.pid, 'SIGINT'); // as a terminal does, to make as well
      await soon(ended, 'make run to end');
    }
    assert.equal(complained, '');
    assert.deepEqual(alive(data), []);
    const after = doctor();
    assert.deepEqual([after.status, /BAD/.test(after.stdout)], [0, false], after.stdout);
  });

  test('keeps the demo tenant and its token from one start to the next', async () => {
    const data = path.join(scratch, 'twice');
    const tokens = [];
    for (let i = 0; i < 2; i++) {
      const started = startRun(data, await freePort());
      tokens.push((await untilServes(started, data)).token);
      started.child.kill('SIGTERM');
      await soon(started.ended, 'infra/run to end');
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
    await untilServes({ child: script }, data);
    process.kill(pid, 'SIGINT');
    await soon(ended, 'infra/run to end');
    assert.deepEqual(alive(data), []);
  });

  test('says that the port is taken, and starts nothing', async () => {
    const port = await freePort(), listener = await listen(port);
    const data = path.join(scratch, 'taken');
    const started = startRun(data, port);
    assert.equal(await soon(started.ended, 'infra/run to end'), 1);
    assert.match(started.complained, new RegExp(`port ${port} is taken`));
    assert.ok(!existsSync(path.join(data, 'run.json')));
    listener.close();
  });

  test('refuses a data folder that is being served already, and leaves that service alone', async () => {
    const data = path.join(scratch, 'shared');
    const first = startRun(data, await freePort(), { DEMO: '0' });
    const { url } = await untilServes(first, data);
    const second = startRun(data, await freePort(), { DEMO: '0' });
    assert.equal(await soon(second.ended, 'infra/run to end'), 1);
    assert.match(second.complained, /is being served already/);
    assert.equal((await request(url, 'GET', '/api/health')).status, 200);
    assert.equal(JSON.parse(read(path.join(data, 'run.json'))).url, url);
    first.child.kill('SIGTERM');
    assert.equal(await soon(first.ended, 'infra/run to end'), 143);
  });

  test('refuses a port or server that is none', async () => {
    for (const env of [{ PORT: '80a' }, { PORT: '123456' }, { SERVER: 'iis' }]) {
      const started = startRun(path.join(scratch, 'refused'), 8080, env);
      assert.equal(await soon(started.ended, 'infra/run to end'), 1);
      assert.match(started.complained, /^run: (PORT|SERVER) must be/);
    }
  });
});

test('infra/setup does nothing, and says nothing, when all is there', async () => {
  const child = spawn('infra/setup', ['run'], { cwd: repo, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { said += text; });
  const code = await soon(new Promise((resolve) => { child.on('close', resolve); }), 'infra/setup to end');
  assert.equal(said, '');
  assert.equal(code, 0);
});

// apt-get is the real one, in a root of its own where curl stands as installed; of infra/setup a copy, which misses curl.
describe('infra/setup, while somebody else has the package manager', () => {
  let place;
  const at = (...names) => path.join(place, ...names);
  before(() => {
    place = mkdtempSync(path.join(os.tmpdir(), 'pm-setup-'));
    for (const folder of ['state/lists/partial', 'cache/archives/partial', 'dpkg', 'etc/parts', 'infra', 'node_modules', 'bin']) mkdirSync(at(folder), { recursive: true });
    writeFileSync(at('dpkg/status'), 'Package: curl\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nMaintainer: nobody\nDescription: none\n\n');
    writeFileSync(at('etc/sources'), '');
    writeFileSync(at('apt.conf'), `Dir::State "${at('state')}"; Dir::State::status "${at('dpkg/status')}"; Dir::Cache "${at('cache')}";
Dir::Etc::sourcelist "${at('etc/sources')}"; Dir::Etc::sourceparts "${at('etc/parts')}"; Dir::Log "${at('state')}";\n`);
    writeFileSync(at('infra/setup'), readFileSync(path.join(repo, 'infra/setup'), 'utf8')
      .replace('command curl', 'command no-such-command').replace('policy=/usr/sbin', `policy=${at('etc')}`).replace('clusters=/etc', `clusters=${at('etc')}`), { mode: 0o755 });
    for (const file of ['package-lock.json', 'node_modules/.package-lock.json']) writeFileSync(at(file), '{}');
    writeFileSync(at('bin/sudo'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 }); // nothing outside our folder is touched
  });
  after(() => rmSync(place, { recursive: true, force: true }));

  for (const [lock, word] of [['state/lists/lock', /setup: waits up to 5 minutes for the lock .*lists\/lock.*held by process/], ['dpkg/lock-frontend', /Waiting for cache lock: .*lock-frontend/]]) {
    test(`it waits for ${lock}, says so, and goes on when it is free`, async () => {
      const holder = spawn(compiled('tests/lib/hold.c'), [at(lock)], { stdio: ['pipe', 'pipe', 'inherit'] });
      const released = new Promise((resolve) => { holder.on('close', resolve); });
      await soon(new Promise((resolve) => { holder.stdout.once('data', resolve); }), 'the lock to be held');
      const child = spawn(at('infra/setup'), ['run'], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH: `${at('bin')}:${process.env.PATH}`, APT_CONFIG: at('apt.conf') } });
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { said += text; });
      const ended = new Promise((resolve) => { child.on('close', resolve); });
      try {
        await until(() => { assert.equal(child.exitCode, null, said); return word.test(said); }, { what: `setup to say that it waits for ${lock}` });
      } finally {
        holder.stdin.end();
        await soon(released, 'the lock to be released');
      }
      assert.equal(await soon(ended, 'infra/setup to end'), 0, said);
      assert.match(said, /curl is already the newest version/);
    });
  }

  test('where Node.js, or what comes by npm, cannot be had, `make run` goes without, and is told so; `make test` does not', () => {
    const setup = (name, change, group) => {
      writeFileSync(at(`infra/${name}`), change(readFileSync(at('infra/setup'), 'utf8')), { mode: 0o755 });
      return spawnSync(at(`infra/${name}`), [group], { encoding: 'utf8', timeout: 30_000, env: { ...process.env, PATH: `${at('bin')}:${process.env.PATH}`, APT_CONFIG: at('apt.conf') } });
    };
    const noNode = (text) => text.replace('command node\n', 'command no-such-command\n').replace('command no-such-command', 'command sh'); // and curl is there
    const without = setup('without-node', noNode, 'run');
    assert.match(without.stderr, /Unable to locate package nodejs[^]*setup: the pages are served as they are written, and without charts: there is no Node\.js\n$/);
    assert.equal(without.status, 0);
    assert.equal(setup('without-node', noNode, 'test').status, 100);

    writeFileSync(at('bin/npm'), '#!/bin/sh\nmkdir -p node_modules/esbuild\nexit 1\n', { mode: 0o755 });
    rmSync(at('node_modules/.package-lock.json'));
    const failed = setup('without-npm', (text) => text.replace('command no-such-command', 'command sh'), 'run');
    assert.match(failed.stderr, /setup: the pages are served as they are written, and without charts: npm cannot install what package-lock\.json names\n$/);
    assert.equal(failed.status, 0);
    assert.ok(!existsSync(at('node_modules')), 'half of it is worse than nothing');
    rmSync(at('bin/npm'));
    mkdirSync(at('node_modules'));
    writeFileSync(at('node_modules/.package-lock.json'), '{}');
  });

  test('what it cannot wait for ends it at once, with the reason', async () => {
    writeFileSync(at('etc/sources'), 'nonsense\n');
    const r = spawnSync(at('infra/setup'), ['run'], { encoding: 'utf8', timeout: 30_000, env: { ...process.env, PATH: `${at('bin')}:${process.env.PATH}`, APT_CONFIG: at('apt.conf') } });
    assert.equal(r.status, 100);
    assert.match(r.stderr, /E: Malformed (line|entry) 1/);
  });
});

// pennymeter launch: functions start when they are asked for, are started anew, give way to new programs, and end.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launch, makeInstallation, startLauncher } from '../lib/launcher.mjs';
import { build, processesIn } from '../lib/server.mjs';
import { inParallel, isProblem, json, until } from '../lib/tenant.mjs';
import { soon as inTime } from '../lib/until.mjs';

const program = (name) => path.join(build, `fn/${name}.fcgi`);
const quote = () => ({ body: json({ metric_name: 'quotes_generated', quantity: 1 }) });
const timesRun = (pid) => Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const soon = (probe) => until(probe, { ms: 5000 });

let open = [];
afterEach(async () => {
  for (const { stop, remove } of open.reverse()) {
    await stop?.();
    remove();
  }
  open = [];
});

async function start(options) {
  const launcher = await startLauncher(options);
  open.push(launcher);
  return launcher;
}

function installation() {
  const made = makeInstallation();
  open.push(made);
  return made;
}

for (const server of ['lighttpd', 'nginx']) {
  describe(`pennymeter launch, ${server}`, () => {
    test('starts a function at its first request, and no other', async () => {
      const l = await start({ server });
      assert.deepEqual(l.pids(), []);
      assert.equal((await l.get('summary')).status, 200);
      assert.equal(l.pids().length, 1);
      assert.equal(l.pids('usage').length, 1);
    });

    test('starts more while requests wait, as many as it may, and loses none of a burst on a cold function', async () => {
      const l = await start({ server, args: ['--procs', '2', '--writers', '6'] });
      const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => (i % 2 ? l.get('current-period') : l.request('POST', '/api/usage/record', quote()))));
      assert.deepEqual([...new Set(answers.map(({ status }) => status))].sort(), [200, 201]);
      await inParallel(32, Array.from({ length: 2000 }), async () => assert.equal((await l.request('POST', '/api/usage/record', quote())).status, 201));
      assert.ok(l.pids('usage-record').length > 1);
      assert.ok(l.pids('usage-record').length <= 6 && l.pids('usage').length <= 2);
    });

    test('hands all records of one client to the same one of several writers', async () => {
      const l = await start({ server, args: ['--writers', '4'] });
      const record = async () => assert.equal((await l.request('POST', '/api/usage/record', quote())).status, 201);
      await inParallel(32, Array.from({ length: 2000 }), record);
      const pids = l.pids('usage-record'), before = pids.map(timesRun);
      assert.ok(pids.length > 1);
      for (let i = 0; i < 100; i++) {
        await record();
        await sleep(5); // it is in its place again: else the next one is given what comes at once
      }
      const [most, ...others] = pids.map((pid, i) => timesRun(pid) - before[i]).sort((a, b) => b - a);
      assert.ok(most >= 100 && others.every((times) => times < most / 4), `they ran ${most}, ${others} times`);
    });

    test('starts a function that was killed anew: the next request is answered', async () => {
      const l = await start({ server });
      for (let i = 0; i < 5; i++) {
        assert.equal((await l.get('summary')).status, 200);
        const [pid] = l.pids('usage');
        process.kill(pid, 'SIGKILL');
        await soon(() => !l.pids().includes(pid));
      }
      assert.equal((await l.get('summary')).status, 200);
      assert.match(l.launched.complained, /usage was ended by signal 9/);
    });

    test('answers 503 for a program that cannot start, says why, does not spin, and runs what replaces it', async () => {
      const l = await start({ server });
      l.replace('usage', '#!/bin/sh\necho "no such library" >&2\nexit 127\n');
      const began = Date.now();
      for (let asked = 0; Date.now() - began < 2000; asked++) {
        const sent = Date.now(), answer = await l.get('summary');
        isProblem(answer, 503, { code: 'not-started' });
        assert.equal(answer.headers['retry-after'], '1');
        assert.ok(Date.now() - sent < 1000);
        await sleep(10);
      }
      const tries = l.launched.complained.split('no such library').length - 1;
      assert.ok(tries >= 3 && tries <= 10, `${tries} tries`);
      assert.match(l.launched.complained, /usage ended with code 127[^]*usage fails to start/);
      assert.equal((await l.request('GET', '/api/customers')).status, 200);
      l.replace('usage', program('usage'));
      await soon(async () => (await l.get('summary')).status === 200);
    });

    test('runs a program that replaced another, or after SIGHUP, without a failed request', async () => {
      const l = await start({ server, args: ['--procs', '2'] });
      const seen = new Set(), failures = [];
      let busy = true, answered = 0;
      const client = async (n) => {
        while (busy) {
          const answer = await (n % 2 ? l.get('current-period') : l.request('POST', '/api/usage/record', quote())).catch((error) => ({ status: 0, text: String(error) }));
          if (answer.status !== (n % 2 ? 200 : 201)) failures.push(`${answer.status} ${answer.text}`);
          answered++;
        }
      };
      const clients = Array.from({ length: 8 }, (_, n) => client(n));
      for (let i = 0; i < 20; i++) {
        await sleep(100);
        l.pids().forEach((pid) => seen.add(pid));
        if (i % 5 === 4) process.kill(l.pid, 'SIGHUP');
        else for (const name of ['usage-record', 'usage']) l.replace(name, program(name));
      }
      busy = false;
      await Promise.all(clients);
      assert.deepEqual(failures, []);
      assert.ok(answered > 100 && seen.size >= 10, `${answered} answers, ${seen.size} processes`);
      await soon(() => l.pids().length <= 4);
    });

    test('SIGTERM ends everything and leaves no socket; what was answered holds', async () => {
      const l = await start({ server, args: ['--json', '--procs', '2'] });
      await inParallel(8, Array.from({ length: 100 }), () => l.request('POST', '/api/usage/record', quote()));
      assert.equal((await l.get('summary')).status, 200);
      const began = Date.now();
      assert.equal(await l.stop(), 0);
      assert.ok(Date.now() - began < 3000);
      assert.deepEqual(processesIn(l.data), []);
      assert.deepEqual(readdirSync(l.run), []);
      const { functions, started, failed } = JSON.parse(l.launched.said);
      assert.ok(functions >= 10 && started >= 2);
      assert.equal(failed, 0);
    });

    test('killed outright it takes all with it, and the next one starts over its sockets', async () => {
      const l = await start({ server });
      assert.equal((await l.get('summary')).status, 200);
      assert.equal(await l.stop('SIGKILL'), 'SIGKILL');
      await soon(() => processesIn(l.data).length === 0);
      assert.ok(readdirSync(l.run).includes('usage.sock'));
      open = [];
      const again = await start({ server, at: l.at });
      assert.equal((await again.get('summary')).status, 200);
    });

    test('--all: one program answers everything', async () => {
      const l = await start({ server, all: true });
      for (const name of ['summary', 'current-period', 'metrics']) assert.equal((await l.get(name)).status, 200);
      assert.equal(l.pids().length, l.pids('pennymeter-all').length);
    });
  });
}

test('launch starts what had most to do the last time before it is asked for, and nothing else', async () => {
  const l = await start();
  for (let i = 0; i < 30; i++) assert.equal((await l.get('stats')).status, 200);
  assert.equal((await l.request('GET', '/api/customers')).status, 200);
  assert.equal(await l.stop(), 0);
  open = [];
  const again = await start({ at: l.at });
  await soon(() => again.pids().length > 0);
  assert.equal(again.pids('usage').length, again.pids().length);
});

for (const [what, remembered] of [['a function that is no more', 'usage-gone\n'], ['bytes', Buffer.alloc(5000, 0xff)], ['nothing', '']]) {
  test(`launch starts nothing before it is asked for where what it remembers is ${what}`, async () => {
    const at = installation();
    writeFileSync(path.join(at.data, 'launch.busiest'), remembered);
    const l = await start({ at });
    assert.deepEqual(l.pids(), []);
    assert.equal((await l.get('summary')).status, 200);
    assert.equal(l.pids('usage').length, l.pids().length);
  });
}

test('launch ends the processes of a function that did nothing for as long as --idle says', async () => {
  const l = await start({ args: ['--idle', '1'] });
  assert.equal((await l.request('GET', '/api/customers')).status, 200);
  assert.equal((await l.get('metrics')).status, 200);
  const busy = setInterval(() => l.get('metrics'), 100), kept = l.pids('usage');
  await soon(() => l.pids('customers').length === 0);
  assert.deepEqual(l.pids('usage'), kept);
  clearInterval(busy);
  assert.equal((await l.request('GET', '/api/customers')).status, 200);
});

test('launch leaves all that was recorded in the one file, with no log beside it to read', async () => {
  const l = await start(), log = path.join(l.data, 'pennymeter.db-wal');
  assert.equal((await l.request('POST', '/api/usage/record', { body: '{"metric_name":"api_calls","quantity":3}' })).status, 201);
  assert.ok(statSync(log).size > 0);
  await l.stop();
  assert.equal(existsSync(log) ? statSync(log).size : 0, 0);
  const alone = path.join(l.data, 'alone.db');
  copyFileSync(path.join(l.data, 'pennymeter.db'), alone);
  assert.equal(execFileSync('sqlite3', [alone, 'SELECT SUM(quantity) FROM usage_events'], { encoding: 'utf8' }).trim(), '3000000');
});

test('launch ends when its web server does, and says so', async () => {
  const at = installation(), launched = launch(at, [], ['sh', '-c', 'exit 3']);
  assert.equal(await launched.ended, 1);
  assert.match(launched.complained, /the web server ended with code 3 by itself/);
  assert.deepEqual(readdirSync(at.run), []);
});

test('launch without a web server waits for one, and opens its sockets to a group if told to', async () => {
  const at = installation(), launched = launch(at), socket = path.join(at.run, 'health.sock');
  await soon(() => launched.said);
  assert.equal(launched.said, `${readdirSync(at.run).length} functions wait in ${at.run}.\n`);
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  launched.child.kill('SIGINT');
  assert.equal(await launched.ended, 0);
  assert.ok(!existsSync(socket));
  const shared = launch(at, ['--group', 'root']);
  await soon(() => shared.said);
  assert.equal(statSync(socket).mode & 0o777, 0o660);
  shared.child.kill('SIGTERM');
  assert.equal(await shared.ended, 0);
});

const allow = (pid, files) => execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${files}:20000`]);
const ticks = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ').slice(11, 13).reduce((sum, n) => sum + Number(n), 0);

test('launch ends, and says why, where it may open fewer files than there are functions', async () => {
  const at = installation(), launched = launch(at);
  await until(() => launched.said, { what: 'the launcher to be ready' });
  allow(launched.child.pid, 10);
  launched.child.kill('SIGHUP'); // it looks again
  assert.equal(await inTime(launched.ended, 'the launcher to end'), 1);
  assert.match(launched.complained, /RLIMIT_NOFILE: only 10 files may be open/);
});

test('launch takes no processor where it has no file left to refuse a connection with', async () => {
  const at = installation();
  const broken = path.join(at.root, 'usage.fcgi');
  unlinkSync(broken);
  writeFileSync(broken, '#!/bin/false\n', { mode: 0o755 });
  const launched = launch(at);
  await until(() => launched.said, { what: 'the launcher to be ready' });
  allow(launched.child.pid, readdirSync(at.run).length + 3);
  const caller = net.connect(path.join(at.run, 'usage.sock'));
  await until(() => /answered 503 for 3200 ms/.test(launched.complained), { what: 'five failures to start' });
  const before = ticks(launched.child.pid);
  await sleep(2000);
  const used = ticks(launched.child.pid) - before;
  caller.destroy();
  launched.child.kill('SIGTERM');
  await inTime(launched.ended, 'the launcher to end');
  assert.ok(used < 10, `${used} ticks in 2 s`);
});

test('launch refuses a folder that another one holds, and leaves that one alone', async () => {
  const l = await start();
  const second = launch(l.at);
  assert.equal(await second.ended, 1);
  assert.match(second.complained, /another `pennymeter launch` has its sockets here/);
  assert.equal((await l.get('summary')).status, 200);
});

test('launch refuses what cannot work, naming it', async () => {
  const at = installation(), long = path.join(at.data, 'x'.repeat(100)), bare = mkdtempSync(path.join(os.tmpdir(), 'pm-launch-'));
  open.push({ remove: () => rmSync(bare, { recursive: true }) });
  mkdirSync(long);
  unlinkSync(path.join(at.root, 'usage.fcgi'));
  const cases = [
    [1, ['--run', long], /x\.?.*\.sock: is too long for a socket, by \d+ bytes/],
    [1, [], /usage\.fcgi: No such file/],
    [2, ['--root', path.join(bare, 'none')], /--root: .*none: No such file/],
    [1, ['--run', path.join(bare, 'none/run')], /cannot be made/],
    [2, ['--group', 'no-such-group'], /--group: there is no group/],
    [2, ['--procs', '0'], /--procs: must be a number from 1/],
    [2, ['--procs', '1001'], /at most 1000/],
  ];
  for (const [code, args, why] of cases) {
    const { root, run, data } = at, given = (name, value) => (args.includes(name) ? [] : [name, value]);
    const launched = launch({ root: undefined, run: undefined, data }, [...given('--root', root), ...given('--run', run), ...args]);
    assert.equal(await launched.ended, code, args.join(' '));
    assert.match(launched.complained, why);
  }
  const unknown = launch(at, ['--threads', '4']);
  assert.equal(await unknown.ended, 2);
});

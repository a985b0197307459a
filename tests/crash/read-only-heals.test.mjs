// A function records nothing while the database or its log cannot be written, says so, reads meanwhile, and records as soon as it
// can. To make a file that even root cannot write takes root, and a file system that knows such files.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { cgi } from '../lib/cgi.mjs';
import { makeInstallation } from '../lib/launcher.mjs';
import { asRoot } from '../lib/neighbour.mjs';
import { startProgram } from '../lib/program.mjs';

const immutable = (file, on) => spawnSync('chattr', [on ? '+i' : '-i', file]).status === 0;

function cannot() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pm-immutable-')), file = path.join(folder, 'file');
  writeFileSync(file, '');
  const can = immutable(file, true) && immutable(file, false);
  rmSync(folder, { recursive: true });
  return can ? false : 'no file can be made immutable here';
}

const body = JSON.stringify({ metric_name: 'api_calls', quantity: 1 });
const record = (data, token) => cgi(data, 'pennymeter-all', 'POST', '/api/usage/record', { token, body });

/** What a program says while its files cannot be written. Of the first refusal it may not know itself what came of it. */
async function onlyReads(program, token, recorded) {
  for (let i = 0; i < 3; i++) {
    const refused = await program.ask('POST', '/api/usage/record', { token, body });
    assert.equal(refused.status, 503, refused.text);
    assert.ok(i === 0 || JSON.parse(refused.text).code === 'store-unavailable', refused.text);
    const summary = await program.ask('GET', '/api/usage/summary', { token });
    assert.equal(summary.status, 200, 'reading goes on');
    assert.equal(Number(JSON.parse(summary.text).metrics.find((m) => m.metric_name === 'api_calls').total_quantity), recorded, 'of what was recorded last, too');
    assert.equal((await program.ask('GET', '/api/health')).status, 200);
  }
}

describe('a function that opened what cannot be written reads, and records once it can:', { skip: cannot() }, () => {
  for (const end of ['', '-wal']) {
    test(`pennymeter.db${end}`, { timeout: 30_000 }, async () => {
      const { data, token, remove } = makeInstallation(), file = path.join(data, `pennymeter.db${end}`);
      assert.equal(record(data, token).status, 201);
      const program = startProgram(data, 'pennymeter-all');
      try {
        if (end) assert.equal((await program.ask('POST', '/api/usage/record', { token, body })).status, 201);
        assert.ok(immutable(file, true));
        await onlyReads(program, token, end ? 2 : 1);
        assert.match(record(data, token).stderr, new RegExp(`${file} can only be read: look at its mode and owner`));
        assert.ok(immutable(file, false));
        const taken = await program.ask('POST', '/api/usage/record', { token, body });
        assert.equal(taken.status, 201, taken.text);
      } finally {
        immutable(file, false);
        await program.stop();
        remove();
      }
    });
  }
});

/** Files that are made while a log is brought back, and are nobody's afterwards. */
const copies = (data) => readdirSync(data).filter((name) => name.endsWith('.part'));

test('a log that cannot be brought back leaves no copy of it, and comes back later', { timeout: 30_000 }, async () => {
  const { data, token, remove } = makeInstallation(), log = path.join(data, 'pennymeter.db-wal');
  const programs = ['first', 'second'].map(() => startProgram(data, 'pennymeter-all')); // of which one keeps it
  try {
    for (const program of programs) assert.equal((await program.ask('POST', '/api/usage/record', { token, body })).status, 201);
    rmSync(log);
    writeFileSync(log, '');
    const inTheWay = `${log}.orphan-${statSync(log).ino}`;
    mkdirSync(inTheWay); // what lies in its place cannot be put aside
    const refused = await programs[0].ask('POST', '/api/usage/record', { token, body });
    assert.equal(refused.status, 503, refused.text);
    assert.deepEqual(copies(data), []);
    rmSync(inTheWay, { recursive: true });
    assert.equal((await programs[0].ask('POST', '/api/usage/record', { token, body })).status, 201);
    assert.deepEqual(copies(data), []);
  } finally {
    for (const program of programs) await program.stop();
    remove();
  }
});

test('a copy that a killed process left behind is removed by who looks at the files next', () => {
  const { data, token, remove } = makeInstallation();
  try {
    for (const end of ['', '-wal']) writeFileSync(path.join(data, `pennymeter.db${end}.part`), 'half');
    rmSync(path.join(data, 'pennymeter.db-shm'));
    assert.equal(record(data, token).status, 201);
    assert.deepEqual(copies(data), []);
  } finally {
    remove();
  }
});

test('a data folder that is mounted read-only is read', { skip: asRoot ? false : 'ONLY ROOT can mount: run this as root', timeout: 30_000 }, async () => {
  const { data, token, remove } = makeInstallation();
  const mounted = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"';
  const program = startProgram(data, 'pennymeter-all', { under: ['/usr/bin/unshare', '-m', 'sh', '-c', mounted, 'sh', data] });
  try {
    for (let i = 1; i < 3; i++) {
      assert.equal(record(data, token).status, 201);
      await onlyReads(program, token, i);
    }
  } finally {
    await program.stop();
    remove();
  }
});

test('a log that cannot even be read is named as the cause, for what was recorded last lies in it', { timeout: 30_000 }, () => {
  const { data, token, remove } = makeInstallation(), log = path.join(data, 'pennymeter.db-wal');
  const before = record(data, token);
  assert.equal(before.status, 201);
  try {
    if (asRoot) { // whom no mode keeps out
      rmSync(log);
      mkdirSync(log);
    } else {
      chmodSync(log, 0);
    }
    for (let i = 0; i < 2; i++) {
      const refused = record(data, token);
      assert.deepEqual([refused.status, refused.json.code], [503, 'store-unavailable']);
      assert.match(refused.stderr, new RegExp(`${log}: the log cannot be read`));
    }
  } finally {
    remove();
  }
});

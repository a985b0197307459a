// `doctor` says what is wrong with an installation, and what to do; what is fine it leaves in peace.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { build } from '../lib/places.mjs';

const program = path.join(build, 'bin/pennymeter');
let data;

const pennymeter = (...args) => spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: data } });

/** Its findings by what they are about, and its exit code. */
function doctor() {
  const r = pennymeter('doctor', '--json');
  const { findings, ok } = JSON.parse(r.stdout);
  assert.equal(ok, r.status === 0);
  return { code: r.status, of: (what) => findings.filter((f) => f.what === what).at(-1), bad: findings.filter((f) => !f.ok).map((f) => f.what) };
}

describe('doctor', () => {
  beforeEach(() => {
    data = mkdtempSync(path.join(os.tmpdir(), 'pm-doctor-'));
    assert.equal(pennymeter('init').status, 0);
    for (const name of readdirSync(data)) chmodSync(path.join(data, name), 0o600);
  });
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  test('finds nothing wrong where nothing is', () => {
    const { code, bad, of } = doctor();
    assert.deepEqual([code, bad], [0, []]);
    assert.ok(of('checksums').ok && of('write').ok && of('disk').ok);
  });

  for (const mode of [0o750, 0o701, 0o755, 0o770]) {
    test(`sees a folder of mode 0${mode.toString(8)}`, () => {
      chmodSync(data, mode);
      const { code, of } = doctor();
      assert.deepEqual([code, of('data folder').ok], [1, false]);
      assert.match(of('data folder').detail, /chmod 0700/);
      chmodSync(path.join(data, 'pennymeter.conf'), 0o644);
      chmodSync(data, mode);
      assert.equal(doctor().of('files').ok, false, 'in a folder that is open a file that is open is bad');
    });
  }

  for (const name of ['pennymeter.db', 'pennymeter.conf', 'pennymeter.db-wal']) {
    test(`sees that the mode of ${name} lets others read`, () => {
      chmodSync(path.join(data, name), 0o640);
      const { of } = doctor();
      assert.equal(of('files').warning, true, 'the folder is closed still');
      assert.ok(of('files').detail.includes(name), of('files').detail);
    });
  }

  test('sees a store that nothing can be written to', () => {
    const r = spawnSync('sh', ['-c', `trap '' XFSZ; ulimit -f 0; exec ${program} doctor --json`], { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: data } });
    assert.equal(r.status, 1);
    assert.match(r.stdout + r.stderr, /cannot be written|cannot be opened|nothing can be written|cannot open/);
  });

  test('sees who holds the store', async () => {
    const lock = existsSync(path.join(data, 'pennymeter.db.lock')) ? 'pennymeter.db.lock' : 'pennymeter.db';
    const holder = spawn('flock', [path.join(data, lock), 'sh', '-c', 'echo held; read -r _'], { stdio: ['pipe', 'pipe', 'ignore'] });
    await new Promise((held) => { holder.stdout.once('data', held); });
    try {
      const { code, of, bad } = doctor();
      assert.equal(code, 1);
      assert.match((of('write') ?? of('database')).detail, /held by|holds/, bad.join());
    } finally {
      holder.stdin.end();
    }
  });

  test('tells how old the last backup is, and warns when there is none or it is older than a week', () => {
    assert.ok(doctor().of('backup').warning);
    const file = path.join(data, 'copy.db');
    assert.equal(pennymeter('backup', file).status, 0);
    const made = doctor().of('backup');
    assert.deepEqual([made.ok, made.warning], [true, undefined]);
    assert.match(made.detail, /0 days old.*copy\.db/);
    writeFileSync(path.join(data, 'last-backup'), `${(Date.now() - 8 * 86_400_000) * 1000} /backups/old.db\n`, { mode: 0o600 });
    const old = doctor();
    assert.deepEqual([old.code, old.of('backup').warning], [0, true]);
    assert.match(old.of('backup').detail, /8 days old/);
  });

  test('names what a broken backup, restore or move has left', () => {
    for (const name of ['pennymeter.db.moved', 'x.db.part.77', 'pennymeter.db.restore.77']) {
      writeFileSync(path.join(data, name), '', { mode: 0o600 });
      const { code, of } = doctor();
      assert.deepEqual([code, of('left over').warning], [0, true]);
      assert.ok(of('left over').detail.includes(name));
      rmSync(path.join(data, name));
    }
  });

  test('says that a file of an earlier version has no checksums, and what adds them', () => {
    const file = path.join(data, 'pennymeter.db');
    const bare = spawnSync('sqlite3', [`${file}.bare`], { input: spawnSync('sqlite3', [file, '.dump'], { encoding: 'utf8' }).stdout, encoding: 'utf8' });
    assert.equal(bare.status, 0, bare.stderr);
    for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
    spawnSync('mv', [`${file}.bare`, file]);
    chmodSync(file, 0o600);
    assert.ok(doctor().of('checksums').warning);
    const copy = path.join(data, 'copy.db');
    assert.equal(pennymeter('backup', copy).status, 0);
    assert.equal(pennymeter('restore', copy).status, 0);
    assert.deepEqual([doctor().of('checksums').ok, doctor().of('checksums').warning], [true, undefined]);
  });

  test('commands leave all in the one file, so that to copy it alone is enough', () => {
    assert.equal(pennymeter('tenant', 'add', '--name', 'Alone', '--plan', 'starter').status, 0);
    const alone = mkdtempSync(path.join(os.tmpdir(), 'pm-alone-'));
    try {
      spawnSync('cp', [path.join(data, 'pennymeter.db'), alone]);
      const r = spawnSync(program, ['tenant', 'list', '--json'], { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: alone } });
      assert.deepEqual(JSON.parse(r.stdout).tenants.map((t) => t.name), ['Platform', 'Alone'], r.stderr);
    } finally {
      rmSync(alone, { recursive: true });
    }
  });
});

// A data folder on a network file system that keeps no locks: nothing is done there, and what is said leads to the cause.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { compiled } from '../lib/compile.mjs';
import { build, repo } from '../lib/server.mjs';

test('it is not the owner who is blamed where the kernel keeps no locks', () => {
  const data = mkdtempSync(path.join(os.tmpdir(), 'pm-'));
  const run = (args, env = {}) => spawnSync(path.join(build, 'bin/pennymeter'), args, { cwd: repo, encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...env, PENNYMETER_DATA: data } });
  try {
    assert.equal(run(['init']).status, 0);
    const without = run(['tenant', 'list'], { LD_PRELOAD: compiled('tests/lib/no_locks.c', { shared: true }), ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0` });
    assert.equal(without.status, 1);
    assert.match(without.stderr, /file system keeps no locks: the data folder must lie on a local disk/);
    assert.doesNotMatch(without.stderr, /owner|pennymeter init/);
    assert.equal(run(['tenant', 'list']).status, 0);
  } finally {
    rmSync(data, { recursive: true });
  }
});

// A function that started while the database could not be written records as soon as it can, and reads meanwhile.
// To make a file that even root cannot write takes root, and a file system that knows such files.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { makeInstallation } from '../lib/launcher.mjs';
import { startProgram } from '../lib/program.mjs';

const immutable = (file, on) => spawnSync('chattr', [on ? '+i' : '-i', file]).status === 0;

function cannot() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pm-immutable-')), file = path.join(folder, 'file');
  writeFileSync(file, '');
  const can = immutable(file, true) && immutable(file, false);
  rmSync(folder, { recursive: true });
  return can ? false : 'no file can be made immutable here';
}

test('a function that opened a file that cannot be written', { skip: cannot(), timeout: 30_000 }, async () => {
  const { data, token, remove } = makeInstallation(), file = path.join(data, 'pennymeter.db');
  const request = { token, body: JSON.stringify({ metric_name: 'api_calls', quantity: 1 }) };
  const all = () => startProgram(data, 'pennymeter-all');
  assert.ok(immutable(file, true));
  const program = all();
  try {
    for (let i = 0; i < 2; i++) {
      const refused = await program.ask('POST', '/api/usage/record', request);
      assert.equal(refused.status, 503, refused.text);
      assert.equal(JSON.parse(refused.text).code, 'store-unavailable');
      assert.equal((await program.ask('GET', '/api/usage/summary', { token })).status, 200, 'reading goes on');
    }
    assert.ok(immutable(file, false));
    const taken = await program.ask('POST', '/api/usage/record', request);
    assert.equal(taken.status, 201, taken.text);
  } finally {
    immutable(file, false);
    await program.stop();
    remove();
  }
});

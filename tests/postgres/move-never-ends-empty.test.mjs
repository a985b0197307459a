// However `pennymeter move` is broken off, either the file or the server is the store, and nobody makes an empty one:
// not where the configuration cannot be written, nor where the move died between its two renames.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { query, value } from '../lib/database.mjs';
import { command, confOf, event, isMoved, move, sqliteServer, target } from '../lib/move.mjs';
import { tenantOf } from '../lib/tenant.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(300);

/** A file that cannot be replaced by its owner, until the test ends: by its folder's mode, or for root by its own attribute. */
function protect(t, file) {
  const [on, off] = process.getuid() === 0
    ? [() => execFileSync('chattr', ['+i', file]), () => execFileSync('chattr', ['-i', file])]
    : [() => chmodSync(path.dirname(file), 0o500), () => chmodSync(path.dirname(file), 0o700)];
  on();
  let held = true;
  const release = () => { if (held) off(); held = false; };
  t.after(release);
  return release;
}

const noNewFile = (server) => assert.ok(!existsSync(path.join(server.data, 'pennymeter.db')), 'no empty database was made');
const triggersIn = (file) => execFileSync('sqlite3', [file, "SELECT COUNT(*) FROM sqlite_schema WHERE name LIKE 'move%' AND name <> 'move_progress'"], { encoding: 'utf8' }).trim();

test('a configuration that cannot be replaced stops the move before anything is copied', async (t) => {
  const server = await sqliteServer(t, { procs: 1 }), there = await target(t);
  const tenant = tenantOf(server, { plan: 'starter' });
  const release = protect(t, confOf(server));
  const refused = await move(server, ['--to', there.url]);
  assert.equal(refused.code, 1);
  assert.match(refused.said, /pennymeter\.conf.*(protected|cannot be written).*nothing was moved/);
  assert.ok(!isMoved(server));
  assert.deepEqual(query(server.data, "SELECT name FROM sqlite_schema WHERE type = 'trigger'"), []);
  assert.equal(there.value('SELECT COUNT(*) FROM tenants'), 0);
  release();
  assert.equal(command(server, ['init']).status, 0);
  assert.equal((await tenant.record(event(1))).status, 201);
  assert.deepEqual(await move(server, ['--to', there.url]).then(({ code }) => code), 0);
  assert.equal(there.value('SELECT COUNT(*) FROM usage_events'), 1);
});

/** A moved store as it is when the move died between its two renames. */
async function betweenRenames(t) {
  const server = await sqliteServer(t, { procs: 2 }), there = await target(t);
  const tenant = tenantOf(server, { plan: 'starter' });
  await tenant.use('api_calls', 3);
  const conf = confOf(server), before = readFileSync(conf);
  assert.equal((await move(server, ['--to', there.url])).code, 0);
  renameSync(conf, `${conf}.new`);
  writeFileSync(conf, before);
  return { server, there, tenant, conf };
}

for (const [what, first] of [
  ['a request', async ({ tenant }) => assert.equal((await tenant.record(event(1))).status, 201)],
  ['init', async ({ server }) => assert.equal(command(server, ['init']).status, 0)],
  ['tenant add', async ({ server }) => assert.equal(command(server, ['tenant', 'add', '--name', 'Late', '--plan', 'free']).status, 0)],
  ['move', async ({ server, there }) => assert.equal((await move(server, ['--to', there.url])).code, 0)],
]) {
  test(`a move that died between its renames is completed by ${what}`, async (t) => {
    const half = await betweenRenames(t), { server, there, conf } = half;
    await first(half);
    noNewFile(server);
    assert.ok(!existsSync(`${conf}.new`));
    assert.match(readFileSync(conf, 'utf8'), new RegExp(`^store = ${there.url}$`, 'm'));
    const { stdout } = command(server, ['tenant', 'list']);
    assert.match(stdout, /Acme Boxes/);
    assert.equal((await half.tenant.get('/api/usage/summary')).status, 200);
  });
}

test('where the configuration cannot be renamed either, the server is used all the same, and move says what is left to do', async (t) => {
  const { server, there, tenant, conf } = await betweenRenames(t);
  const release = protect(t, conf);
  assert.equal((await tenant.record(event(1))).status, 201);
  assert.equal(command(server, ['init']).status, 0);
  const refused = await move(server, ['--to', there.url]);
  assert.equal(refused.code, 1);
  assert.match(refused.said, /cannot be replaced by .*pennymeter\.conf\.new/);
  noNewFile(server);
  release();
  assert.equal((await move(server, ['--to', there.url])).code, 0);
  assert.ok(!existsSync(`${conf}.new`));
  assert.equal(there.value("SELECT COUNT(*) FROM usage_events WHERE resource_id = 'r-1'"), 1);
});

test('without the new configuration nobody makes an empty store: each command says how to go on', async (t) => {
  const { server, there, tenant, conf } = await betweenRenames(t), other = await target(t);
  rmSync(`${conf}.new`);
  for (const args of [['init'], ['tenant', 'add', '--name', 'X'], ['tenant', 'list'], ['check'], ['plan', 'list'], ['backup', path.join(server.data, 'copy')]]) {
    const refused = command(server, args);
    assert.equal(refused.status, 1, args.join(' '));
    assert.match(refused.stderr, /was put aside by `pennymeter move` as .*\.moved.*`pennymeter move --to ADDRESS` again.*renamed back/, args.join(' '));
  }
  noNewFile(server);
  const cancel = await move(server, ['--cancel']);
  assert.equal(cancel.code, 1);
  assert.match(cancel.said, /nothing to give up any more/);
  assert.equal(command(server, ['init'], other.url).status, 0);
  const wrong = await move(server, ['--to', other.url]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.said, /holds fewer tenants or events/);
  assert.equal((await move(server, ['--to', there.url])).code, 0);
  assert.equal((await tenant.record(event(1))).status, 201);
  noNewFile(server);
});

test('a move that could not say that it was done is done when it is called again, and cleans the file that is left', async (t) => {
  const server = await sqliteServer(t, { procs: 1 }), there = await target(t), other = await target(t);
  const left = path.join(server.data, 'pennymeter.db.moved');
  assert.equal((await move(server, ['--to', there.url])).code, 0);
  assert.equal(triggersIn(left), '0');
  execFileSync('sqlite3', [left, 'CREATE TABLE "move_tenants" (a); CREATE TRIGGER "move_tenants_insert" AFTER INSERT ON tenants BEGIN SELECT 1; END']);
  const again = await move(server, ['--to', there.url]);
  assert.equal(again.code, 0, again.said);
  assert.equal(triggersIn(left), '0');
  const elsewhere = await move(server, ['--to', other.url]);
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.said, /on a server already/);
});

test('a configuration that is a symbolic link stays one', async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pm-etc-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'meter.conf');
  const server = await sqliteServer(t, { procs: 1 }), there = await target(t);
  writeFileSync(file, 'late_days = 40\n', { mode: 0o640 });
  rmSync(confOf(server));
  symlinkSync(file, confOf(server));
  assert.equal((await move(server, ['--to', there.url])).code, 0);
  assert.equal(readlinkSync(confOf(server)), file);
  assert.equal(readFileSync(file, 'utf8'), `late_days = 40\nstore = ${there.url}\n`);
  assert.equal(execFileSync('stat', ['-c', '%a', file], { encoding: 'utf8' }).trim(), '640');
});

test('a link to nothing, and a folder in its place, are refused by name', async (t) => {
  const server = await sqliteServer(t, { procs: 1 }), there = await target(t);
  rmSync(confOf(server));
  symlinkSync(path.join(server.data, 'nowhere'), confOf(server));
  assert.match((await move(server, ['--to', there.url])).said, /pennymeter\.conf: is a link to a file that cannot be found/);
  rmSync(confOf(server));
  mkdirSync(confOf(server));
  assert.match((await move(server, ['--to', there.url])).said, /pennymeter\.conf: is not a file of text/);
  rmSync(confOf(server), { recursive: true });
  assert.ok(!isMoved(server));
  assert.equal(value(server.data, 'SELECT COUNT(*) FROM move_progress'), 0);
});

for (const [what, of] of [
  ['1,030 bytes', (url) => `${url}?application_name=${'x'.repeat(1030 - url.length - 18)}`],
  ['4,090 bytes', (url) => `${url}?application_name=${'x'.repeat(4090 - url.length - 18)}`],
  ['quotes and letters of any kind', (url) => `${url}?application_name=o'"ż₿;\\`],
]) {
  test(`an address of ${what} is written as it is, and used`, async (t) => {
    const server = await sqliteServer(t, { procs: 1 }), there = await target(t);
    const tenant = tenantOf(server, { plan: 'starter' });
    const moved = await move(server, ['--to', of(there.url)]);
    assert.equal(moved.code, 0, moved.said.slice(0, 500));
    assert.equal((await tenant.record(event(1))).status, 201);
    assert.equal(command(server, ['tenant', 'list']).status, 0);
    assert.ok(readFileSync(confOf(server), 'utf8').endsWith(`\nstore = ${of(there.url)}\n`));
  });
}

for (const [what, of, why] of [
  ['4,096 bytes', (url) => `${url}?application_name=${'x'.repeat(4096 - url.length - 18)}`, /an address may have 4095 bytes, not 4096/],
  ['"#"', (url) => `${url}?application_name=a#b`, /%23/],
  ['a tab', (url) => `${url}?application_name=a\tb`, /%20/],
  ['a form feed at its end', (url) => `${url}?application_name=a\f`, /control characters/],
  ['a line end and another key', (url) => `${url}?application_name=a\nlate_days=1`, /control characters/],
]) {
  test(`an address with ${what} is refused, and nothing is touched`, async (t) => {
    const server = await sqliteServer(t, { procs: 1 }), there = await target(t);
    const before = readFileSync(confOf(server), 'utf8');
    const refused = await move(server, ['--to', of(there.url)]);
    assert.equal(refused.code, 2);
    assert.match(refused.said, why);
    assert.equal(readFileSync(confOf(server), 'utf8'), before);
    assert.deepEqual(query(server.data, "SELECT name FROM sqlite_schema WHERE type = 'trigger'"), []);
    assert.ok(!isMoved(server));
  });
}

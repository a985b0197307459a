// `pennymeter init` on a file that is not its own to change: of a newer program, or of another one. It says so with 1,
// and changes nothing.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { build, repo } from '../lib/server.mjs';

let data;
beforeEach(() => { data = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-'))); });
afterEach(() => rmSync(data, { recursive: true, force: true }));

function run(...args) {
  const r = spawnSync(path.join(build, 'bin/pennymeter'), args, { encoding: 'utf8', cwd: repo, timeout: 60_000, env: { ...process.env, PENNYMETER_DATA: data } });
  return { code: r.status, said: r.stdout + r.stderr };
}
function sqlite(sql) {
  const r = spawnSync('sqlite3', [path.join(data, 'pennymeter.db'), sql], { encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.equal(r.status, 0, r.stderr);
  return r.stdout;
}
const dump = () => sqlite('.dump');

test('a database of a newer program is left as it is by an older one\'s init', () => {
  assert.equal(run('init').code, 0);
  sqlite("INSERT INTO schema_version (version, name, applied_at) VALUES (999, 'future', 0); DELETE FROM plan_versions");
  const before = dump();
  const { code, said } = run('init');
  assert.equal(code, 1, said);
  assert.match(said, /version 999, newer/);
  assert.equal(dump(), before);
});

/** What each command but init says of a store that init would refuse. */
function eachSays(why) {
  for (const args of [['doctor'], ['check'], ['backup', path.join(data, 'copy.db')], ['tenant', 'list']]) {
    const { code, said } = run(...args);
    assert.equal(code, 1, `${args}: ${said}`);
    assert.match(said, why, `${args}`);
    assert.doesNotMatch(said, /pennymeter init/, `${args}`);
  }
}

test('of a database of a newer program no command advises init: the newer program is the way, or an older backup', () => {
  assert.equal(run('init').code, 0);
  sqlite("INSERT INTO schema_version (version, name, applied_at) VALUES (999, 'next', 0)");
  eachSays(/schema version 999, newer than this program's (\d+): use the newer program, or put back a backup of schema \1 or older/);
});

const losses = {
  'was removed': rmSync,
  'was emptied': (file) => truncateSync(file, 0),
  'gave way to an empty file': (file) => { rmSync(file); writeFileSync(file, '', { mode: 0o600 }); },
};
for (const [what, take] of Object.entries(losses)) {
  test(`a database that ${what} while it was stopped is not made anew unasked: doctor and init tell the ways out, and both work`, () => {
    const file = path.join(data, 'pennymeter.db'), copy = path.join(data, 'copy.db');
    assert.equal(run('init').code, 0);
    assert.equal(run('tenant', 'add', '--name', 'Kept', '--plan', 'starter').code, 0);
    assert.equal(run('backup', copy).code, 0);
    take(file);
    const init = run('init');
    assert.equal(init.code, 1, init.said);
    for (const way of [/pennymeter\.db\.seen tells that there was one/, /`pennymeter restore FILE`/, /to begin anew without it, remove that file/]) assert.match(init.said, way);
    assert.match(run('doctor').said, /BAD {2}database +the database (has gone|was emptied), and .*`pennymeter restore FILE`/);
    assert.equal(existsSync(file) ? readFileSync(file).length : 0, 0, 'nothing was made');

    assert.equal(run('restore', copy).code, 0);
    assert.match(run('tenant', 'list').said, /Kept/);
    assert.equal(run('init').code, 0);

    take(file);
    rmSync(`${file}.seen`);
    assert.equal(run('init').code, 0);
    assert.doesNotMatch(run('tenant', 'list').said, /Kept/);
  });
}

const theirs = [
  ['a schema_version with other columns', 'CREATE TABLE schema_version (version INT PRIMARY KEY, description TEXT); INSERT INTO schema_version VALUES (4, \'x\')', /schema_version.*another program/],
  ['a schema_version that is ours by its number alone', 'CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT, applied_at INTEGER); INSERT INTO schema_version VALUES (5, \'x\', 0)', /tenants/],
  ['a table tenants', 'CREATE TABLE Tenants (id INT); INSERT INTO Tenants VALUES (1)', /tenants.*not of Pennymeter/],
  ['tables tokens and outbox', 'CREATE TABLE tokens (id INT); CREATE TABLE outbox (id INT)', /outbox, tokens.*not of Pennymeter/],
  ['a view usage_days', 'CREATE VIEW usage_days AS SELECT 1 AS one', /usage_days.*not of Pennymeter/],
];
for (const [what, made, why] of theirs) {
  test(`${what} of another program stays alone in its file, and doctor does not call it well`, () => {
    sqlite(made);
    const before = dump();
    const { code, said } = run('init');
    assert.equal(code, 1, said);
    assert.match(said, why);
    assert.equal(run('doctor').code, 1);
    eachSays(why);
    assert.equal(dump(), before);
  });
}

test('tables that were lost are named by doctor and by init', () => {
  assert.equal(run('init').code, 0);
  sqlite('DROP TABLE usage_levels');
  for (const command of ['init', 'doctor']) {
    const { code, said } = run(command);
    assert.equal(code, 1, said);
    assert.match(said, /usage_levels/);
  }
});

// `pennymeter restore` puts a backup back while the product runs, whole or one tenant of it, and keeps what was there.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileOf, query, value } from '../lib/database.mjs';
import { startLoad } from '../lib/load.mjs';
import { cases, randomness } from '../lib/random.mjs';
import { build, repo, startServer } from '../lib/server.mjs';
import { tenantOf, until } from '../lib/tenant.mjs';

const random = randomness(11);
const program = path.join(build, 'bin/pennymeter');

let server, tenant, folder;
before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'pm-restore-'));
  server = await startServer({ procs: 8, store: 'sqlite' });
  tenant = tenantOf(server, { plan: 'enterprise' });
  await tenant.load(Array.from({ length: 300 }, (_, n) => ({ metric_name: 'api_calls', quantity: 1, resource_id: `first-${n}`, idempotency_key: `k${n}` })));
  server.pennymeter(['backup', path.join(folder, 'first.db')]);
});
after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const first = () => path.join(folder, 'first.db');
const inFile = (file, sql) => {
  const r = spawnSync('sqlite3', [file, sql], { encoding: 'utf8' });
  assert.equal(r.status, 0, r.stderr);
  return r.stdout.trim();
};
const resources = (file) => new Set(inFile(file, 'SELECT resource_id FROM usage_events').split('\n'));
const isSound = () => assert.deepEqual(server.pennymeter(['check']).differences, []);
const kept = () => readdirSync(server.data).filter((name) => /before-restore/.test(name));
/** All that a command says, for a person. */
function told(args) {
  const r = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: server.data } });
  return { status: r.status, said: r.stdout + r.stderr };
}
const refused = (args, why, code = 1) => assert.throws(() => server.pennymeter(['restore', ...args]), (e) => e.code === code && why.test(e.stderr), args.join(' '));

describe('restore', () => {
  beforeEach(() => { for (const name of kept()) rmSync(path.join(server.data, name)); });

  test('under load of 8 writers: every request is answered 201, what came before is in the kept file, what came after in the new one', async () => {
    const load = startLoad(tenant, (n) => ({ metric_name: 'api_calls', quantity: 1, resource_id: `load-${n}` }), { width: 8, keyed: (n) => n % 2 === 0 });
    await until(() => load.attempts.length > 200);
    const began = performance.now();
    const answer = server.pennymeter(['restore', first()]);
    const goal = load.attempts.length + 200;
    const ended = performance.now();
    await until(() => load.attempts.length > goal);
    const attempts = await load.stop();

    assert.deepEqual([...new Set(attempts.map((a) => a.status))], [201]);
    const old = resources(answer.kept), fresh = resources(fileOf(server.data));
    for (const { ended: at, event: { resource_id: id } } of attempts.filter((a) => a.ended < began)) assert.ok(old.has(id) && !fresh.has(id), `${id}, ${at}`);
    for (const { event: { resource_id: id } } of attempts) assert.notEqual(old.has(id), fresh.has(id), `${id} is in one of both`);
    for (const { event: { resource_id: id } } of attempts.filter((a) => a.began > ended)) assert.ok(fresh.has(id), id);
    for (let n = 0; n < 300; n++) assert.ok(old.has(`first-${n}`) && fresh.has(`first-${n}`));
    assert.equal(answer.lost_events, [...old].filter((id) => id.startsWith('load-')).length);
    assert.ok(answer.lost_newest);
    assert.deepEqual([answer.tenants, answer.events], [2, 300]);
    assert.equal(inFile(answer.kept, 'PRAGMA integrity_check'), 'ok');
    isSound();
  });

  test('killed at random it leaves the old or the new, whole, and to run it again works', async () => {
    const began = performance.now();
    server.pennymeter(['restore', first()]);
    const whole = performance.now() - began;
    for (let i = 0; i < cases(20); i++) {
      await tenant.use('api_calls', 1, { resource_id: `killed-${i}` });
      const child = spawn(program, ['restore', first()], { env: { ...process.env, PENNYMETER_DATA: server.data }, stdio: 'ignore' });
      const end = new Promise((done) => { child.on('exit', done); });
      await sleep(random.below(whole));
      child.kill('SIGKILL');
      await end;
      const now = resources(fileOf(server.data));
      assert.ok(now.has('first-0') && now.has('first-299'));
      assert.equal(now.has(`killed-${i}`), now.size > 300, 'the old with all of it, or the new');
      await tenant.use('api_calls', 1, { resource_id: `after-${i}` });
      assert.ok(resources(fileOf(server.data)).has(`after-${i}`));
      if (i % 5 === 0) isSound();
      server.pennymeter(['restore', first()]);
      assert.equal(value(server.data, 'SELECT COUNT(*) FROM usage_events'), 300);
    }
    assert.deepEqual(readdirSync(server.data).filter((name) => /\.restore\./.test(name)), [], 'nothing is left of those that were killed');
    isSound();
  });

  const damages = {
    'is damaged': (file) => { const bytes = readFileSync(file); bytes.fill(0xa5, 100, 30_000); writeFileSync(file, bytes); },
    'is empty': (file) => truncateSync(file, 0),
    'holds no table of ours': (file) => { for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true }); spawnSync('sqlite3', [file, 'CREATE TABLE other (a)']); },
    'is no database': (file) => writeFileSync(file, 'this is no database at all, however long it may be '.repeat(100)),
    'is gone': (file) => rmSync(file),
    'is gone with all beside it': (file) => { for (const end of ['', '-wal', '-shm', '.lock', '.slots']) rmSync(file + end, { force: true }); },
  };
  for (const [name, damage] of Object.entries(damages)) {
    test(`is the way out when the database ${name}`, async () => {
      damage(fileOf(server.data));
      const bytes = existsSync(fileOf(server.data)) ? readFileSync(fileOf(server.data)) : null;
      const { status, said } = told(['restore', first()]);
      assert.equal(status, 0, said);
      assert.doesNotMatch(said, /SELECT|no such table/, 'no text of a statement is told');
      assert.match(said, bytes ? /What was recorded or revoked since cannot be told: the file that lay there is empty, damaged or not Pennymeter's/ : /cannot be told: no database lay there/);
      const answer = { kept: /is kept as (.*)\.$/m.exec(said)?.[1] };
      assert.equal(value(server.data, 'SELECT COUNT(*) FROM usage_events'), 300);
      if (bytes && !['is damaged', 'holds no table of ours'].includes(name)) assert.ok(readFileSync(answer.kept).equals(bytes), 'the old is kept as it lay');
      await tenant.use('api_calls', 1);
      assert.equal(value(server.data, 'SELECT COUNT(*) FROM usage_events'), 301);
      isSound();
    });
  }

  test('refuses what is no good backup, and says why', () => {
    const at = (name) => path.join(folder, name);
    const made = (name, change) => { copyFileSync(first(), at(name)); change(at(name)); return at(name); };
    refused([at('none.db'), '--tenant', '1'], /No such file/); // brings the log into the file as it leaves
    const names = () => readdirSync(server.data).filter((name) => !/-(wal|shm)$/.test(name)).sort(), before = [readFileSync(fileOf(server.data)), names()];
    linkSync(fileOf(server.data), at('hard.db'));
    symlinkSync(fileOf(server.data), at('link.db'));
    for (const file of [fileOf(server.data), at('hard.db'), at('link.db')]) refused([file], /live database/);
    refused([at('none.db')], /No such file/);
    refused(['/dev/null'], /is no file/);
    refused([folder], /is no file/);
    refused([made('logged.db', (file) => writeFileSync(`${file}-wal`, 'x'))], /has a log beside it/);
    refused([made('flipped.db', (file) => { const bytes = readFileSync(file); bytes[bytes.length - 4096 * 3 + 3000] ^= 4; writeFileSync(file, bytes); })], /damaged/);
    spawnSync('sqlite3', [at('other.db'), 'CREATE TABLE other (a)']);
    spawnSync('sqlite3', [at('others.db'), 'CREATE TABLE schema_version (a)']);
    const wholes = { 'other.db': /no database of Pennymeter: name a file that `pennymeter backup` wrote/, 'others.db': /no database of Pennymeter/ };
    for (const size of [1, 100, 4096, 20_000]) {
      wholes[path.basename(made(`cut${size}.db`, (file) => truncateSync(file, size)))] = size < 100 ? /is no database: name a file/ : new RegExp(`is not whole, ${size} of its \\d+ bytes are there: copy it anew`);
    }
    for (const bytes of ['', 'no database', 'no database'.repeat(1000)]) wholes[path.basename(made(`text${bytes.length}.db`, (file) => writeFileSync(file, bytes)))] = /is no database: name a file that `pennymeter backup` wrote/;
    for (const [name, why] of Object.entries(wholes)) {
      for (const args of [[], ['--tenant', '1']]) {
        const { status, said } = told(['restore', at(name), ...args]);
        assert.equal(status, 1);
        assert.match(said, why, name);
        assert.doesNotMatch(said, /pennymeter init|sqlite:/, name);
      }
    }
    assert.deepEqual([readFileSync(fileOf(server.data)).equals(before[0]), names()], [true, before[1]], 'nothing was touched');
  });

  /** A file as an earlier version made it: without room for checksums, and with the first migrations alone. */
  function ofVersion(last, name) {
    const file = path.join(folder, name), schema = path.join(repo, 'shared/store/schema');
    const names = readdirSync(schema).sort().filter((sql) => Number(sql.slice(0, 4)) <= last);
    const texts = names.map((sql) => readFileSync(path.join(schema, sql), 'utf8').replace(/^-- postgres:\n[^]*?^-- end\n/gm, ''));
    const noted = names.slice(1).map((sql) => `INSERT INTO schema_version VALUES (${Number(sql.slice(0, 4))}, '${sql}', 0);`).join('');
    const r = spawnSync('sqlite3', [file], { encoding: 'utf8', input: `${texts.join('\n')}\n${noted}INSERT INTO tenants (tenant_id, name, currency, timezone, created_at) VALUES (1, 'Platform', 'USD', 'UTC', 0), (2, 'Of before', 'USD', 'UTC', 0);` });
    assert.deepEqual([r.status, r.stderr], [0, '']);
    return file;
  }

  test('brings a file of an earlier version up to date, and refuses one of a later', () => {
    server.pennymeter(['restore', ofVersion(2, 'older.db')]);
    assert.deepEqual(server.pennymeter(['tenant', 'list']).tenants.map((t) => t.name), ['Platform', 'Of before']);
    isSound();
    const later = ofVersion(Infinity, 'later.db');
    inFile(later, "INSERT INTO schema_version VALUES (999, 'future', 0)");
    refused([later], /newer/);
    server.pennymeter(['restore', first()]);
  });

  test('an option that is wrong, or a store on a server, is refused', () => {
    refused([first(), '--tenant', 'x'], /must be a number/, 2);
    const r = spawnSync(program, ['restore', first()], { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: server.data, PENNYMETER_STORE: 'postgresql://nobody@127.0.0.1:1/x' } });
    assert.equal(r.status, 1);
    assert.match(r.stderr, /pg_restore/);
  });
});

describe('restore --tenant', () => {
  test('puts one tenant back while the others record, and keeps a backup of all', async () => {
    const other = tenantOf(server, { plan: 'enterprise', name: 'Another' }), token = server.pennymeter(['token', 'add', '--tenant', String(tenant.tenant_id), '--name', 'kept']);
    const file = path.join(folder, 'both.db');
    await other.use('api_calls', 3);
    server.pennymeter(['backup', file]);
    await tenant.use('api_calls', 5, { resource_id: 'wrong' });
    server.pennymeter(['token', 'revoke', '--tenant', String(tenant.tenant_id), '--token', String(token.token_id)]);
    assert.equal((await server.request('GET', '/api/usage/stats', { token: token.token })).status, 401);

    const load = startLoad(other, (n) => ({ metric_name: 'api_calls', quantity: 1, resource_id: `other-${n}` }), { width: 4 });
    await until(() => load.attempts.length > 50);
    const answer = server.pennymeter(['restore', file, '--tenant', String(tenant.tenant_id)]);
    const goal = load.attempts.length + 50;
    await until(() => load.attempts.length > goal);
    const attempts = await load.stop();

    assert.deepEqual([...new Set(attempts.map((a) => a.status))], [201], 'the others wait, and go on');
    const now = resources(fileOf(server.data));
    for (const a of attempts) assert.ok(now.has(a.event.resource_id), 'nothing of theirs is lost');
    assert.ok(!now.has('wrong') && now.has('first-7'));
    assert.deepEqual([answer.tenant_id, answer.lost_events, answer.events], [tenant.tenant_id, 1, Number(inFile(file, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`))]);
    assert.ok(resources(answer.kept).has('wrong'), 'what was there is kept');
    assert.equal((await server.request('GET', '/api/usage/stats', { token: token.token })).status, 401);
    isSound();
  });

  const status = async (token) => (await server.request('GET', '/api/usage/stats', { token })).status;
  const tokenAdd = (number, name) => server.pennymeter(['token', 'add', '--tenant', String(number), '--name', name]);
  const revoke = (number, token) => server.pennymeter(['token', 'revoke', '--tenant', String(number), '--token', String(token.token_id)]);

  for (const whole of [false, true]) {
    test(`leaves a token revoked that was revoked since the backup, and says so, ${whole ? 'also of the whole store' : 'of one tenant'}`, async () => {
      const file = path.join(folder, `tokens-${whole}.db`), one = tenantOf(server, { name: 'Of tokens' }), number = one.tenant_id;
      const early = tokenAdd(number, 'revoked before'), since = tokenAdd(number, 'revoked since'), good = tokenAdd(number, 'good');
      revoke(number, early);
      server.pennymeter(['backup', file]);
      revoke(number, since);
      const made = tokenAdd(number, 'made since'), brief = tokenAdd(number, 'made and revoked since');
      revoke(number, brief);
      const args = ['restore', file, ...whole ? [] : ['--tenant', String(number)]];
      const { status: code, said } = told(args);
      assert.equal(code, 0, said);
      assert.match(said, /1 tokens were revoked since and stay revoked\./);
      assert.match(said, whole ? /1 tokens were made since and are not in it: whoever holds one needs a new one\./ : /1 tokens were made since and stay valid\./);
      assert.deepEqual(await Promise.all([early, since, brief, good, made].map((t) => status(t.token))), [401, 401, 401, 200, whole ? 401 : 200]);
      const again = server.pennymeter(args);
      assert.deepEqual([again.tokens_revoked, again.tokens_since], [1, 1 - whole], 'as the file and the live store are');
      isSound();
    });
  }

  test('a token that the file alone has comes back, under a number of its own', async () => {
    const file = path.join(folder, 'numbers.db'), one = tenantOf(server, { name: 'Of numbers' }), number = one.tenant_id, before = path.join(folder, 'numbers-before.db');
    server.pennymeter(['backup', before]);
    const lost = tokenAdd(number, 'lost'), revoked = tokenAdd(number, 'revoked');
    revoke(number, revoked);
    server.pennymeter(['backup', file]);
    server.pennymeter(['restore', before]);
    const made = tokenAdd(number, 'of the same number');
    assert.deepEqual([made.token_id, await status(lost.token)], [lost.token_id, 401]);
    server.pennymeter(['restore', file, '--tenant', String(number)]);
    assert.deepEqual([await status(lost.token), await status(made.token), await status(revoked.token)], [200, 200, 401]);
    const { tokens } = server.pennymeter(['token', 'list', '--tenant', String(number)]);
    assert.equal(new Set(tokens.map((t) => t.token_id)).size, 4);
    revoke(number, made);
    assert.deepEqual([await status(lost.token), await status(made.token)], [200, 401]);
  });

  test('refuses a backup of another installation, and a number that was given to another tenant since', () => {
    const strange = mkdtempSync(path.join(os.tmpdir(), 'pm-strange-')), file = path.join(folder, 'strange.db');
    const there = (...args) => assert.equal(spawnSync(program, args, { cwd: repo, encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: strange } }).status, 0);
    try {
      for (const args of [['init'], ['tenant', 'add', '--name', 'Theirs', '--plan', 'enterprise'], ['backup', file]]) there(...args);
      const before = inFile(fileOf(server.data), 'SELECT * FROM tenants; SELECT * FROM tokens');
      for (const number of ['1', '2']) refused([file, '--tenant', number], /is a backup of another installation, made at 20\S+Z; this one was made at 20.*without --tenant/);
      assert.equal(inFile(fileOf(server.data), 'SELECT * FROM tenants; SELECT * FROM tokens'), before);
    } finally {
      rmSync(strange, { recursive: true });
    }
    const copy = path.join(folder, 'before-them.db'), both = path.join(folder, 'with-them.db');
    server.pennymeter(['backup', copy]);
    const { tenant_id: number } = server.addTenant({ name: 'Of before' });
    server.pennymeter(['backup', both]);
    server.pennymeter(['restore', copy]);
    assert.equal(server.addTenant({ name: 'Of now' }).tenant_id, number);
    refused([both, '--tenant', String(number)], /is another in .*"Of before", added at 20.*here it is "Of now"/);
    assert.deepEqual(server.pennymeter(['tenant', 'list']).tenants.filter((t) => t.tenant_id === number).map((t) => t.name), ['Of now']);
  });

  test('adds one that is not there, refuses one that is in neither, or whose plan is not', async () => {
    const file = path.join(folder, 'last.db'), added = server.addTenant({ name: 'Gone' });
    server.pennymeter(['backup', file]);
    server.pennymeter(['restore', first()]);
    assert.equal(server.pennymeter(['restore', file, '--tenant', String(added.tenant_id)]).tenants, 1);
    assert.ok(server.pennymeter(['tenant', 'list']).tenants.some((t) => t.name === 'Gone'));
    refused([file, '--tenant', '999'], /there is no tenant 999/);
    const before = kept().length;
    await tenant.use('api_calls', 1); // somebody has it open: sqlite3 brings no log into the file when it closes
    query(server.data, "UPDATE plan_versions SET document = document || ' ' WHERE code = 'starter'");
    refused([file, '--tenant', String(added.tenant_id)], /plan starter, version 1/);
    query(server.data, "UPDATE plan_versions SET document = trim(document) WHERE code = 'starter'");
    query(server.data, "UPDATE metrics SET metric = 'api_calls_of_before' WHERE metric = 'api_calls'");
    refused([first(), '--tenant', String(tenant.tenant_id)], /metric api_calls/);
    query(server.data, "UPDATE metrics SET metric = 'api_calls' WHERE metric = 'api_calls_of_before'");
    assert.equal(kept().length, before);
    isSound();
  });
});

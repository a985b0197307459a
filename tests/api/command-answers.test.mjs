// The operator's command: what it prints with --json, its exit codes and its help.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cgi } from '../lib/cgi.mjs';
import { bringBack, fileOf, isThere, takeAway, value } from '../lib/database.mjs';
import { build, repo } from '../lib/places.mjs';
import { makeStore, storeEnvironment } from '../lib/store.mjs';
import { PATIENCE } from '../lib/until.mjs';

let data, store, env = {};
const run = (...args) => {
  const r = spawnSync(path.join(build, 'bin/pennymeter'), args, { encoding: 'utf8', cwd: repo, timeout: 2 * PATIENCE, env: { ...process.env, ...storeEnvironment(data), PENNYMETER_DATA: data, ...env } });
  return { code: r.status, out: r.stdout, err: r.stderr, get json() { return JSON.parse(r.stdout); } };
};
const good = (...args) => {
  const r = run(...args, '--json');
  assert.equal(r.code, 0, r.err);
  return r.json;
};
const fails = (code, pattern, ...args) => {
  const r = run(...args);
  assert.equal(r.code, code, `${args.join(' ')}: ${r.out}${r.err}`);
  assert.match(r.err, pattern);
};
const fresh = async () => {
  data = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-command-')));
  rmSync(data, { recursive: true });
  store = await makeStore(data);
  const answer = good('init');
  store.prepare();
  return answer;
};
const removed = () => {
  rmSync(data, { recursive: true, force: true });
  store.drop();
};
before(fresh);
after(removed);

describe('init', () => {
  test('makes a folder that nobody else can look into, with a database and a configuration', () => {
    assert.equal(statSync(data).mode & 0o777, 0o700);
    assert.ok(statSync(path.join(data, 'pennymeter.conf')).size > 0);
    assert.equal(statSync(path.join(data, 'pennymeter.conf')).mode & 0o077, 0);
    assert.ok(isThere(data));
    assert.equal(existsSync(fileOf(data)), store.kind === 'sqlite', 'a file is made where it is wanted alone');
  });

  test('may be repeated: it changes neither tenants nor the configuration', () => {
    const conf = readFileSync(path.join(data, 'pennymeter.conf'), 'utf8');
    writeFileSync(path.join(data, 'pennymeter.conf'), `${conf}\nlate_days = 10\n`);
    const answer = good('init');
    assert.deepEqual([answer.data, answer.metrics, answer.plans, answer.new_versions], [data, 10, 4, 0]);
    assert.match(readFileSync(path.join(data, 'pennymeter.conf'), 'utf8'), /late_days = 10/);
    writeFileSync(path.join(data, 'pennymeter.conf'), conf);
  });

  test('refuses a configuration that it cannot read, by file and line', () => {
    const file = path.join(data, 'pennymeter.conf');
    const conf = readFileSync(file, 'utf8');
    for (const [line, cause] of [['nonsense', /pennymeter\.conf:1.*KEY = VALUE/], ['colour = red', /pennymeter\.conf:1.*colour/], ['late_days = soon', /pennymeter\.conf:1.*late_days/]]) {
      writeFileSync(file, `${line}\n`);
      fails(1, cause, 'tenant', 'list');
    }
    writeFileSync(file, conf);
  });
});

describe('tenants and tokens', () => {
  test('the first tenant of a new installation is 2, with subscription 1 and a token', async () => {
    removed();
    await fresh();
    const { out } = run('tenant', 'add', '--name', 'Acme Boxes', '--plan', 'starter', '--start', '2026-01-31', '--cycle', 'monthly', '--currency', 'USD', '--json');
    assert.match(out, /^\{"tenant_id":2,"subscription_id":1,"token":"pm_[A-Za-z0-9_]{30,}"\}\n$/);
  });

  test('list shows them, the operator first', () => {
    const { tenants } = good('tenant', 'list');
    assert.deepEqual(tenants.map((t) => [t.tenant_id, t.name, t.plan]), [[1, 'Platform', null], [2, 'Acme Boxes', 'starter']]);
    assert.deepEqual([tenants[1].anchor, tenants[1].cycle, tenants[1].currency, tenants[1].timezone], ['2026-01-31T00:00:00Z', 'monthly', 'USD', 'UTC']);
  });

  test('a token is shown once, works, and is listed without its secret', () => {
    const added = good('token', 'add', '--tenant', '2', '--name', 'meter', '--scopes', 'usage:write');
    assert.deepEqual(Object.keys(added), ['tenant_id', 'token_id', 'token']);
    const listed = run('token', 'list', '--tenant', '2', '--json');
    assert.ok(!listed.out.includes(added.token));
    const row = listed.json.tokens.find((t) => t.token_id === added.token_id);
    assert.deepEqual([row.name, row.scopes, row.user_id, row.revoked_at], ['meter', 'usage:write', null, null]);
    assert.ok(added.token.startsWith(row.prefix) && row.prefix.length < 16);
    const record = () => cgi(data, 'usage-record', 'POST', '/api/usage/record', { token: added.token, body: '{"metric_name":"api_calls","quantity":1}' }).status;
    assert.equal(record(), 201);
    assert.deepEqual(good('token', 'revoke', '--tenant', '2', '--token', String(added.token_id)), { revoked: true });
    assert.equal(record(), 401);
    const revoked = good('token', 'list', '--tenant', '2').tokens.find((t) => t.token_id === added.token_id);
    assert.match(revoked.revoked_at, /Z$/);
    assert.deepEqual(good('token', 'revoke', '--tenant', '2', '--token', String(added.token_id)), { revoked: true });
    assert.equal(good('token', 'list', '--tenant', '2').tokens.find((t) => t.token_id === added.token_id).revoked_at, revoked.revoked_at, 'the first time stays');
  });

  const bad = [
    [/--name: is required/, ['tenant', 'add', '--plan', 'starter']],
    [/--name/, ['tenant', 'add', '--name', '', '--plan', 'starter']],
    [/--plan.*gold/, ['tenant', 'add', '--name', 'x', '--plan', 'gold']],
    [/--start.*2026-02-30/, ['tenant', 'add', '--name', 'x', '--plan', 'starter', '--start', '2026-02-30']],
    [/--cycle.*weekly/, ['tenant', 'add', '--name', 'x', '--plan', 'starter', '--cycle', 'weekly']],
    [/--currency.*XYZ/, ['tenant', 'add', '--name', 'x', '--plan', 'starter', '--currency', 'XYZ']],
    [/--timezone.*Mars/, ['tenant', 'add', '--name', 'x', '--plan', 'starter', '--timezone', 'Mars/Olympus']],
    [/--timezone/, ['tenant', 'add', '--name', 'x', '--plan', 'starter', '--timezone', '../../etc/passwd']],
    [/--tenant/, ['token', 'add', '--name', 'x']],
    ...['a\u0001b', 'two\nlines', 'x'.repeat(201)].map((name) => [/--name: must be text of at most 200 bytes in one line/, ['token', 'add', '--tenant', '2', '--name', name]]),
    [/--tenant/, ['token', 'add', '--tenant', 'two']],
    [/--scopes.*usage:everything/, ['token', 'add', '--tenant', '2', '--scopes', 'usage:everything']],
  ];
  const absent = [
    [/--tenant: there is no tenant 99/, ['token', 'add', '--tenant', '99']],
    [/--tenant: there is no tenant 99/, ['token', 'list', '--tenant', '99']],
    [/--token: tenant 2 has no token 99/, ['token', 'revoke', '--tenant', '2', '--token', '99']],
    [/--token: tenant 1 has no token 1/, ['token', 'revoke', '--tenant', '1', '--token', '1']],
    [/--tenant: there is no tenant 99/, ['check', '--tenant', '99']],
  ];
  for (const [code, rows] of [[2, bad], [1, absent]]) {
    for (const [cause, args] of rows) {
      test(`refuses with ${code}: ${args.join(' ')}`, () => {
        const before = [value(data, 'SELECT COUNT(*) FROM tenants'), value(data, 'SELECT COUNT(*) FROM tokens')];
        fails(code, cause, ...args);
        assert.deepEqual([value(data, 'SELECT COUNT(*) FROM tenants'), value(data, 'SELECT COUNT(*) FROM tokens')], before);
      });
    }
  }
});

/* What is known of a mistake, in words, and nothing else: no help as long as a page. */
describe('a mistake is named, with the nearest that is known, and 2', () => {
  const mistakes = [
    ['a command is required', []],
    ['unknown command "tenat"; did you mean "tenant"?', ['tenat']],
    ['unknown command "docter"; did you mean "doctor"?', ['docter']],
    ['unknown command "INIT"; did you mean "init"?', ['INIT']],
    ['unknown command "cehck"; did you mean "check"?', ['cehck', '--tenant', '2']],
    ['unknown command "tenants"; did you mean "tenant"?', ['tenants', 'list']],
    ['unknown command "apply"; did you mean "plan apply"?', ['apply', 'plans']],
    ['unknown command "fly"; `pennymeter --help` lists them', ['fly']],
    ['unknown command "tenat"; did you mean "tenant"?', ['help', 'tenat']],
    ['unknown option "--hlep"; did you mean "--help"?', ['--hlep']],
    ['unknown option "--versoin"; did you mean "--version"?', ['--versoin']],
    ['unknown option "--jsno"; did you mean "--json"?', ['tenant', '--jsno', 'list']],
    ['tenant wants one of: add, list', ['tenant']],
    ['unknown command "tenant ad"; did you mean "tenant add"?', ['tenant', 'ad']],
    ['unknown command "token revok"; did you mean "token revoke"?', ['token', 'revok', '--tenant', '2']],
    ['unknown command "plan fly"; `pennymeter plan --help` lists them', ['plan', 'fly']],
    ['unknown command "calc prise"; did you mean "calc price"?', ['calc', 'prise']],
    ['calc wants one of: price, ', ['calc']],
    ['unknown option "--nmae"; did you mean "--name"?', ['tenant', 'add', '--nmae', 'x']],
    ['unknown option "--tenant-id=2"; did you mean "--tenant"?', ['check', '--tenant-id=2']],
    ['unknown option "-tenant"; did you mean "--tenant"?', ['check', '-tenant', '2']],
    ['unknown option "--jsn"; did you mean "--json"?', ['tenant', 'list', '--jsn']],
    ['unknown option "--force"; `pennymeter init --help` lists them', ['init', '--force']],
    ['--name: stands twice', ['tenant', 'add', '--name', 'x', '--name', 'y']],
    ['--name: wants a value, NAME', ['tenant', 'add', '--name']],
    ['--name: wants a value, NAME', ['tenant', 'add', '--name', '--plan', 'starter']],
    ['--all: takes no value', ['launch', '--all=yes']],
    ['--: wants the web server\'s command behind it', ['launch', '--']],
    ['"here" is one word too many', ['init', 'here']],
    ['"b" is one word too many: there is one FILE', ['backup', 'a', 'b']],
    ['"cases.jsonl" is one word too many: the cases come by standard input', ['calc', 'price', 'cases.jsonl']],
    ['FILE is required', ['backup']],
    ['DIR is required', ['plan', 'apply']],
    ['--name: is required', ['tenant', 'add']],
    ['--token: is required', ['token', 'revoke', '--tenant', '2']],
    ...[['tenant', 'add', '--name'], ['tenant', 'add', '--name=x', '--plan'], ['tenant', 'add', '--name=x', '--start'], ['tenant', 'add', '--name=x', '--cycle'],
      ['tenant', 'add', '--name=x', '--currency'], ['tenant', 'add', '--name=x', '--timezone'], ['token', 'add', '--tenant=2', '--name'], ['token', 'add', '--tenant=2', '--scopes'],
      ['token', 'add', '--tenant=2', '--user'], ['token', 'list', '--tenant'], ['check', '--tenant'], ['init', '--plans'], ['move', '--to'], ['launch', '--root'], ['launch', '--run'],
      ['launch', '--group'], ['launch', '--procs'], ['launch', '--writers'], ['launch', '--idle']].map((args) => [`${args.at(-1)}: must not be empty`, [...args, '']]),
    ['FILE must not be empty', ['backup', '']],
    ['DIR must not be empty', ['plan', 'apply', '']],
    ['--writers: must be at most 1000, not 1001', ['launch', '--writers', '1001']],
    ['--idle: must be at most', ['launch', '--idle', '9223372036854775807']],
    ['--plans: /nowhere: No such file', ['init', '--plans', '/nowhere']],
    ['--to: is required', ['move']],
    ['--to: must be an address like', ['move', '--to', 'mysql://host']],
    ...['0', '-1', '1.5', 'x', '2 ', ' 2', '+2', '0x2', '99999999999999999999'].map((n) => [`--tenant: must be a number from 1, not "${n}"`, ['token', 'list', `--tenant=${n}`]]),
  ];
  for (const [words, args] of mistakes) {
    test(`pennymeter ${args.join(' ')}`, () => {
      const r = run(...args);
      assert.deepEqual([r.code, r.out], [2, ''], r.err);
      assert.ok(r.err.startsWith(`pennymeter: ${words}`), r.err);
      assert.ok(r.err.trim().split('\n').length <= 2, r.err);
    });
  }

  test('everything that is missing is named at once', () => {
    fails(2, /--tenant: is required\n.*--token: is required/, 'token', 'revoke');
  });

  for (const [code, pointer, args] of [[2, '', ['tenat', '--json']], [2, '--name', ['tenant', 'add', '--json']], [2, '--tenant', ['--json', 'check', '--tenant', 'x']],
    [1, '--tenant', ['token', 'list', '--tenant', '99', '--json']], [1, 'nowhere', ['plan', 'apply', 'nowhere', '--json']]]) {
    test(`with --json it is an object on standard output too: ${args.join(' ')}`, () => {
      const r = run(...args);
      assert.equal(r.code, code);
      assert.deepEqual([r.json.ok, r.json.errors.length, r.json.errors[0].pointer], [false, 1, pointer]);
      assert.ok(r.err.includes(r.json.errors[0].detail));
    });
  }

  test('with --json before the command as behind it', () => {
    assert.deepEqual(run('--json', 'tenant', 'list').json, good('tenant', 'list'));
    assert.deepEqual(run('tenant', '--json', 'list').json, good('tenant', 'list'));
  });
});

describe('version', () => {
  test('version', () => {
    assert.equal(run('--version').out.trim(), readFileSync(path.join(repo, 'VERSION'), 'utf8').trim());
  });
});

describe('without --json each command speaks to a person', () => {
  for (const args of [['tenant', 'list'], ['plan', 'list'], ['check'], ['doctor'], ['token', 'list', '--tenant', '2']]) {
    test(args.join(' '), () => {
      const r = run(...args);
      assert.equal(r.code, 0, r.err);
      assert.ok(r.out.length > 10);
      assert.throws(() => JSON.parse(r.out));
    });
  }
});

describe('doctor', () => {
  test('finds nothing wrong in a new installation', () => {
    const { findings, ok } = good('doctor');
    assert.equal(ok, true, JSON.stringify(findings));
    assert.ok(findings.every((f) => f.ok && f.what && f.detail));
  });

  for (const [name, spoil, mend] of [
    ['a data folder of mode 0755', () => chmodSync(data, 0o755), () => chmodSync(data, 0o700)],
    ['a database that is none', () => { writeFileSync(path.join(data, 'other.db'), 'no database '.repeat(99)); env = { PENNYMETER_STORE: 'other.db' }; }, () => { env = {}; }],
    ['a missing file', () => { env = { PENNYMETER_STORE: 'none.db' }; }, () => { env = {}; }],
    ['a missing database', () => takeAway(data), () => bringBack(data)],
    ['a server that is not there', () => { env = { PENNYMETER_STORE: 'postgresql://nobody:secret@127.0.0.1:1/nothing' }; }, () => { env = {}; }],
  ]) {
    test(`finds ${name}`, () => {
      spoil();
      try {
        const r = run('doctor', '--json');
        assert.equal(r.code, 1, r.out);
        assert.equal(r.json.ok, false);
        assert.equal(r.json.findings.filter((f) => !f.ok).length, 1, r.out);
      } finally {
        mend();
      }
    });
  }

  test('says of the web server what it can know, and where to look for the rest', () => {
    const said = () => good('doctor').findings.find((f) => f.what === 'web server');
    assert.match(said().detail, /cannot be seen from here: open https:\/\/YOUR\.HOST\/api\/health/);
    env = { PENNYMETER_BASE_PATH: '/meter' };
    assert.match(said().detail, /YOUR\.HOST\/meter\/api\/health/);
    env = {};
    writeFileSync(path.join(data, 'run.json'), '{"url":"http://127.0.0.1:8080","token":null}');
    assert.match(said().detail, /serves it at http:\/\/127\.0\.0\.1:8080$/);
    rmSync(path.join(data, 'run.json'));
  });

  test('finds a data folder below a web root', () => {
    const kept = data, home = mkdtempSync(path.join(os.tmpdir(), 'pm-web-'));
    data = path.join(home, 'public_html/pennymeter');
    try {
      mkdirSync(path.dirname(data));
      env = { PENNYMETER_STORE: 'pennymeter.db' };
      good('init');
      const r = run('doctor', '--json');
      assert.deepEqual([r.code, r.json.ok], [1, false]);
      assert.match(r.json.findings.find((f) => !f.ok).detail, /lies below "public_html"/);
    } finally {
      data = kept;
      env = {};
      rmSync(home, { recursive: true });
    }
  });

  test('finds a missing folder', () => {
    const kept = data;
    data = path.join(kept, 'nowhere');
    try {
      const r = run('doctor', '--json');
      assert.equal(r.code, 1);
      assert.match(r.out, /init/);
    } finally {
      data = kept;
    }
  });
});

test('a command leaves nothing behind in the data folder that was not there', () => {
  const before = readdirSync(data).sort();
  for (const args of [['check'], ['tenant', 'list'], ['plan', 'list'], ['doctor']]) run(...args);
  assert.deepEqual(readdirSync(data).sort(), before);
});

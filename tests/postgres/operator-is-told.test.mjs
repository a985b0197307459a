// The operator's command on PostgreSQL: what it says of the server, what it refuses, and that no password is told.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { query } from '../lib/database.mjs';
import { build, startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

let server, cluster, database;
before(async () => {
  server = await startServer({ store: 'postgres' });
  ({ cluster, name: database } = server.store);
});
after(() => server?.stop());

/** The command with another address for its store. */
function at(address, ...args) {
  const r = spawnSync(path.join(build, 'bin/pennymeter'), args, { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: server.data, PENNYMETER_STORE: address } });
  return { code: r.status, said: r.stdout + r.stderr };
}
const here = (...args) => at(cluster.url(database), ...args);

/** Do something with a database that is made by `made` and dropped again. */
function inDatabase(made, work) {
  const name = `${database}_odd`;
  cluster.command(`CREATE DATABASE ${name} OWNER pennymeter ${made}`);
  try {
    work(cluster.url(name), name);
  } finally {
    cluster.dropDatabase(name);
  }
}

/** Run with a setting of the database in force for new connections. */
function withSetting(setting, work) {
  cluster.command(`ALTER DATABASE ${database} SET ${setting}`);
  try {
    work();
  } finally {
    cluster.command(`ALTER DATABASE ${database} RESET ALL`);
  }
}

describe('doctor', () => {
  test('names the server and finds nothing wrong with it', () => {
    const { findings, ok } = server.pennymeter(['doctor']);
    assert.ok(ok, JSON.stringify(findings));
    assert.ok(findings.some((f) => /PostgreSQL 15/.test(f.detail)), JSON.stringify(findings));
  });

  test('finds a server that does not keep what it has acknowledged', () => {
    withSetting('synchronous_commit = off', () => {
      const { code, said } = here('doctor');
      assert.equal(code, 1, said);
      assert.match(said, /synchronous_commit/);
    });
  });
});

for (const [what, name] of [['63 bytes', 'x'.repeat(63)], ['64 bytes', 'x'.repeat(64)], ['1,000 bytes', 'y'.repeat(1000)], ['letters of two bytes', 'ü'.repeat(40)]]) {
  test(`an application_name of ${what} makes nobody say a word, in the address or in the environment`, () => {
    const url = cluster.url(database), asked = `${url}${url.includes('?') ? '&' : '?'}application_name=${encodeURIComponent(name)}`;
    for (const env of [{ PENNYMETER_STORE: asked }, { PENNYMETER_STORE: url, PGAPPNAME: name }]) {
      const r = spawnSync(path.join(build, 'bin/pennymeter'), ['tenant', 'list'], { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: server.data, ...env } });
      assert.deepEqual([r.status, r.stderr], [0, '']);
    }
  });
}

describe('a store that cannot be used', () => {
  const cases = [
    ['a port where nobody listens', 'postgresql://someone:s3cret@127.0.0.1:1/nothing'],
    ['a database that is not there', () => cluster.url('nothing').replace('pennymeter@', 'pennymeter:s3cret@')],
    ['a role that is not there', () => cluster.url(database).replace('pennymeter@', 'stranger:s3cret@')],
    ['an address that makes no sense', 'postgresql://someone:s3cret@127.0.0.1:port/x'],
    ['a parameter that there is not', () => `${cluster.url(database).replace('pennymeter@', 'pennymeter:s3cret@')}?colour=red`],
  ];
  for (const [name, address] of cases) {
    test(`${name}: each command fails with 1, says so, and tells no password`, () => {
      const where = typeof address === 'function' ? address() : address;
      for (const args of [['tenant', 'list'], ['check'], ['doctor'], ['init']]) {
        const { code, said } = at(where, ...args);
        assert.equal(code, 1, `${args}: ${said}`);
        assert.match(said, /store|database|PostgreSQL/i);
        assert.doesNotMatch(said, /s3cret/);
      }
      assert.ok(!existsSync(path.join(server.data, where)), 'it is not taken for a file');
    });
  }

  test('a database that holds no UTF-8 is refused, and stays empty', () => {
    inDatabase("ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0", (url, name) => {
      const { code, said } = at(url, 'init');
      assert.equal(code, 1, said);
      assert.match(said, /UTF8/);
      assert.deepEqual(cluster.rows(name, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"), []);
    });
  });

  test('an empty database says to run init', () => {
    inDatabase('', (url) => {
      const { code, said } = at(url, 'tenant', 'list');
      assert.equal(code, 1, said);
      assert.match(said, /pennymeter init/);
    });
  });

  test('a schema_version of another program is told as that, and init is not advised', () => {
    inDatabase('', (url, name) => {
      cluster.rows(name, 'CREATE TABLE schema_version (version INT, description TEXT)');
      for (const args of [['tenant', 'list'], ['doctor'], ['check'], ['init']]) {
        const { code, said } = at(url, ...args);
        assert.equal(code, 1, said);
        assert.match(said, /another program/, `${args}`);
        assert.doesNotMatch(said, /pennymeter init/, `${args}`);
      }
    });
  });

  test('init that may not make tables says so, and leaves none', () => {
    inDatabase('', (url, name) => {
      cluster.asAdmin(name, 'ALTER SCHEMA public OWNER TO admin; REVOKE CREATE ON SCHEMA public FROM PUBLIC');
      cluster.command(`ALTER DATABASE ${name} OWNER TO admin`);
      const { code, said } = at(url, 'init');
      assert.equal(code, 1, said);
      assert.deepEqual(cluster.rows(name, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"), []);
    });
  });
});

test('a schema of another version is 503 to whoever connects, until it is the right one', async () => {
  const tenant = tenantOf(server);
  const cutOff = () => cluster.command(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${database}' AND application_name LIKE 'pennymeter%'`);
  query(server.data, "INSERT INTO schema_version (version, name, applied_at) VALUES (999, 'future', 0)");
  cutOff();
  try {
    isProblem(await tenant.record({ metric_name: 'api_calls', quantity: 1 }), 503);
    isProblem(await server.request('GET', '/api/health'), 503);
    for (const args of [['tenant', 'list'], ['doctor'], ['check'], ['init']]) {
      const { said } = here(...args);
      assert.match(said, /version 999, newer than this program's \d+: use the newer program/, `${args}`);
      assert.doesNotMatch(said, /pennymeter init/, `${args}`);
    }
  } finally {
    query(server.data, 'DELETE FROM schema_version WHERE version = 999');
    cutOff();
  }
  await tenant.use('api_calls', 1);
});

test('backup is for files: on a server it fails with 1 and names pg_dump', () => {
  const file = path.join(server.data, 'backup.db');
  const { code, said } = here('backup', file);
  assert.equal(code, 1, said);
  assert.match(said, /pg_dump/);
  assert.ok(!existsSync(file));
});

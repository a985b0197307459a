// No part of a password is told, however the address that holds it is written or mistaken: not by a command, not in the
// functions' log, not in an answer. And what was meant for a server is not taken for a file's name.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sharedPostgres } from '../lib/postgres.mjs';
import { build, repo, startServer } from '../lib/server.mjs';
import { isProblem } from '../lib/tenant.mjs';

/** Each part of a password as it may be torn: SECRET and what stands beside it. None of these words may be told. */
const secrets = /q7secret|z9hidden|k5third/i;

const addresses = (host, port) => {
  const at = `${host}:${port}`;
  return {
    'a wrong password': `postgresql://meter:q7secret@${at}/x`,
    'an @ in it': `postgresql://meter:q7secret@z9hidden@${at}/x`,
    'two @ in it': `postgresql://meter:q7secret@z9hidden@k5third@${at}/x`,
    'a / in it': `postgresql://meter:q7secret/z9hidden@${at}/x`,
    'a / behind figures': `postgresql://meter:12/q7secret@${at}/x`,
    'a ? in it': `postgresql://meter:q7secret?z9hidden@${at}/x`,
    'a ? and an = in it': `postgresql://meter:q7secret?host=z9hidden@${at}/x`,
    'a # in it': `postgresql://meter:q7secret#z9hidden@${at}/x`,
    'a : in it': `postgresql://meter:q7secret:z9hidden@${at}/x`,
    'a % in it': `postgresql://meter:q7secret%z9hidden@${at}/x`,
    'a % at its end': `postgresql://meter:q7secret%@${at}/x`,
    'a %00 in it': `postgresql://meter:q7secret%00z9hidden@${at}/x`,
    'a space in it': `postgresql://meter:q7secret z9hidden@${at}/x`,
    'a quote in it': `postgresql://meter:q7secret"z9hidden@${at}/x`,
    'brackets in it': `postgresql://meter:[q7secret]z9hidden@${at}/x`,
    'a [ before the host': `postgresql://meter:q7secret@[z9hidden:${port}/x`,
    'no user': `postgresql://:q7secret@${at}/x`,
    'no host behind it': 'postgresql://meter:q7secret',
    'a parameter password': `postgresql://meter@${at}/x?password=q7secret`,
    'a parameter password with an & in it': `postgresql://meter@${at}/x?password=q7secret&z9hidden`,
    'a parameter password that makes another': `postgresql://meter@${at}/x?password=q7secret&host=z9hidden`,
    'a parameter password with a % in it': `postgresql://meter@${at}/x?password=q7secret%z9hidden`,
    'a parameter that is misspelt': `postgresql://meter@${at}/x?pasword=q7secret`,
    'a parameter without =': `postgresql://meter:k5third@${at}/x?q7secret`,
    'a parameter sslpassword': `postgresql://meter@${at}/x?sslpassword=q7secret&sslmode=z9hidden`,
    'a parameter with a wrong number': `postgresql://meter:q7secret@${at}/x?port=z9hidden`,
    'another scheme': `postgres://meter:q7secret@z9hidden@${at}/x`,
    'a scheme in capitals': `POSTGRESQL://meter:q7secret@${at}/x`,
    'a scheme in both': `Postgres://meter:q7secret/z9hidden@${at}/x`,
    'an address of IPv6': `postgresql://meter:q7secret@[::1]:1/x`,
    'a socket\'s folder': 'postgresql://meter:q7secret@%2Fnowhere/x',
    'several hosts': `postgresql://meter:q7secret@${at},127.0.0.1:1/x`,
    'its : escaped with it': `postgresql://meter%3Aq7secret@${at}/postgres`,
    'its @ escaped too': `postgresql://meter%3Aq7secret%40${at}/postgres`,
    'as the name': `postgresql://q7secret@${at}/postgres`,
    'as the database': `postgresql://pennymeter@${at}/q7secret`,
    'as the host': `postgresql://q7secret/postgres`,
    'as a parameter user': `postgresql://${at}/postgres?user=q7secret`,
    'as a parameter dbname': `postgresql://pennymeter@${at}/postgres?dbname=q7secret`,
    'behind a parameter host': `postgresql:///postgres?host=${host}:q7secret`,
    'behind a parameter hostaddr': `postgresql:///postgres?hostaddr=${host}:q7secret`,
    'as a parameter service': `postgresql://${at}/postgres?service=q7secret`,
    'as a parameter sslmode': `postgresql://${at}/postgres?sslmode=q7secret`,
    'as a parameter sslrootcert': `postgresql://${at}/postgres?sslmode=verify-full&sslrootcert=q7secret`,
    'in a parameter options': `postgresql://pennymeter@${at}/postgres?options=-csearch_path.q7secret%3Dz9hidden`,
    'in the role that options set': `postgresql://pennymeter@${at}/postgres?options=-crole%3Dq7secret`,
    'one / too few': `postgresql:/meter:q7secret@${at}/x`,
    'one / too few, the short scheme': `postgres:/meter:q7secret@${at}/x`,
    'no / at all': `postgres:meter:q7secret@${at}/x`,
    'one / too many': `postgresql:///meter:q7secret@${at}/x`,
    'no scheme': `meter:q7secret@${at}/x`,
    'another product\'s scheme': `mysql://meter:q7secret@${at}/x`,
    'Java\'s scheme': `jdbc:postgresql://${at}/x?user=meter&password=q7secret`,
    'keys and values': `host=${host} port=${port} user=meter password=q7secret dbname=x`,
    'keys and values with spaces': `host = ${host} password = 'q7secret z9hidden'`,
    'keys and values in capitals': `HOST=${host} PASSWORD=q7secret`,
    'a password and no more': 'password=q7secret',
  };
};

let cluster, data;
before(async () => {
  cluster = await sharedPostgres();
  data = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-')));
});
after(() => { if (data) rmSync(data, { recursive: true, force: true }); });

function run(args, store, more = {}) {
  const r = spawnSync(path.join(build, 'bin/pennymeter'), args, { encoding: 'utf8', cwd: repo, timeout: 60_000,
    env: { ...process.env, PENNYMETER_DATA: data, ...(store && { PENNYMETER_STORE: store }), ...more } });
  return { code: r.status, said: r.stdout + r.stderr };
}

const names = Object.keys(addresses('h', 1));
/** Names of files tell too. */
const files = () => readdirSync(data, { recursive: true }).join('\n');

describe('commands', () => {
  for (const name of names) {
    test(`${name}: each fails with 1, says that it is the store's address, and tells nothing of it`, () => {
      for (const port of [1, cluster.port]) {
        const address = addresses('127.0.0.1', port)[name];
        for (const args of port === 1 ? [['doctor'], ['init'], ['tenant', 'list', '--json'], ['backup', path.join(data, 'b')]] : [['doctor']]) {
          const { code, said } = run(args, address);
          assert.equal(code, 1, `${args}: ${said}`);
          assert.match(said, /store|database|PostgreSQL/);
          assert.doesNotMatch(said, secrets, `${args} with ${address}`);
        }
      }
      assert.doesNotMatch(files(), secrets);
    });
  }

  test('move --to tells none either', () => {
    const home = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-')));
    try {
      assert.equal(run(['init'], null, { PENNYMETER_DATA: home }).code, 0);
      for (const [name, address] of Object.entries(addresses('127.0.0.1', 1))) {
        const { code, said } = run(['move', '--to', address], null, { PENNYMETER_DATA: home });
        assert.equal(code, said.startsWith('pennymeter: --to: ') ? 2 : 1, `${name}: ${said}`); // by its form, or by who answers there
        assert.doesNotMatch(said, secrets, name);
      }
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  test('a line of pennymeter.conf that is an address and no more tells none', () => {
    const file = path.join(data, 'pennymeter.conf');
    for (const line of Object.values(addresses('127.0.0.1', 1))) {
      writeFileSync(file, `${line}\n`);
      const { code, said } = run(['tenant', 'list']);
      assert.equal(code, 1, said);
      assert.match(said, /pennymeter\.conf:1/);
      assert.doesNotMatch(said, secrets, line);
    }
    rmSync(file);
  });
});

test('functions: neither their answers nor their log', { timeout: 120_000 }, async () => {
  const server = await startServer({ store: 'sqlite', server: 'all-cgi' }); // whose processes read the configuration each time
  try {
    const { token } = server.addTenant();
    for (const [name, address] of Object.entries(addresses('127.0.0.1', 1))) {
      writeFileSync(path.join(server.data, 'pennymeter.conf'), `store = ${address}\n`);
      for (const target of ['/api/health', '/api/usage/stats']) {
        const reply = await server.request('GET', target, { token });
        isProblem(reply, 503);
        assert.doesNotMatch(reply.text, secrets, name);
      }
    }
    const log = readFileSync(path.join(server.data, 'server.log'), 'utf8');
    assert.match(log, /store/);
    assert.doesNotMatch(log, secrets);
  } finally {
    await server.stop();
  }
});

test('an address is told why it cannot be used, and what to do, without a word of it', () => {
  const why = (address) => run(['tenant', 'list'], address).said;
  assert.match(why('postgresql://meter@127.0.0.1:1/x'), /nothing listens.*is the server running/);
  assert.match(why('postgresql://meter@no-such-host.invalid/x'), /the host is not found/);
  assert.match(why('postgresql:///x?host=/nowhere'), /no such socket/);
  assert.match(why(cluster.url('nothing_there')), /does not have the database.*createdb/);
  assert.match(why(cluster.url('postgres', 'stranger')), /does not know the role/);
});

test('an address with a password is told why all the same', () => {
  const secret = (url) => url.replace('pennymeter@', 'pennymeter:q7secret@');
  assert.match(run(['tenant', 'list'], 'postgresql://meter:q7secret@127.0.0.1:1/x').said, /nothing listens/);
  assert.match(run(['tenant', 'list'], secret(cluster.url('nothing_there'))).said, /does not have the database/);
  assert.match(run(['tenant', 'list'], secret(cluster.url('postgres', 'stranger'))).said, /does not/);
  assert.match(run(['tenant', 'list'], 'postgresql://meter:q7@secret@h/x').said, /%40/);
});

test('files whose names have an @ or a : or an = in them are files', () => {
  const home = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-')));
  try {
    for (const name of ['you@example.com.db', 'a:b.db', 'size=1.db', 'postgres.db', 'host.db', 'password.db'])
      assert.equal(run(['init'], name, { PENNYMETER_DATA: home }).code, 0, name);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

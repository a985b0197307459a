// `pennymeter move` takes tables that it was not written for, as later migrations add them: any number, with texts,
// bytes, wide and large rows, keys of any kind, rows that refer to others; what it cannot take it says before it begins.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { fileOf, query } from '../lib/database.mjs';
import { command, event, isMoved, killedAt, move, sqliteServer, target } from '../lib/move.mjs';
import { repo } from '../lib/places.mjs';
import { tenantOf } from '../lib/tenant.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(300);

/** A migration as the product's own are written: the same for both, in each one's words. */
const forPostgres = (sql) => sql.replaceAll(' INTEGER', ' BIGINT').replaceAll(' TEXT', ' TEXT COLLATE "C"').replaceAll(' BLOB', ' BYTEA').replaceAll(/\) STRICT(, WITHOUT ROWID)?;/g, ');');
const lite = (server, sql) => {
  const r = spawnSync('sqlite3', ['-cmd', '.timeout 10000', fileOf(server.data)], { input: `PRAGMA foreign_keys=ON; ${sql}`, encoding: 'utf8', maxBuffer: 1 << 28 });
  assert.equal(r.stderr, '');
};

const wide = Array.from({ length: 150 }, (_, i) => `c${i} INTEGER`).join(', ');
const schema = `
CREATE TABLE files (tenant_id INTEGER NOT NULL, file_id INTEGER NOT NULL, "order" TEXT, content BLOB, PRIMARY KEY (tenant_id, file_id)) STRICT;
CREATE TABLE zones (name TEXT PRIMARY KEY, note TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE seals (hash BLOB NOT NULL, part INTEGER NOT NULL, note TEXT, PRIMARY KEY (hash, part)) STRICT, WITHOUT ROWID;
CREATE TABLE whole_numbers (n INTEGER PRIMARY KEY) STRICT;
CREATE TABLE movements (seq INTEGER PRIMARY KEY, "Mixed Case" TEXT) STRICT;
CREATE TABLE empty (tenant_id INTEGER PRIMARY KEY, document TEXT) STRICT;
CREATE TABLE a_leaf (id INTEGER PRIMARY KEY, of INTEGER NOT NULL REFERENCES m_branch (id)) STRICT;
CREATE TABLE m_branch (id INTEGER PRIMARY KEY, of INTEGER NOT NULL REFERENCES z_root (id)) STRICT;
CREATE TABLE z_root (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE wide (id INTEGER PRIMARY KEY, ${wide}) STRICT;
`;
const inOrder = (sql) => sql.replace(/(CREATE TABLE a_leaf.*\n)(CREATE TABLE m_branch.*\n)(CREATE TABLE z_root.*\n)/, '$3$2$1');

async function withTables(t, more = '') {
  const server = await sqliteServer(t, { procs: 2 }), there = await target(t);
  lite(server, schema + more);
  assert.equal(command(server, ['init'], there.url).status, 0);
  there.run(forPostgres(inOrder(schema + more)));
  return { server, there };
}

const rows = `
INSERT INTO files SELECT 1 + n % 3, n, 'ż' || char(8383, 39, 34, 92, 10, 1), CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN zeroblob(0) ELSE randomblob(300000) END FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 24) SELECT n FROM c);
INSERT INTO files VALUES (9, 1, NULL, randomblob(6000000)), (9, 2, replace(hex(zeroblob(2000000)), '0', 'é'), NULL);
INSERT INTO zones SELECT CASE n WHEN 1 THEN '' ELSE replace(hex(zeroblob(n % 30)), '0', char(96 + n % 20, 300 + n)) || n END, NULL FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 4500) SELECT n FROM c);
INSERT INTO seals SELECT CASE n WHEN 1 THEN zeroblob(0) ELSE CAST(randomblob(n % 40) || n AS BLOB) END, n, 's' FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 4500) SELECT n FROM c);
INSERT INTO whole_numbers VALUES (-9223372036854775808), (-1), (0), (9223372036854775807);
INSERT INTO movements VALUES (1, 'x'), (2, NULL);
INSERT INTO z_root VALUES (1, 'one'), (2, 'two');
INSERT INTO m_branch VALUES (1, 1), (2, 2);
INSERT INTO a_leaf VALUES (1, 1), (2, 2), (3, 2);
INSERT INTO wide (id, c0, c149) VALUES (1, 7, 8);
`;

const names = ['files', 'zones', 'seals', 'whole_numbers', 'movements', 'empty', 'a_leaf', 'm_branch', 'z_root', 'wide'];
const counts = (ask) => names.map((name) => [name, ask(`SELECT COUNT(*) AS n FROM ${name}`)[0].n]);
const sums = (ask, hex) => ask(`SELECT tenant_id, file_id, "order" IS NULL AS none, length("order") AS size, length(content) AS bytes, ${hex} AS head FROM files ORDER BY 1, 2`)
  .map((r) => JSON.stringify({ ...r, none: Boolean(r.none) }));

test('tables of every kind are moved, as they are changed meanwhile', async (t) => {
  const { server, there } = await withTables(t);
  const tenant = tenantOf(server, { plan: 'starter' });
  lite(server, rows);
  await killedAt(t, server, there, 'zones');
  lite(server, `UPDATE zones SET note = 'changed' WHERE name = ''; DELETE FROM seals WHERE part % 7 = 0; UPDATE whole_numbers SET n = 5 WHERE n = 0;
    UPDATE files SET content = x'00ff' WHERE file_id = 3; UPDATE movements SET "Mixed Case" = 'y' WHERE seq = 2; UPDATE wide SET c7 = 1;
    DELETE FROM a_leaf WHERE of = 1; DELETE FROM m_branch WHERE id = 1; DELETE FROM z_root WHERE id = 1;
    INSERT INTO z_root VALUES (3, 'one'); INSERT INTO m_branch VALUES (3, 3); INSERT INTO a_leaf VALUES (9, 3);`);
  const moved = await move(server, ['--to', there.url]);
  assert.equal(moved.code, 0, moved.said);
  const left = (sql) => JSON.parse(spawnSync('sqlite3', ['-json', `${fileOf(server.data)}.moved`, sql], { encoding: 'utf8' }).stdout || '[]');
  assert.deepEqual(counts(there.rows), counts(left));
  assert.deepEqual(sums(there.rows, "upper(encode(substr(content, 1, 16), 'hex'))"), sums(left, 'CASE WHEN content IS NOT NULL THEN hex(substr(content, 1, 16)) END'));
  assert.deepEqual(there.rows('SELECT CAST(n AS TEXT) AS n FROM whole_numbers ORDER BY whole_numbers.n').map((r) => r.n), ['-9223372036854775808', '-1', '5', '9223372036854775807']);
  assert.deepEqual(there.rows('SELECT id, name FROM z_root ORDER BY id'), [{ id: 2, name: 'two' }, { id: 3, name: 'one' }]);
  assert.deepEqual(there.rows('SELECT c0, c7, c149 FROM wide'), [{ c0: 7, c7: 1, c149: 8 }]);
  assert.equal((await tenant.record(event(1))).status, 201);
});

test('111 tables more are moved, and each is compared, also where they are partitioned there', async (t) => {
  const more = Array.from({ length: 111 }, (_, i) => `CREATE TABLE t${i} (tenant_id INTEGER NOT NULL, id INTEGER NOT NULL, note TEXT, PRIMARY KEY (tenant_id, id)) STRICT;`).join('\n');
  const { server, there } = await withTables(t, more);
  lite(server, Array.from({ length: 111 }, (_, i) => `INSERT INTO t${i} VALUES (1, ${i}, 'x'), (2, ${i}, 'y');`).join('\n'));
  there.cluster.script(there.name, path.join(repo, 'infra/postgres/partition.sql'), ['-v', 'partitions=2']);
  there.run("CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := ''z''; RETURN NEW; END'; CREATE TRIGGER spoil BEFORE INSERT OR UPDATE ON t110 FOR EACH ROW EXECUTE FUNCTION spoil()");
  const refused = await move(server, ['--to', there.url]);
  assert.equal(refused.code, 1);
  assert.match(refused.said, /differs: t110, the row \{"tenant_id":1,"id":110\} holds something else there/);
  assert.ok(!isMoved(server));
  there.run('DROP TRIGGER spoil ON t110; UPDATE t110 SET note = CASE tenant_id WHEN 1 THEN \'x\' ELSE \'y\' END');
  const moved = await move(server, ['--to', there.url]);
  assert.equal(moved.code, 0, moved.said);
  for (const i of [0, 99, 100, 110]) assert.equal(there.value(`SELECT COUNT(*) FROM t${i}`), 2);
});

for (const [what, here, there, why] of [
  ['that the server lacks', 'CREATE TABLE odd (id INTEGER PRIMARY KEY) STRICT;', '', /no table odd; nothing was copied/],
  ['with a column more', 'CREATE TABLE odd (id INTEGER PRIMARY KEY, more TEXT) STRICT;', 'CREATE TABLE odd (id BIGINT PRIMARY KEY)', /odd is otherwise made there.*here id i key 1, more t; there id i key 1; nothing was copied/],
  ['with a column of another kind', 'CREATE TABLE odd (id INTEGER PRIMARY KEY, more TEXT) STRICT;', 'CREATE TABLE odd (id BIGINT PRIMARY KEY, more JSONB)', /otherwise made there.*more t; there .*more \?jsonb/],
  ['with another key', 'CREATE TABLE odd (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b)) STRICT;', 'CREATE TABLE odd (a BIGINT, b BIGINT, PRIMARY KEY (b, a))', /otherwise made there.*a i key 1, b i key 2; there a i key 2, b i key 1/],
  ['without a key', 'CREATE TABLE odd (a INTEGER) STRICT;', 'CREATE TABLE odd (a BIGINT)', /odd: has no primary key/],
  ['with binary fractions', 'CREATE TABLE odd (a INTEGER PRIMARY KEY, b REAL) STRICT;', 'CREATE TABLE odd (a BIGINT PRIMARY KEY, b FLOAT8)', /odd: has a column of the type REAL, which cannot be moved/],
]) {
  test(`a table ${what} is told before anything begins`, async (t) => {
    const server = await sqliteServer(t, { procs: 1 }), to = await target(t);
    lite(server, here);
    assert.equal(command(server, ['init'], to.url).status, 0);
    if (there) to.run(there);
    const refused = await move(server, ['--to', to.url]);
    assert.equal(refused.code, 1);
    assert.match(refused.said, why);
    assert.deepEqual(query(server.data, "SELECT name FROM sqlite_schema WHERE type = 'trigger'"), []);
    assert.ok(!isMoved(server));
  });
}

// infra/postgres/partition.sql and citus.sql: what they make of a filled database, and that they can be run again.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DAY, fromInstant, now } from '../lib/exact.mjs';
import { repo, startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

const script = (name) => path.join(repo, 'infra/postgres', name);
const inSchema = "relnamespace = 'public'::regnamespace";

let server, cluster, database;
const rows = (sql) => cluster.rows(database, sql);
const names = (sql) => rows(sql).map((r) => r.name);

/** Serve a database of one's own to the tests of one group. */
function withServer() {
  before(async () => {
    server = await startServer({ store: 'postgres' });
    ({ cluster, name: database } = server.store);
  });
  after(() => server?.stop());
}

/** Tables with a tenant's key, and all the others. */
const tenantsTables = () => names(`SELECT c.relname AS name FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.${inSchema} AND a.attname = 'tenant_id' ORDER BY 1`);
const sharedTables = () => names(`SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND ${inSchema} ORDER BY 1`)
  .filter((name) => !tenantsTables().includes(name));

/** What a table promises, as texts that tell nothing of how it is stored. */
const promises = () => ({
  columns: rows(`SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name NOT SIMILAR TO '%\\_p[0-9]+' ORDER BY table_name, ordinal_position`),
  constraints: rows(`SELECT conrelid::regclass::text AS place, conname, pg_get_constraintdef(oid) AS text FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conparentid = 0 AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = conrelid AND c.relispartition)
    ORDER BY 1, 2`),
  indexes: rows(`SELECT indexrelid::regclass::text AS name, replace(pg_get_indexdef(indexrelid), ' ONLY ', ' ') AS text FROM pg_index i JOIN pg_class c ON c.oid = indrelid
    WHERE c.${inSchema} AND NOT c.relispartition ORDER BY 1`),
  owners: rows(`SELECT relname, pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND ${inSchema} ORDER BY 1`),
});
const contents = () => [...tenantsTables(), ...sharedTables()].map((name) => rows(`SELECT to_json(t)::text AS row FROM ${name} t ORDER BY 1`));
const catalogue = () => rows(`SELECT oid, relname, relkind, relfilenode FROM pg_class WHERE ${inSchema} ORDER BY 1`);
const parts = (table) => rows(`SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = '${table}'::regclass`).length;
const proven = () => assert.deepEqual(server.pennymeter(['check']).differences, []);

describe('partition.sql', () => {
  let tenants;
  withServer();
  before(async () => {
    tenants = Array.from({ length: 12 }, () => tenantOf(server));
    for (const [i, tenant] of tenants.entries()) {
      await tenant.load(Array.from({ length: 20 }, (_, n) => ({ metric_name: 'api_calls', quantity: n + i + 1, recorded_at: fromInstant(now() - BigInt(n) * DAY / 4n) })));
      await tenant.record({ metric_name: 'quotes_generated', quantity: 1 }, { 'Idempotency-Key': `key-${i}` });
    }
  });

  test('refuses a number of partitions that makes no sense, and changes nothing', () => {
    const before = catalogue();
    for (const number of ['0', '-1', 'many']) assert.throws(() => cluster.script(database, script('partition.sql'), ['-v', `partitions=${number}`]), /psql/);
    assert.deepEqual(catalogue(), before);
  });

  test('keeps rows, columns, defaults, checks, keys, indexes and owners, and spreads every tenants\' table', async () => {
    const before = [promises(), contents(), tenantsTables(), sharedTables()];
    assert.ok(before[2].length >= 15 && before[2].includes('tenants') && before[2].includes('tokens'));
    cluster.script(database, script('partition.sql'));
    assert.deepEqual([promises(), contents(), tenantsTables(), sharedTables()], before);
    for (const table of tenantsTables()) assert.equal(parts(table), 8, table);
    for (const table of sharedTables()) assert.equal(parts(table), 0, table);
    const used = rows('SELECT DISTINCT tableoid FROM usage_events').length;
    assert.ok(used > 1, `tenants lie in ${used} partitions`);
    proven();
  });

  test('is not noticed by functions that run: they go on recording and reading', async () => {
    for (const tenant of tenants) {
      await tenant.use('quotes_generated', 2);
      const { metrics } = await tenant.read('/api/usage/summary?metric_name=quotes_generated');
      assert.deepEqual(metrics.map((m) => m.total_quantity), ['3']);
    }
    proven();
  });

  test('changes nothing when it is run again, however many partitions are asked for', () => {
    const before = catalogue();
    cluster.script(database, script('partition.sql'));
    cluster.script(database, script('partition.sql'), ['-v', 'partitions=3']);
    assert.deepEqual(catalogue(), before);
  });

  test('takes what an upgrade adds, with its checks, storage settings and foreign keys', () => {
    cluster.psql(database, `CREATE TABLE later (tenant_id BIGINT NOT NULL REFERENCES tenants, later_id BIGINT NOT NULL DEFAULT 7, note TEXT CHECK (note <> ''),
      PRIMARY KEY (tenant_id, later_id), UNIQUE (tenant_id, note)) WITH (fillfactor = 70); CREATE INDEX later_by_note ON later (note) WHERE note > 'm';
      CREATE TABLE latest (tenant_id BIGINT, later_id BIGINT, n BIGINT, PRIMARY KEY (tenant_id, n), FOREIGN KEY (tenant_id, later_id) REFERENCES later ON DELETE CASCADE);
      INSERT INTO later (tenant_id, note) VALUES (2, 'x'); INSERT INTO latest VALUES (2, 7, 1); GRANT SELECT ON later TO PUBLIC`);
    const before = [promises(), contents()];
    cluster.script(database, script('partition.sql'), ['-v', 'partitions=3']);
    assert.deepEqual([promises(), contents()], before);
    assert.deepEqual(['later', 'latest', 'tenants'].map(parts), [3, 3, 8]);
    assert.deepEqual(rows("SELECT DISTINCT reloptions FROM pg_class WHERE relname LIKE 'later\\_p_'"), [{ reloptions: ['fillfactor=70'] }]);
    assert.deepEqual(rows("SELECT has_table_privilege('public', 'later', 'SELECT') AS may"), [{ may: true }]);
    cluster.psql(database, 'DROP TABLE latest, later');
  });
});

describe('citus.sql, with functions that stand in for those of Citus and note their calls', () => {
  const standIns = `
    CREATE TABLE calls (n BIGINT GENERATED ALWAYS AS IDENTITY, what TEXT, name TEXT, argument TEXT, beside TEXT);
    CREATE SCHEMA citus;
    ALTER TABLE calls SET SCHEMA citus;
    CREATE TABLE citus.pg_dist_partition (logicalrelid REGCLASS);
    CREATE FUNCTION citus.create_reference_table(table_name REGCLASS) RETURNS VOID LANGUAGE SQL AS
      $$ INSERT INTO citus.calls (what, name) VALUES ('reference', table_name); INSERT INTO citus.pg_dist_partition VALUES (table_name) $$;
    CREATE FUNCTION citus.create_distributed_table(table_name REGCLASS, distribution_column TEXT, distribution_type TEXT DEFAULT 'hash',
      colocate_with TEXT DEFAULT 'default', shard_count INT DEFAULT NULL) RETURNS VOID LANGUAGE SQL AS
      $$ INSERT INTO citus.calls (what, name, argument, beside) VALUES ('table', table_name, distribution_column, colocate_with);
         INSERT INTO citus.pg_dist_partition VALUES (table_name) $$;
    CREATE FUNCTION citus.create_distributed_function(function_name REGPROCEDURE, distribution_arg_name TEXT DEFAULT NULL,
      colocate_with TEXT DEFAULT 'default', force_delegation BOOL DEFAULT NULL) RETURNS VOID LANGUAGE SQL AS
      $$ INSERT INTO citus.calls (what, name, argument, beside) VALUES ('function', function_name, distribution_arg_name, colocate_with) $$;
    CREATE FUNCTION nothing_of_a_tenant(p_other BIGINT) RETURNS BIGINT LANGUAGE SQL AS 'SELECT 1::BIGINT';
    CREATE FUNCTION something_of_a_tenant(p_tenant BIGINT, p_other TEXT) RETURNS BIGINT LANGUAGE SQL AS 'SELECT 1::BIGINT'`;
  const calls = () => rows('SELECT what, name, argument, beside FROM citus.calls ORDER BY n');
  const run = () => cluster.session(database, `SET search_path = public, citus;\n\\i ${script('citus.sql')}\n`);

  withServer();
  before(() => {
    cluster.psql(database, standIns);
    run();
  });

  test('distributes each tenants\' table once, by its tenant, and next to tenants', () => {
    const distributed = calls().filter((c) => c.what === 'table');
    assert.deepEqual(distributed.map((c) => c.name).sort(), tenantsTables());
    assert.ok(distributed.every((c) => c.argument === 'tenant_id'));
    assert.deepEqual([distributed[0].name, distributed[0].beside], ['tenants', 'none']);
    assert.ok(distributed.slice(1).every((c) => c.beside === 'tenants'));
  });

  test('copies every other table to each node, before what refers to it', () => {
    const made = calls().map((c) => c.what);
    assert.deepEqual(calls().filter((c) => c.what === 'reference').map((c) => c.name).sort(), sharedTables());
    assert.ok(made.lastIndexOf('reference') < made.indexOf('table'));
  });

  test('sends to a tenant\'s node every function that is given a tenant first, and no other', () => {
    const functions = calls().filter((c) => c.what === 'function');
    assert.ok(functions.some((c) => c.name === 'something_of_a_tenant(bigint,text)'));
    const all = names("SELECT oid::regprocedure::text AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proargnames[1] = 'p_tenant' ORDER BY 1");
    assert.deepEqual(functions.map((c) => c.name).sort(), all);
    assert.ok(functions.every((c) => c.argument === '$1' && c.beside === 'tenants'));
  });

  test('spreads no table twice when it is run again', () => {
    const tables = () => calls().filter((c) => c.what !== 'function').length;
    const before = tables();
    run();
    assert.equal(tables(), before);
  });

  test('refuses a database that partition.sql has spread', () => {
    cluster.script(database, script('partition.sql'));
    assert.throws(run, /partitioned already/);
  });
});

// A look into the database past our code: with the sqlite3 command, or with psql where PostgreSQL keeps it.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { repo } from './places.mjs';
import { databaseOf } from './store.mjs';
import { PATIENCE } from './until.mjs';

export const fileOf = (data) => path.join(data, 'pennymeter.db');

function ofSqlite(file, sql) {
  const r = spawnSync('sqlite3', ['-json', '-cmd', '.timeout 10000', file, sql], { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 2 * PATIENCE });
  if (r.error) throw r.error;
  if (r.status !== 0) throw new Error(`sqlite3: ${r.stderr}`);
  return r.stdout.trim() ? JSON.parse(r.stdout) : [];
}

/** The rows of a query as objects. Whole numbers beyond 2^53 want a CAST to TEXT. */
export function query(data, sql) {
  const database = databaseOf(data);
  return database ? database.cluster.rows(database.name, sql) : ofSqlite(fileOf(data), sql);
}

/** The one value of a query. */
export const value = (data, sql) => Object.values(query(data, sql)[0] ?? { none: null })[0];

const tables = new Map();

/** What an event may change: the tables of tenants, without the partitions of one, and their columns. Asked for once. */
function tenantsTables(data) {
  if (tables.has(data)) return tables.get(data);
  const found = {}, rows = query(data, databaseOf(data)
    ? `SELECT c.relname AS name, a.attname AS "column" FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace`
    : `SELECT m.name, c.name AS "column" FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`);
  for (const { name, column } of rows) (found[name] ??= []).push(column);
  const all = Object.entries(found).filter(([name, columns]) => columns.includes('tenant_id') && !['tenants', 'tokens', 'subscriptions'].includes(name)).sort();
  tables.set(data, all);
  return all;
}

/** Everything that an event may change, as one text: equal texts mean that nothing was recorded. */
export function recorded(data, tenant) {
  const textOf = databaseOf(data) ? () => 'CAST(to_json(t) AS TEXT)' : (columns) => columns.map((c) => `quote("${c}")`).join(` || ',' || `);
  const each = tenantsTables(data).map(([name, columns]) => `SELECT '${name}' AS name, ${textOf(columns)} AS row FROM ${name} t WHERE tenant_id = ${tenant}`);
  return query(data, each.join(' UNION ALL ')).map(({ name, row }) => `${name}: ${row}`).sort().join('\n');
}

// ---- the whole database, as an operator handles it ----

/** As an earlier schema's, which had none of the tables and columns that came later: what they made of others is the caller's. */
export function setBack(data, schema) {
  const folder = path.join(repo, 'shared/store/schema'), later = readdirSync(folder).filter((name) => Number.parseInt(name, 10) > schema);
  const texts = later.map((name) => readFileSync(path.join(folder, name), 'utf8')).join('\n');
  const undo = [...texts.matchAll(/^CREATE (?:UNIQUE )?INDEX (\w+)/gm)].map(([, index]) => `DROP INDEX ${index}`)
    .concat([...texts.matchAll(/^CREATE TABLE (\w+)/gm)].map(([, table]) => `DROP TABLE ${table}`))
    .concat([...texts.matchAll(/^ALTER TABLE (\w+) ADD COLUMN (\w+)/gm)].map(([, table, column]) => `ALTER TABLE ${table} DROP COLUMN ${column}`));
  if (schema < 12) undo.unshift("ALTER TABLE subscriptions ADD COLUMN cycle TEXT NOT NULL DEFAULT 'monthly'", 'UPDATE subscriptions SET cycle = billing_cycle');
  query(data, [...undo, `DELETE FROM schema_version WHERE version > ${schema}`].join('; '));
}

const beside = ['', '-wal', '-shm'];

function moveFiles(from, to) {
  for (const end of beside) if (existsSync(from + end)) renameSync(from + end, to + end);
}

/** Take the database away from under its users, and bring it back. */
export function takeAway(data) {
  const database = databaseOf(data);
  if (database) database.cluster.renameDatabase(database.name, `${database.name}_away`);
  else moveFiles(fileOf(data), `${fileOf(data)}.away`);
}

export function bringBack(data) {
  const database = databaseOf(data);
  if (database) database.cluster.renameDatabase(`${database.name}_away`, database.name);
  else moveFiles(`${fileOf(data)}.away`, fileOf(data));
}

export function isThere(data) {
  const database = databaseOf(data);
  return database ? database.cluster.databases().includes(database.name) : existsSync(fileOf(data));
}

/** A copy of the database, to be put in its place later: `pennymeter backup`, or PostgreSQL's own way. */
export function keepCopy(server, name) {
  const database = databaseOf(server.data);
  if (database) database.cluster.copyDatabase(database.name, `${database.name}_${name}`);
  else server.pennymeter(['backup', path.join(server.data, name)]);
}

export function restoreCopy(server, name) {
  const { data } = server;
  const database = databaseOf(data);
  if (database) {
    database.cluster.dropDatabase(database.name);
    database.cluster.renameDatabase(`${database.name}_${name}`, database.name);
    return;
  }
  for (const end of beside.slice(1)) rmSync(fileOf(data) + end, { force: true });
  renameSync(path.join(data, name), fileOf(data));
}

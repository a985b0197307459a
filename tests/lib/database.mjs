// A look into the database past our code, with the sqlite3 command.

import { spawnSync } from 'node:child_process';
import path from 'node:path';

export const fileOf = (data) => path.join(data, 'pennymeter.db');

/** The rows of a query as objects. Whole numbers beyond 2^53 want a CAST to TEXT. */
export function query(data, sql) {
  const r = spawnSync('sqlite3', ['-json', '-cmd', '.timeout 10000', fileOf(data), sql], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (r.error) throw r.error;
  if (r.status !== 0) throw new Error(`sqlite3: ${r.stderr}`);
  return r.stdout.trim() ? JSON.parse(r.stdout) : [];
}

/** The one value of a query. */
export const value = (data, sql) => Object.values(query(data, sql)[0] ?? { none: null })[0];

/** Everything that an event may change, as one text: equal texts mean that nothing was recorded. */
export function recorded(data, tenant) {
  const tables = query(data, `SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'tenant_id'
    WHERE m.type = 'table' AND m.name NOT IN ('tenants', 'tokens', 'subscriptions') ORDER BY m.name`);
  return JSON.stringify(tables.map(({ name }) => query(data, `SELECT * FROM ${name} WHERE tenant_id = ${tenant}`)));
}

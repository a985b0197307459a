// Where a data folder's database is: beside it in SQLite's file, or in PostgreSQL, as PENNYMETER_TEST_STORE says.
//
//   (nothing)     SQLite
//   postgres      a database of its own in a PostgreSQL cluster
//   partitioned   the same, with its tables spread over partitions by tenant

import path from 'node:path';
import { repo } from './places.mjs';
import { sharedPostgres } from './postgres.mjs';

const kinds = ['sqlite', 'postgres', 'partitioned'];
const databases = new Map();
let count = 0;

/** The database of a data folder that is not in SQLite, as `{ cluster, name, url }`. */
export const databaseOf = (data) => databases.get(data);

/** What programs need in their environment to find it. */
export function storeEnvironment(data) {
  const database = databases.get(data);
  return database ? { PENNYMETER_STORE: database.url } : {};
}

/**
 * Make the database that `pennymeter init` will fill. `prepare()` comes after that; `drop()` at the end.
 * It lies in the cluster that tests share unless one is given, and is reached `through` a pooler if there is one.
 */
export async function makeStore(data, { kind = process.env.PENNYMETER_TEST_STORE || 'sqlite', cluster: own, through } = {}) {
  if (!kinds.includes(kind)) throw new Error(`unknown store "${kind}": want ${kinds.join(', ')}`);
  if (kind === 'sqlite') return { kind, prepare() {}, drop() {} };
  const cluster = own ?? await sharedPostgres();
  const name = `t${process.pid}_${++count}`;
  cluster.createDatabase(name);
  databases.set(data, { cluster, name, url: (through ?? cluster).url(name) });
  return {
    kind, cluster, name,
    prepare() { if (kind === 'partitioned') cluster.script(name, path.join(repo, 'infra/postgres/partition.sql')); },
    drop() {
      databases.delete(data);
      cluster.dropDatabase(name);
    },
  };
}

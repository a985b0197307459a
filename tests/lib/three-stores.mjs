// The same tenants in SQLite, PostgreSQL and the partitioned PostgreSQL, each behind one program, at one clock that is told.

import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { query } from './database.mjs';
import { startProgram } from './program.mjs';
import { build, repo } from './places.mjs';
import { databaseOf, makeStore, storeEnvironment } from './store.mjs';

export const kinds = ['sqlite', 'postgres', 'partitioned'];

/** A command's exit code and what it printed; a failure is an answer like others. */
const command = (data, env, args) => new Promise((resolve) => {
  execFile(path.join(build, 'bin/pennymeter'), [...args, '--json'],
    { encoding: 'utf8', env: { ...process.env, ...storeEnvironment(data), ...env, PENNYMETER_DATA: data }, cwd: repo, maxBuffer: 1 << 28, timeout: 300_000 },
    (error, text, said) => resolve({ status: error ? error.code ?? String(error) : 0, head: said.replaceAll(data, 'DATA'), text }));
});

/** What may differ: PostgreSQL takes a batch balance by balance, so that alerts of one instant are queued in another order; a change of
 * plans advances each tenant's generation in a file alone (account/tenants.sql); and each data folder counts calls in a file of its own. */
const free = new Set(['outbox.outbox_id', 'tenants.generation', 'jobs.place', 'call_counts.epoch']);

const columnsOf = (data) => query(data, databaseOf(data)
  ? `SELECT c.relname AS name, a.attname AS "column" FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace`
  : `SELECT m.name, c.name AS "column" FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`);

/** Every row of every table as one text each, in an order of their own: { table: [row] }. A table without rows is left out. */
function rowsOf(data) {
  const array = databaseOf(data) ? 'json_build_array' : 'json_array';
  const tables = new Map();
  for (const { name, column } of columnsOf(data)) if (!free.has(`${name}.${column}`)) tables.set(name, [...tables.get(name) ?? [], column]);
  const selects = [...tables].map(([name, columns]) => `SELECT '${name}' AS name, CAST(${array}(${
    columns.sort().map((column) => `'${column}', CAST("${column}" AS TEXT)`).join(', ')}) AS TEXT) AS fields FROM "${name}"`);
  const rows = {};
  for (const { name, fields } of query(data, selects.join(' UNION ALL '))) (rows[name] ??= []).push(JSON.stringify(JSON.parse(fields)));
  for (const name of Object.keys(rows)) rows[name].sort();
  return rows;
}

/** One of them by its kind; without a cluster, in that which tests share. */
export async function openStore(kind, cluster, env) {
  const data = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-'))), store = await makeStore(data, { kind, cluster });
  const run = (args) => command(data, env, args);
  const made = await run(['init']);
  if (made.status !== 0) throw new Error(`init of ${kind}: ${made.head}${made.text}`);
  store.prepare();
  let program = null;
  return {
    kind, data, run,
    ask(...request) {
      program ??= startProgram(data, 'pennymeter-all', { env: { ...storeEnvironment(data), ...env } });
      return program.ask(...request);
    },
    rows: () => rowsOf(data),
    async close() {
      await program?.stop();
      store.drop();
      rmSync(data, { recursive: true });
    },
  };
}

/** Open them. `env` is every program's; `tell` sets the clock that they see. */
export async function openThree({ cluster, env, tell }) {
  const stores = [];
  for (const kind of kinds) stores.push(await openStore(kind, cluster, env));
  const all = (work) => Promise.all(stores.map(work));
  return {
    stores,
    /** What each store answers to one step: `{ at, args }` is a command, everything else a request. */
    take(step) {
      tell(step.at);
      return all((store) => (step.args ? store.run(step.args) : store.ask(step.method, step.target, step)));
    },
    rows: () => stores.map((store) => store.rows()),
    close: () => all((store) => store.close()),
  };
}

// ---- what differs ----

const brief = (text) => (text.length > 1500 ? `${text.slice(0, 1500)} … (${text.length} characters)` : text);

/** How answers differ, as a text; null where they agree. */
export function answersDiffer(answers) {
  const texts = answers.map(({ status, head, text }) => `${status}\n${head}\n\n${text}`);
  if (texts.every((text) => text === texts[0])) return null;
  return kinds.map((kind, i) => `---- ${kind}: ${brief(texts[i])}`).join('\n');
}

/** How rows differ, as a text that names the table; null where they agree. */
export function rowsDiffer(rows) {
  for (const table of new Set(rows.flatMap((of) => Object.keys(of)))) {
    const texts = rows.map((of) => of[table] ?? []);
    if (texts.every((list) => list.length === texts[0].length && list.every((row, k) => row === texts[0][k]))) continue;
    const common = new Set(texts[0].filter((row) => texts.every((list) => list.includes(row))));
    return `table ${table}:\n${kinds.map((kind, i) => `---- ${kind}: ${brief(texts[i].filter((row) => !common.has(row)).join('\n'))}`).join('\n')}`;
  }
  return null;
}

// The named statements as they were built: their parameters from build/sql, their texts from build/gen.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build, repo } from './places.mjs';

const files = () => readdirSync(path.join(repo, 'shared'), { recursive: true }).filter((name) => name.endsWith('.sql') && !name.startsWith('store/schema/'));

/** `{ name: [parameter, …] }`, as the files declare them. */
function declared() {
  const text = files().map((name) => readFileSync(path.join(build, 'sql', name), 'utf8')).join('\n');
  return Object.fromEntries([...text.matchAll(/^-- name: (\w+) \((.*)\)(?: writes)?$/gm)].map(([, name, list]) => [name, list ? list.split(/, */) : []]));
}

/** Every statement that PostgreSQL is offered, as `{ name, params, text }`. A literal of theirs is one of JSON too. */
export function postgresStatements() {
  const source = files().map((name) => readFileSync(path.join(build, 'gen', `${name}.c`), 'utf8')).join('\n');
  const literal = '(NULL|"(?:[^"\\\\]|\\\\.)*")';
  const rows = [...source.matchAll(new RegExp(`\\{ "(\\w+)", SQL_AT_[^\\n]*\\n\\t\\{ ${literal},\\n\\t${literal} \\}`, 'g'))];
  const params = declared();
  if (rows.length !== Object.keys(params).length) throw new Error(`build/gen/**/*.sql.c: ${rows.length} of ${Object.keys(params).length} statements were read`);
  return rows.filter(([, , , text]) => text !== 'NULL').map(([, name, , text]) => ({ name, params: params[name], text: JSON.parse(text) }));
}

/** The same for SQLite, of those whose name fits. */
export function sqliteStatements(pattern) {
  const text = files().map((name) => readFileSync(path.join(build, 'sql', name), 'utf8')).join('\n');
  return [...text.matchAll(/^-- name: (\w+) \(.*\)(?: writes)?\n([^;]*);/gm)].map(([, name, sql]) => ({ name, sql })).filter(({ name }) => pattern.test(name));
}

/** The tables whose statements are made of a declaration. */
export const declaredTables = () => files().flatMap((name) => [...readFileSync(path.join(repo, 'shared', name), 'utf8').matchAll(/^-- table: (\w+) /gm)].map(([, table]) => table));

/** Names of those that may look at all tenants: the list of the unit test. */
export function acrossTenants() {
  const source = readFileSync(path.join(repo, 'tests/unit/statements.c'), 'utf8');
  const [, list] = /\bacross\[\] = \{\n(.*?)\n\};/s.exec(source);
  return [...list.matchAll(/\{ "(\w+)", "/g)].map(([, name]) => name);
}

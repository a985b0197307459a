// The named statements as they were built: their parameters from shared/, their texts from build/gen.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build, repo } from './places.mjs';

/** `{ name: [parameter, …] }`, as the files declare them. */
function declared() {
  const shared = path.join(repo, 'shared');
  const files = readdirSync(shared, { recursive: true }).filter((name) => name.endsWith('.sql') && !name.startsWith('store/schema/'));
  const text = files.map((name) => readFileSync(path.join(shared, name), 'utf8')).join('\n');
  return Object.fromEntries([...text.matchAll(/^-- name: (\w+) \((.*)\)$/gm)].map(([, name, list]) => [name, list ? list.split(/, */) : []]));
}

/** Every statement that PostgreSQL is offered, as `{ name, params, text }`. A literal of theirs is one of JSON too. */
export function postgresStatements() {
  const source = readFileSync(path.join(build, 'gen/statements.c'), 'utf8');
  const literal = '(NULL|"(?:[^"\\\\]|\\\\.)*")';
  const rows = [...source.matchAll(new RegExp(`^\\t\\[SQL_\\w+\\] = \\{ "(\\w+)",\\n\\t\\t\\{ ${literal},\\n\\t\\t${literal} \\}, (\\d+) \\},$`, 'gm'))];
  const params = declared();
  if (rows.length !== Object.keys(params).length) throw new Error(`build/gen/statements.c: ${rows.length} of ${Object.keys(params).length} statements were read`);
  return rows.filter(([, , , text]) => text !== 'NULL').map(([, name, , text]) => ({ name, params: params[name], text: JSON.parse(text) }));
}

/** Names of those that may look at all tenants: the list of the unit test. */
export function acrossTenants() {
  const source = readFileSync(path.join(repo, 'tests/unit/statements.c'), 'utf8');
  const [, list] = /\bacross\[\] = \{\n(.*?)\n\};/s.exec(source);
  return [...list.matchAll(/\{ "(\w+)", "/g)].map(([, name]) => name);
}

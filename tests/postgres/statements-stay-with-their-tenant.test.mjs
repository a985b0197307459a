// Every named statement on a real PostgreSQL: it can be prepared, and where tables are spread by tenant
// its plan looks at one partition of each.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServer } from '../lib/server.mjs';
import { acrossTenants, postgresStatements, sqliteStatements } from '../lib/statements.mjs';
import { tenantOf } from '../lib/tenant.mjs';

const statements = postgresStatements();
const across = acrossTenants();

let server, cluster, tenant, database, parts;
before(async () => {
  server = await startServer({ store: 'partitioned' });
  tenantOf(server);
  tenant = tenantOf(server).tenant_id;
  ({ cluster, name: database } = server.store);
  const rows = cluster.rows(database, 'SELECT inhrelid::regclass::text AS part, inhparent::regclass::text AS whole FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid AND c.relkind = \'r\'');
  parts = new Map(rows.map(({ part, whole }) => [part, whole]));
});
after(() => server?.stop());

/** Run texts in one session, and answer what each of them printed. */
function inSession(texts) {
  const marked = texts.map((text) => `\\echo @@\n${text};\n`).join('');
  return cluster.session(database, marked).split('@@\n').slice(1).map((s) => s.trim());
}

/** The types that PostgreSQL finds by itself, with the two that the driver sends in their place. */
function typesOf({ name, text }) {
  const [, found] = inSession([`PREPARE ${name} AS ${text}`, `SELECT to_json(parameter_types::text[]) FROM pg_prepared_statements WHERE name = '${name}'`]);
  return JSON.parse(found).map((type) => (/^(integer|bigint|smallint|numeric)$/.test(type) ? 'bigint' : 'text'));
}

const prepare = (name, types, text) => `PREPARE ${name}${types.length ? ` (${types.join(', ')})` : ''} AS ${text}`;
const valueOf = (param, type) => (param === 'tenant' ? tenant : type === 'bigint' ? '1' : "'[]'");

/** How many partitions of each table a plan looks at: `{ usage_events: 1 }`. */
function partitionsOf(plan) {
  const seen = {};
  const walk = (node) => {
    const whole = parts.get(node['Relation Name']);
    if (whole) (seen[whole] ??= new Set()).add(node['Relation Name']);
    for (const child of node.Plans ?? []) walk(child);
  };
  plan.forEach((p) => walk(p.Plan));
  return Object.fromEntries(Object.entries(seen).map(([whole, set]) => [whole, set.size]));
}

function explain({ name, params, text }, types) {
  const values = params.map((param, i) => valueOf(param, types[i]));
  const [, , plan] = inSession(["SET plan_cache_mode = 'force_custom_plan'", prepare(name, types, text), `EXPLAIN (FORMAT JSON) EXECUTE ${name}${values.length ? ` (${values.join(', ')})` : ''}`]);
  return partitionsOf(JSON.parse(plan));
}

describe('every statement', () => {
  test('is there, and tables are spread', () => {
    assert.ok(statements.length > 50 && across.length > 2);
    const known = [...statements, ...sqliteStatements(/./)].map(({ name }) => name); // some are for files alone
    assert.deepEqual(across.filter((name) => !known.includes(name)), [], 'the list names no other');
    assert.ok(new Set(parts.values()).size >= 15);
  });

  for (const statement of statements) {
    test(`${statement.name} can be prepared${across.includes(statement.name) ? '' : ", and looks at its tenant's partitions alone"}`, () => {
      const types = typesOf(statement);
      assert.equal(types.length, statement.params.length);
      const seen = explain(statement, types);
      if (across.includes(statement.name)) return;
      for (const [whole, count] of Object.entries(seen)) assert.equal(count, 1, `${count} partitions of ${whole}`);
    });
  }

  test('that names no tenant would be found', () => {
    const seen = explain({ name: 'wrong', params: ['metric'], text: 'SELECT 1 FROM usage_events WHERE metric = $1' }, ['text']);
    assert.deepEqual(seen, { usage_events: 8 });
    const all = statements.filter(({ name }) => across.includes(name)).map((s) => explain(s, typesOf(s)));
    assert.ok(all.some((counts) => Object.values(counts).some((n) => n > 1)), 'and those on the list do look at all');
  });
});

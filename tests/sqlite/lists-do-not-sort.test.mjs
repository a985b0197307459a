// A page of a list costs what it shows: in each order, up and down, it is read from an index, behind the place where the last page ended.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileOf } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { declaredTables, sqliteStatements } from '../lib/statements.mjs';

let server;
before(async () => { server = await startServer(); });
after(() => server?.stop());

const lists = sqliteStatements(new RegExp(`^(${declaredTables().join('|')})_by_`));

test('there are orders to look at', () => assert.ok(lists.length >= 16, lists.map(({ name }) => name).join()));

for (const { name, sql } of lists) {
  test(name, () => {
    const shown = spawnSync('sqlite3', [fileOf(server.data), `EXPLAIN QUERY PLAN ${sql}`], { encoding: 'utf8' });
    const plan = shown.stdout.trim().split('\n').slice(1).map((line) => line.replace(/^[ |`-]*/, ''));
    assert.equal(plan.length, 1, `${plan.join('; ')}${shown.stderr}`); // no sorting behind it
    assert.match(plan[0], name.includes('_by_id') ? /^SEARCH \w+ USING PRIMARY KEY \(tenant_id=\? AND \w+_id[<>]\?\)$/
      : /^SEARCH \w+ USING INDEX \w+_in_order_of_\w+ \(tenant_id=\? AND \(?.*[<>]/);
  });
}

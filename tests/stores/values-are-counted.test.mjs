// The compiler counts what a statement binds, and the generator what it may: nothing of that is left to a run.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { build, repo } from '../lib/places.mjs';

const compile = (line) => spawnSync('gcc', ['-std=gnu17', '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE', '-fsyntax-only', `-I${repo}/shared`, `-I${build}/gen`, '-xc', '-'], {
  encoding: 'utf8', timeout: 60_000,
  input: `#include "account/tenants.sql.h"\n#include "store/store.h"\nenum st f(struct store *s, struct rows *r, bool b);\n`
    + `enum st f(struct store *s, struct rows *r, bool b)\n{\n\t(void)s, (void)r, (void)b;\n\treturn ${line};\n}\n`,
}).stderr;

test('As many values as a statement binds compile, more or fewer do not', () => {
  assert.equal(compile('RUN(s, SQL_TENANT_NEXT)'), '');
  assert.equal(compile('ROWS(s, r, SQL_TENANT_EXISTS, INT(1))'), '');
  assert.equal(compile('ROWS(s, r, b ? SQL_TENANT_EXISTS : SQL_TOKEN_LIST, INT(1))'), '');
  for (const wrong of ['RUN(s, SQL_TENANT_NEXT, INT(1))', 'ROWS(s, r, SQL_TENANT_EXISTS)', 'PUT(s, SQL_TENANT_EXISTS, INT(1), INT(2))'])
    assert.match(compile(wrong), /the statement binds another number of values/, wrong);
  assert.match(compile('ROWS(s, r, b ? SQL_TENANT_EXISTS : SQL_TENANT_NEXT, INT(1))'), /pointer type mismatch/);
  const many = (count) => `store_rows_text(s, r, "", VALS(${Array(count).fill('INT(1)')}))`;
  assert.equal(compile(many(48)), '');
  assert.match(compile(many(49)), /more values than a statement may bind/);
});

/** What the generator says to a .sql file, and the header that it wrote. */
function generate(sql) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pennymeter-generate-'));
  const [file, header, source] = ['a.sql', 'a.sql.h', 'a.sql.c'].map((name) => path.join(folder, name));
  writeFileSync(file, sql);
  const r = spawnSync('awk', ['-v', `header=${header}`, '-v', `source=${source}`, '-f', 'infra/generate/statements.awk', file], { cwd: repo, encoding: 'utf8' });
  const out = { said: r.stderr, failed: r.status !== 0, source: r.status ? '' : readFileSync(source, 'utf8'), header: r.status ? '' : readFileSync(header, 'utf8') };
  rmSync(folder, { recursive: true });
  return out;
}

test('A statement of more values than any may bind is refused when it is built', () => {
  const select = (count) => {
    const names = Array.from({ length: count }, (_, i) => `v${i}`);
    return `-- name: many (${names.join(', ')})\nSELECT ${names.map((n) => `:${n}`).join(', ')};\n`;
  };
  assert.match(generate(select(48)).header, /extern const union sql_48 SQL_MANY\[1\];/);
  const refused = generate(select(49));
  assert.ok(refused.failed);
  assert.match(refused.said, /many: binds 49 values, and a statement at most 48/);
});

test('What a statement writes is told by its text, also behind WITH', () => {
  const writes = (text, word = '') => / (true|false),\n/.exec(generate(`-- name: a ()${word}\n${text};\n`).source)[1];
  assert.equal(writes('WITH x AS (SELECT 1) SELECT * FROM x'), 'false');
  assert.equal(writes("SELECT 'DELETE FROM a', updated_at FROM a"), 'false');
  assert.equal(writes('WITH x AS (DELETE FROM a RETURNING 1) SELECT * FROM x'), 'true');
  assert.equal(writes('SELECT 1 FROM a FOR NO KEY UPDATE'), 'true');
  assert.equal(writes('UPDATE a SET b = 1'), 'true');
  assert.equal(writes('SELECT f()'), 'false');
  assert.equal(writes('SELECT f()', ' writes'), 'true');
});

test('A part may have a text of its own for one database, and what takes it in has two', () => {
  const { source } = generate('-- part: age\nt.age\n-- postgres: age\nt.age + 1\n-- name: a (id)\nSELECT @age FROM t WHERE id = :id;\n');
  assert.match(source, /"SELECT t\.age FROM t WHERE id = \?1"/);
  assert.match(source, /"SELECT t\.age \+ 1 FROM t WHERE id = \$1"/);
  assert.match(generate('-- name: a ()\nSELECT @age;\n').said, /there is no part age before it/);
});

// CSV that is none, or not of this kind: refused whole, with what is wrong, and nothing is changed.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { randomness } from '../lib/random.mjs';
import { kindOf } from '../lib/resources.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

let server, tenant, customers;
before(async () => {
  server = await startServer({ server: 'all', procs: 2 });
  tenant = tenantOf(server);
  customers = kindOf(tenant, 'customers');
});
after(async () => {
  try {
    assert.deepEqual((await customers.list()).json.customers, []);
    assert.ok((await tenant.get('/api/audit')).json.audit.every(({ detail }) => JSON.parse(detail).after.created === 0));
  } finally {
    await server?.stop();
  }
});

const many = (n, make) => Array.from({ length: n }, (_, i) => make(i));
const bad = [
  ['nothing', '', /must begin with a row that names the columns/],
  ['an empty line', '\r\nname\r\na\r\n', /must begin with a row/],
  ['only a byte-order mark', '\ufeff', /must begin with a row/],
  ['no header', 'Nordsee,N-1\r\nAhoi,N-2\r\n', /column 1, "Nordsee", is no member of a customer/],
  ['an unknown column', 'name,nmae\r\na,b\r\n', /column 2, "nmae"/],
  ['a column of no name', 'name,\r\na,\r\n', /column 2, ""/],
  ['a column of another table', 'name,tenant_id\r\na,1\r\n', /tenant_id/],
  ['a column twice', 'name,code,name\r\na,b,c\r\n', /"name" twice/],
  ['no column of names', 'code\r\nA\r\n', /lacks the column "name"/],
  ['65 columns', `${many(65, (i) => `c${i}`)}\r\n`, /65 columns/],
  ['a quote that does not end', 'name\r\na\r\n"b\r\nc\r\n', /row 2 begins a quoted cell that does not end/],
  ['text behind quotes', 'name,code\r\na,A\r\n"b"x,B\r\n', /row 2 has text behind the quotes of its cell 1/],
  ['bytes that are no UTF-8', Buffer.from([...Buffer.from('name\r\nM'), 0xfc, ...Buffer.from('ller\r\n')]), /must be UTF-8/],
  ['U+0000', 'name\r\na\0b\r\n', /U\+0000 stands at byte 8/],
  ['JSON', '{"name":"a"}', /is no member of a customer/],
];

for (const [what, csv, detail] of bad) test(`${what} is refused`, async () => { isProblem(await customers.import(csv), 400, { pointer: '', detail }); });

test('without the column that upsert goes by it is refused', async () => {
  isProblem(await customers.import('name\r\na\r\n', 'mode=upsert'), 400, { pointer: '', detail: /lacks the column "code", by which/ });
});

test('5,001 rows are too many, and so are 4 MiB and a byte', async () => {
  isProblem(await customers.import(`name\r\n${'a\r\n'.repeat(5001)}`), 413, { pointer: '', detail: /more than 5000 rows/ });
  isProblem(await customers.import(`name\r\n${'x'.repeat((4 << 20) - 5)}`), 413);
});

describe('a call', () => {
  for (const [query, pointer] of [['mode=replace', 'mode'], ['mode=', 'mode'], ['dry_run=1', 'dry_run'], ['dry_run=maybe', 'dry_run'], ['limit=1', 'limit'], ['mode=create&mode=create', 'mode']])
    test(`by ${query} is refused`, async () => { isProblem(await customers.import('name\r\na\r\n', query), 400, { pointer }); });
  test('of another type is refused', async () => {
    assert.equal(isProblem(await customers.import('name\r\na\r\n', '', { 'Content-Type': 'application/json' }), 415).accepts, 'text/csv');
    isProblem(await customers.import('name\r\na\r\n', '', { 'Content-Encoding': 'gzip' }), 415);
  });
  test('by GET, or with an id, is not there', async () => {
    isProblem(await tenant.get('/api/customers/import'), 405);
    isProblem(await tenant.send('POST', '/api/customers/import/1', { body: 'name\r\n', headers: { 'Content-Type': 'text/csv' } }), 404);
    isProblem(await tenant.send('POST', '/api/taxes/import', { body: 'name\r\n', headers: { 'Content-Type': 'text/csv' } }), 404);
  });
  test('without the scope is refused', async () => {
    for (const kind of ['customers', 'products'])
      assert.equal(isProblem(await kindOf(tenant.withToken({ scopes: `${kind}:read` }), kind).import('name\r\na\r\n'), 403).scope, `${kind}:write`);
  });
  test('with a bad key is refused', async () => {
    for (const key of ['a b', 'k'.repeat(256)]) isProblem(await customers.import('name\r\na\r\n', '', { 'Idempotency-Key': key }), 400);
  });
});

test('rows that are wrong are each told, and take no memory to speak of', async () => {
  const wide = 'x'.repeat(65_537), list = `"[${'1,'.repeat(30_000)}1]"`;
  for (const [cell, column, pointer] of [[wide, 'notes', ''], ['x'.repeat(65_536), 'notes', '/notes'], [list, 'contacts', '/contacts'], [`"${'['.repeat(60_000)}"`, 'custom', '/custom'], ['a;'.repeat(32_000), 'tags', '/tags'],
    ['{}', 'contacts', '/contacts'], ['x', 'archived', '/archived'], ['1.5', 'terms_days', '/terms_days'], ['a\tb', 'phone', '/phone'], ['"{""a"":1,""a"":2}"', 'custom', '/custom']]) {
    const answer = (await customers.import(`name,${column}\r\na,${cell}\r\n`)).json;
    assert.deepEqual([answer.created, answer.rejected.map((r) => [r.row, r.errors[0].pointer])], [0, [[1, pointer]]], `${column}: ${cell.slice(0, 20)}`);
  }
  const worst = await customers.import(`name,code,email,phone,currency,locale,terms_days,prices,line1,country,vat,gstin\r\n${`,${'c'.repeat(70)},e,${'p'.repeat(50)},X,xx,x,x,,XX,D1,X\r\n`.repeat(5000)}`);
  assert.equal(worst.status, 200, worst.text.slice(0, 300));
  assert.equal(worst.json.rejected.length, 5000);
  assert.equal(worst.json.rejected[4999].row, 5000);
});

test('whatever bytes come, they are answered', async () => {
  const r = randomness(77), pieces = ['name', 'code', ',', ',', '"', '""', '\r\n', '\n', '\r', ';', '\t', "'=", 'ü', '[', '{}', '"a"', ' ', 'tags', 'x'];
  for (let i = 0; i < 300; i++) {
    const reply = await customers.import(many(r.below(60), () => r.pick(pieces)).join(''), 'dry_run=true');
    assert.ok([200, 400].includes(reply.status), reply.text);
  }
});

// Customers and products from CSV: what an export wrote comes back, rows that are wrong are told while the others count, and all is one transaction.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bodies, kindOf, uniqueOf } from '../lib/resources.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => { server = await startServer({ server: 'all', procs: 4 }); });
after(() => server?.stop());

const fresh = (kind = 'customers') => kindOf(tenantOf(server), kind);
const rowsOf = (...rows) => rows.map((row) => `${row}\r\n`).join('');
const pointers = (rejected) => Object.fromEntries(rejected.map(({ row, errors }) => [row, errors.map((e) => e.pointer).join(' ')]));
/** What an import answers: numbers of created, updated, unchanged, and where rows are wrong. */
const told = ({ created, updated, unchanged, rejected }) => [created, updated, unchanged, pointers(rejected)];

async function imported(all, csv, query = '', headers = {}) {
  const reply = await all.import(csv, query, headers);
  assert.equal(reply.status, 200, reply.text);
  return reply.json;
}

const names = ['=1+1', "'=1+1", "''@x", "'s-Hertogenbosch", '+49', '-', '@', 'a,b', 'a "quoted" one', ';', 'Zoë 中文 \u{1F600}', ' spaces ', 'null', 'true', '0', "'"];
const tags = [['a', 'b'], ['a;b'], ['[x'], [' x'], ['x '], ['=1'], ['"'], ['[]', ';'], ["'"], [], ['1']];
const custom = [{}, { rep: 'Ada' }, { n: 1.5, t: true, f: false, q: '"', s: '=1' }, { '=1': 'a;b', 'a/b~': '' }];

/** Objects of a kind, each member in many forms. */
const nasty = (kind) => names.map((name, i) => ({
  ...bodies[kind], name, [uniqueOf(kind)]: `k${i}`, tags: tags[i % tags.length], custom: custom[i % custom.length],
  ...(kind === 'customers' ? { notes: ['', 'line\nline', '\n', '"\n,'][i % 4], contacts: i % 2 ? [] : bodies.customers.contacts, terms_days: i ? i : null } : { description: 'a\nb', unit_price: ['0', '0.000000000001', '1000000'][i % 3] }),
}));

const withoutTimes = (objects) => objects.map(({ created_at, updated_at, version, ...rest }) => rest);

for (const kind of ['customers', 'products']) {
  describe(kind, () => {
    test('that an export wrote are made again by another tenant, to the letter', async () => {
      const [mine, other] = [fresh(kind), fresh(kind)];
      for (const body of nasty(kind)) await mine.made(body);
      await mine.act('archive', 3);
      const csv = (await mine.export()).text;
      assert.deepEqual(told(await imported(other, csv)), [names.length, 0, 0, {}]);
      const made = withoutTimes(await other.all('sort=id')), were = withoutTimes(await mine.all('sort=id'));
      const orNull = (o) => JSON.parse(JSON.stringify(o, (_, v) => (v === '' ? null : v))); // an empty cell is no value
      assert.deepEqual(made.map(orNull), were.map(orNull));
      assert.equal((await other.export()).text.replace(/\d{4}-\d\d-\d\dT[^,]*/g, ''), csv.replace(/\d{4}-\d\d-\d\dT[^,]*/g, '').replace(/^3,2,/m, '3,1,'));
    });

    test('that an export wrote change nothing where they came from', async () => {
      const all = fresh(kind);
      for (const body of nasty(kind)) await all.made(body);
      const before = (await all.list('limit=100')).text;
      assert.deepEqual(told(await imported(all, (await all.export()).text, 'mode=upsert')), [0, 0, names.length, {}]);
      assert.equal((await all.list('limit=100')).text, before);
    });

    test('whose row is wrong are told with row, member and cause, and the others are made', async () => {
      const all = fresh(kind), key = uniqueOf(kind);
      await all.made({ ...bodies[kind], name: 'there', [key]: 'taken' });
      const answer = await imported(all, rowsOf(`name,${key},currency,tags,custom`, 'a,1,EUR,x,', ',2,EUR,,', 'b,taken,EUR,,', 'c,1,EUR,,', 'd,5,XYZ,x;x,', 'e,6,EUR,,[]', 'f,7,EUR,,{', 'g,8', 'h,9,EUR,,,', 'i,10,EUR,,'));
      assert.deepEqual(told(answer), [2, 0, 0, { 2: '/name', 3: `/${key}`, 4: `/${key}`, 5: '/currency /tags/1', 6: '/custom', 7: '/custom', 8: '', 9: '' }]);
      assert.match(answer.rejected[1].errors[0].detail, new RegExp(`${kind.slice(0, -1)} 1 already`));
      assert.deepEqual((await all.all('sort=id')).map((o) => o.name), ['there', 'a', 'i']);
      assert.equal(server.pennymeter(['check']).ok, true);
    });

    test('are changed by their code where mode is upsert: an empty cell clears, a missing column leaves', async () => {
      const all = fresh(kind), key = uniqueOf(kind), text = kind === 'customers' ? 'phone' : 'description';
      await all.made({ ...bodies[kind], [key]: 'A', name: 'old', [text]: 'there', tags: ['t'], custom: { a: 1 } });
      const query = 'mode=upsert', csv = rowsOf(`${key},name,${text},tags`, 'A,new,,', 'B,made,x,y;z', ',without,x,', 'A,newer,,', 'A,,,');
      assert.deepEqual(told(await imported(all, csv, query)), [2, 2, 0, { 5: '/name' }]);
      const [a, b, without] = await all.all('sort=id');
      assert.deepEqual([a.id, a.version, a.name, a[text], a.tags, a.custom, a.currency], [1, 3, 'newer', null, [], { a: 1 }, 'EUR']);
      assert.deepEqual([b[key], b.version, b.tags, without[key], without.name], ['B', 1, ['y', 'z'], null, 'without']);
    });
  });
}

test('an address and a tax number have columns of their own', async () => {
  const all = fresh(), head = 'name,code,email,phone,currency,locale,terms_days,line1,line2,city,region,postcode,country,vat,tags';
  const answer = await imported(all, rowsOf(head, 'Nordsee,N-1,a@x.de,+49 40 1,EUR,de-DE,14,Kai 3,,Hamburg,,20457,DE,DE136695976,fish;north', 'Bare,N-2,,,,,,,,,,,,,', 'Bad,N-3,nobody,,,,,,,,,,,,', 'Lost,N-4,,,,,,Kai 4,,,,,XX,D1,', 'Half,N-5,,,,,,,,Ulm,,,,,'));
  assert.deepEqual(told(answer), [2, 0, 0, { 3: '/email', 4: '/addresses/0/country /tax_numbers/0 /tax_numbers/0/value', 5: '/addresses/0/line1 /addresses/0/country' }]);
  const [bare, full] = (await all.list()).json.customers;
  assert.deepEqual([bare.addresses, bare.tax_numbers, bare.tags], [[], [], []]);
  assert.deepEqual([full.phone, full.terms_days, full.tags, full.tax_numbers], ['+49 40 1', 14, ['fish', 'north'], [{ scheme: 'vat', value: 'DE136695976' }]]);
  assert.deepEqual(full.addresses, [{ kind: null, line1: 'Kai 3', line2: null, city: 'Hamburg', region: null, postcode: '20457', country: 'DE' }]);
});

test('such a column changes its part of a list and leaves the rest', async () => {
  const all = fresh(), address = (line1) => ({ kind: null, line1, line2: null, city: 'Ulm', region: null, postcode: null, country: 'DE' });
  const numbers = [{ scheme: 'other', value: 'o' }, { scheme: 'vat', value: 'DE136695976' }, { scheme: 'vat', value: 'ATU12345678' }];
  await all.made({ name: 'a', code: 'A', addresses: [address('one'), address('two')], tax_numbers: numbers });
  await all.made({ name: 'b', code: 'B', addresses: [address('one'), address('two')], tax_numbers: numbers });
  assert.deepEqual(told(await imported(all, rowsOf('code,name,line1,ein,vat', 'A,a,new,12-3456789,FR12345678901', 'B,b,one,,DE136695976'), 'mode=upsert')), [0, 1, 1, {}]);
  const [b, a] = (await all.list()).json.customers;
  assert.deepEqual(a.addresses, [address('new'), address('two')]);
  assert.deepEqual(a.tax_numbers, [numbers[0], { scheme: 'vat', value: 'FR12345678901' }, numbers[2], { scheme: 'ein', value: '12-3456789' }]);
  assert.deepEqual([b.version, b.tax_numbers], [1, numbers]);
  assert.deepEqual(told(await imported(all, rowsOf('code,name,line1,city,country,vat', 'B,b,,,,'), 'mode=upsert')), [0, 1, 0, {}]);
  const now = (await all.list()).json.customers[0];
  assert.deepEqual([now.addresses, now.tax_numbers], [[address('two')], [numbers[0], numbers[2]]]);
});

test('a file is read as spreadsheets write it: marks, line ends, separators, empty lines', async () => {
  const forms = { 'a byte-order mark': '\ufeffname,notes\r\nA,x\r\n', 'line feeds': 'name,notes\nA,x\n', 'carriage returns': 'name,notes\rA,x\r', 'no end': 'name,notes\r\nA,x',
    semicolons: 'name;notes\r\nA;x\r\n', tabs: 'name\tnotes\r\nA\tx\r\n', quotes: '"name","notes"\r\n"A","x"\r\n', 'empty lines': 'name,notes\r\n\r\nA,x\r\n\r\n\r\n' };
  for (const [what, csv] of Object.entries(forms)) {
    const all = fresh();
    assert.equal((await imported(all, csv)).created, 1, what);
    assert.deepEqual((({ name, notes }) => [name, notes])((await all.list()).json.customers[0]), ['A', 'x'], what);
  }
  const all = fresh();
  await imported(all, 'name,notes,archived\r\n"a ""b"", c","one\r\ntwo\rthree\n",TRUE\r\n5" pipe,,FALSE\r\n');
  assert.deepEqual((await all.list()).json.customers.map((c) => [c.name, c.notes, c.archived]), [['5" pipe', null, false], ['a "b", c', 'one\ntwo\nthree\n', true]]);
});

test('what is computed is passed over: numbers are given here', async () => {
  const all = fresh();
  assert.equal((await imported(all, rowsOf('id,version,created_at,updated_at,name', '77,9,2020-01-01T00:00:00Z,x,A'))).created, 1);
  assert.deepEqual((({ id, version }) => [id, version])((await all.list()).json.customers[0]), [1, 1]);
});

test('a trial tells what would be and changes nothing, and its key is free', async () => {
  const tenant = tenantOf(server), all = kindOf(tenant, 'customers'), csv = rowsOf('name,code', 'a,A', 'b,B', 'c,A', ',D'), key = { 'Idempotency-Key': 'k' };
  const answer = await imported(all, csv, 'dry_run=true', key);
  assert.deepEqual([...told(answer), answer.dry_run], [2, 0, 0, { 3: '/code', 4: '/name' }, true]);
  assert.deepEqual((await all.list()).json.customers, []);
  assert.deepEqual((await tenant.get('/api/audit')).json.audit, []);
  const real = await imported(all, csv, 'dry_run=false', key);
  assert.deepEqual(real, { ...answer, dry_run: false });
  assert.deepEqual((await all.list()).json.customers.map((c) => c.id), [2, 1], 'no number was lost');
});

test('a repeat with its key answers the same and makes nothing; another file is 422', async () => {
  const all = fresh(), csv = rowsOf('name,code', 'a,A', ',B'), key = { 'Idempotency-Key': 'k' };
  const replies = await inParallel(8, Array.from({ length: 16 }), () => all.import(csv, '', key));
  assert.ok(replies.every((r) => r.status === 200), replies.map((r) => r.status).join());
  assert.equal(replies.filter((r) => r.headers['idempotency-replayed'] === 'true').length, 15);
  assert.equal(new Set(replies.map((r) => r.text)).size, 1);
  assert.deepEqual(told(replies[0].json), [1, 0, 0, { 2: '/name' }]);
  await all.drop(1, '*');
  assert.equal((await all.import(csv, '', key)).text, replies[0].text);
  isProblem(await all.import(`${csv}c,C\r\n`, '', key), 422, { code: 'idempotency-key-reused' });
  isProblem(await all.import(csv, 'mode=upsert', key), 422);
  isProblem(await all.add({ name: 'x' }, key), 422);
  assert.deepEqual((await all.list()).json.customers, []);
});

test('the audit has a row for each object, and one for the call', async () => {
  const tenant = tenantOf(server), all = kindOf(tenant, 'customers');
  await all.made({ name: 'old', code: 'A' });
  await imported(all, rowsOf('name,code', 'new,A', 'b,B', ',C', 'b,B'), 'mode=upsert');
  const rows = (await tenant.get('/api/audit')).json.audit.reverse().slice(1), bodiesOf = rows.map((r) => JSON.parse(r.body)), details = rows.map((r) => JSON.parse(r.detail));
  assert.deepEqual(bodiesOf.map((b) => [b.action, b.object]), [['customers.update', 'customer:1'], ['customers.create', 'customer:2'], ['customers.import', null]]);
  assert.deepEqual([details[0].before, details[0].after, details[1].before, details[1].after.name], [{ name: 'old' }, { name: 'new' }, null, 'b']);
  assert.deepEqual([details[2].before, details[2].after], [null, { created: 1, rejected: 1, unchanged: 1, updated: 1 }]);
  assert.equal((await tenant.get('/api/audit/verify')).json.ok, true);
});

test('of the same file imported eight times at once, each code is made once', async () => {
  const all = fresh(), csv = rowsOf('name,code', ...Array.from({ length: 50 }, (_, i) => `n${i},c${i}`));
  const answers = await inParallel(8, Array.from({ length: 8 }), () => imported(all, csv));
  assert.deepEqual(answers.map((a) => a.created).sort(), [0, 0, 0, 0, 0, 0, 0, 50]);
  assert.ok(answers.every((a) => a.created + a.rejected.length === 50));
  assert.equal((await all.all('limit=100')).length, 50);
});

test('taxes are the tenant\'s own, and none that was put away', async () => {
  const tenant = tenantOf(server), taxes = kindOf(tenant, 'taxes'), all = kindOf(tenant, 'products');
  for (let i = 0; i < 3; i++) await taxes.made();
  await taxes.act('archive', 3);
  const answer = await imported(all, rowsOf('name,taxes', 'a,1;2', 'b,9', 'c,3', 'd,x', 'e,1;1', 'f,'));
  assert.deepEqual(told(answer), [2, 0, 0, { 2: '/taxes/0', 3: '/taxes/0', 4: '/taxes/0', 5: '/taxes/1' }]);
  assert.deepEqual((await all.list()).json.products.map((p) => p.taxes), [[], [1, 2]]);
});

test('5,000 rows are one call', async (t) => {
  const tenant = tenantOf(server), all = kindOf(tenant, 'customers'), row = (i) => `Customer ${i},C-${i},c${i}@example.org,Kai ${i},Hamburg,DE,fish;t${i % 9}`;
  const csv = rowsOf('name,code,email,line1,city,country,tags', ...Array.from({ length: 5000 }, (_, i) => row(i)));
  for (const [query, numbers] of [['dry_run=true', [5000, 0, 0, {}]], ['', [5000, 0, 0, {}]], ['mode=upsert', [0, 0, 5000, {}]]]) {
    const began = performance.now();
    assert.deepEqual(told(await imported(all, csv, query)), numbers);
    t.diagnostic(`5,000 rows by "${query}" in ${Math.round(performance.now() - began)} ms`);
  }
  assert.equal((await tenant.get('/api/audit/verify')).json.rows, 5002);
  assert.deepEqual([(await all.made({ name: 'next' })).id, (await tenant.get('/api/audit/verify')).json.head.seq], [5001, 5003], 'no number was lost');
});

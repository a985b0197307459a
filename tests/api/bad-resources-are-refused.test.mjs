// What customers, products and taxes must not be: refused at the place that is wrong, and nothing is changed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { repo } from '../lib/places.mjs';
import { altered, bodies, kindOf } from '../lib/resources.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

const listed = readFileSync(path.join(repo, 'tests/api/documents/bad.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const many = (n, make) => Array.from({ length: n }, (_, i) => make(i));
const long = (n) => 'x'.repeat(n);

/** Beside those of the contract: kind, what is set, where the fault points. */
const more = [
  ['customers', { '/code': '' }, '/code'], ['customers', { '/code': long(65) }, '/code'], ['customers', { '/name': '\u0085' }, '/name'],
  ['customers', { '/name': 'a\u0000b' }, ''], ['customers', { '/name': 'a\nb' }, '/name'], ['customers', { '/name': ['x'] }, '/name'],
  ['customers', { '/name': '\u{1F600}'.repeat(201) }, '/name'], ['customers', { '/name': 'x\u007f' }, '/name'],
  ['customers', { '/email': 'a@b@c.de' }, '/email'], ['customers', { '/email': '.a@x.de' }, '/email'], ['customers', { '/email': 'a.@x.de' }, '/email'],
  ['customers', { '/email': 'a..b@x.de' }, '/email'], ['customers', { '/email': 'a@-x.de' }, '/email'], ['customers', { '/email': 'a@x-.de' }, '/email'],
  ['customers', { '/email': 'a@x.de.' }, '/email'], ['customers', { '/email': `${long(65)}@x.de` }, '/email'], ['customers', { '/email': `a@${long(64)}.de` }, '/email'],
  ['customers', { '/email': '"a b"@x.de' }, '/email'], ['customers', { '/email': 'Ada <a@x.de>' }, '/email'], ['customers', { '/email': '' }, '/email'],
  ['customers', { '/email': 5 }, '/email'], ['customers', { '/currency': 'eur' }, '/currency'], ['customers', { '/currency': '' }, '/currency'],
  ['customers', { '/addresses/0/country': 'de' }, '/addresses/0/country'], ['customers', { '/addresses/0/country': 'D' }, '/addresses/0/country'],
  ['customers', { '/addresses/0/country': 'AD AE' }, '/addresses/0/country'], ['customers', { '/addresses/0/country': null }, '/addresses/0/country'],
  ['customers', { '/addresses/0/line1': null }, '/addresses/0/line1'], ['customers', { '/addresses/0/kind': 'home' }, '/addresses/0/kind'],
  ['customers', { '/addresses/0/~a~1b': 1 }, '/addresses/0/~0a~01b'], ['customers', { '/addresses/0': 'Kai 3' }, '/addresses/0'],
  ['customers', { '/addresses/0': [] }, '/addresses/0'], ['customers', { '/addresses': {} }, '/addresses'],
  ['customers', { '/addresses': many(11, () => bodies.customers.addresses[0]) }, '/addresses'],
  ['customers', { '/contacts/0/receives/1': 'invoice' }, '/contacts/0/receives/1'], ['customers', { '/contacts/0/receives/0': 'spam' }, '/contacts/0/receives/0'],
  ['customers', { '/contacts/0/receives': 'invoice' }, '/contacts/0/receives'], ['customers', { '/contacts/0/email': 'ü@x.de' }, '/contacts/0/email'],
  ['customers', { '/contacts/0/name': '' }, '/contacts/0/name'], ['customers', { '/contacts': many(21, () => ({ name: 'A' })) }, '/contacts'],
  ['customers', { '/tax_numbers/0/scheme': 'iban' }, '/tax_numbers/0/scheme'], ['customers', { '/tax_numbers/0/value': 'DE1' }, '/tax_numbers/0/value'],
  ['customers', { '/tax_numbers/0/value': 'de136695976' }, '/tax_numbers/0/value'], ['customers', { '/tax_numbers/0/value': `DE${'1'.repeat(13)}` }, '/tax_numbers/0/value'],
  ['customers', { '/tax_numbers/0': { scheme: 'gstin', value: '27AAPFU0939F1Z' } }, '/tax_numbers/0/value'],
  ['customers', { '/tax_numbers/0': { scheme: 'gstin', value: '27AAPFU0939F1ZVV' } }, '/tax_numbers/0/value'],
  ['customers', { '/tax_numbers': many(6, () => bodies.customers.tax_numbers[0]) }, '/tax_numbers'],
  ['customers', { '/terms_days': -1 }, '/terms_days'], ['customers', { '/terms_days': 1.5 }, '/terms_days'], ['customers', { '/terms_days': 'ten' }, '/terms_days'],
  ['customers', { '/terms_days': '99999999999999999999' }, '/terms_days'], ['customers', { '/terms_days': true }, '/terms_days'],
  ['customers', { '/prices': 'both' }, '/prices'], ['customers', { '/locale': 'de-DE en-IN' }, '/locale'], ['customers', { '/taxes': [999999] }, '/taxes/0'],
  ['customers', { '/taxes': [0] }, '/taxes/0'], ['customers', { '/taxes': ['x'] }, '/taxes/0'], ['customers', { '/taxes': 1 }, '/taxes'],
  ['customers', { '/taxes': [1, 2, 3, 4, 5, 6] }, '/taxes'], ['customers', { '/notes': long(2001) }, '/notes'], ['customers', { '/notes': 'a\rb' }, '/notes'],
  ['customers', { '/tags': ['a', 'b', 'a'] }, '/tags/2'], ['customers', { '/tags': [''] }, '/tags/0'], ['customers', { '/tags': [long(41)] }, '/tags/0'],
  ['customers', { '/tags': [1] }, '/tags/0'], ['customers', { '/tags': [null] }, '/tags/0'], ['customers', { '/custom': [] }, '/custom'],
  ['customers', { '/custom': { a: {} } }, '/custom/a'], ['customers', { '/custom': { a: [] } }, '/custom/a'], ['customers', { '/custom': { '': 1 } }, '/custom/'],
  ['customers', { '/custom': { [long(41)]: 1 } }, `/custom/${long(41)}`], ['customers', { '/custom': { a: long(501) } }, '/custom/a'],
  ['customers', { '/custom': Object.fromEntries(many(21, (i) => [`k${i}`, i])) }, '/custom'], ['customers', { '/custom': { a: '\u0007' } }, '/custom/a'],
  ['customers', { '/id': 7 }, '/id'], ['customers', { '/version': 1 }, '/version'], ['customers', { '/archived': true }, '/archived'],
  ['customers', { '/created_at': '2026-01-01T00:00:00Z' }, '/created_at'], ['customers', { '/nmae': 'x' }, '/nmae'], ['customers', { '/balances': [] }, '/balances'],
  ['customers', { '/tenant_id': 1 }, '/tenant_id'], ['customers', { '/search': 'x' }, '/search'],
  ['products', { '/name': null }, '/name'], ['products', { '/unit': 'ZZZ' }, '/unit'], ['products', { '/unit': 'h87' }, '/unit'], ['products', { '/unit': '' }, '/unit'],
  ['products', { '/unit_price': '-1' }, '/unit_price'], ['products', { '/unit_price': '0.0000000000001' }, '/unit_price'], ['products', { '/unit_price': 'abc' }, '/unit_price'],
  ['products', { '/unit_price': '' }, '/unit_price'], ['products', { '/unit_price': ' 1' }, '/unit_price'], ['products', { '/unit_price': '0x1' }, '/unit_price'],
  ['products', { '/unit_price': '1e400' }, '/unit_price'], ['products', { '/unit_price': '1000000000000001' }, '/unit_price'], ['products', { '/unit_price': true }, '/unit_price'],
  ['products', { '/unit_price': 'NaN' }, '/unit_price'], ['products', { '/unit_price': 'Infinity' }, '/unit_price'], ['products', { '/unit_price': [] }, '/unit_price'],
  ['products', { '/sku': long(65) }, '/sku'], ['products', { '/description': long(2001) }, '/description'], ['products', { '/currency': 'XYZ' }, '/currency'],
  ['products', { '/taxes': [1, 1] }, '/taxes/1'], ['products', { '/taxes': [999999] }, '/taxes/0'],
  ['taxes', { '/name': long(61) }, '/name'], ['taxes', { '/name': null }, '/name'], ['taxes', { '/rate': null }, '/rate'], ['taxes', { '/rate': '100.000001' }, '/rate'],
  ['taxes', { '/rate': '0.0000001' }, '/rate'], ['taxes', { '/category': 'X' }, '/category'], ['taxes', { '/category': null }, '/category'],
  ['taxes', { '/category': 'Z' }, '/rate'], ['taxes', { '/category': 'AE', '/rate': '0', '/reason': '' }, '/reason'], ['taxes', { '/category': 's' }, '/category'],
  ['taxes', { '/rate': '19,0' }, '/rate'], ['taxes', { '/reason': long(201) }, '/reason'],
];

let server, tenant;
before(async () => {
  server = await startServer({ server: 'all', procs: 2 });
  tenant = tenantOf(server);
  await kindOf(tenant, 'taxes').made();
});
after(() => server?.stop());

const namesOf = async (kind) => (await kindOf(tenant, kind).list('limit=100')).json[kind].map(({ name }) => name);

describe('of those that the contract lists', () => {
  for (const { name, call, set, status, pointer } of listed) {
    test(name, async () => {
      const kind = call.split(' ')[1];
      isProblem(await kindOf(tenant, kind).add(altered(bodies[kind], set)), status, { pointer });
    });
  }
});

describe('and beside them', () => {
  for (const [kind, set, pointer] of more) {
    test(`${kind}: ${JSON.stringify(set).slice(0, 70)}`, async () => {
      isProblem(await kindOf(tenant, kind).add(altered(bodies[kind], set)), 400, { pointer });
    });
  }
});

test('nothing of all that is there', async () => {
  for (const kind of Object.keys(bodies)) assert.deepEqual(await namesOf(kind), kind === 'taxes' ? [bodies.taxes.name] : []);
  assert.equal(server.pennymeter(['check']).ok, true);
});

describe('a body', () => {
  for (const [name, body, status] of [['that is a list', '[]', 400], ['that is text', '"x"', 400], ['that is null', 'null', 400], ['that is empty', '', 400],
    ['with a member twice', '{"name":"a","name":"b"}', 400], ['cut short', '{"name":"a"', 400], ['of 65 KiB', JSON.stringify({ name: 'x', notes: long(65 << 10) }), 413]]) {
    test(`${name} is refused`, async () => { isProblem(await kindOf(tenant, 'customers').add(body), status); });
  }
  test('that is a form is refused', async () => {
    isProblem(await tenant.send('POST', '/api/customers', { body: 'name=x', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }), 415);
  });
});

describe('a change', () => {
  let customers, id;
  before(async () => {
    customers = kindOf(tenant, 'customers');
    id = (await customers.made({ ...bodies.customers, code: 'C-1' })).id;
    await customers.made({ ...bodies.customers, code: 'C-2' });
  });
  const refused = [['without If-Match', null, { notes: 'x' }, 428, 'precondition-required'], ['of a version that never was', '"999"', { notes: 'x' }, 412, 'precondition-failed'],
    ['of a version that is no number', '"x"', { notes: 'x' }, 412], ['with an unquoted If-Match', '1', { notes: 'x' }, 412], ['with an empty If-Match', '""', { notes: 'x' }, 412]];
  for (const [name, match, body, status, code] of refused) {
    test(`${name} is refused`, async () => { isProblem(await customers.change(id, match, body), status, { code }); });
  }
  for (const [body, pointer] of [[{ name: null }, '/name'], [{ name: '' }, '/name'], [{ id: 3 }, '/id'], [{ version: 1 }, '/version'], [{ nope: 1 }, '/nope'],
    [{ code: 'C-2' }, '/code'], [{ taxes: [77] }, '/taxes/0'], [{ custom: { a: {} } }, '/custom/a'], [{ tags: 'x' }, '/tags'], [{ idempotency_key: 'k' }, '/idempotency_key']]) {
    test(`by ${JSON.stringify(body)} is refused`, async () => { isProblem(await customers.change(id, '*', body), 400, { pointer }); });
  }
  test('leaves the object as it was', async () => {
    const now = (await customers.get(id)).json;
    assert.equal(now.version, 1);
    assert.equal(now.updated_at, now.created_at);
  });
});

describe('an address', () => {
  for (const id of ['0', 'abc', '-1', '1.0', '01', '+1', '9007199254740993', '99999999999999999999', '1e3', '%31x', '1/', '1/2', ' 1'])
    test(`with the id "${id}" is not there`, async () => { isProblem(await tenant.get(`/api/customers/${encodeURI(id)}`), 404, { code: 'not-found' }); });
  for (const verb of ['archive', 'restore'])
    test(`${verb} wants POST and an id`, async () => {
      isProblem(await tenant.get(`/api/customers/${verb}/1`), 405);
      isProblem(await tenant.send('POST', `/api/customers/${verb}`), 404);
      isProblem(await kindOf(tenant, 'customers').act(verb, 999), 404);
    });
  test('tells which methods it has', async () => {
    assert.equal((await tenant.send('DELETE', '/api/customers')).headers.allow, 'GET, POST');
    assert.equal((await tenant.send('POST', '/api/customers/1', { body: '{}' })).headers.allow, 'GET, PATCH, DELETE');
  });
});

describe('a list', () => {
  for (const query of ['limit=0', 'limit=101', 'limit=x', 'after=zz', 'after=6964', 'sort=email', 'sort=', 'sort=--name', 'sort=name,code', 'tag=', 'country=DEU', 'archived=1', 'nope=1', 'q=', 'limit=1&limit=2'])
    test(`by ${query} is refused`, async () => { isProblem(await kindOf(tenant, 'customers').list(query), 400, { pointer: query.split('=')[0] }); });
  test('goes on in its own order alone', async () => {
    const { next } = (await kindOf(tenant, 'customers').list('limit=1&sort=name')).json;
    isProblem(await kindOf(tenant, 'customers').list(`limit=1&sort=-name&after=${next}`), 400, { pointer: 'after' });
    isProblem(await kindOf(tenant, 'customers').list(`limit=1&after=${next}`), 400, { pointer: 'after' });
  });
});

describe('without the scope', () => {
  for (const [kind, scope] of [['customers', 'customers'], ['products', 'products'], ['taxes', 'settings']])
    test(`${kind} are neither read nor written`, async () => {
      const other = kindOf(tenant.withToken({ scopes: 'usage:read usage:write' }), kind), reader = kindOf(tenant.withToken({ scopes: `${scope}:read` }), kind);
      assert.equal(isProblem(await other.list(), 403).scope, `${scope}:read`);
      assert.equal((await reader.list()).status, 200);
      for (const reply of [await reader.add(bodies[kind]), await reader.change(1, '*', {}), await reader.drop(1, '*'), await reader.act('archive', 1)])
        assert.equal(isProblem(reply, 403).scope, `${scope}:write`);
    });
});

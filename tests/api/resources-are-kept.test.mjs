// Customers, products and taxes: made, read, listed, changed once, put away and removed, each by its own tenant.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readCsv } from '../lib/csv.mjs';
import { query } from '../lib/database.mjs';
import { bodies, kindOf, uniqueOf } from '../lib/resources.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => { server = await startServer({ server: 'all', procs: 4 }); });
after(() => server?.stop());

const fresh = (kind) => kindOf(tenantOf(server), kind);

for (const kind of Object.keys(bodies)) {
  describe(kind, () => {
    test('are answered as they were sent, with an id, a version and times', async () => {
      const all = fresh(kind), reply = await all.add(bodies[kind]);
      assert.equal(reply.status, 201);
      assert.equal(reply.headers.location, `/api/${kind}/1`);
      assert.equal(reply.headers.etag, '"1"');
      const { id, version, created_at, updated_at, archived, tags, custom, ...rest } = reply.json, given = bodies[kind];
      assert.deepEqual({ id, version, archived }, { id: 1, version: 1, archived: false });
      assert.equal(created_at, updated_at);
      assert.deepEqual([tags, custom], [given.tags ?? [], given.custom ?? {}]);
      for (const [name, sent] of Object.entries(given)) {
        if (['tags', 'custom'].includes(name)) continue;
        assert.deepEqual(['rate', 'unit_price'].includes(name) ? String(rest[name]) : rest[name], sent, name);
      }
      assert.deepEqual((await all.get(1)).json, reply.json);
      assert.equal((await all.get(1)).headers.etag, '"1"');
      assert.equal((await all.get(1, { 'If-None-Match': '"1-gzip"' })).status, 304);
      assert.deepEqual((await all.list()).json, { [kind]: [reply.json], next: null });
    });

    test('are of one tenant: to another they are not there', async () => {
      const mine = fresh(kind), other = fresh(kind), { id } = await mine.made();
      for (const reply of [await other.get(id), await other.change(id, '*', { name: 'x' }), await other.drop(id, '*'), await other.act('archive', id)])
        isProblem(reply, 404, { code: 'not-found' });
      assert.deepEqual((await other.list()).json, { [kind]: [], next: null });
      assert.equal((await other.made()).id, 1, 'each tenant counts from 1');
      assert.equal((await mine.get(id)).json.version, 1);
    });

    test('are put away, and change no more by that than once', async () => {
      const all = fresh(kind), { id } = await all.made();
      assert.deepEqual([(await all.act('archive', id)).json.archived, (await all.get(id)).json.version], [true, 2]);
      assert.deepEqual([(await all.act('archive', id)).json.archived, (await all.get(id)).json.version], [true, 2]);
      assert.equal((await all.list('archived=false')).json[kind].length, 0);
      assert.equal((await all.list('archived=true')).json[kind].length, 1);
      isProblem(await all.act('archive', id, { 'If-Match': '"1"' }), 412);
    });

    test('are removed, and their number is never given again', async () => {
      const all = fresh(kind), { id } = await all.made();
      isProblem(await all.drop(id), 428);
      isProblem(await all.drop(id, '"2"'), 412);
      const gone = await all.drop(id, '"1"');
      assert.deepEqual([gone.status, gone.text], [204, '']);
      isProblem(await all.get(id), 404);
      isProblem(await all.drop(id, '*'), 404);
      assert.equal((await all.made()).id, 2);
    });

    test('that two change at once are changed by one of them', async () => {
      const all = fresh(kind), { id } = await all.made();
      for (let version = 1; version < 6; version++) {
        const replies = await inParallel(8, Array.from({ length: 8 }, (_, i) => i), (i) => all.change(id, `"${version}"`, { name: `by ${i}` }));
        assert.deepEqual(replies.map((r) => r.status).sort(), [200, 412, 412, 412, 412, 412, 412, 412]);
        const winner = replies.find((r) => r.status === 200).json;
        assert.deepEqual((await all.get(id)).json, winner);
        assert.equal(winner.version, version + 1);
      }
    });

    test('posted 100 times at once with one key are one object', async () => {
      const all = fresh(kind), key = { 'Idempotency-Key': `once ${kind}`.replace(' ', '-') };
      const replies = await inParallel(25, Array.from({ length: 100 }), () => all.add(bodies[kind], key));
      assert.equal(replies.filter((r) => r.status === 201).length, 1);
      assert.ok(replies.every((r) => r.status === 201 || (r.status === 200 && r.headers['idempotency-replayed'] === 'true')), replies.map((r) => r.status).join());
      assert.ok(replies.every((r) => r.json.id === 1));
      assert.equal((await all.list()).json[kind].length, 1);
      await all.change(1, '*', { name: 'changed since' });
      assert.equal((await all.add(bodies[kind], key)).json.name, 'changed since', 'a repeat answers the object as it is');
      isProblem(await all.add({ ...bodies[kind], name: 'another' }, key), 422, { code: 'idempotency-key-reused' });
      isProblem(await all.act('archive', 1, key), 422);
      await all.drop(1, '*');
      isProblem(await all.add(bodies[kind], key), 404);
    });

    test('are listed page by page without loss or repeat while others are added', async () => {
      const all = fresh(kind), made = (i) => all.made({ ...bodies[kind], name: `n${(i * 7) % 10}`, [uniqueOf(kind)]: uniqueOf(kind) && `c${i}` });
      for (let i = 0; i < 23; i++) await made(i);
      for (const [sort, value] of [['', (o) => -o.id], ['-id', (o) => -o.id], ['id', (o) => o.id], ['name', (o) => o.name], ['-name', (o) => o.name], ['updated_at', (o) => o.updated_at]]) {
        const known = new Set((await all.all('limit=100')).map((o) => o.id)), seen = await all.all(`limit=4${sort && `&sort=${sort}`}`, () => made(100 + known.size + Math.random() * 1e9));
        assert.equal(new Set(seen.map((o) => o.id)).size, seen.length, `${sort}: none twice`);
        for (const id of known) assert.ok(seen.some((o) => o.id === id), `${sort}: ${id} is there`);
        const keys = seen.map(value), ordered = [...keys].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        assert.deepEqual(keys, sort === '-name' ? ordered.reverse() : ordered, sort);
      }
    });
  });
}

describe('a customer', () => {
  test('is kept in NFC, and found without case and accents', async () => {
    const all = fresh('customers');
    assert.equal((await all.made({ name: 'Cafe\u0301 Zoë GROẞ' })).name, 'Café Zoë GROẞ');
    await all.made({ name: 'Other', code: 'Ω-7', email: 'Someone@Example.org' });
    for (const [q, names] of [['cafe', ['Café Zoë GROẞ']], ['CAFÉ ZOE', ['Café Zoë GROẞ']], ['gross', ['Café Zoë GROẞ']], ['ω-7', ['Other']], ['someone@', ['Other']], ['%', []], ['o', ['Other', 'Café Zoë GROẞ']]])
      assert.deepEqual((await all.list(`q=${encodeURIComponent(q)}`)).json.customers.map((c) => c.name), names, q);
  });

  test('has a name of 200 characters, however many bytes', async () => {
    assert.equal([...(await fresh('customers').made({ name: '\u{1F600}'.repeat(200) })).name].length, 200);
  });

  test('is found by tag and country, and by nothing that looks like them', async () => {
    const all = fresh('customers'), at = (country, line1 = 'x') => [{ line1, country }];
    await all.made({ name: 'a', tags: ['fish', 'a "b"'], addresses: at('DE') });
    await all.made({ name: 'b', tags: ['Fish', 'fishes'], addresses: at('AT', '"country":"DE"') });
    await all.made({ name: 'c' });
    for (const [q, names] of [['tag=fish', 'a'], ['tag=Fish', 'b'], ['tag=fis', ''], [`tag=${encodeURIComponent('a "b"')}`, 'a'], ['country=DE', 'a'], ['country=AT', 'b'], ['country=AT&tag=fish', '']])
      assert.equal((await all.list(`${q}&sort=name`)).json.customers.map((c) => c.name).join(''), names, q);
  });

  test('is changed by a merge patch: null clears, custom merges, lists are whole', async () => {
    const all = fresh('customers'), { id } = await all.made();
    const reply = await all.change(id, '"1"', { phone: null, notes: 'line\nline', tags: ['new'], custom: { rep: null, vip: true, n: 1.50 }, contacts: [], terms_days: '0', addresses: null });
    assert.equal(reply.status, 200, reply.text);
    const { phone, notes, tags, custom, contacts, terms_days, addresses, email, version } = reply.json;
    assert.deepEqual({ phone, notes, tags, custom, contacts, terms_days, addresses, email, version },
      { phone: null, notes: 'line\nline', tags: ['new'], custom: { vip: true, n: 1.5 }, contacts: [], terms_days: 0, addresses: [], email: 'einkauf@nordsee.example', version: 2 });
    assert.equal((await all.change(id, 'W/"2"', {})).status, 200);
    assert.equal((await all.change(id, '"1", "3-gzip"', { custom: null })).json.version, 4);
    assert.deepEqual((await all.get(id)).json.custom, {});
  });

  test('is changed and removed by POST where a host lets no other method through', async () => {
    const tenant = tenantOf(server), all = kindOf(tenant, 'customers'), { id } = await all.made();
    const by = (method, more = {}) => tenant.send('POST', `/api/customers/${id}`, { body: '{"name":"New"}', headers: { 'X-HTTP-Method-Override': method, 'If-Match': '*', ...more } });
    assert.equal((await by('PATCH')).json.name, 'New');
    isProblem(await by('GET'), 405);
    isProblem(await by('BREW'), 405);
    assert.equal((await by('DELETE')).status, 204);
    assert.equal((await tenant.send('GET', '/api/customers', { headers: { 'X-HTTP-Method-Override': 'DELETE' } })).status, 200, 'but a GET stays one');
  });

  test('has a code of its own, which another may have once it is free', async () => {
    const all = fresh('customers'), { id } = await all.made();
    isProblem(await all.add(bodies.customers), 400, { pointer: '/code', detail: /customer 1/ });
    assert.equal((await all.change(id, '*', { code: 'N-1', name: 'same code' })).status, 200);
    assert.equal((await all.change(id, '*', { code: null })).json.code, null);
    await all.made();
    await all.made({ name: 'without' });
    await all.made({ name: 'without, too' });
    const replies = await inParallel(16, Array.from({ length: 16 }), () => all.add({ name: 'race', code: 'R' }));
    assert.equal(replies.filter((r) => r.status === 201).length, 1);
  });

  test('is exported as CSV that a spreadsheet does not run', async () => {
    const tenant = tenantOf(server), all = kindOf(tenant, 'customers');
    await all.made({ ...bodies.customers, name: '=1+1', code: '@x', notes: 'a "quoted"\nline', tags: ['a', 'b'] });
    for (let i = 0; i < 130; i++) await all.made({ name: `n${i}` });
    for (const reply of [await tenant.get('/api/customers/export?sort=id'), await tenant.get('/api/customers?sort=id', { Accept: 'text/csv' })]) {
      assert.equal(reply.headers['content-type'], 'text/csv; charset=utf-8');
      assert.match(reply.headers['content-disposition'], /filename=customers.csv/);
      const [head, first, ...rest] = readCsv(reply.text), cell = (name) => first[head.indexOf(name)];
      assert.equal(rest.length, 130);
      assert.deepEqual([cell('name'), cell('code'), cell('notes'), cell('tags'), cell('terms_days'), cell('archived')], ["'=1+1", "'@x", 'a "quoted"\nline', 'a;b', '14', 'false']);
      assert.deepEqual(JSON.parse(cell('addresses')), bodies.customers.addresses);
    }
    assert.equal(readCsv((await tenant.get('/api/customers/export?q=n12')).text).length, 1 + 11);
  });

  test('remembers who made it', async () => {
    const tenant = tenantOf(server), other = tenant.withToken({ scopes: 'customers:write' });
    await kindOf(other, 'customers').add({ name: 'x' });
    assert.deepEqual(query(server.data, `SELECT user_id, token_id FROM customers WHERE tenant_id = ${tenant.tenant_id}`).map((r) => Object.values(r).map(Number)), [[0, other.token_id]]);
  });
});

describe('a tax', () => {
  test('that a customer or a product names cannot be removed, nor its rate changed', async () => {
    for (const kind of ['customers', 'products']) {
      const tenant = tenantOf(server), taxes = kindOf(tenant, 'taxes'), users = kindOf(tenant, kind);
      for (let i = 0; i < 12; i++) await taxes.made();
      const { id } = await users.made({ name: 'x', taxes: [2, 11] });
      for (const used of [2, 11]) {
        isProblem(await taxes.drop(used, '*'), 409, { code: 'conflict' });
        isProblem(await taxes.change(used, '*', { rate: '20' }), 409);
        assert.equal((await taxes.change(used, '*', { name: 'Renamed' })).status, 200);
      }
      for (const free of [1, 12]) assert.equal((await taxes.drop(free, '*')).status, 204, `${free} is another`);
      assert.equal((await taxes.act('archive', 2)).status, 200);
      assert.equal((await users.change(id, '*', { name: 'y' })).status, 200, 'who names it already keeps it');
      isProblem(await users.add({ name: 'z', taxes: [2] }), 400, { pointer: '/taxes/0', detail: /archived/ });
      await users.change(id, '*', { taxes: [] });
      assert.equal((await taxes.drop(2, '*')).status, 204);
    }
  });

  test('has its rate as the exact decimal that was sent', async () => {
    const all = fresh('taxes');
    for (const [sent, kept] of [['8.875', '8.875'], ['0.000001', '0.000001'], ['19.00', '19'], ['1e1', '10'], ['100', '100']])
      assert.match((await all.add({ ...bodies.taxes, rate: sent })).text, new RegExp(`"rate":${kept.replace('.', '\\.')},`));
  });
});

describe('a key', () => {
  test('of a customer is no key of usage, nor the other way round', async () => {
    const tenant = tenantOf(server), all = kindOf(tenant, 'customers'), key = (k) => ({ 'Idempotency-Key': k });
    await all.add({ name: 'x' }, key('a'));
    isProblem(await tenant.record({ metric_name: 'api_calls', quantity: 1 }, key('a')), 422);
    isProblem(await tenant.post('/api/usage/batch', [{ metric_name: 'api_calls', quantity: 1 }], key('a')), 422);
    assert.equal((await tenant.record({ metric_name: 'api_calls', quantity: 1 }, key('b'))).status, 201);
    isProblem(await all.add({ name: 'y' }, key('b')), 422);
    assert.equal((await all.list()).json.customers.length, 1);
    assert.equal(server.pennymeter(['check']).ok, true);
  });

  test('of what was refused is free again', async () => {
    const all = fresh('customers'), key = { 'Idempotency-Key': 'k' };
    isProblem(await all.add({ name: '' }, key), 400);
    assert.equal((await all.add({ name: 'x' }, key)).status, 201);
  });

  test('in the body is the same as in the header', async () => {
    const all = fresh('customers');
    assert.equal((await all.add({ name: 'x', idempotency_key: 'k' })).status, 201);
    assert.equal((await all.add({ name: 'x', idempotency_key: 'k' })).status, 200);
    assert.equal((await all.list()).json.customers.length, 1);
  });
});

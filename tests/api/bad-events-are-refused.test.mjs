// Every bad event is refused with its field and its cause, and nothing is recorded: by record, by batch, by CloudEvents.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { badMembers, badTexts } from '../lib/bad-events.mjs';
import { recorded, value } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, json, tenantOf } from '../lib/tenant.mjs';

const good = { metric_name: 'quotes_generated', quantity: 1 };
const cloud = { specversion: '1.0', id: 'e-1', source: 'test', type: 'quotes_generated', data: { value: 1 } };
const cloudType = { 'Content-Type': 'application/cloudevents+json' };
const lines = { 'Content-Type': 'application/x-ndjson' };
const events = '/api/v1/events';

let server, tenant, empty;
before(async () => {
  server = await startServer();
  tenant = tenantOf(server);
  empty = recorded(server.data, tenant.tenant_id);
});
after(() => server?.stop());
function nothingRecorded() {
  const before = empty;
  empty = recorded(server.data, tenant.tenant_id); // so that one failure does not fail all that follow
  assert.ok(empty === before, `recorded: ${empty.slice(0, 300)}`);
}

/** An event with one member replaced by raw JSON. */
const withMember = (event, name, raw) => json({ ...event, [name]: 'RAW' }).replace('"RAW"', () => raw);

function cloudWith(name, raw) {
  const at = { metric_name: 'type', recorded_at: 'time', resource_id: 'subject' }[name];
  if (at) return [withMember(cloud, at, raw), `/${at}`];
  if (name === 'metadata') return [withMember(cloud, 'data', raw), '/data'];
  return [json(cloud).replace('"value":1', () => `"value":${raw}`), '/data/value'];
}

describe('record points at the member and says the cause', () => {
  for (const [name, member, raw, cause] of badMembers()) {
    test(name, async () => {
      isProblem(await tenant.record(withMember(good, member, raw)), 400, { pointer: `/${member}`, detail: cause });
      nothingRecorded();
    });
  }
});

describe('batch rejects the one event by its index, alone or among good ones', () => {
  for (const [name, member, raw, cause] of badMembers()) {
    test(name, async () => {
      const bad = withMember(good, member, raw);
      for (const [body, headers] of [[`[${bad}]`, {}], [`${bad}\n`, lines]]) {
        const reply = await tenant.post('/api/usage/batch', body, headers);
        assert.equal(reply.status, 200, reply.text);
        const { inserted, duplicates, rejected } = reply.json;
        assert.deepEqual([inserted, duplicates, rejected.length, rejected[0].index], [0, 0, 1, 0]);
        const error = rejected[0].errors.find((e) => e.pointer === `/${member}`);
        assert.ok(error, reply.text);
        assert.match(error.detail, cause);
      }
      nothingRecorded();
    });
  }
});

describe('CloudEvents points below the event and says the cause', () => {
  for (const [name, member, raw, cause] of badMembers()) {
    if (member === 'quantity' && raw === 'null') continue; // as good as absent
    test(name, async () => {
      const [body, pointer] = cloudWith(member, raw);
      isProblem(await tenant.post(events, body, cloudType), 400, { pointer, detail: cause });
      const batch = `[${json({ ...cloud, id: 'good' })},${body}]`;
      isProblem(await tenant.post(events, batch, { 'Content-Type': 'application/cloudevents-batch+json' }), 400, { pointer: `/1${pointer}`, detail: cause });
      nothingRecorded(); // the good one neither
    });
  }

  for (const name of ['id', 'source', 'type', 'specversion']) {
    test(`${name} missing, empty or no string`, async () => {
      for (const value of [undefined, '', 7, null]) {
        isProblem(await tenant.post(events, { ...cloud, [name]: value }, cloudType), 400, { pointer: `/${name}` });
      }
      nothingRecorded();
    });
  }

  test('another specversion, and data_base64', async () => {
    isProblem(await tenant.post(events, { ...cloud, specversion: '0.3' }, cloudType), 400, { pointer: '/specversion' });
    isProblem(await tenant.post(events, { ...cloud, data: undefined, data_base64: 'AA==' }, cloudType), 400, { detail: /base64/ });
    nothingRecorded();
  });
});

describe('what is good is taken', () => {
  let other;
  before(() => { other = tenantOf(server, { name: '料'.repeat(80) }); });
  const newest = async () => (await other.read('/api/usage/history?per_page=1')).events[0];

  test('a text has as many characters as are told, whatever bytes each takes', async () => {
    for (const resource_id of ['料'.repeat(80), '料'.repeat(255), '𝄞'.repeat(255), 'é'.repeat(255)]) {
      assert.equal((await other.record({ ...good, resource_id })).status, 201);
      assert.equal((await newest()).resource_id, resource_id);
    }
    const [id, source, subject] = ['料'.repeat(200), '料'.repeat(300), '料'.repeat(255)];
    for (const _ of 'twice') assert.equal((await other.post(events, { ...cloud, id, source, subject }, cloudType)).status, 204);
    assert.equal((await newest()).resource_id, subject);
    isProblem(await other.post('/api/plans/preview', { plan: '料'.repeat(64), quantities: {} }), 400, { pointer: '/plan', detail: /no plan/ });
  });

  test('null for what is optional is as good as absent', async () => {
    const nothing = { metadata: null, recorded_at: null, resource_id: null, enforce: null, idempotency_key: null };
    assert.equal((await other.record({ ...good, ...nothing })).status, 201);
    const { metadata, resource_id } = await newest();
    assert.deepEqual([metadata, resource_id], [null, null]);
    assert.deepEqual((await other.batch([{ ...good, ...nothing }])).json, { inserted: 1, duplicates: 0, rejected: [] });
    const once = { ...good, idempotency_key: 'null-1' };
    assert.equal((await other.record(once)).status, 201);
    assert.equal((await other.record({ ...once, ...nothing, idempotency_key: 'null-1' })).json.duplicate, true, 'the same payload');
    assert.equal((await other.post('/api/usage/record', { ...once, idempotency_key: null }, { 'Idempotency-Key': 'null-1' })).json.duplicate, true);
    isProblem(await other.record({ ...good, metric_name: null }), 400, { pointer: '/metric_name', detail: /not null/ });
  });
});

describe('text that is no strict JSON is refused whole', () => {
  for (const [name, make, cause] of badTexts) {
    test(name, async () => {
      for (const [target, headers, event] of [['/api/usage/record', {}, good], ['/api/usage/batch', {}, good], [events, cloudType, cloud]]) {
        const reply = await tenant.post(target, make(json(event)), headers);
        const { errors } = isProblem(reply, 400);
        assert.ok(errors.some((e) => cause.test(e.detail)), `${target}: ${reply.text}`);
      }
      nothingRecorded();
    });
  }

  test('a duplicate key, named', async () => {
    isProblem(await tenant.record('{"metric_name":"quotes_generated","quantity":1,"quantity":2}'), 400, { pointer: '/quantity', detail: /twice/ });
    isProblem(await tenant.record('{"metric_name":"quotes_generated","quantity":1,"metadata":{"a":{"b":1,"b":2}}}'), 400, { pointer: '/metadata/a/b', detail: /twice/ });
    isProblem(await tenant.post('/api/usage/batch', '[{"metric_name":"quotes_generated","quantity":1,"\\u0071uantity":2}]'), 400, { pointer: '/0/quantity', detail: /twice/ });
    isProblem(await tenant.post(events, json(cloud).replace('{', '{"id":"x",'), cloudType), 400, { pointer: '/id', detail: /twice/ });
    nothingRecorded();
  });
});

describe('the shape of a body', () => {
  test('record wants an object', async () => {
    for (const body of ['[]', '"x"', '1', 'null', 'true', `[${json(good)}]`]) {
      isProblem(await tenant.record(body), 400, { pointer: '', detail: /object/ });
    }
    nothingRecorded();
  });

  test('record names each missing and each unknown member, escaped as in RFC 6901', async () => {
    const problem = isProblem(await tenant.record('{}'), 400, { pointer: '/metric_name', detail: /required/ });
    assert.ok(problem.errors.some((e) => e.pointer === '/quantity'));
    isProblem(await tenant.record({ ...good, Quantity: 2 }), 400, { pointer: '/Quantity', detail: /not a field/ });
    isProblem(await tenant.record({ ...good, 'a/b~c': 2 }), 400, { pointer: '/a~1b~0c' });
    const long = 'ž'.repeat(300);
    const reply = await tenant.record({ ...good, [long]: 1 });
    isProblem(reply, 400);
    assert.equal(Buffer.from(reply.text).compare(reply.bytes), 0, 'the answer is valid UTF-8');
    nothingRecorded();
  });

  test('a batch wants 1 to 1,000 events in an array', async () => {
    const many = Array.from({ length: 1001 }, () => good);
    isProblem(await tenant.batch(many), 400, { detail: /1000/, pointer: '' });
    isProblem(await tenant.post('/api/usage/batch', many.map(json).join('\n'), lines), 400, { detail: /1000/, pointer: '' });
    isProblem(await tenant.post(events, many.map((_, i) => ({ ...cloud, id: `${i}` }))), 400, { detail: /1000/, pointer: '' });
    isProblem(await tenant.batch([]), 400, { pointer: '', detail: /empty/ });
    isProblem(await tenant.post('/api/usage/batch', '\n\n', lines), 400, { pointer: '', detail: /empty/ });
    isProblem(await tenant.post('/api/usage/batch', json(good)), 400, { pointer: '', detail: /array/ });
    nothingRecorded();
  });

  test('a batch rejects what is no object by its index, and counts the others', async () => {
    const other = tenantOf(server);
    const reply = await other.post('/api/usage/batch', `[${json(good)},7,null,"x",[],{},${json(good)}]`);
    assert.equal(reply.json.inserted, 2);
    assert.deepEqual(reply.json.rejected.map((r) => r.index), [1, 2, 3, 4, 5]);
    const mixed = await other.post('/api/usage/batch', `${json(good)}\n{"broken\n\n${json(good)}\r\n`, lines);
    assert.deepEqual([mixed.json.inserted, mixed.json.rejected.map((r) => r.index)], [2, [1]], mixed.text);
  });

  test('a body over its cap is 413: 64 KiB, of batches 4 MiB', async () => {
    for (const [target, cap] of [['/api/usage/record', 64 << 10], ['/api/usage/batch', 4 << 20], [events, 4 << 20]]) {
      isProblem(await tenant.post(target, json(good).padEnd(cap + 1)), 413, { code: 'too-large' });
      isProblem(await tenant.send('POST', target, { body: [json(good).padEnd(cap), ' '] }), 413, { code: 'too-large' });
    }
    nothingRecorded();
    const other = tenantOf(server);
    assert.equal((await other.record(json(good).padEnd(64 << 10))).status, 201);
    assert.equal((await other.post('/api/usage/batch', `[${json(good)}]`.padEnd(4 << 20))).json.inserted, 1);
  });

  test('another content type is 415 and names those taken', async () => {
    for (const target of ['/api/usage/record', '/api/usage/batch', events]) {
      const problem = isProblem(await tenant.post(target, json(good), { 'Content-Type': 'text/plain' }), 415);
      assert.match(problem.accepts, /application\/json/);
    }
    nothingRecorded();
  });

  test('a query parameter on a write is refused by name', async () => {
    for (const target of ['/api/usage/record', '/api/usage/batch', events]) {
      isProblem(await tenant.post(`${target}?quantity=2`, json(good)), 400, { pointer: 'quantity' });
    }
    nothingRecorded();
  });
});

test('quantities at the very edge are taken, and a total past it is refused with nothing recorded', async () => {
  const other = tenantOf(server);
  await other.use('api_calls', '9223372036854.775806');
  await other.use('api_calls', '0.000001');
  const full = recorded(server.data, other.tenant_id);
  isProblem(await other.record({ metric_name: 'api_calls', quantity: '0.000001' }), 400, { pointer: '/quantity' });
  assert.equal(recorded(server.data, other.tenant_id), full);
  const { metrics } = await other.read('/api/usage/summary');
  assert.equal(metrics[0].total_quantity, '9223372036854.775807');
  assert.equal(server.pennymeter(['check', '--tenant', String(other.tenant_id)]).ok, true);
});

test('a roll-up that would pass what can be counted refuses its own event, and none that came with it', async () => {
  const one = tenantOf(server, { plan: 'enterprise' });
  const [a, b] = [one.withToken({ user: 1 }), one.withToken({ user: 2 })];
  const store = (quantity) => ({ metric_name: 'storage_gb', quantity });
  await a.use('storage_gb', '9000000000000'); // of user 1's hour; the balance goes back to 0
  await b.use('storage_gb', '-9000000000000');
  const { status, json } = await a.batch([store(1), { metric_name: 'quotes_generated', quantity: 2 }, store('9000000000000'), store(3)]);
  assert.equal(status, 200);
  assert.deepEqual([json.inserted, json.rejected.map((r) => r.index)], [3, [2]]);
  isProblem(await a.record(store('9000000000000')), 400, { pointer: '/quantity' });
  const replies = await inParallel(8, Array.from({ length: 40 }, (_, i) => i), (i) => a.record(store(i % 8 ? 1 : '9000000000000')));
  assert.deepEqual(replies.map((r) => r.status), replies.map((_, i) => (i % 8 ? 201 : 400)));
  assert.equal(Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${one.tenant_id}`)), 2 + 3 + 35);
  assert.equal(server.pennymeter(['check', '--tenant', String(one.tenant_id)]).ok, true);
});

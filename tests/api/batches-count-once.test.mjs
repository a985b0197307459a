// A batch that is named by the header Idempotency-Key counts once for ever, byte for byte, whatever became of its events.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { recorded } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, json, tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => { server = await startServer({ procs: 2 }); });
after(() => server?.stop());

const event = (quantity, more = {}) => ({ metric_name: 'api_calls', quantity, ...more });
const send = (tenant, body, key, type = 'application/json') =>
  tenant.post('/api/usage/batch', typeof body === 'string' ? body : json(body), { 'Content-Type': type, ...(key && { 'Idempotency-Key': key }) });
const used = async (tenant, metric = 'api_calls') =>
  (await tenant.read(`/api/usage/summary?metric_name=${metric}`)).metrics[0]?.total_quantity ?? '0';

test('a repeat counts nothing, and says as duplicates what was taken', async () => {
  const tenant = tenantOf(server);
  assert.deepEqual((await send(tenant, [event(1), event(2)], 'b1')).json, { inserted: 2, duplicates: 0, rejected: [] });
  const before = recorded(server.data, tenant.tenant_id);
  for (let i = 0; i < 3; i++) {
    const again = await send(tenant, [event(1), event(2)], 'b1');
    assert.equal(again.status, 200);
    assert.deepEqual(again.json, { inserted: 0, duplicates: 2, rejected: [] });
  }
  assert.equal(recorded(server.data, tenant.tenant_id), before);
  assert.equal(await used(tenant), '3');
});

test('lines of JSON are named as an array is', async () => {
  const tenant = tenantOf(server), lines = `${json(event(1))}\nno JSON\n${json(event(4))}\n`;
  const first = await send(tenant, lines, 'n1', 'application/x-ndjson');
  assert.deepEqual([first.json.inserted, first.json.rejected.map((r) => r.index)], [2, [1]]);
  const again = await send(tenant, lines, 'n1', 'application/x-ndjson');
  assert.deepEqual(again.json, { inserted: 0, duplicates: 2, rejected: first.json.rejected });
  assert.equal(await used(tenant), '5');
});

test('what was rejected at first is rejected again as then, also where it would fit or be valid now', async () => {
  const tenant = tenantOf(server, { plan: 'free' }); // 50 leads
  const body = [event(1), { metric_name: 'leads_created', quantity: 51 }, event(-1), { metric_name: 'leads_created', quantity: 50 }, event(1, { recorded_at: '2020-01-01T00:00:00Z' })];
  const first = await send(tenant, body, 'r1');
  assert.deepEqual([first.json.inserted, first.json.rejected.map(({ index, code }) => [index, code])],
    [2, [[1, 'limit-exceeded'], [2, 'invalid-request'], [4, 'invalid-request']]]);
  const again = await send(tenant, body, 'r1');
  assert.deepEqual(again.json, { inserted: 0, duplicates: 2, rejected: first.json.rejected });
  assert.deepEqual([await used(tenant), await used(tenant, 'leads_created')], ['1', '50']);
});

test('a batch of which nothing is valid takes its key too', async () => {
  const tenant = tenantOf(server), body = [event(0)];
  const first = await send(tenant, body, 'z1');
  assert.equal(first.json.rejected.length, 1);
  assert.deepEqual((await send(tenant, body, 'z1')).json, first.json);
  isProblem(await send(tenant, [event(1)], 'z1'), 422, { code: 'idempotency-key-reused', pointer: 'Idempotency-Key' });
});

describe('the same key with another body is 422 and counts nothing', () => {
  const body = [event(1)];
  for (const [name, other] of Object.entries({
    'another quantity': json([event(2)]), 'one more event': json([event(1), event(1)]), 'white space': `${json(body)}\n`,
    'an empty batch\'s brackets': '[ ]', 'the same by another spelling': json(body).replace('1', '1.0'),
  })) {
    test(name, async () => {
      const tenant = tenantOf(server);
      assert.equal((await send(tenant, body, 'k')).json.inserted, 1);
      const reply = await send(tenant, other, 'k');
      if (name.startsWith('an empty')) isProblem(reply, 400);
      else isProblem(reply, 422, { code: 'idempotency-key-reused', pointer: 'Idempotency-Key' });
      assert.equal(await used(tenant), '1');
    });
  }
});

test('a key is one among all of a tenant: a record, a batch and CloudEvents do not share it, two tenants do', async () => {
  const tenant = tenantOf(server), other = tenantOf(server);
  const cloud = json({ specversion: '1.0', id: 'c', source: 's', type: 'api_calls' });
  const headers = { 'Idempotency-Key': 'one' };
  assert.equal((await tenant.record(event(1), headers)).status, 201);
  isProblem(await send(tenant, [event(1)], 'one'), 422, { code: 'idempotency-key-reused' });
  isProblem(await tenant.post('/api/v1/events', cloud, headers), 422, { code: 'idempotency-key-reused', pointer: 'Idempotency-Key' });
  assert.equal((await send(tenant, [event(1)], 'two')).status, 200);
  isProblem(await tenant.record(event(1), { 'Idempotency-Key': 'two' }), 422, { code: 'idempotency-key-reused' });
  isProblem(await tenant.record({ ...event(1), idempotency_key: 'two' }), 422, { code: 'idempotency-key-reused' });
  assert.equal((await send(other, [event(1)], 'two')).json.inserted, 1);
  assert.equal(await used(tenant), '2');
});

test('the events\' own keys count all the same', async () => {
  const tenant = tenantOf(server), own = event(3, { idempotency_key: 'mine' });
  assert.deepEqual((await send(tenant, [own, own, event(1)], 'a')).json, { inserted: 2, duplicates: 1, rejected: [] });
  assert.deepEqual((await send(tenant, [own, own, event(1)], 'a')).json, { inserted: 0, duplicates: 3, rejected: [] });
  assert.deepEqual((await send(tenant, [own], 'b')).json, { inserted: 0, duplicates: 1, rejected: [] });
  assert.equal(await used(tenant), '4');
});

test('what is no batch takes no key', async () => {
  const tenant = tenantOf(server);
  for (const body of ['', '{', '{}', '[]', '[1', '[{"metric_name":"api_calls","quantity":1}', json(Array.from({ length: 1001 }, () => event(1)))])
    isProblem(await send(tenant, body, 'n'), 400);
  assert.equal((await send(tenant, [event(1)], 'n')).json.inserted, 1);
});

describe('a key that is none is refused by its header', () => {
  for (const [name, key] of Object.entries({ 'of 256 characters': 'k'.repeat(256), 'with a space': 'a b', 'with a letter past ASCII': 'é' })) {
    test(name, async () => {
      const tenant = tenantOf(server);
      for (const [target, body] of [['/api/usage/batch', json([event(1)])], ['/api/v1/events', json({ specversion: '1.0', id: 'c', source: 's', type: 'api_calls' })],
        ['/api/usage/record', json(event(1))]])
        isProblem(await tenant.post(target, body, { 'Idempotency-Key': key }), 400, { pointer: 'Idempotency-Key' });
      assert.equal(await used(tenant), '0');
    });
  }
});

test('of 40 that race with one key one counts', async () => {
  const tenant = tenantOf(server, { plan: 'enterprise' }), body = Array.from({ length: 20 }, (_, i) => event(i + 1));
  const replies = await inParallel(16, Array.from({ length: 40 }), () => send(tenant, body, 'race'));
  assert.deepEqual([...new Set(replies.map((r) => r.status))], [200]);
  assert.equal(replies.filter((r) => r.json.inserted === 20).length, 1);
  assert.equal(replies.filter((r) => r.json.inserted === 0 && r.json.duplicates === 20).length, 39);
  assert.equal(await used(tenant), '210');
  assert.equal(server.pennymeter(['check']).ok, true);
});

test('CloudEvents are named as a whole, too', async () => {
  const tenant = tenantOf(server), headers = { 'Idempotency-Key': 'whole' };
  const of = (...ids) => json(ids.map((id) => ({ specversion: '1.0', id, source: 's', type: 'api_calls' })));
  for (let i = 0; i < 2; i++) assert.equal((await tenant.post('/api/v1/events', of('1', '2'), headers)).status, 204);
  isProblem(await tenant.post('/api/v1/events', of('3'), headers), 422, { code: 'idempotency-key-reused', pointer: 'Idempotency-Key' });
  assert.equal(await used(tenant), '2');
});

test('CloudEvents of which one is refused take no key for the whole', async () => {
  const tenant = tenantOf(server, { plan: 'free' }), headers = { 'Idempotency-Key': 'part' };
  const of = (value) => json([{ specversion: '1.0', id: 'a', source: 's', type: 'api_calls' }, { specversion: '1.0', id: 'b', source: 's', type: 'leads_created', data: { value } }]);
  isProblem(await tenant.post('/api/v1/events', of(51), headers), 403, { code: 'limit-exceeded' });
  assert.equal((await tenant.post('/api/v1/events', of(50), headers)).status, 204);
  assert.deepEqual([await used(tenant), await used(tenant, 'leads_created')], ['1', '50']);
});

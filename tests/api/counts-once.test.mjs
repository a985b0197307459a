// An idempotency key counts once for ever: in parallel, in batches, after refusals, for each tenant alone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fromInstant, now } from '../lib/exact.mjs';
import { recorded, value } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf, until } from '../lib/tenant.mjs';

const quote = { metric_name: 'quotes_generated', quantity: 3 };
const key = (text) => ({ 'Idempotency-Key': text });

let server;
before(async () => { server = await startServer({ procs: 4 }); });
after(() => server?.stop());

const events = (tenant) => Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`));

test('of 100 equal requests in parallel one answers 201, 99 answer 200 with the same id', async () => {
  const tenant = tenantOf(server);
  const body = { ...quote, metadata: { quote_id: 123 }, resource_id: 'q-123' };
  const replies = await Promise.all(Array.from({ length: 100 }, () => tenant.record(body, key('quote-123'))));
  const of = (status) => replies.filter((r) => r.status === status);
  assert.equal(of(201).length, 1, replies.map((r) => r.status).join());
  assert.equal(of(200).length, 99);
  assert.equal(new Set(replies.map((r) => r.json.id)).size, 1);
  assert.equal(new Set(replies.map((r) => r.json.recorded_at)).size, 1);
  assert.ok(of(200).every((r) => r.json.duplicate === true));
  assert.equal(of(201)[0].json.duplicate, false);
  assert.equal(events(tenant), 1);
  assert.ok(replies.every((r) => r.json.usage.used === 3));
  assert.equal((await tenant.read('/api/usage/summary')).metrics[0].total_quantity, '3');
});

test('the same key with another payload is 422, whatever was changed', async () => {
  const tenant = tenantOf(server);
  const at = fromInstant(now() - 60_000_000n);
  const body = { ...quote, recorded_at: at, metadata: { a: 1 }, resource_id: 'r' };
  assert.equal((await tenant.record(body, key('k'))).status, 201);
  const before = recorded(server.data, tenant.tenant_id);
  const changes = [{ quantity: 3.000001 }, { metric_name: 'invoices_generated' }, { metadata: { a: 2 } }, { metadata: undefined },
    { resource_id: 's' }, { resource_id: undefined }, { recorded_at: fromInstant(now()) }, { recorded_at: undefined }, { enforce: true }];
  for (const change of changes) {
    isProblem(await tenant.record({ ...body, ...change }, key('k')), 422, { code: 'idempotency-key-reused' });
  }
  for (const same of [{ quantity: '3.0' }, { quantity: '3' }, { metric_name: 'quote_generated' }, { enforce: false }, { recorded_at: at.replace('Z', '+00:00') }]) {
    const reply = await tenant.record({ ...body, ...same }, key('k'));
    assert.equal(reply.status, 200, `${JSON.stringify(same)} says the same: ${reply.text}`);
  }
  assert.equal(recorded(server.data, tenant.tenant_id), before);
});

test('the key in the body is the key of the header, and two that differ are refused', async () => {
  const tenant = tenantOf(server);
  assert.equal((await tenant.record({ ...quote, idempotency_key: 'in-body' })).status, 201);
  assert.equal((await tenant.record(quote, key('in-body'))).status, 200);
  assert.equal((await tenant.record({ ...quote, idempotency_key: 'in-body' }, key('in-body'))).status, 200);
  isProblem(await tenant.record({ ...quote, idempotency_key: 'a' }, key('b')), 400, { pointer: '/idempotency_key' });
  assert.equal(events(tenant), 1);
});

test('a key in a batch is the key of a single event', async () => {
  const tenant = tenantOf(server);
  const keyed = { ...quote, idempotency_key: 'once' };
  assert.deepEqual((await tenant.batch([keyed, quote, keyed, { ...keyed, quantity: 4 }])).json.rejected.map((r) => [r.index, r.code]), [[3, 'idempotency-key-reused']]);
  assert.equal((await tenant.record(quote, key('once'))).json.duplicate, true);
  const again = (await tenant.batch([keyed, keyed])).json;
  assert.deepEqual(again, { inserted: 0, duplicates: 2, rejected: [] });
  assert.equal(events(tenant), 2);
});

test('equal batches in parallel count each key once', async () => {
  const tenant = tenantOf(server);
  const batch = Array.from({ length: 50 }, (_, i) => ({ metric_name: 'api_calls', quantity: i + 1, idempotency_key: `call-${i}` }));
  const replies = await Promise.all(Array.from({ length: 20 }, () => tenant.batch(batch)));
  const sum = (name) => replies.reduce((n, r) => n + r.json[name], 0);
  assert.deepEqual([sum('inserted'), sum('duplicates')], [50, 950]);
  assert.equal((await tenant.read('/api/usage/summary')).metrics[0].total_quantity, String((50 * 51) / 2));
});

test('a key belongs to its tenant: another uses the same one for its own event', async () => {
  const [one, two] = [tenantOf(server), tenantOf(server)];
  assert.equal((await one.record(quote, key('shared'))).status, 201);
  assert.equal((await two.record({ ...quote, quantity: 9 }, key('shared'))).status, 201);
});

test('an event without a key counts each time', async () => {
  const tenant = tenantOf(server);
  await Promise.all(Array.from({ length: 20 }, () => tenant.use('quotes_generated', 1)));
  assert.equal(events(tenant), 20);
});

test('keys have 1 to 255 visible characters', async () => {
  const tenant = tenantOf(server);
  assert.equal((await tenant.record(quote, key('x'.repeat(255)))).status, 201);
  assert.equal((await tenant.record({ ...quote, idempotency_key: '~!"#' })).status, 201);
  for (const bad of ['', 'x'.repeat(256), 'two words', 'é', 'tab\there']) {
    isProblem(await tenant.record({ ...quote, idempotency_key: bad }), 400, { pointer: '/idempotency_key' });
  }
  isProblem(await tenant.record({ ...quote, idempotency_key: 7 }), 400, { pointer: '/idempotency_key' });
  isProblem(await tenant.record(quote, key('x'.repeat(256))), 400, { pointer: 'Idempotency-Key' });
  isProblem(await tenant.record(quote, key('two words')), 400, { pointer: 'Idempotency-Key' });
  assert.equal(events(tenant), 2);
});

test('a repeat is known after the processes have gone', async () => {
  const tenant = tenantOf(server);
  const first = await tenant.record(quote, key('old'));
  for (const pid of server.pids()) process.kill(pid, 'SIGTERM');
  const again = await until(async () => { // the server may need a moment to start new ones
    const reply = await tenant.record(quote, key('old'));
    return reply.status < 500 && reply;
  });
  assert.equal(again.status, 200, again.text);
  assert.equal(again.json.id, first.json.id);
});

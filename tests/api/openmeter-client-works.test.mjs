// OpenMeter's own JavaScript client ingests unchanged, and CloudEvents of each content type count once.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OpenMeter } from '@openmeter/sdk';
import { fromInstant, now } from '../lib/exact.mjs';
import { query } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, json, tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => { server = await startServer(); });
after(() => server?.stop());

const clientOf = (tenant) => new OpenMeter({ baseUrl: server.url, apiKey: tenant.token });
const stored = (tenant) => query(server.data, `SELECT metric, quantity, resource_id, metadata, recorded_at FROM usage_events WHERE tenant_id = ${tenant.tenant_id} ORDER BY event_id`);
const used = async (tenant, metric) => (await tenant.read('/api/usage/current-period')).metrics.find((m) => m.metric_name === metric).used;

test('the client ingests one event', async () => {
  const dayAgo = new Date(Date.now() - 86_400_000), tenant = tenantOf(server, { start: dayAgo.toISOString().slice(0, 10) });
  const time = new Date(Date.now() - 3_600_000);
  await clientOf(tenant).events.ingest({ id: 'e-1', source: 'my-app', type: 'api_calls', subject: 'customer-1', time, data: { value: 120, path: '/hello' } });
  assert.equal(await used(tenant, 'api_calls'), '120');
  const [event] = stored(tenant);
  assert.deepEqual([event.metric, event.quantity, event.resource_id, event.recorded_at], ['api_calls', 120_000_000, 'customer-1', time.getTime() * 1000]);
  assert.deepEqual(JSON.parse(event.metadata), { value: 120, path: '/hello' });
});

test('the client ingests a batch, filling in id, source and time by itself', async () => {
  const tenant = tenantOf(server);
  const events = Array.from({ length: 100 }, (_, i) => ({ type: 'quote_generated', subject: `c-${i}`, data: { value: '0.5' } }));
  await clientOf(tenant).events.ingest(events);
  assert.equal(await used(tenant, 'quotes_generated'), '50');
  assert.equal(stored(tenant).length, 100);
});

test('an event without a value counts one', async () => {
  const tenant = tenantOf(server);
  await clientOf(tenant).events.ingest([{ type: 'emails_sent', subject: 's' }, { type: 'emails_sent', subject: 's', data: null }, { type: 'emails_sent', subject: 's', data: { to: 'x' } }]);
  assert.equal(await used(tenant, 'emails_sent'), '3');
});

test('a repeat counts once: id and source are the key', async () => {
  const tenant = tenantOf(server);
  const event = { id: 'same', source: 'a', type: 'api_calls', subject: 's', time: new Date(), data: { value: 5 } };
  const client = clientOf(tenant);
  for (let i = 0; i < 3; i++) await client.events.ingest(event);
  await Promise.all(Array.from({ length: 20 }, () => client.events.ingest([event, event])));
  assert.equal(await used(tenant, 'api_calls'), '5');
  await client.events.ingest({ ...event, source: 'b' });
  assert.equal(await used(tenant, 'api_calls'), '10');
  await tenant.record({ metric_name: 'api_calls', quantity: 1 }, { 'Idempotency-Key': 'same' });
  assert.equal(await used(tenant, 'api_calls'), '11', 'a key of the other API is another key');
});

test('the client is told why an event is refused', async () => {
  const tenant = tenantOf(server);
  await assert.rejects(clientOf(tenant).events.ingest({ type: 'no_such_metric', subject: 's' }), (error) => {
    assert.equal(error.status ?? error.statusCode, 400);
    assert.match(error.type ?? '', /invalid-request/);
    return true;
  });
  await assert.rejects(new OpenMeter({ baseUrl: server.url, apiKey: 'pm_2_wrong' }).events.ingest({ type: 'api_calls', subject: 's' }));
  assert.deepEqual(stored(tenant), []);
});

test('each content type of CloudEvents is taken, with one event or many', async () => {
  const tenant = tenantOf(server);
  const event = (id) => ({ specversion: '1.0', id, source: 't', type: 'pdfs_generated', subject: 's', time: fromInstant(now()), datacontenttype: 'application/json', extension: 'x', data: { value: 2 } });
  const bodies = [
    ['application/cloudevents+json', event('1')], ['application/cloudevents+json; charset=utf-8', event('2')],
    ['application/json', event('3')], ['application/json', [event('4'), event('5')]],
    ['application/cloudevents-batch+json', [event('6'), event('7')]], ['application/cloudevents-batch+json', []],
  ];
  for (const [type, body] of bodies) {
    const reply = await tenant.post('/api/v1/events', body, { 'Content-Type': type });
    assert.equal(reply.status, 204, `${type}: ${reply.text}`);
    assert.equal(reply.text, '');
  }
  assert.equal(await used(tenant, 'pdfs_generated'), '14');
  assert.equal((await tenant.post('/api/events', event('8'))).status, 204, 'at /api/events too');
});

test('one id and source is one event, whatever else a repeat carries', async () => {
  const tenant = tenantOf(server);
  const event = { specversion: '1.0', id: '1', source: 't', type: 'api_calls', data: { value: 1 } };
  const others = [{ data: { value: 2 } }, { time: '2099-01-01T00:00:00Z', type: 'emails_sent' }, { type: 'no_such_metric' }, { data: { value: -1 } }, { subject: 'x' }, { data: { value: 1, more: true } }, { data: null }];
  assert.equal((await tenant.post('/api/v1/events', event)).status, 204);
  for (const other of others) assert.equal((await tenant.post('/api/v1/events', { ...event, ...other })).status, 204, json(other));
  assert.equal((await tenant.post('/api/v1/events', [event, { ...event, type: 'emails_sent' }, { ...event, id: '2' }])).status, 204);
  assert.deepEqual([await used(tenant, 'api_calls'), await used(tenant, 'emails_sent')], ['2', '0']);
});

test('id and source cannot be shifted into one another', async () => {
  const tenant = tenantOf(server);
  const events = [['ab', 'c'], ['a', 'bc'], ['a', 'b c'], ['a b', 'c']].map(([source, id]) => ({ specversion: '1.0', id, source, type: 'api_calls', data: { value: 1 } }));
  assert.equal((await tenant.post('/api/v1/events', events)).status, 204);
  assert.equal(await used(tenant, 'api_calls'), '4');
});

test('an event past a hard limit is 403, and names no page to upgrade where none is configured', async () => {
  const tenant = tenantOf(server, { plan: 'free' });
  const reply = await tenant.post('/api/v1/events', { specversion: '1.0', id: '1', source: 't', type: 'leads_created', data: { value: 51 } });
  assert.equal(isProblem(reply, 403, { code: 'limit-exceeded' }).upgrade_url, null, json(reply.json));
  assert.deepEqual((await tenant.read('/usage/api/stats')).upgrade, { plan: 'starter', name: 'Starter', url: null });
  assert.equal((await tenant.read('/api/usage/check?metric_name=leads_created&quantity=51')).upgrade_url, null);
  assert.deepEqual(stored(tenant), []);
});

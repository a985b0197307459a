// A change holds its own tenant and no other: while one tenant's transaction stays open, another's customers are made, changed and
// removed, and its own are told to come again. Once it has ended, they are changed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from '../lib/server.mjs';
import { isProblem, json, tenantOf } from '../lib/tenant.mjs';

let server, session, held, other;
before(async () => {
  server = await startServer({ store: process.env.PENNYMETER_TEST_STORE === 'partitioned' ? 'partitioned' : 'postgres' });
  session = server.store.cluster.hold(server.store.name);
  [held, other] = [tenantOf(server), tenantOf(server)];
});
after(async () => {
  await session?.end();
  await server?.stop();
});

const add = (tenant) => tenant.post('/api/customers', { name: 'Nordsee Kisten AG' });
const change = (tenant, id) => tenant.send('PATCH', `/api/customers/${id}`, { headers: { 'If-Match': '*' }, body: json({ notes: 'called' }) });

test('while one tenant is held another changes, and the held one is told to come again', async () => {
  const [own, its] = [(await add(held)).json.id, (await add(other)).json.id];
  await session.run(`BEGIN; SELECT 1 FROM tenants WHERE tenant_id = ${held.tenant_id} FOR UPDATE`);
  assert.equal((await change(other, its)).status, 200);
  assert.equal((await add(other)).status, 201);
  assert.equal((await other.send('DELETE', `/api/customers/${its}`, { headers: { 'If-Match': '*' } })).status, 204);
  isProblem(await change(held, own), 503, { code: 'busy' });
  isProblem(await change(other, its), 404);
  await session.run('COMMIT');
  assert.equal((await change(held, own)).json.version, 2, 'what was refused was not done');
});

test('while one tenant is held, and the catalogue is, tokens of another are made and revoked', async () => {
  await session.run(`BEGIN; SELECT 1 FROM tenants WHERE tenant_id = ${held.tenant_id} FOR UPDATE; SELECT 1 FROM catalog FOR UPDATE`);
  const tenant = String(other.tenant_id), made = server.pennymeter(['token', 'add', '--tenant', tenant]);
  assert.equal((await server.request('GET', '/api/customers', { token: made.token })).status, 200);
  server.pennymeter(['token', 'revoke', '--tenant', tenant, '--token', String(made.token_id)]);
  isProblem(await server.request('GET', '/api/customers', { token: made.token }), 401);
  await session.run('COMMIT');
});

// Tenants that change their customers at the same time wait for no row of one another, by PostgreSQL's own log of who waited for more
// than a millisecond; a tenant's own changes do wait for each other, which the log tells too. How much faster that is: make bench.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startPostgres } from '../lib/postgres.mjs';
import { startServer } from '../lib/server.mjs';
import { json, tenantOf } from '../lib/tenant.mjs';

const TENANTS = 8, CHANGES = 40;

let cluster, server, tenants;
before(async () => {
  cluster = await startPostgres({ conf: "log_lock_waits = on\ndeadlock_timeout = 1ms\n" });
  server = await startServer({ store: 'postgres', cluster, procs: TENANTS });
  tenants = Array.from({ length: TENANTS }, () => tenantOf(server));
  for (const tenant of tenants) assert.equal((await tenant.post('/api/customers', { name: 'Nordsee Kisten AG' })).status, 201);
});
after(async () => {
  await server?.stop();
  await cluster?.stop();
});

/** Waits for a row, or for a transaction that has changed one. */
const waits = () => cluster.log().match(/still waiting for \w+ on (transaction|tuple)/g)?.length ?? 0;

/** One after the other. */
async function changes(tenant) {
  for (let i = 0; i < CHANGES; i++) {
    const reply = await tenant.send('PATCH', '/api/customers/1', { headers: { 'If-Match': '*' }, body: json({ notes: `n${i}` }) });
    assert.equal(reply.status, 200, reply.text);
  }
}

test('eight tenants wait for no row of one another', async () => {
  await Promise.all(tenants.map(changes));
  assert.equal(waits(), 0);
});

test('one tenant waits for itself, and the log tells', async () => {
  await Promise.all(tenants.map(() => changes(tenants[0])));
  assert.ok(waits() > 0);
});

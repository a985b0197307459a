// How often a request goes to PostgreSQL and back is held: over a network that is most of what it costs.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startLossy } from '../lib/lossy.mjs';
import { sharedPostgres } from '../lib/postgres.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

const READ = 2; // who calls, with the transaction's beginning; its end, which is not waited for

let way, server, tenant;
before(async () => {
  way = await startLossy(await sharedPostgres());
  server = await startServer({ store: 'postgres', functionsThrough: way });
  tenant = tenantOf(server, { plan: 'starter' });
});
after(async () => {
  await server?.stop();
  await way?.stop();
});

const one = { metric_name: 'api_calls', quantity: 1 };
const held = [
  ['a record', () => tenant.record(one), 1, 201],
  ['a record with a key', (n) => tenant.record(one, { 'Idempotency-Key': `k${n}` }), 1, 201],
  ['a repeat', () => tenant.record(one, { 'Idempotency-Key': 'k0' }), 1, 200],
  ['a record past its limit', () => tenant.record({ ...one, quantity: 50_000, enforce: true }), 1, 403],
  ['a batch of 200', () => tenant.batch(Array.from({ length: 200 }, () => one)), 1, 200],
  ['a record that is not valid', () => tenant.record({ ...one, quantity: -1 }), 1, 400], // whether the token still holds
  ['the current period', () => tenant.get('/api/usage/current-period'), READ + 1, 200],
  ['a summary', () => tenant.get('/api/usage/summary'), READ + 1, 200],
  ['a check', () => tenant.get('/api/usage/check?metric_name=api_calls'), READ + 1, 200],
];

for (const [what, send, most, status] of held) {
  test(`${what}: ${most} round trip${most > 1 ? 's' : ''}`, async () => {
    for (let n = 0; n < 3; n++) await send(n); // connected, prepared, and the account known
    for (let n = 3; n < 8; n++) {
      const before = way.asked();
      const reply = await send(n);
      assert.equal(reply.status, status, reply.text);
      const asked = way.asked() - before;
      assert.ok(asked >= 1 && asked <= most, `${asked} round trips`);
    }
  });
}

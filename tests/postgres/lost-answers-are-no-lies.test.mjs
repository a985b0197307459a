// The connection breaks after PostgreSQL has recorded and before it could say so: the event counts once, and no
// answer says that it was not recorded.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { value } from '../lib/database.mjs';
import { startLossy } from '../lib/lossy.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { sharedPostgres } from '../lib/postgres.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

let way, server, tenant;
before(async () => {
  way = await startLossy(await sharedPostgres());
  server = await startServer({ store: 'postgres', functionsThrough: way });
  applyPlans(server, { 'metrics.json': (m) => ({ metrics: [...m.metrics, { name: 'callers', aggregation: 'unique', field: 'caller' }] }) });
});
after(async () => {
  way?.mend();
  await server?.stop();
  await way?.stop();
});
beforeEach(async () => {
  tenant = tenantOf(server, { plan: 'enterprise' });
  await tenant.use('api_calls', 1);
  await tenant.use('callers', 1, { metadata: { caller: 'x' } });
});
afterEach(() => {
  way.mend();
  assert.deepEqual(server.pennymeter(['check']).differences, []);
});

const count = () => Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`)) - 2;

/** What is recorded, and by which words in what is sent for it its last message is known: a call's, or a transaction's. */
const kinds = [
  ['an event', ['usage_record'], (headers) => tenant.record({ metric_name: 'api_calls', quantity: 1 }, headers), 1],
  ['an event that takes a transaction', ['\0COMMIT\0', { after: 'sample_insert' }], (headers) => tenant.record({ metric_name: 'callers', quantity: 1, metadata: { caller: 'a' } }, headers), 1],
  ['a batch', ['usage_record'], () => tenant.batch([1, 2, 3].map((quantity) => ({ metric_name: 'api_calls', quantity }))), 3],
];

for (const [name, [word, more], send, events] of kinds) {
  test(`${name} whose answer is lost once counts once, and is answered`, async () => {
    const before = way.lost();
    way.lose(word, more);
    const reply = await send({});
    assert.equal(way.lost(), before + 1);
    assert.ok([200, 201].includes(reply.status), reply.text);
    if (reply.json.inserted !== undefined) assert.equal(reply.json.inserted, events);
    assert.equal(count(), events);
  });

  test(`${name} whose answer is lost for good is 503, and no answer says that it was not recorded`, async () => {
    way.lose(word, { ...more, then: 'refuse' });
    const reply = await send({ 'Idempotency-Key': 'k' });
    isProblem(reply, 503);
    assert.equal(count(), events, 'it is recorded');
    assert.doesNotMatch(reply.text, /nothing was changed/i);
    way.mend();
    if (events > 1) return; // without keys of its own a batch cannot be repeated
    assert.equal((await send({ 'Idempotency-Key': 'k' })).status, 200);
    assert.equal(count(), events);
  });
}

test('a request that meets no server at all does say that nothing was recorded, and it is so', async () => {
  way.cut();
  for (let i = 0; i < 3; i++) {
    const reply = await tenant.record({ metric_name: 'api_calls', quantity: 1 });
    isProblem(reply, 503);
    assert.match(reply.text, /nothing was changed/i);
  }
  assert.equal(count(), 0);
  way.mend();
  await tenant.use('api_calls', 1);
});

// A total that does not fit is out-of-range on either store, whatever the limit and the aggregation: the limit refuses
// only what can be counted. The same requests go to SQLite and to PostgreSQL, and their answers are compared.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { applyPlans } from '../lib/plans.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

const MOST = '9223372036854.775';
const aggregations = ['sum', 'count', 'max', 'min', 'latest', 'unique'];
const nameOf = (aggregation, policy, signed) => `${policy}_${signed ? 'signed_' : ''}${aggregation}`;
const all = aggregations.flatMap((aggregation) => ['hard', 'soft'].flatMap((policy) =>
  (aggregation === 'sum' ? [false, true] : [false]).map((signed) => ({ aggregation, policy, signed, name: nameOf(aggregation, policy, signed) }))));

const stores = {};
before(async () => {
  for (const store of ['sqlite', 'postgres']) {
    stores[store] = await startServer({ store });
    applyPlans(stores[store], {
      'metrics.json': (m) => ({ metrics: [...m.metrics, ...all.map(({ name, aggregation, signed }) => ({
        name, aggregation, ...(signed && { signed: true }), ...(aggregation === 'unique' && { field: 'who' }) }))] }),
      'starter.json': (plan) => ({ ...plan, metrics: { ...plan.metrics, ...Object.fromEntries(all.map(({ name, policy }) =>
        [name, policy === 'hard' ? { policy, included: 9 } : { policy, included: 9, price: { model: 'per_unit', unit_amount: '0' } }])) } }),
    });
  }
});
after(async () => { for (const server of Object.values(stores)) await server.stop(); });

/** An answer without what differs between two runs: numbers of events, instants, days. */
const told = (reply) => [reply.status, JSON.parse(reply.text, (key, value) => (/^id$|_at$|_start$|_end$|^upgrade_url$/.test(key) ? undefined : value))];

/** What a metric is asked, one after the other. */
function* requests({ name, policy, signed }) {
  const event = (quantity, more) => ({ metric_name: name, quantity, metadata: { who: String(quantity) }, ...more });
  const check = (quantity) => (tenant) => tenant.get(`/api/usage/check?metric_name=${name}&quantity=${quantity}`);
  const record = (...args) => (tenant) => tenant.record(event(...args));
  const enforced = policy === 'hard' ? {} : { enforce: true };
  yield record(1);
  yield check(MOST);
  yield record(MOST, enforced);
  yield (tenant) => tenant.record(event(MOST, enforced), { 'Idempotency-Key': 'k' });
  yield check('9223372036853.775807');
  yield record('9223372036853.775807', enforced);
  yield (tenant) => tenant.batch([event(2), event(MOST, { ...enforced, idempotency_key: 'b' }), event(1, enforced), event('10', enforced)]);
  if (signed) yield record('-9223372036854.775807', enforced);
  if (policy === 'soft') yield record('9223372036854', {});
  if (policy === 'soft') yield record('9223372036854', {});
  yield check(1);
  yield (tenant) => tenant.get('/api/usage/current-period');
}

for (const metric of all) {
  test(`${metric.name}: SQLite and PostgreSQL say the same`, async () => {
    const [one, other] = Object.values(stores).map((server) => tenantOf(server, { plan: 'starter' }));
    let n = 0;
    for (const ask of requests(metric)) assert.deepEqual(told(await ask(other)), told(await ask(one)), `request ${n++}`);
  });
}

describe('and what they say is right', () => {
  for (const [store, ...names] of [['sqlite', 'hard_max', 'hard_latest', 'hard_count', 'hard_min'], ['postgres', 'hard_max', 'hard_latest', 'hard_count', 'hard_min']]) {
    for (const name of names) {
      test(`${name} on ${store}: the value fits, 1 and the value do not`, async () => {
        const tenant = tenantOf(stores[store], { plan: 'starter' });
        if (name !== 'hard_count') isProblem(await tenant.record({ metric_name: name, quantity: MOST }), 403, { code: 'limit-exceeded' });
        await tenant.use(name, 1);
        isProblem(await tenant.record({ metric_name: name, quantity: MOST }), 400, { code: 'out-of-range', pointer: '/quantity' });
        const { json } = await tenant.batch([{ metric_name: name, quantity: 1 }, { metric_name: name, quantity: MOST }]);
        assert.deepEqual([json.inserted, json.rejected.map((r) => r.code)], [1, ['out-of-range']]);
        const line = (await tenant.read('/api/usage/current-period')).metrics.find((m) => m.metric_name === name);
        assert.equal(String(line.event_count), '2');
      });
    }
  }

  test('the roll-ups behind all of it equal the events', () => {
    for (const server of Object.values(stores)) assert.deepEqual(server.pennymeter(['check']).differences, []);
  });
});

// A program reads history by cursor: each event once, whatever is recorded meanwhile.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from '../lib/server.mjs';

let server, token;
before(async () => {
  server = await startServer({ server: 'lighttpd' });
  ({ token } = server.addTenant({ plan: 'starter' }));
});
after(() => server.stop());

const get = async (target) => server.request('GET', target, { token });

async function record(count, metric = 'api_calls') {
  const events = Array.from({ length: count }, (_, i) => ({ metric_name: metric, quantity: i + 1, recorded_at: new Date(Date.now() - i * 1000).toISOString() }));
  const { status, json } = await server.request('POST', '/api/usage/batch', { token, body: JSON.stringify(events) });
  assert.equal(status, 200);
  assert.equal(json.inserted, count);
}

test('every event comes once, newest first, also while others are recorded', async () => {
  await record(25);
  const seen = [];
  let next = '';
  do {
    const { status, json } = await get(`/api/usage/history?limit=10${next && `&after=${next}`}`);
    assert.equal(status, 200);
    seen.push(...json.events);
    next = json.next;
    if (seen.length === 10) await record(3, 'quotes_generated');
  } while (next);
  assert.equal(seen.length, new Set(seen.map((e) => e.id)).size);
  assert.equal(seen.filter((e) => e.metric_name === 'api_calls').length, 25);
  const times = seen.map((e) => Date.parse(e.recorded_at));
  assert.deepEqual(times, [...times].sort((a, b) => b - a));
});

test('the cursor keeps to its filter', async () => {
  const { json } = await get('/api/usage/history?type=api_call&limit=100');
  assert.ok(json.events.length >= 25);
  assert.ok(json.events.every((e) => e.metric_name === 'api_calls'));
  assert.equal(json.next, null);
});

test('events of one instant come once each, of one metric as of all', async () => {
  const other = server.addTenant({ plan: 'starter' }), recorded_at = new Date(Date.now() - 5000).toISOString();
  const sent = Array.from({ length: 30 }, (_, i) => ({ metric_name: 'api_calls', quantity: i + 1, recorded_at }));
  await server.request('POST', '/api/usage/batch', { token: other.token, body: JSON.stringify(sent) });
  for (const filter of ['type=api_calls&', '']) {
    const seen = [];
    let next = '';
    for (let pages = 0; pages < 6 && next !== null; pages++) {
      const { json } = await server.request('GET', `/api/usage/history?${filter}limit=10${next && `&after=${next}`}`, { token: other.token });
      seen.push(...json.events.map((e) => e.quantity));
      ({ next } = json);
    }
    assert.equal(next, null, 'it comes to an end');
    assert.deepEqual(seen.sort((a, b) => a - b), sent.map((e) => e.quantity), filter);
  }
});

for (const [bad, why] of [['after=evt_nonsense', 'after'], ['after=', 'after'], ['limit=0', 'limit'], ['limit=101', 'limit'], ['limit=x', 'limit']]) {
  test(`refuses ${bad}`, async () => {
    const { status, json } = await get(`/api/usage/history?${bad}`);
    assert.equal(status, 400);
    assert.equal(json.errors[0].pointer, why);
  });
}

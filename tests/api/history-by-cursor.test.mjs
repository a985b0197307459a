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

test('a full last page has no next', async () => {
  const own = server.addTenant({ plan: 'starter' }).token;
  const body = JSON.stringify(Array.from({ length: 10 }, (_, i) => ({ metric_name: 'api_calls', quantity: i + 1 })));
  assert.equal((await server.request('POST', '/api/usage/batch', { token: own, body })).json.inserted, 10);
  const page = async (query) => (await server.request('GET', `/api/usage/history?${query}`, { token: own })).json;
  const all = await page('limit=10');
  assert.deepEqual([all.events.length, all.next], [10, null]);
  const first = await page('limit=5');
  assert.equal(first.next, first.events[4].id);
  const second = await page(`limit=5&after=${first.next}`);
  assert.deepEqual([second.events.length, second.next], [5, null]);
  assert.deepEqual([...first.events, ...second.events].map((e) => e.id), all.events.map((e) => e.id));
});

const csv = (query) => server.request('GET', `/api/usage/history?${query}`, { token, headers: { Accept: 'text/csv' } });

test('as CSV a list by cursor gives those events, and the last id goes on', async () => {
  const { json } = await get('/api/usage/history?limit=7');
  const first = await csv('limit=3');
  assert.equal(first.status, 200);
  assert.match(first.headers['content-type'], /^text\/csv/);
  const ids = (reply) => reply.text.trim().split('\r\n').slice(1).map((line) => line.split(',')[0].replaceAll('"', ''));
  assert.equal(ids(first).length, 3);
  const second = await csv(`limit=4&after=${ids(first)[2]}`);
  assert.deepEqual([...ids(first), ...ids(second)], json.events.map((e) => e.id));
});

for (const [query, why, headers] of [['limit=5&page=2', 'page'], ['limit=5&per_page=2', 'per_page'], ['page=1', 'page', { Accept: 'text/csv' }], ['per_page=10', 'per_page', { Accept: 'text/csv' }]]) {
  test(`refuses ${query}${headers ? ' for CSV' : ''} in place of passing it over`, async () => {
    const reply = await server.request('GET', `/api/usage/history?${query}`, { token, headers });
    assert.equal(reply.status, 400, reply.text);
    assert.equal(reply.json.errors[0].pointer, why);
  });
}

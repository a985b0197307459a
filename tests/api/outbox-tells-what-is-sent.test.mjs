// The outbox: messages of a tenant are numbered from 1, and shown as those who get them will read them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query, setBack } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

let server;
before(async () => { server = await startServer(); });
after(() => server?.stop());

const list = (...args) => server.pennymeter(['outbox', 'list', ...args]).outbox;
const show = (...args) => server.pennymeter(['outbox', 'show', ...args.map(String)]);
const refused = (args, pattern, code) => assert.throws(() => server.pennymeter(['outbox', ...args]), (error) => { assert.match(error.stderr, pattern); assert.equal(error.code, code); return true; });

describe('what cannot be meant is refused', () => {
  for (const id of ['0', 'x', '1.5', '01x', '99999999999999999999']) test(`message ${id}`, () => refused(['show', id], /ID: must be a number/, 2));
  test('no message', () => refused(['show'], /ID is required/, 2));
  test('one that there is not', () => refused(['show', '4711'], /no message 4711/, 1));
  test('one of a tenant that has none', () => refused(['show', '1', '--tenant', '999'], /no message 1/, 1));
  for (const n of ['0', '1001', 'x']) test(`--limit ${n}`, () => refused(['list', '--limit', n], /--limit/, 2));
});

test('there are none at first', () => assert.deepEqual(list(), []));

test('an alert has a subject and a text that say what it is about', async () => {
  const tenant = tenantOf(server);
  await tenant.use('quotes_generated', 85);
  const { id, created_at, due_at, ...message } = show(1, '--tenant', tenant.tenant_id);
  assert.equal(id, 1);
  assert.equal(due_at, created_at);
  assert.deepEqual([message.tenant_id, message.kind, message.to, message.links, message.attempts, message.done_at], [tenant.tenant_id, 'usage_alert', null, [], 0, null]);
  assert.equal(message.subject, 'Quotes: 80 % of what your plan includes is used');
  assert.match(message.text, /^Quotes: 85 of 100 are used, counted since \d{4}-\d\d-\d\d\./);
  assert.equal(message.payload.threshold_percent, 80);
  await tenant.use('quotes_generated', 20);
  assert.match(show(3, '--tenant', tenant.tenant_id).text, /used up: more is charged for, or refused/);
});

test('numbers are the tenant\'s own, from 1, whatever fired at once', async () => {
  const [one, two] = [tenantOf(server), tenantOf(server)];
  await one.use('quotes_generated', 1000);
  await two.load(Array.from({ length: 100 }, () => ({ metric_name: 'quotes_generated', quantity: 1 })));
  assert.deepEqual(list('--tenant', String(one.tenant_id)).map((m) => m.id), [4, 3, 2, 1]);
  assert.deepEqual(list('--tenant', String(two.tenant_id)).map((m) => m.id), [3, 2, 1]);
  assert.ok(list().length >= 7);
  assert.equal(list('--limit', '2').length, 2);
  refused(['show', '1'], /several tenants have a message 1: say whose by --tenant/, 1);
  assert.equal(show(4).tenant_id, one.tenant_id, 'of a number that one has alone it need not be said');
});

test('what a message says of itself is shown as it is', () => {
  const tenant = tenantOf(server), payload = { to: 'ann@example.org', subject: 'Hello', text: 'Dear Ann,\nas you asked.\n', links: ['https://example.org/x#token=1'] };
  query(server.data, `INSERT INTO outbox (tenant_id, outbox_id, kind, payload, created_at, due_at) VALUES (${tenant.tenant_id}, 77, 'mail', '${JSON.stringify(payload)}', 1, 2)`);
  const shown = show(77);
  assert.deepEqual([shown.to, shown.subject, shown.text, shown.links], [payload.to, payload.subject, payload.text, payload.links]);
});

test('messages of an earlier version, whose numbers were times, are numbered from 1 in their order, and so on', async () => {
  const old = await startServer();
  try {
    const tenant = tenantOf(old);
    setBack(old.data, 12);
    query(old.data, `DELETE FROM numbers WHERE kind = 'outbox'; INSERT INTO outbox (tenant_id, outbox_id, kind, payload, created_at, due_at)
      SELECT ${tenant.tenant_id}, 4611686018427387904 + n, 'mail', '{"subject":"' || n || '"}', n, n FROM (SELECT 7 AS n UNION ALL SELECT 9 UNION ALL SELECT 11) t`);
    old.pennymeter(['init']);
    await tenant.use('quotes_generated', 85);
    assert.deepEqual(old.pennymeter(['outbox', 'list', '--tenant', String(tenant.tenant_id)]).outbox.map((m) => [m.id, m.subject.slice(0, 6)]), [[4, 'Quotes'], [3, '11'], [2, '9'], [1, '7']]);
  } finally {
    await old.stop();
  }
});

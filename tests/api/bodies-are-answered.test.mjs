// The largest bodies that the limits allow are answered as small ones are, whatever shape they have.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { cgi } from '../lib/cgi.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, json, tenantOf } from '../lib/tenant.mjs';

const MOST = 4 << 20;

let server, tenant;
before(async () => {
  server = await startServer();
  tenant = tenantOf(server, { plan: 'enterprise' });
});
after(() => server?.stop());

const batch = (body, type = 'application/json') => tenant.post('/api/usage/batch', body, { 'Content-Type': type });

describe('a batch that keeps every limit is recorded', () => {
  const many = Object.fromEntries(Array.from({ length: 180 }, (_, i) => [`k${i}`, [1, 2, 3, 4]]));
  for (const [name, events, metadata] of [['900 events of 180 lists', 900, many], ['1,000 events of one long list', 1000, { a: Array.from({ length: 2000 }, () => 1) }],
    ['1,000 events of 250 members', 1000, Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`m${i}`, i]))],
    ['1,000 events of one text', 1000, { t: 'é'.repeat(2000) }]]) {
    test(name, async () => {
      const body = json(Array.from({ length: events }, (_, i) => ({ metric_name: 'api_calls', quantity: 1, metadata, idempotency_key: `${name}-${i}`.replaceAll(/[^a-z0-9-]/g, '') })));
      assert.ok(Buffer.byteLength(body) <= MOST + (1 << 20), `${body.length} bytes`);
      const reply = await batch(body.length > MOST ? json(JSON.parse(body).slice(0, 900)) : body);
      assert.equal(reply.status, 200, reply.text.slice(0, 300));
      assert.deepEqual([reply.json.duplicates, reply.json.rejected], [0, []]);
      assert.ok(reply.json.inserted >= 900);
    });
  }
});

describe('a body that is all structure is answered', () => {
  const full = (unit, lead, tail) => lead + unit.repeat(Math.floor((MOST - lead.length - tail.length) / unit.length)) + tail;
  const shapes = {
    'numbers': full('1,', '[', '1]'), 'empty lists': full('[],', '[', '[]]'), 'empty objects': full('{},', '[', '{}]'),
    'texts': full('"",', '[', '""]'), 'one list within': full('1,', '[[', '1]]'), 'one object of many members': full('"a":1,', '[{', '"b":1}]'),
    'brackets': '['.repeat(MOST), 'quotes': '"'.repeat(MOST), 'backslashes': `["${'\\\\'.repeat(MOST / 2 - 3)}"]`, 'white space': ' '.repeat(MOST), 'commas': `[${','.repeat(MOST - 2)}]`,
    'an open text': `["${'a'.repeat(MOST - 2)}`, 'no array': full('1,', '{"a":[', '1]}'), 'a number without end': '1'.repeat(MOST),
  };
  for (const [name, body] of Object.entries(shapes)) {
    for (const [target, type] of [['/api/usage/batch', 'application/json'], ['/api/usage/batch', 'application/x-ndjson'], ['/api/v1/events', 'application/json']]) {
      test(`${name} to ${target} as ${type}`, async () => {
        const reply = await tenant.post(target, body, { 'Content-Type': type });
        assert.ok([200, 400, 413].includes(reply.status), `${reply.status} ${reply.text.slice(0, 200)}`);
        if (reply.status === 200) assert.equal(reply.json.inserted, 0);
        else isProblem(reply, reply.status);
        await tenant.use('quotes_generated', 1); // and the function goes on
      });
    }
  }
});

test('an event of a batch that is too large is refused alone', async () => {
  const events = [{ metric_name: 'api_calls', quantity: 1 }, { metric_name: 'api_calls', quantity: 1, metadata: { t: ' '.repeat(70_000) } }, { metric_name: 'api_calls', quantity: 1 }];
  for (const [body, type] of [[json(events), 'application/json'], [events.map(json).join('\n'), 'application/x-ndjson']]) {
    const reply = await batch(body, type);
    assert.deepEqual([reply.json.inserted, reply.json.rejected.map((r) => r.index)], [2, [1]], reply.text);
    assert.match(reply.json.rejected[0].errors[0].detail, /65536 bytes/);
  }
});

describe('a fault in an array is told by its place in the body', () => {
  const good = '{"metric_name":"api_calls","quantity":1}';
  for (const [name, body, cause] of [
    ['a comma too many', `[${good},]`, /near byte 43$/], ['no comma', `[${good} ${good}]`, /near byte 43$/], ['text behind it', `[${good}] x`, /near byte 44$/],
    ['an array that breaks off', `[${good},`, /near byte 43$/], ['a comma first', `[,${good}]`, /near byte 2$/], ['an item that breaks off', `[${good},{"a":1]`, /near byte/],
    ['brackets that do not match', `[${good},{"a":[1}]]`, /near byte/], ['bad UTF-8 in the second', Buffer.concat([Buffer.from(`[${good},{"a":"`), Buffer.from([0xff]), Buffer.from('"}]')]), /UTF-8 at byte 49/],
  ]) {
    test(name, async () => {
      const problem = isProblem(await batch(body), 400, { pointer: '' });
      assert.match(problem.errors[0].detail, cause);
    });
  }

  test('a name that stands twice, by the number of its event', async () => {
    isProblem(await batch(`[${good},{"metric_name":"api_calls","quantity":1,"metadata":{"a":1,"a":2}}]`), 400, { pointer: '/1/metadata/a', detail: /twice/ });
  });
});

describe('a body that ends before its length is refused, and nothing of it is recorded', () => {
  const line = json({ metric_name: 'webhooks_delivered', quantity: 1 });
  for (const [name, target, type, body] of [['usage-batch', '/api/usage/batch', 'application/x-ndjson', `${line}\n${line}\n`], ['usage-batch', '/api/usage/batch', 'application/json', `[${line}]`],
    ['usage-record', '/api/usage/record', 'application/json', line]]) {
    test(`${type} to ${target}`, async () => {
      const env = { CONTENT_TYPE: type, CONTENT_LENGTH: String(2 * body.length) };
      isProblem(cgi(server.data, name, 'POST', target, { token: tenant.token, body, env }), 400, { pointer: '', detail: /ends after/ });
      assert.deepEqual((await tenant.read('/api/usage/summary?metric_name=webhooks_delivered')).metrics, []);
    });
  }
});

describe('a body that is encoded is refused with what would be taken', () => {
  const body = json({ metric_name: 'api_calls', quantity: 1 });
  for (const [coding, bytes] of [['gzip', gzipSync(body)], ['GZIP', gzipSync(body)], ['br', Buffer.from(body)], ['deflate', Buffer.from(body)], ['gzip, identity', gzipSync(body)], ['x', Buffer.from(body)]]) {
    test(coding, async () => {
      for (const target of ['/api/usage/record', '/api/usage/batch', '/api/v1/events', '/api/plans/preview']) {
        const reply = await tenant.post(target, bytes, { 'Content-Encoding': coding });
        isProblem(reply, 415, { code: 'unsupported-media-type', pointer: 'Content-Encoding' });
        assert.equal(reply.headers['accept-encoding'], 'identity');
      }
    });
  }

  test('but identity is what it is without', async () => {
    assert.equal((await tenant.post('/api/usage/record', body, { 'Content-Encoding': 'identity' })).status, 201);
  });
});

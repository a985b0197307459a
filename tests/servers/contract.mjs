// What holds behind every web server. Each *.test.mjs here proves it for one of them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { repo, startServer } from '../lib/server.mjs';
import { isProblem, json } from '../lib/tenant.mjs';

const ofApi = "default-src 'none'; frame-ancestors 'none'";
const ofPage = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
  + "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const assetTypes = { '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.mjs': 'text/javascript; charset=utf-8', '.json': 'application/json' };

const quote = { metric_name: 'quotes_generated', quantity: 1 };

/**
 * `unknownVerb`: what the server itself says to a verb it does not know, if it does not ask the function.
 * `resident`: functions stay between requests.
 */
export function provesTheContract(server, { unknownVerb = 405, resident = true } = {}) {
  describe(server, () => {
    let s, token;
    before(async () => {
      s = await startServer({ server });
      ({ token } = s.addTenant());
    });
    after(() => s?.stop());

    const get = (target, headers) => s.request('GET', target, { token, headers });
    const record = (event, options) => s.request('POST', '/api/usage/record', { token, body: json(event), ...options });
    /** The files that a page of the site names. */
    const assetsOf = async (target) => [...(await s.request('GET', target)).text.matchAll(/"\.(\/assets\/[^"]+)"/g)].map(([, name]) => name);
    const used = async (metric) => {
      const { metrics } = (await get(`/api/usage/summary?start=2020-01-01&end=2100-01-01&metric_name=${metric}`)).json;
      return metrics.find((m) => m.metric_name === metric)?.total_quantity ?? 0;
    };

    test('records an event, and the summary shows it', async () => {
      const reply = await record({ ...quote, quantity: 2.5, metadata: { quote_id: 123 } });
      assert.equal(reply.status, 201, reply.text);
      assert.equal(reply.json.duplicate, false);
      assert.equal(await used('quotes_generated'), 2.5);
    });

    test('hands over a token sent as Bearer or as X-Api-Key, and asks for one that is missing', async () => {
      assert.equal((await get('/api/usage/metrics')).status, 200);
      assert.equal((await s.request('GET', '/api/usage/metrics', { headers: { 'X-Api-Key': token } })).status, 200);
      const without = await s.request('GET', '/api/usage/metrics');
      isProblem(without, 401);
      assert.match(without.headers['www-authenticate'], /^Bearer/);
    });

    test('hands over Idempotency-Key: a repeat counts once, another payload is refused', async () => {
      const event = { metric_name: 'emails_sent', quantity: 3 };
      const headers = { 'Idempotency-Key': 'mail-7', 'Content-Type': 'application/json' };
      assert.equal((await record(event, { headers })).status, 201);
      const repeat = await record(event, { headers });
      assert.equal(repeat.status, 200);
      assert.equal(repeat.json.duplicate, true);
      isProblem(await record({ ...event, quantity: 4 }, { headers }), 422, { code: 'idempotency-key-reused' });
      assert.equal(await used('emails_sent'), 3);
    });

    test('refuses an Idempotency-Key that comes twice, and records nothing', async () => {
      for (const keys of [['d1', 'd2'], ['d1', 'd1']]) {
        const reply = await record({ metric_name: 'webhooks_delivered', quantity: 1 }, { headers: { 'Idempotency-Key': keys } });
        isProblem(reply, 400);
        assert.equal(reply.json.errors[0].pointer, 'Idempotency-Key');
      }
      assert.equal(await used('webhooks_delivered'), 0);
    });

    test('refuses an encoded body, and says what it takes', async () => {
      const body = gzipSync(json(quote)), before = await used('quotes_generated');
      const reply = await s.request('POST', '/api/usage/record', { token, body, headers: { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' } });
      isProblem(reply, 415, 'unsupported-media-type');
      assert.equal(reply.headers['accept-encoding'], 'identity');
      assert.equal(await used('quotes_generated'), before);
    });

    test('answers below /api, below /api/v1, and at the other address of a function', async () => {
      for (const target of ['/api/usage/stats', '/api/v1/usage/stats', '/usage/api/stats']) {
        const reply = await get(target);
        assert.equal(reply.status, 200, `${target}: ${reply.text}`);
        assert.match(reply.headers['content-type'], /^application\/json/);
      }
    });

    test('takes CloudEvents of another content type', async () => {
      const body = json({ specversion: '1.0', id: 'e1', source: 'test', type: 'leads_created', subject: 'x' });
      const reply = await s.request('POST', '/api/v1/events', { token, body, headers: { 'Content-Type': 'application/cloudevents+json' } });
      assert.equal(reply.status, 204, reply.text);
      assert.equal(reply.text, '');
    });

    test('answers an unknown address below /api with a problem', async () => {
      for (const target of ['/api/nope', '/api/v1/nope', '/api/', '/api/usage/recording', '/api/usage/record/7', '/api/usage', '/usage/api/stats/7']) {
        isProblem(await get(target), 404, { code: 'not-found' });
      }
    });

    test('answers a method that the address lacks with 405 and Allow', async () => {
      for (const method of ['PUT', 'DELETE', 'GET']) {
        const reply = await s.request(method, '/api/usage/record', { token });
        isProblem(reply, 405);
        assert.equal(reply.headers.allow, 'POST');
      }
      assert.equal((await s.request('FOO', '/api/usage/record', { token })).status, unknownVerb);
    });

    test('leads an id and a verb to the program of their folder', async () => {
      const send = (method, target, body, headers = {}) => s.request(method, target, { token, headers, ...(body && { body: json(body) }) });
      const added = await send('POST', '/api/customers', { name: 'Nordsee' });
      assert.equal(added.status, 201, added.text);
      const at = `/api/customers/${added.json.id}`;
      assert.ok(added.headers.location.endsWith(at), added.headers.location);
      for (const target of [at, at.replace('/api/', '/api/v1/')]) {
        const got = await send('GET', target);
        assert.deepEqual([got.status, got.json, got.headers.etag], [200, added.json, '"1"']);
      }
      isProblem(await send('PATCH', at, { notes: 'x' }), 428);
      assert.equal((await send('PATCH', at, { notes: 'x' }, { 'If-Match': '"1"' })).json.version, 2);
      isProblem(await send('PATCH', at, { notes: 'y' }, { 'If-Match': '"1"' }), 412);
      assert.equal((await send('POST', `/api/customers/archive/${added.json.id}`)).json.archived, true);
      assert.match((await send('GET', '/api/customers/export')).text, /Nordsee/);
      assert.equal((await send('POST', at, { name: 'New' }, { 'X-HTTP-Method-Override': 'PATCH', 'If-Match': '*' })).json.name, 'New');
      assert.equal((await send('DELETE', at, null, { 'If-Match': '*' })).status, 204);
      for (const target of [at, '/api/customers/0', '/api/customers/abc', '/api/customersx', '/api/customers/archive', '/api/customers/7/archive']) isProblem(await send('GET', target), 404);
    });

    test('refuses %2F and %00 in an address', async () => {
      for (const target of ['/api/usage%2Frecord', '/api%2fusage/record', '/api/usage/record%00', '/api/%00', '/usage%00']) {
        const reply = await s.request('POST', target, { token, body: json(quote) });
        assert.ok([400, 404].includes(reply.status), `${target}: ${reply.status}`);
      }
    });

    test('answers 304 to the entity tag it gave, in the forms that servers make of it', async () => {
      const target = '/api/usage/metrics';
      const first = await get(target);
      assert.match(first.headers.etag, /^"[0-9a-f]{16}"$/);
      const tag = first.headers.etag.slice(1, -1);
      for (const known of [`"${tag}"`, `W/"${tag}"`, `"${tag}-gzip"`, `"other", "${tag}"`]) {
        const again = await get(target, { 'If-None-Match': known });
        assert.equal(again.status, 304, known);
        assert.equal(again.text, '');
        assert.ok(again.headers.etag, 'a 304 keeps its entity tag');
      }
      assert.equal((await get(target, { 'If-None-Match': '"other"' })).status, 200);
    });

    test('answers 304 to the entity tag of a compressed answer', async () => {
      const headers = { 'Accept-Encoding': 'gzip' };
      const first = await get('/api/usage/metrics', headers);
      assert.equal(first.headers['content-encoding'], 'gzip');
      assert.ok(JSON.parse(gunzipSync(first.bytes)).metrics.length >= 10);
      assert.equal((await get('/api/usage/metrics', { ...headers, 'If-None-Match': first.headers.etag })).status, 304);
    });

    test('takes a body sent in chunks', async () => {
      const text = json({ metric_name: 'pdfs_generated', quantity: 4 });
      const reply = await s.request('POST', '/api/usage/record', { token, body: [text.slice(0, 9), text.slice(9)] });
      assert.equal(reply.status, 201, reply.text);
      assert.equal(await used('pdfs_generated'), 4);
    });

    test('takes a batch of 700 events, and reads lines too', async () => {
      const events = Array.from({ length: 700 }, (_, i) => ({ metric_name: 'api_calls', quantity: 1, metadata: { path: `/v1/quotes/${i}`, note: 'a'.repeat(60) } }));
      const body = json(events);
      assert.ok(body.length < 131_072);
      const reply = await s.request('POST', '/api/usage/batch', { token, body });
      assert.equal(reply.json.inserted, 700, reply.text);
      const lines = await s.request('POST', '/api/usage/batch', { token, body: `${json(events[0])}\n${json(events[1])}\n`, headers: { 'Content-Type': 'application/x-ndjson' } });
      assert.equal(lines.json.inserted, 2, lines.text);
    });

    test('refuses a body over the cap, and records nothing', async () => {
      const before = await used('quotes_generated');
      isProblem(await record({ ...quote, metadata: { a: 'x'.repeat(70_000) } }), 413, { code: 'too-large' });
      assert.equal(await used('quotes_generated'), before);
    });

    test('refuses it to strangers, before it has come, in the very words of a function', async () => {
      const text = readFileSync(path.join(repo, 'www/errors/api-413.html'), 'utf8');
      for (const [target, size] of [['/api/usage/record', 65_537], ['/api/v1/usage/record', 131_073], ['/usage/api/stats', 65_537], ['/api/nope', 65_537],
        ['/api/plans/preview', 65_537], ['/api/usage/batch', 4_194_305], ['/api/v1/usage/batch', 4_194_305], ['/api/events', 4_194_305], ['/api/v1/events', 5_000_000]]) {
        const reply = await s.request('POST', target, { body: 'x'.repeat(size) });
        isProblem(reply, 413, { code: 'too-large' });
        assert.match(reply.headers['content-type'], /^application\/problem\+json/, target);
        assert.equal(reply.text, text);
      }
    });

    test('asks who sends a large batch without a token for one, with a problem', async () => {
      for (const size of [100, 1_000_000]) {
        const reply = await s.request('POST', '/api/usage/batch', { body: json([quote]).padEnd(size) });
        isProblem(reply, 401, { code: 'unauthenticated' });
        assert.equal(reply.headers['www-authenticate'], 'Bearer realm="Pennymeter"');
      }
    });

    test('takes a batch of 4 MiB, and CloudEvents of as many', async () => {
      const before = await used('quotes_generated');
      const reply = await s.request('POST', '/api/usage/batch', { token, body: json([quote]).padEnd(4_194_304) });
      assert.equal(reply.json.inserted, 1, reply.text);
      const cloud = json([{ specversion: '1.0', id: 'large', source: 'test', type: 'quotes_generated' }]).padEnd(4_194_304);
      const events = await s.request('POST', '/api/events', { token, body: cloud, headers: { 'Content-Type': 'application/cloudevents-batch+json' } });
      assert.equal(events.status, 204, events.text);
      assert.equal(await used('quotes_generated'), before + 2);
    });

    test('sends nobody their token back at TRACE', async () => {
      for (const target of ['/api/health', '/', '/usage']) {
        const reply = await s.request('TRACE', target, { token });
        assert.ok([400, 403, 405, 501].includes(reply.status), `${target}: ${reply.status}`);
        assert.ok(!reply.text.includes(token));
      }
    });

    test('answers HEAD like GET, without a body', async () => {
      const [whole, head] = [await get('/api/usage/metrics'), await s.request('HEAD', '/api/usage/metrics', { token })];
      assert.equal(head.status, 200);
      assert.equal(head.text, '');
      assert.equal(head.headers.etag, whole.headers.etag);
      assert.equal(head.headers['content-type'], whole.headers['content-type']);
      assert.equal((await s.request('HEAD', '/usage')).status, 200);
    });

    test('sends the security headers of an answer once', async () => {
      for (const reply of [await get('/api/usage/metrics'), await get('/api/nope'), await get('/usage/api/stats')]) {
        assert.equal(reply.headers['content-security-policy'], ofApi);
        assert.equal(reply.headers['x-content-type-options'], 'nosniff');
        assert.equal(reply.headers['referrer-policy'], 'no-referrer');
        assert.equal(reply.headers['cross-origin-resource-policy'], 'same-origin');
        assert.equal(reply.headers['cache-control'], 'private, no-cache');
      }
    });

    test('serves the pages at addresses without a suffix, with their policy', async () => {
      for (const target of ['/', '/usage', '/usage?metric=x', '/usage/history', '/usage/history?days=30&page=2']) {
        const reply = await s.request('GET', target);
        assert.equal(reply.status, 200, target);
        assert.match(reply.text, /^<!doctype html>/i);
        assert.equal(reply.headers['content-type'].toLowerCase(), 'text/html; charset=utf-8');
        assert.equal(reply.headers['content-security-policy'], ofPage);
        assert.equal(reply.headers['x-content-type-options'], 'nosniff');
        assert.equal(reply.headers['referrer-policy'], 'no-referrer');
        assert.equal(reply.headers['cross-origin-resource-policy'], 'same-origin');
        assert.equal(reply.headers['cache-control'], 'no-cache');
        assert.equal(reply.headers['strict-transport-security'], undefined);
      }
      const slash = await s.request('GET', '/usage/');
      assert.equal(slash.status, 301);
      assert.match(slash.headers.location, /^(http:\/\/[^/]+)?\/usage$/);
    });

    test('serves scripts, styles and words with their types, compressed or not, and lets them be kept, for their names change with them', async () => {
      const names = await assetsOf('/usage'), endings = new Set();
      for (const name of names) {
        const ending = path.extname(name), plain = await s.request('GET', name), small = await s.request('GET', name, { headers: { 'Accept-Encoding': 'gzip, deflate, br' } });
        endings.add(ending);
        for (const reply of [plain, small]) {
          assert.equal(reply.status, 200, name);
          assert.equal(reply.headers['content-type'], assetTypes[ending], name);
          assert.equal(reply.headers['cache-control'], 'public, max-age=31536000, immutable', name);
          assert.equal(reply.headers['content-security-policy'], ofPage, name);
        }
        assert.equal(plain.headers['content-encoding'], undefined, name);
        if (plain.bytes.length < 1000) continue; // not every server compresses what is so small
        assert.equal(small.headers['content-encoding'], 'gzip', name);
        assert.match(small.headers.vary, /Accept-Encoding/i, name);
        assert.ok(gunzipSync(small.bytes).equals(plain.bytes), name);
      }
      assert.deepEqual([...endings].sort(), Object.keys(assetTypes).sort());
      assert.equal((await s.request('GET', '/demo.json')).headers['cache-control'], 'no-cache');
    });

    test('answers 304 for a page or a file of it that did not change, compressed or not', async () => {
      const style = (await assetsOf('/usage')).find((name) => name.endsWith('.css'));
      for (const target of ['/usage', '/', style]) {
        for (const headers of [{}, { 'Accept-Encoding': 'gzip' }]) {
          const first = await s.request('GET', target, { headers });
          const again = await s.request('GET', target, { headers: { ...headers, 'If-None-Match': first.headers.etag } });
          assert.equal(again.status, 304, `${target} ${first.headers.etag}`);
          assert.match(again.headers['cache-control'], target === style ? /immutable/ : /^no-cache$/, target);
        }
      }
    });

    test('answers a missing page with the page for that', async () => {
      for (const target of ['/nope', '/usage/nope', '/assets/nope.css']) {
        const reply = await s.request('GET', target);
        assert.equal(reply.status, 404, target);
        assert.match(reply.text, /<html/i);
        assert.equal(reply.headers['content-security-policy'], ofPage);
      }
    });

    test('shows neither functions, nor data, nor configuration', async () => {
      for (const target of ['/.htaccess', '/fn/', '/fn/health.fcgi', '/fn/usage-record.fcgi', '/fn/var/pennymeter.db',
        '/pennymeter.db', '/..%2fpennymeter.db', '/../pennymeter.db', '/assets/../../pennymeter.db', '/server.log', '/run/', '/assets/']) {
        const { status } = await s.request('GET', target);
        assert.ok([301, 400, 403, 404].includes(status), `${target}: ${status}`); // 301: without the slash
      }
      assert.deepEqual((await s.request('GET', '/demo.json')).json, { token: null });
    });

    test(resident ? 'keeps functions running between requests' : 'ends each function with its request', async () => {
      assert.equal((await get('/api/usage/metrics')).status, 200);
      assert.equal(s.pids().length > 0, resident);
    });

    test('leaves no process behind after SIGTERM, and what was recorded holds', async () => {
      assert.ok(s.processes().length > 0);
      assert.equal(await s.stop({ keep: true }), 0);
      assert.deepEqual(s.processes(), []);
      s.pennymeter(['check']);
      await s.stop();
    });
  });
}

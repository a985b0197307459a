// Bad queries, addresses and methods: each with its field and cause.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cgi } from '../lib/cgi.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

const cases = [ // address, field, cause
  ['summary?start=2026-02-01&end=2026-01-01', 'start', /end/],
  ['summary?start=2026-01-01T00:00:00.000002Z&end=2026-01-01T00:00:00.000001Z', 'start', /end/],
  ['summary?start=2026-02-30', 'start', /time like/],
  ['summary?end=yesterday', 'end', /time like/],
  ['summary?start=', 'start', /time like/],
  ['summary?start', 'start', /time like/],
  ['summary?start=2026-01-01&start=2026-01-02', 'start', /twice/],
  ['summary?metric_name=nothing', 'metric_name', /nothing/],
  ['summary?user_id=0', 'user_id', /whole number/],
  ['summary?user_id=1.5', 'user_id', /whole number/],
  ['summary?user_id=99999999999999999999', 'user_id', /whole number/],
  ['summary?user_id=%2B1', 'user_id', /whole number/],
  ['summary?user_id=0x1', 'user_id', /whole number/],
  ['summary?begin=2026-01-01', 'begin', /not a parameter/],
  ['summary?Start=2026-01-01', 'Start', /not a parameter/],
  ['history?page=0', 'page', /from 1/],
  ['history?page=-1', 'page', /from 1/],
  ['history?page=one', 'page', /from 1/],
  ['history?page=99999999999', 'page', /from 1/],
  ['history?per_page=0', 'per_page', /from 1 to 100/],
  ['history?per_page=101', 'per_page', /from 1 to 100/],
  ['history?days=31', 'days', /7 30 90 365/],
  ['history?days=30%2090', 'days', /7 30 90 365/],
  ['history?days=3', 'days', /7 30 90 365/],
  ['history?type=nothing', 'type', /nothing/],
  ['check', 'metric_name', /required/],
  ['check?metric_name=nothing', 'metric_name', /nothing/],
  ['check?metric_name=quotes_generated&quantity=0', 'quantity', /greater than 0/],
  ['check?metric_name=quotes_generated&quantity=-1', 'quantity', /greater than 0/],
  ['check?metric_name=quotes_generated&quantity=1.0000001', 'quantity', /6 digits/],
  ['check?metric_name=quotes_generated&quantity=9223372036854.775808', 'quantity', /large/],
  ['check?metric_name=quotes_generated&quantity=NaN', 'quantity', /decimal/],
  ['current-period?at=2026-13-01', 'at', /time like/],
  ['current-period?at=2026-01-01T00:00:60Z', 'at', /time like/],
  ['overage-charges?at=now', 'at', /time like/],
  ['alerts?at=1', 'at', /time like/],
  ['billing-estimate?at=2026-01-01T25:00:00Z', 'at', /time like/],
  ['metrics?x=1', 'x', /not a parameter/],
  ['stats?x=1', 'x', /not a parameter/],
];

let server, tenant;
before(async () => {
  server = await startServer();
  tenant = tenantOf(server);
});
after(() => server?.stop());

test('a name that is no metric is told alike everywhere, with where to find them', async () => {
  const gets = { 'summary?metric_name=nothing': 'metric_name', 'history?type=nothing': 'type', 'check?metric_name=nothing': 'metric_name' };
  const known = /is not a metric; GET \/api\/usage\/metrics lists them$/;
  for (const [target, pointer] of Object.entries(gets)) isProblem(await tenant.get(`/api/usage/${target}`), 400, { pointer, detail: known });
  isProblem(await tenant.record({ metric_name: 'nothing', quantity: 1 }), 400, { pointer: '/metric_name', detail: known });
  isProblem(await tenant.post('/api/plans/preview', { plan: 'starter', quantities: { nothing: 1 } }), 400, { pointer: '/quantities/nothing', detail: known });
});

describe('a query is refused by field', () => {
  for (const [address, field, cause] of cases) {
    test(address, async () => {
      const target = `/api/usage/${address}`;
      isProblem(await tenant.get(target), 400, { pointer: field, detail: cause });
      isProblem(await tenant.get(target.replace('/api/', '/api/v1/')), 400, { pointer: field });
    });
  }

  test('all that is wrong is named at once', async () => {
    const { errors } = isProblem(await tenant.get('/api/usage/history?page=0&days=1&colour=red'), 400);
    assert.deepEqual(errors.map((e) => e.pointer).sort(), ['colour', 'days', 'page']);
  });
});

describe('an address is refused', () => {
  for (const target of ['/api/usage%2Frecord', '/api/usage%2frecord', '/api/usage/record%00', '/api/%00', '/api%2Fusage/record']) {
    test(target, async () => {
      const reply = await tenant.get(target);
      assert.ok([400, 404].includes(reply.status), `${reply.status}`);
      assert.doesNotMatch(reply.text, /metric_name/);
    });
  }

  for (const target of ['/api/usage/nothing', '/api/v1/usage/nothing', '/api/v2/usage/stats', '/api/usage/record/', '/api/usage/Record', '/api/v1', '/api/v1/api/usage/stats', '/api/usage//stats']) {
    test(`${target} is nowhere`, async () => {
      isProblem(await tenant.get(target), 404, { code: 'not-found' });
    });
  }

  // Servers mend or refuse these; a function must do so by itself.
  for (const target of ['/api/usage%2Fstats', '/api/usage/stats%00', '/api/usage/stats%2f', '/api/%FFusage/stats', '/api/usage/stats%', '/api/usage/stats%4', '/api/usage/stats%zz']) {
    test(`${target} as the function itself sees it`, () => {
      isProblem(cgi(server.data, 'usage', 'GET', target, { token: tenant.token }), 400, { pointer: 'path', detail: /%2F and %00|%2F or %00|escape/ });
    });
  }

  for (const [value, cause] of [['%00', /escape/], ['a%00b', /escape/], ['%ff', /escape|UTF-8/], ['%zz', /escape/], ['%4', /escape/], ['%', /escape/], ['%C0%AF', /escape|UTF-8/], ['%ED%A0%80', /escape|UTF-8/], ['%01', /control/]]) {
    test(`type=${value} in a query, as the function itself sees it`, () => {
      isProblem(cgi(server.data, 'usage', 'GET', `/api/usage/history?type=${value}`, { token: tenant.token }), 400, { pointer: 'type', detail: cause });
    });
  }

  test('escapes of plain letters are the letters', async () => {
    assert.equal((await tenant.get('/api/usage/%73tats')).status, 200);
  });
});

describe('a method is refused with those allowed', () => {
  const paths = { record: 'POST', batch: 'POST', check: 'GET', summary: 'GET', 'current-period': 'GET', 'overage-charges': 'GET', alerts: 'GET', 'billing-estimate': 'GET', metrics: 'GET', stats: 'GET', history: 'GET' };
  for (const [name, allowed] of Object.entries(paths)) {
    test(`${name} takes ${allowed} alone`, async () => {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
        if (method === allowed) continue;
        const reply = await tenant.send(method, `/api/usage/${name}`);
        assert.equal(reply.status, 405, `${method}: ${reply.status} ${reply.text}`);
        assert.equal(reply.headers.allow, allowed, method);
      }
    });
  }

  test('an unknown method is told before a token is asked for', async () => {
    assert.equal((await server.request('DELETE', '/api/usage/record')).status, 405);
  });
});

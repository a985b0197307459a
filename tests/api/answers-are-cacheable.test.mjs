// What a page polls: entity tags, HEAD, each address, and the figures of the dashboard.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DAY, floorTo, fromInstant, fromMicro, now, toInstant } from '../lib/exact.mjs';
import { randomness } from '../lib/random.mjs';
import { total } from '../lib/recount.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

const random = randomness(5);
const polled = ['usage/summary?start=2026-01-01&end=2027-01-01', 'usage/current-period', 'usage/overage-charges', 'usage/alerts', 'usage/billing-estimate', 'usage/metrics', 'usage/stats', 'usage/check?metric_name=api_calls'];

let server, tenant;
before(async () => {
  server = await startServer({ procs: 2 });
  tenant = tenantOf(server);
  await tenant.use('quotes_generated', 80);
});
after(() => server?.stop());

describe('an answer is sent again only when it changed', () => {
  for (const name of [...polled, `usage/history?end=${fromInstant(floorTo(now(), DAY))}`]) {
    test(name, async () => {
      const target = `/api/${name}`;
      const first = await tenant.get(target);
      assert.match(first.headers.etag, /^"[^"]+"$/);
      const tag = first.headers.etag.slice(1, -1);
      for (const known of [`"${tag}"`, `W/"${tag}"`, `"${tag}-gzip"`, `"x", W/"${tag}-gzip"`, '*']) {
        const again = await tenant.get(target, { 'If-None-Match': known });
        assert.deepEqual([again.status, again.text], [304, ''], known);
      }
      for (const other of ['"x"', `"${tag}x"`, tag.slice(1), '']) {
        assert.equal((await tenant.get(target, { 'If-None-Match': other })).status, 200, other);
      }
      assert.match(first.headers['cache-control'], /private/);
      assert.match(first.headers.vary, /Authorization/);
    });
  }

  test('an event changes the tag, and the old one no longer matches', async () => {
    const other = tenantOf(server);
    for (const target of ['/api/usage/stats', '/api/usage/current-period', '/api/usage/summary']) {
      const before = (await other.get(target)).headers.etag;
      await other.use('quotes_generated', 1);
      const after = await other.get(target, { 'If-None-Match': before });
      assert.equal(after.status, 200);
      assert.notEqual(after.headers.etag, before);
    }
  });

  test('two tenants with the same figures have no common answer by chance of a shared cache', async () => {
    const other = tenantOf(server);
    const { etag } = (await other.get('/api/usage/current-period')).headers;
    assert.equal((await tenant.get('/api/usage/current-period', { 'If-None-Match': etag })).status, 200);
  });
});

describe('the same answer', () => {
  for (const name of polled) {
    test(`${name} below /api and /api/v1, with GET and HEAD`, async () => {
      const [a, b] = [await tenant.get(`/api/${name}`), await tenant.get(`/api/v1/${name}`)];
      assert.equal(a.text, b.text);
      const head = await tenant.send('HEAD', `/api/${name}`);
      assert.deepEqual([head.status, head.text, head.headers.etag, head.headers['content-type']], [200, '', a.headers.etag, a.headers['content-type']]);
      assert.deepEqual([(await tenant.send('HEAD', `/api/${name}`, { headers: { 'If-None-Match': a.headers.etag } })).status], [304]);
    });
  }

  test('stats at /usage/api/stats', async () => {
    assert.equal((await tenant.get('/usage/api/stats')).text, (await tenant.get('/api/usage/stats')).text);
  });

  test('HEAD of a failure has its status and no body', async () => {
    const head = await server.request('HEAD', '/api/usage/stats');
    assert.deepEqual([head.status, head.text], [401, '']);
  });
});

describe('stats', () => {
  const days = 30;
  let other, events, stats;
  before(async () => {
    other = tenantOf(server, { plan: 'enterprise', name: 'Größe & Söhne "中"' });
    const metrics = ['quotes_generated', 'api_calls', 'storage_gb'];
    events = Array.from({ length: 400 }, () => ({ metric: random.pick(metrics), quantity: 1n + random.big(10n ** 8n), at: now() - random.big(34n * DAY) }));
    await other.load(events.map((e) => ({ metric_name: e.metric, quantity: fromMicro(e.quantity), recorded_at: fromInstant(e.at) })));
    stats = await other.read('/api/usage/stats');
  });

  test('has a point for each of the last 30 days, and each is the recount of its day', () => {
    const first = toInstant(`${stats.series.dates[0]}T00:00:00Z`);
    assert.equal(stats.series.dates.length, days);
    stats.series.dates.forEach((date, i) => assert.equal(date, fromInstant(first + BigInt(i) * DAY).slice(0, 10)));
    assert.equal(stats.series.dates[days - 1], new Date().toISOString().slice(0, 10));
    for (const metric of new Set(events.map((e) => e.metric))) {
      const line = stats.series.metrics.find((m) => m.metric_name === metric);
      const expected = stats.series.dates.map((_, i) => fromMicro(total(events.filter((e) => e.metric === metric && floorTo(e.at, DAY) === first + BigInt(i) * DAY).concat({ quantity: 0n }))));
      assert.deepEqual(line.values, expected, metric);
    }
  });

  test('shows the ten newest events, newest first', () => {
    const newest = [...events].sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, 10);
    assert.deepEqual(stats.recent.map((e) => [e.metric_name, e.quantity, e.recorded_at]), newest.map((e) => [e.metric, fromMicro(e.quantity), fromInstant(e.at)]));
  });

  test('names the tenant, its plan, period and currency as they are', () => {
    assert.deepEqual(stats.tenant, { tenant_id: String(other.tenant_id), name: 'Größe & Söhne "中"' });
    assert.deepEqual(stats.plan, { code: 'enterprise', name: 'Enterprise', version: '1' });
    assert.deepEqual([stats.currency, stats.period.timezone], ['USD', 'UTC']);
  });

  test('has a card for each metric of the plan, with the figures of current-period', async () => {
    const { metrics } = await other.read('/api/usage/current-period');
    for (const card of stats.cards) assert.deepEqual(card, metrics.find((m) => m.metric_name === card.metric_name));
    assert.ok(['leads_created', 'messages_sent', 'api_calls'].every((name) => stats.cards.some((c) => c.metric_name === name)));
  });

  test('warns, and offers the next plan, or none to the largest', async () => {
    const { warnings, upgrade } = await tenant.read('/api/usage/stats');
    assert.deepEqual(warnings.map((w) => [w.metric_name, w.level, w.percent]), [['quotes_generated', 'warning', '80']]);
    assert.equal(upgrade.plan, 'professional');
    assert.equal(upgrade.url, null, 'no page is configured');
    assert.equal(stats.upgrade, null);
  });
});

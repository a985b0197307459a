// Times as the libraries of other languages write them are kept to the microsecond, cut and never rounded; a date is a day of the tenant's.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DAY, HOUR, fromInstant, now, toInstant } from '../lib/exact.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';
import { firstAt } from '../lib/wall.mjs';

let server;
before(async () => { server = await startServer(); });
after(() => server?.stop());

const second = fromInstant(now() - HOUR).slice(0, 19);

/** What a library writes, and what is to be kept of it. */
const forms = {
  'Go, RFC3339Nano': [`${second}.123456789Z`, '.123456Z'],
  'Go, without its last zeros': [`${second}.1234567Z`, '.123456Z'],
  '.NET, "o"': [`${second}.1234567Z`, '.123456Z'],
  '.NET, "o" of a DateTimeOffset': [`${second}.9999999+00:00`, '.999999Z'],
  'Java, Instant': [`${second}.999999999Z`, '.999999Z'],
  'Java, ISO_OFFSET_DATE_TIME': [`${second}.000000001+00:00`, 'Z'],
  'JavaScript': [`${second}.500Z`, '.5Z'],
  'Python, isoformat': [`${second}.000001+00:00`, '.000001Z'],
  'in small letters': [`${second.toLowerCase()}.25z`, '.25Z'],
  'with twenty digits': [`${second}.12345699999999999999Z`, '.123456Z'],
};

describe('a time is taken as written by', () => {
  for (const [name, [time, kept]] of Object.entries(forms)) {
    test(name, async () => {
      const tenant = tenantOf(server, { start: '2020-01-01' });
      const reply = await tenant.record({ metric_name: 'api_calls', quantity: 1, recorded_at: time });
      assert.equal(reply.status, 201, reply.text);
      assert.equal(reply.json.recorded_at, second + kept);
      const cloud = { specversion: '1.0', id: 'n', source: 's', type: 'api_calls', time };
      assert.equal((await tenant.post('/api/v1/events', cloud)).status, 204);
      assert.deepEqual((await tenant.batch([{ metric_name: 'api_calls', quantity: 1, recorded_at: time }])).json.rejected, []);
      const { metrics: [m] } = await tenant.read(`/api/usage/summary?start=${encodeURIComponent(time)}&end=2100-01-01`);
      assert.deepEqual([m.event_count, m.first_usage, m.last_usage], ['3', second + kept, second + kept]);
      for (const call of ['current-period', 'overage-charges', 'alerts', 'billing-estimate'])
        assert.equal((await tenant.get(`/api/usage/${call}?at=${encodeURIComponent(time)}`)).status, 200, call);
    });
  }
});

test('a last instant that would be rounded into the next period stays in its own', async () => {
  const tenant = tenantOf(server, { start: '2026-01-01' });
  const end = toInstant((await tenant.read('/api/usage/current-period')).period.start);
  if (now() - end > 35n * DAY) return; // never: a month is shorter
  const last = fromInstant(end - 1n).replace(/(\.\d+)?Z$/, '.9999999Z');
  assert.equal((await tenant.record({ metric_name: 'api_calls', quantity: 7, recorded_at: last })).status, 201);
  const used = async (at) => (await tenant.read(`/api/usage/current-period?at=${fromInstant(at)}`)).metrics.find((m) => m.metric_name === 'api_calls').used;
  assert.deepEqual([await used(end - 1n), await used(end)], ['7', '0']);
});

describe('a date is a day of the tenant\'s zone', () => {
  for (const timezone of ['UTC', 'America/New_York', 'Asia/Kolkata', 'Asia/Kathmandu', 'Pacific/Auckland']) {
    test(timezone, async () => {
      const tenant = tenantOf(server, { timezone, start: '2020-01-01' });
      const date = fromInstant(now() - 3n * DAY).slice(0, 10), wall = toInstant(`${date}T00:00:00Z`);
      const [start, end] = [firstAt(wall, timezone), firstAt(wall + DAY, timezone)];
      await tenant.load([start - 1n, start, end - 1n, end].map((at, i) => ({ metric_name: 'api_calls', quantity: 10 ** i, recorded_at: fromInstant(at) })));
      const total = async (query) => (await tenant.read(`/api/usage/summary?${query}`)).metrics[0]?.total_quantity;
      assert.equal(await total(`start=${date}&end=${date}`), '110');
      const { period } = await tenant.read(`/api/usage/summary?start=${date}&end=${date}`);
      assert.deepEqual(period, { start: fromInstant(start), end: fromInstant(end) });
      const listed = await tenant.read(`/api/usage/history?days=30&end=${date}&per_page=10`);
      assert.deepEqual(listed.events.map((e) => e.quantity), ['100', '10', '1']);
      const reply = await tenant.record({ metric_name: 'emails_sent', quantity: 1, recorded_at: date });
      assert.equal(reply.json.recorded_at, fromInstant(start));
    });
  }
});

test('the last day of the years has an end, and what lies past them is refused', async () => {
  const tenant = tenantOf(server, { timezone: 'America/New_York' });
  assert.equal((await tenant.get('/api/usage/summary?start=2026-01-01&end=9999-12-31')).status, 200);
  isProblem(await tenant.get('/api/usage/summary?start=10000-01-01'), 400, { pointer: 'start' });
  isProblem(await tenantOf(server, { timezone: 'Asia/Kolkata' }).get('/api/usage/summary?start=0001-01-01'), 400, { pointer: 'start' });
});

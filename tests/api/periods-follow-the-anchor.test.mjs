// Billing periods, months and days of tenants in many zones, against boundaries found with Intl.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DAY, fromInstant, toInstant } from '../lib/exact.mjs';
import { cases, randomness } from '../lib/random.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, tenantOf } from '../lib/tenant.mjs';
import { addMonths, dayAt, firstAt, hours, monthAt, periodAt } from '../lib/wall.mjs';

const random = randomness(2);
const text = ({ start, end }) => ({ start: fromInstant(start), end: fromInstant(end) });

// The start is a date: the local midnight of that day in the tenant's billing time zone.
const tenants = [
  { start: '2020-01-31' },
  { start: '2020-02-29', cycle: 'yearly' },
  { start: '2021-03-31', cycle: 'yearly', timezone: 'Europe/Berlin' },
  { start: '2020-08-29', timezone: 'UTC' },
  { start: '2020-12-31', timezone: 'America/New_York' },
  { start: '2020-10-30', timezone: 'Europe/London' },
  { start: '2021-05-01', timezone: 'Asia/Kathmandu' },
  { start: '2020-04-30', timezone: 'Pacific/Auckland' },
  { start: '2017-10-15', timezone: 'America/Sao_Paulo' }, // a day that began at 01:00
  { start: '2020-03-29', timezone: 'Asia/Beirut' }, // as did this one
  { start: '2011-11-30', timezone: 'Pacific/Apia' }, // 30 December 2011 never was
  { start: '2020-01-31', timezone: 'Australia/Lord_Howe' }, // half an hour of summer time
];

let server;
before(async () => { server = await startServer(); });
after(() => server?.stop());

describe('current-period finds the windows that hold an instant', () => {
  for (const options of tenants) {
    const { start, cycle = 'monthly', timezone = 'UTC' } = options;
    test(`from ${start}, ${cycle}, in ${timezone}`, async () => {
      const tenant = tenantOf(server, { plan: 'starter', ...options });
      const anchor = toInstant(`${start}T00:00:00Z`); // as wall time
      const months = cycle === 'yearly' ? 12 : 1;
      const begun = firstAt(anchor, timezone);
      const instants = Array.from({ length: cases(40) }, (_, i) => {
        const boundary = firstAt(addMonths(anchor, random.below(i % 2 ? 90 : 12) * (cycle === 'yearly' ? 3 : 1)), timezone);
        const at = random.pick([boundary, boundary - 1n, boundary + 1n, boundary + random.big(40n * DAY), dayAt(boundary, timezone).end - 1n]);
        return at < begun ? begun : at;
      });
      await inParallel(4, instants, async (at) => {
        const answer = await tenant.read(`/api/usage/current-period?at=${fromInstant(at)}`);
        assert.deepEqual(answer.period, text(periodAt(at, anchor, months, timezone)), fromInstant(at));
        assert.equal(answer.timezone, timezone);
        const line = (name) => answer.metrics.find((m) => m.metric_name === name);
        const windowOf = (name) => ({ start: line(name).window_start, end: line(name).window_end });
        assert.deepEqual(windowOf('quotes_generated'), answer.period);
        assert.deepEqual(windowOf('leads_created'), text(monthAt(at, timezone)), fromInstant(at));
        assert.deepEqual(windowOf('messages_sent'), text(dayAt(at, timezone)), fromInstant(at));
      });
    });
  }

  test('from an instant: the wall time of the anchor stays, through summer time', async () => {
    const tenant = tenantOf(server, { plan: 'starter', start: '2024-01-31T13:45:00Z', timezone: 'America/New_York' });
    const anchor = toInstant('2024-01-31T08:45:00Z'); // New York's wall time of it
    for (let k = 0; k < 14; k++) {
      const at = firstAt(addMonths(anchor, k), 'America/New_York');
      for (const near of [at, at + 1n, at + 3n * DAY]) {
        const { period } = await tenant.read(`/api/usage/current-period?at=${fromInstant(near)}`);
        assert.deepEqual(period, text(periodAt(near, anchor, 1, 'America/New_York')));
      }
    }
  });
});

test('31 January → 29 February → 31 March in a leap year, as published', async () => {
  const tenant = tenantOf(server, { plan: 'starter', start: '2024-01-31' });
  const starts = [];
  for (const at of ['2024-02-01', '2024-03-01', '2024-04-01', '2024-05-01', '2025-03-01']) {
    starts.push((await tenant.read(`/api/usage/current-period?at=${at}`)).period.start.slice(0, 10));
  }
  assert.deepEqual(starts, ['2024-01-31', '2024-02-29', '2024-03-31', '2024-04-30', '2025-02-28']);
});

test('29 February yearly → 28 February … → 29 February, as published', async () => {
  const tenant = tenantOf(server, { plan: 'starter', start: '2024-02-29', cycle: 'yearly' });
  const periods = [];
  for (const at of ['2024-06-01', '2025-06-01', '2027-06-01', '2028-06-01']) {
    const { period } = await tenant.read(`/api/usage/current-period?at=${at}`);
    periods.push(`${period.start.slice(0, 10)} ${period.end.slice(0, 10)}`);
  }
  assert.deepEqual(periods, ['2024-02-29 2025-02-28', '2025-02-28 2026-02-28', '2027-02-28 2028-02-29', '2028-02-29 2029-02-28']);
});

test('days of 23 and of 25 hours are what they are', () => {
  assert.equal(hours(dayAt(toInstant('2026-03-29T12:00:00Z'), 'Europe/Berlin')), 23);
  assert.equal(hours(dayAt(toInstant('2026-10-25T12:00:00Z'), 'Europe/Berlin')), 25);
});

describe('an event counts in the window that holds it', () => {
  let far;
  before(async () => { far = await startServer({ env: { PENNYMETER_LATE_DAYS: '3650' } }); });
  after(() => far?.stop());

  for (const timezone of ['Europe/Berlin', 'America/New_York']) {
    test(`to the microsecond, in ${timezone}`, async () => {
      const tenant = tenantOf(far, { plan: 'enterprise', start: '2023-10-31', timezone });
      const anchor = toInstant('2023-10-31T00:00:00Z');
      const begins = firstAt(anchor, timezone); // what lies before counts nowhere
      const expected = { quotes_generated: new Map(), leads_created: new Map(), messages_sent: new Map() };
      const windowOf = { quotes_generated: (at) => periodAt(at, anchor, 1, timezone), leads_created: (at) => monthAt(at, timezone), messages_sent: (at) => dayAt(at, timezone) };
      const events = Array.from({ length: cases(300) }, (_, i) => {
        const metric = Object.keys(expected)[i % 3];
        const window = windowOf[metric](toInstant('2023-11-01T00:00:00Z') + random.big(540n * DAY));
        const at = random.pick([window.start, window.start - 1n, window.end - 1n, window.end, window.start + random.big(DAY)]);
        const { start } = windowOf[metric](at);
        if (at >= begins) expected[metric].set(start, (expected[metric].get(start) ?? 0n) + BigInt(i + 1));
        return { metric_name: metric, quantity: i + 1, recorded_at: fromInstant(at) };
      });
      await tenant.load(random.shuffle(events));
      for (const [metric, windows] of Object.entries(expected)) {
        await inParallel(4, [...windows], async ([start, used]) => {
          const { metrics } = await tenant.read(`/api/usage/current-period?at=${fromInstant(start < begins ? begins : start)}`);
          assert.equal(metrics.find((m) => m.metric_name === metric).used, String(used), `${metric} from ${fromInstant(start)}`);
        });
      }
      assert.equal(far.pennymeter(['check']).ok, true);
    });
  }
});

// Every day that is shown is one of the tenant's own zone: on the chart, in the history and its peak, for every aggregation,
// where clocks change, where offsets have half and quarter hours, and where a date never was. Against Intl over what was sent.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { DAY, HOUR, MILLION, MINUTE, floorDiv, floorTo, fromInstant, fromMicro, toInstant } from '../lib/exact.mjs';
import { plansWith } from '../lib/plans.mjs';
import { cases, randomness, seed } from '../lib/random.mjs';
import { byInstant, summary, total, within } from '../lib/recount.mjs';
import { query } from '../lib/database.mjs';
import { openStore } from '../lib/three-stores.mjs';
import { toldClock } from '../lib/told-clock.mjs';
import { firstAt, wallOf } from '../lib/wall.mjs';

const CHART = 30;
const aggregation = { flow: 'sum', calls: 'count', peak: 'max', floor_price: 'min', seats: 'latest', visitors: 'unique', disk: 'weighted_sum' };
const names = Object.keys(aggregation);

// In the order of time: a clock that goes back is no fact of ours. Changes of clocks lie among the 30 days before.
const places = [
  ['Pacific/Apia', '2012-01-08T03:20:00Z', 'a date, 30 December 2011, that never was'],
  ['America/Sao_Paulo', '2018-11-20T12:00:00Z', 'a day that begins at 01:00'],
  ['Australia/Lord_Howe', '2025-10-20T12:00:00Z', 'a day of 23 hours and a half'],
  ['America/New_York', '2026-03-20T02:00:00Z', 'a day of 23 hours'],
  ['Australia/Lord_Howe', '2026-04-20T12:00:00Z', 'a day of 24 hours and a half'],
  ['Asia/Kolkata', '2026-05-01T18:45:00Z', 'half an hour'],
  ['Asia/Kathmandu', '2026-05-02T18:30:00Z', 'a quarter of an hour'],
  ['Pacific/Kiritimati', '2026-05-03T11:00:00Z', '14 hours before UTC'],
  ['Pacific/Marquesas', '2026-05-04T09:00:00Z', 'nine hours and a half behind it'],
  ['UTC', '2026-05-05T12:00:00Z', 'UTC itself'],
  ['America/New_York', '2026-11-20T03:00:00Z', 'a day of 25 hours'],
].map(([zone, now, what]) => ({ zone, now: toInstant(now), what }));

// ---- days by Intl ----

const dateFormats = new Map();
function dateOf(at, zone) {
  if (!dateFormats.has(zone)) dateFormats.set(zone, new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }));
  return dateFormats.get(zone).format(Number(floorDiv(at, 1000n)));
}

/** The last days that there were up to an instant: each date with its first instant and the next one's. */
function daysUntil(count, at, zone) {
  const dates = new Set();
  for (let t = at + 15n * MINUTE; t > at - BigInt(count + 4) * DAY; t -= 15n * MINUTE) if (dateOf(t, zone) <= dateOf(at, zone)) dates.add(dateOf(t, zone));
  const list = [...dates].sort().slice(-count);
  const starts = list.map((date) => firstAt(BigInt(Date.parse(date)) * 1000n, zone));
  const end = firstAt(floorTo(wallOf(at, zone), DAY) + DAY, zone);
  return list.map((date, i) => ({ date, start: starts[i], end: starts[i + 1] ?? end }));
}

// ---- what events come to ----

function rounded(numerator, denominator) {
  const size = numerator < 0n ? -numerator : numerator, value = (2n * size + denominator) / (2n * denominator);
  return numerator < 0n ? -value : value;
}

/** The running total averaged over a span, in millionths. */
function averaged(events, start, end) {
  const area = events.filter((e) => e.at < end).reduce((sum, e) => sum + e.quantity * (end - (e.at > start ? e.at : start)), 0n);
  return end > start ? rounded(area, end - start) : 0n;
}

/** What a metric came to from `start` to before `end`; nothing where there was nothing. */
function comesTo(events, metric, start, end) {
  const all = byInstant(events.filter((e) => e.metric === metric)), chosen = within(all, start, end);
  if (aggregation[metric] === 'weighted_sum') return averaged(all, start, end);
  if (!chosen.length) return 0n;
  if (aggregation[metric] === 'unique') return BigInt(new Set(chosen.map((e) => e.value)).size) * MILLION;
  return total(chosen, aggregation[metric]);
}

// ---- a tenant in each place ----

const random = randomness(29);
const per = { included: 5, price: { model: 'per_unit', unit_amount: '0.5' } };

let clock, store;

/** Instants at which a day could be mistaken: at midnights, around hours, anywhere. */
function instantAmong(days, now, change) {
  const day = random.pick(days);
  const at = random.pick([() => day.start + BigInt(random.below(3) - 1), () => day.end - 1n, () => floorTo(day.start + random.big(day.end - day.start), HOUR) + BigInt(random.below(3) - 1),
    () => floorTo(day.start + random.big(day.end - day.start), 15n * MINUTE), () => day.start + random.big(day.end - day.start), () => change - 2n * HOUR + random.big(4n * HOUR)])();
  return at < now ? at : now - 1n - random.big(HOUR);
}

const wire = (e) => ({ metric_name: e.metric, quantity: fromMicro(e.quantity), recorded_at: fromInstant(e.at), ...(e.value && { metadata: { who: e.value } }) });

function talkTo(token) {
  const ask = async (method, target, body, by = token) => {
    const reply = await store.ask(method, target, { token: by, body: body && JSON.stringify(body) });
    assert.ok(reply.status < 300, `${target}: ${reply.status} ${reply.text}`);
    return reply.text;
  };
  return { ask, read: async (target) => JSON.parse((await ask('GET', target)).replace(/("(?:[^"\\]|\\.)*")|(-?\d[-+.\deE]*)/g, (_, text, number) => text ?? `"${number}"`)) };
}

async function settle({ zone, now }) {
  clock.tell(now - 75n * DAY);
  const added = JSON.parse((await store.run(['tenant', 'add', '--name', zone, '--plan', 'mixed', '--timezone', zone, '--start', dateOf(now - 74n * DAY, zone)])).text);
  const users = [added.token];
  for (const user of ['7', '8']) {
    clock.tell(now - 75n * DAY + BigInt(user)); // of one instant are the same dice, and the same token
    users.push(JSON.parse((await store.run(['token', 'add', '--tenant', String(added.tenant_id), '--user', user])).text).token);
  }
  return { ...added, ...talkTo(added.token), users };
}

/** Where the offset is another than at the chart's beginning; any noon where it stays. */
function changeIn(days, zone) {
  const offset = (at) => wallOf(at, zone) - at, first = offset(days[0].start);
  const day = days.find((d) => offset(d.end) !== first);
  let [low, high] = day ? [day.start, day.end] : [days[3].start, days[3].end];
  while (day && high - low > 1n) {
    const middle = (low + high) / 2n;
    if (offset(middle) === first) low = middle;
    else high = middle;
  }
  return high;
}

async function tell(place) {
  const { zone, now } = place, all = daysUntil(60, now, zone), days = all.slice(-CHART), change = changeIn(days, zone);
  const tenant = await settle(place), events = [], taken = new Set();
  for (let i = 0; i < cases(700); i++) {
    let at = instantAmong(random.chance(0.8) ? days : all, now, change);
    while (taken.has(at)) at -= 1n;
    taken.add(at);
    const metric = random.pick(names), signed = metric === 'disk' && random.chance(0.3);
    events.push({ metric, quantity: (signed ? -1n : 1n) * (1n + random.big(100_000_000n)), at, user: random.below(3), ...(metric === 'visitors' && { value: `v${random.below(25)}` }) });
  }
  for (const at of [days[20].start, days[20].end - 1n, days[21].start - 1n]) { // at 00:00 and at 23:59:59.999999, whatever was drawn
    if (!taken.has(at)) events.push({ metric: 'flow', quantity: 1n, at, user: 0 });
    taken.add(at);
  }
  clock.tell(now);
  for (const user of [0, 1, 2]) {
    const of = random.shuffle(events.filter((e) => e.user === user));
    for (let i = 0; i < of.length;) {
      const part = of.slice(i, i += 1 + random.below(200));
      const answer = JSON.parse(await tenant.ask('POST', '/api/usage/batch', part.map(wire), tenant.users[user]));
      assert.deepEqual(answer, { inserted: part.length, duplicates: 0, rejected: [] });
    }
  }
  return Object.assign(place, { tenant, events, days, all, change });
}

before(async () => {
  clock = toldClock();
  clock.tell(places[0].now - 80n * DAY);
  store = await openStore(process.env.PENNYMETER_TEST_STORE || 'sqlite', undefined, { ...clock.env, PENNYMETER_LATE_DAYS: '90' });
  const folder = plansWith({
    'metrics.json': (old) => ({ metrics: [...old.metrics, ...names.map((name) => ({ name, unit: 'unit', aggregation: aggregation[name],
      ...(name === 'visitors' && { field: 'who' }), ...(name === 'disk' && { signed: true }) }))] }),
    'professional.json': { code: 'mixed', name: 'Mixed', base_price: { month: 0, year: 0 }, metrics: Object.fromEntries(names.map((name) => [name, per])) },
  });
  const applied = await store.run(['plan', 'apply', folder]);
  rmSync(folder, { recursive: true });
  assert.equal(applied.status, 0, applied.head);
});
after(async () => {
  await store?.close();
  clock?.end();
});

for (const place of places) {
  const { zone, now, what } = place;
  describe(`${zone} at ${fromInstant(now)}: ${what}`, () => {
    before(() => tell(place));

    test('the chart has a value for each day that there was, of every aggregation', async () => {
      const { tenant, events, days } = place;
      const { series } = await tenant.read('/api/usage/stats');
      assert.deepEqual(series.dates, days.map((d) => d.date));
      for (const metric of names) {
        const want = days.map((d) => fromMicro(comesTo(events, metric, d.start, d.end)));
        assert.deepEqual(series.metrics.find((m) => m.metric_name === metric).values, want, `seed ${seed}, ${metric}`);
      }
    });

    test('an event belongs to the day that its own clock shows', () => {
      for (const e of place.events) {
        const day = place.all.find((d) => e.at >= d.start && e.at < d.end);
        if (day) assert.equal(dateOf(e.at, zone), day.date, fromInstant(e.at));
      }
    });

    for (const length of [7, 30]) {
      test(`the history of ${length} days begins with the first one's midnight, and tells its peak by its date`, async () => {
        const { tenant, events, all } = place, days = all.slice(-length), earlier = all.slice(-2 * length, -length);
        for (const metric of names) {
          const of = events.filter((e) => e.metric === metric);
          const { start, end, summary: told, total: count } = await tenant.read(`/api/usage/history?type=${metric}&days=${length}`);
          assert.equal(start, fromInstant(days[0].start));
          assert.equal(end, fromInstant(now));
          assert.equal(count, String(within(of, days[0].start, now).length));
          assert.equal(told.total, fromMicro(comesTo(of, metric, days[0].start, now)), `${metric}: total`);
          assert.equal(told.previous_total, fromMicro(comesTo(of, metric, earlier[0].start, days[0].start)), `${metric}: the days before`);
          const values = days.map((d) => comesTo(of, metric, d.start, d.end < now ? d.end : now));
          const most = values.reduce((a, b) => (b > a ? b : a), values.find((v) => v) ?? 0n), first = values.indexOf(most);
          if (most) assert.deepEqual(told.peak_day, { date: days[first].date, total: fromMicro(most) }, `seed ${seed}, ${metric}`);
        }
      });
    }

    test('the days of a range come to what its summary says', async () => {
      const { tenant, events, days } = place;
      const { metrics } = await tenant.read(`/api/usage/summary?start=${days[0].date}&end=${days.at(-2).date}`);
      assert.deepEqual(metrics.filter((m) => m.metric_name === 'flow'), summary(events, days[0].start, days.at(-2).end, { metric: 'flow' }));
      const { series } = await tenant.read('/api/usage/stats');
      const sum = (texts) => texts.reduce((all, text) => all + Number(text) * 1e6, 0);
      for (const metric of ['flow', 'calls']) {
        const values = series.metrics.find((m) => m.metric_name === metric).values.slice(0, -1);
        assert.equal(Math.round(sum(values)), Math.round(Number(metrics.find((m) => m.metric_name === metric).total_quantity) * 1e6));
      }
    });

    test('any range comes to what a recount says, also of one user', async () => {
      const { tenant, events, all, change } = place;
      for (let i = 0; i < cases(120); i++) {
        const bounds = [instantAmong(all, now, change), random.chance(0.3) ? random.pick(events).at + BigInt(random.below(2)) : instantAmong(all, now, change)];
        const [start, end] = bounds[0] < bounds[1] ? bounds : bounds.reverse(), user = random.chance(0.3) ? random.pick([7, 8]) : 0;
        const of = user ? events.filter((e) => e.user === user - 6) : events;
        const { metrics } = await tenant.read(`/api/usage/summary?start=${fromInstant(start)}&end=${fromInstant(end)}${user ? `&user_id=${user}` : ''}`);
        const want = names.map((metric) => ({ metric, count: within(of.filter((e) => e.metric === metric), start, end).length, total: comesTo(of, metric, start, end) }))
          .filter((w) => w.count || w.total).sort((a, b) => (a.metric < b.metric ? -1 : 1));
        assert.deepEqual(metrics.map((m) => [m.metric_name, m.event_count, m.total_quantity]), want.map((w) => [w.metric, String(w.count), fromMicro(w.total)]),
          `seed ${seed}, ${fromInstant(start)} to ${fromInstant(end)}, user ${user}`);
      }
    });

    test('pages and cursors lead through all events, newest first', async () => {
      const { tenant, events, days } = place, of = byInstant(within(events, days[0].start, now)).reverse().map((e) => fromInstant(e.at));
      for (const [metric, list] of [['', of], ['flow', byInstant(within(events.filter((e) => e.metric === 'flow'), days[0].start, now)).reverse().map((e) => fromInstant(e.at))]]) {
        const type = metric && `&type=${metric}`, paged = [], followed = [];
        for (let page = 1; paged.length < list.length; page++) {
          const { events: some } = await tenant.read(`/api/usage/history?page=${page}&per_page=100${type}`);
          if (!some.length) break;
          paged.push(...some.map((e) => e.recorded_at));
        }
        assert.deepEqual(paged, list);
        for (let next = ''; next !== null;) {
          const answer = await tenant.read(`/api/usage/history?limit=100${type}${next && `&after=${next}`}`);
          followed.push(...answer.events.map((e) => e.recorded_at));
          next = answer.next;
        }
        assert.deepEqual(followed, list);
      }
    });
  });
}

test('check finds nothing to say, and names the bucket that was altered', async () => {
  const ok = await store.run(['check']);
  assert.deepEqual([ok.status, JSON.parse(ok.text).differences], [0, []], ok.text);
  const tenant = places.find((p) => p.zone === 'Asia/Kathmandu').tenant.tenant_id;
  for (const [table, column, word] of [['usage_hours', 'hour', 'the hour'], ['usage_days', 'day', 'the day']]) {
    const [{ at }] = query(store.data, `SELECT CAST(${column} AS TEXT) AS at FROM ${table} WHERE tenant_id = ${tenant} AND metric = 'flow' ORDER BY ${column} LIMIT 1`);
    const change = (by) => query(store.data, `UPDATE ${table} SET quantity_sum = quantity_sum + ${by} WHERE tenant_id = ${tenant} AND metric = 'flow' AND ${column} = ${at}`);
    change(1);
    const told = await store.run(['check']);
    change(-1);
    assert.equal(told.status, 1);
    assert.ok(JSON.parse(told.text).differences.some((d) => d.includes(`tenant ${tenant}: ${word} of flow at ${fromInstant(BigInt(at))} differs`)), told.text);
  }
  assert.equal((await store.run(['check'])).status, 0);
});

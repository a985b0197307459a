// History: every filter, page and total against the events that were sent; and as CSV, all of it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readCsv } from '../lib/csv.mjs';
import { DAY, HOUR, MINUTE, floorTo, fromInstant, fromMicro, now, toMicro } from '../lib/exact.mjs';
import { cases, randomness } from '../lib/random.mjs';
import { byInstant, total, within } from '../lib/recount.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

const random = randomness(7);
const units = { quotes_generated: 'quote', api_calls: 'call', storage_gb: 'GB', team_members: 'member' };
const hostile = ['=1+1', '+1', '-1', '@SUM(A1)', '"', 'a"b', 'a,b', "'", 'plain', 'über 中 ₹', '=HYPERLINK("http://x")'];
const days = (n, end) => floorTo(end - 1n, DAY) - BigInt(n - 1) * DAY;

let server, tenant, events, end;

function event(i) {
  const metric = random.pick(Object.keys(units));
  const boundary = floorTo(end - random.big(400n * DAY), random.pick([HOUR, DAY]));
  const at = random.pick([boundary, boundary - 1n, boundary + random.big(HOUR), end - 1n - random.big(DAY)]);
  return { metric, quantity: 1n + random.big(random.pick([10n ** 6n, 10n ** 9n])), at: at >= end ? end - 1n : at, resource: i % 3 ? undefined : hostile[i % hostile.length],
    metadata: i % 4 ? undefined : { note: hostile[i % hostile.length], n: i } };
}

const wire = (e) => ({ metric_name: e.metric, quantity: fromMicro(e.quantity), recorded_at: fromInstant(e.at), ...(e.resource && { resource_id: e.resource }), ...(e.metadata && { metadata: e.metadata }) });
const newestFirst = (list) => byInstant(list).reverse();

/** What history shows of an event, without what only we know (its id) or names (its label). */
const shown = (e) => [e.metric, units[e.metric], fromMicro(e.quantity), fromInstant(e.at), e.resource ?? null, e.metadata ? JSON.stringify(e.metadata) : null];
const answered = (e) => [e.metric_name, e.unit, e.quantity, e.recorded_at, e.resource_id, e.metadata && JSON.stringify({ ...e.metadata, n: Number(e.metadata.n) })];

before(async () => {
  server = await startServer({ env: { PENNYMETER_LATE_DAYS: '800' } });
  tenant = tenantOf(server, { plan: 'enterprise' });
  end = now() - MINUTE;
  events = Array.from({ length: cases(1500) }, (_, i) => event(i));
  // At one instant the later arrival comes first: instants that differ make the order plain.
  const taken = new Set();
  for (const e of events) {
    while (taken.has(e.at)) e.at -= 1n;
    taken.add(e.at);
  }
  await tenant.load(random.shuffle([...events]).map(wire));
  await tenantOf(server, { plan: 'enterprise' }).load(events.slice(0, 50).map(wire)); // a neighbour
});
after(() => server?.stop());

/** All pages of a query, and what each said of the whole. */
async function pages(parameters) {
  const all = [];
  for (let page = 1; ; page++) {
    const query = new URLSearchParams({ ...parameters, page: String(page), end: fromInstant(end) });
    const answer = await tenant.read(`/api/usage/history?${query}`);
    all.push(answer);
    if (page >= Number(answer.pages)) return all;
  }
}

test('of days that came to the same the first is the peak', async () => {
  const other = tenantOf(server), today = floorTo(now(), DAY);
  for (const metric_name of ['quotes_generated', 'team_members']) {
    await other.load([[5n, 2], [4n, 7], [3n, 7], [2n, 1]].map(([back, quantity]) => ({ metric_name, quantity, recorded_at: fromInstant(today - back * DAY + HOUR) })));
    const { summary } = await other.read(`/api/usage/history?type=${metric_name}&days=7`);
    assert.deepEqual(summary.peak_day, { date: fromInstant(today - 4n * DAY).slice(0, 10), total: '7' });
  }
});

describe('the pages hold each event once, newest first, and the totals are theirs', () => {
  for (const range of ['7', '30', '90', '365']) {
    for (const type of [undefined, 'quotes_generated', 'storage_gb', 'team_members']) {
      test(`${range} days of ${type ?? 'everything'}`, async () => {
        const start = days(Number(range), end);
        const chosen = within(events, start, end).filter((e) => !type || e.metric === type);
        const all = await pages({ days: range, per_page: '100', ...(type && { type }) });
        assert.deepEqual(all.flatMap((p) => p.events).map(answered), newestFirst(chosen).map(shown));
        for (const p of all) {
          assert.deepEqual([p.total, p.pages, p.start, p.end, p.type, p.days], [String(chosen.length), String(Math.ceil(chosen.length / 100)), fromInstant(start), fromInstant(end), type ?? null, range]);
        }
        const { summary } = all[0];
        const value = (list) => (list.length === 0 ? 0n : type ? total(list, type === 'team_members' ? 'max' : 'sum') : BigInt(list.length) * 1_000_000n);
        assert.equal(summary.total, fromMicro(value(chosen)));
        assert.equal(summary.daily_mean, type === 'team_members' ? null : fromMicro(value(chosen) / BigInt(range)));
        const before = within(events, start - BigInt(range) * DAY, start).filter((e) => !type || e.metric === type);
        assert.equal(summary.previous_total, fromMicro(value(before)));
        const byDay = group(chosen, (e) => floorTo(e.at, DAY));
        const totals = [...byDay].map(([day, list]) => [day, value(list)]);
        const peak = totals.reduce((max, [, v]) => (v > max ? v : max), 0n);
        assert.equal(toMicro(summary.peak_day.total), peak);
        assert.ok(totals.some(([day, v]) => v === peak && fromInstant(day).slice(0, 10) === summary.peak_day.date));
      });
    }
  }

  const group = (list, key) => list.reduce((map, e) => map.set(key(e), [...(map.get(key(e)) ?? []), e]), new Map());
});

test('an alias filters like the name', async () => {
  const [a, b] = [await tenant.read(`/api/usage/history?type=quote_generated&days=365&end=${fromInstant(end)}`), await tenant.read(`/api/usage/history?type=quotes_generated&days=365&end=${fromInstant(end)}`)];
  assert.deepEqual(a, b);
});

test('pages of 1, 7 and 25 cut the same list, and a page past the last is empty', async () => {
  const all = newestFirst(within(events, days(7, end), end)).map(shown);
  for (const size of [1, 7, 25]) {
    for (const page of [1, 2, 3, Math.ceil(all.length / size), Math.ceil(all.length / size) + 1]) {
      const answer = await tenant.read(`/api/usage/history?days=7&page=${page}&per_page=${size}&end=${fromInstant(end)}`);
      assert.deepEqual(answer.events.map(answered), all.slice((page - 1) * size, page * size), `page ${page} of ${size}`);
    }
  }
});

test('given the end of the first page, pages stay stable while events come in', async () => {
  const first = await tenant.read('/api/usage/history?days=30&per_page=50');
  const second = `/api/usage/history?days=30&per_page=50&page=2&end=${first.end}`;
  const before = await tenant.read(second);
  for (let i = 0; i < 60; i++) await tenant.use('emails_sent', 1);
  assert.deepEqual(await tenant.read(second), before);
  const fresh = await tenant.read('/api/usage/history?days=30&per_page=50');
  assert.equal(Number(fresh.total), Number(first.total) + 60);
  assert.ok(fresh.events.every((e) => e.metric_name === 'emails_sent'));
});

test('an end on an hour, on a day and within an hour leaves out what lies at or after it', async () => {
  const some = random.shuffle(within(events, end - 30n * DAY, end)).slice(0, 20);
  for (const at of some.flatMap((e) => [e.at, e.at + 1n, floorTo(e.at, HOUR), floorTo(e.at, DAY)])) {
    const chosen = newestFirst(within(events, days(30, at), at));
    const answer = await tenant.read(`/api/usage/history?days=30&per_page=10&end=${fromInstant(at)}`);
    assert.equal(answer.total, String(chosen.length), fromInstant(at));
    assert.deepEqual(answer.events.map(answered), chosen.slice(0, 10).map(shown));
  }
});

test('a tenant without events has one empty answer', async () => {
  const nobody = tenantOf(server);
  const answer = await nobody.read('/api/usage/history');
  assert.deepEqual([answer.total, answer.pages, answer.events, answer.summary.total, answer.summary.peak_day], ['0', '0', [], '0', null]);
});

describe('CSV', () => {
  const guard = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

  for (const type of [undefined, 'api_calls']) {
    test(`has every row of ${type ?? 'everything'}, quoted, with formulas made harmless`, async () => {
      const reply = await tenant.get(`/api/usage/history?days=365&end=${fromInstant(end)}${type ? `&type=${type}` : ''}`, { Accept: 'text/csv' });
      assert.equal(reply.status, 200);
      assert.equal(reply.headers['content-type'], 'text/csv; charset=utf-8');
      assert.match(reply.headers['content-disposition'], /^attachment; filename=usage-\w+\.csv$/);
      const [heads, ...rows] = readCsv(reply.text);
      assert.deepEqual(heads, ['id', 'recorded_at', 'metric_name', 'quantity', 'unit', 'resource_id', 'metadata']);
      const chosen = newestFirst(within(events, days(365, end), end).filter((e) => !type || e.metric === type));
      assert.deepEqual(rows.map(([, ...cells]) => cells), chosen.map((e) => [fromInstant(e.at), e.metric, fromMicro(e.quantity), units[e.metric],
        guard(e.resource ?? ''), e.metadata ? JSON.stringify(e.metadata) : '']));
      assert.equal(new Set(rows.map(([id]) => id)).size, rows.length, 'ids are unique');
    });
  }

  test('is all of it, of which no page is asked, and negative quantities stay numbers', async () => {
    const other = tenantOf(server);
    await other.use('storage_gb', 2);
    await other.use('storage_gb', '-0.5');
    const { text } = await other.get('/api/usage/history?days=7', { Accept: 'text/csv' });
    assert.deepEqual(readCsv(text).slice(1).map((row) => row[3]), ['-0.5', '2']);
    isProblem(await other.get('/api/usage/history?days=7&page=2&per_page=1', { Accept: 'text/csv' }), 400, { pointer: 'page' });
  });

  test('of nothing is the heading alone', async () => {
    const { text } = await tenantOf(server).get('/api/usage/history', { Accept: 'text/csv' });
    assert.equal(readCsv(text).length, 1);
  });

  test('events of one instant are all there, across the pieces that it is sent in', async () => {
    const other = tenantOf(server);
    const at = fromInstant(floorTo(end - HOUR, HOUR));
    await other.load(Array.from({ length: 1300 }, (_, i) => ({ metric_name: 'api_calls', quantity: i + 1, recorded_at: at })));
    const rows = readCsv((await other.get('/api/usage/history?days=7', { Accept: 'text/csv' })).text).slice(1);
    assert.deepEqual(rows.map((row) => Number(row[3])).sort((a, b) => a - b), Array.from({ length: 1300 }, (_, i) => i + 1));
  });
});

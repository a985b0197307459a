// What a request costs is held, route by route: SQL queries, syncs, statements prepared. No time is measured.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { costsOf } from '../lib/counts.mjs';
import { addObjects, exampleOf, isOperators, programOf, routes } from '../lib/examples.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { bodies } from '../lib/resources.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

const LOOKUP = 1; // who calls, and by which plan
const EVENT = 6;  // its key, the balance, the event, hour and day, the balance again
const NUMBER = 2; // the last one of a kind, and the next
const AUDIT = NUMBER + 2; // the hash of the row before, the row

/** Queries of the example of each route at the most, and the syncs. A request to a new route wants a row here. */
const held = {
  'GET /api/health': { queries: 1, syncs: 0 },
  'POST /api/plans/preview': { queries: 2, syncs: 0 },
  'GET /api/usage/alerts': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/usage/billing-estimate': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/usage/check': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/usage/current-period': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/usage/history': { queries: LOOKUP + 2, syncs: 0 }, // the days and the page
  'GET /api/usage/metrics': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/usage/overage-charges': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/usage/stats': { queries: LOOKUP + 4, syncs: 0 },
  'GET /api/usage/summary': { queries: LOOKUP + 1, syncs: 0 },
  'POST /api/events': { queries: LOOKUP + EVENT, syncs: 1 },
  'POST /api/usage/record': { queries: LOOKUP + EVENT, syncs: 1 },
  'POST /api/usage/batch': { queries: LOOKUP + 10 * EVENT, syncs: 1 }, // of ten events
  'POST /api/jobs/tick': { queries: LOOKUP + 3, syncs: 0 }, // where nothing is due
  'POST /api/clocks/advance': { queries: LOOKUP + 1, syncs: 0 }, // refused
  'GET /api/audit': { queries: LOOKUP + 1, syncs: 0 },
  'GET /api/audit/verify': { queries: LOOKUP + 2, syncs: 0 },
};
for (const kind of Object.keys(bodies)) {
  held[`GET /api/${kind}`] = held[`GET /api/${kind}/{id}`] = { queries: LOOKUP + 1, syncs: 0 };
  held[`POST /api/${kind}`] = { queries: LOOKUP + NUMBER + 1 + AUDIT, syncs: 1 };
  for (const route of [`PATCH /api/${kind}/{id}`, `POST /api/${kind}/archive/{id}`]) held[route] = { queries: LOOKUP + 2 + AUDIT, syncs: 1 };
  held[`DELETE /api/${kind}/{id}`] = { queries: LOOKUP + (kind === 'taxes' ? 3 : 2) + AUDIT, syncs: 1 }; // who names a tax is asked
  const verbs = { 'POST restore/{id}': held[`POST /api/${kind}/archive/{id}`], 'GET export': held[`GET /api/${kind}`],
    'POST import': { queries: LOOKUP + 2 * NUMBER + 2 + 1 + 2 + AUDIT, syncs: 1 } }; // numbers taken and returned; of a row two, and once the audit's last hash; the call's
  for (const [verb, most] of Object.entries(verbs)) {
    const route = verb.replace(' ', ` /api/${kind}/`);
    if (routes().includes(route)) held[route] = most;
  }
}

let server, tenant, operator;

before(async () => {
  server = await startServer();
  tenant = tenantOf(server, { plan: 'starter' });
  operator = server.pennymeter(['token', 'add', '--tenant', '1', '--scopes', 'operator:write']).token;
  await addObjects((kind, body) => tenant.post(`/api/${kind}`, body));
  const metrics = ['api_calls', 'quotes_generated', 'storage_gb'];
  await tenant.load(Array.from({ length: 3000 }, (_, i) => ({ metric_name: metrics[i % 3], quantity: 1, recorded_at: new Date(Date.now() - i * 60_000).toISOString() })));
});
after(() => server?.stop());

test('each route has its costs written down', () => {
  assert.deepEqual(Object.keys(held).sort(), routes().sort());
});

for (const [route, most] of Object.entries(held)) {
  test(`${route}: ${most.queries} queries, ${most.syncs} syncs, and nothing prepared anew`, async () => {
    const make = (n) => ({ token: isOperators(route) ? operator : tenant.token, ...exampleOf(route, n, programOf(route)) });
    const costs = await costsOf(server.data, programOf(route), make);
    for (const [n, cost] of costs.entries()) {
      assert.ok(cost.queries <= most.queries, `request ${n}: ${cost.queries} queries`);
      assert.equal(cost.prepares, 0, `request ${n} prepared ${cost.prepares} statements`);
    }
    const more = costs.map(({ syncs }) => syncs - most.syncs).filter((syncs) => syncs > 0);
    assert.ok(more.reduce((sum, n) => sum + n, 0) <= (most.syncs ? 3 : 0), `${more} syncs more`); // a checkpoint takes two, and the log's new beginning one
  });
}

test('a repeated key costs no more than a new one', async () => {
  const example = exampleOf('POST /api/usage/record', 1, 'again');
  const make = (n) => ({ token: tenant.token, ...example, status: n ? 200 : 201 });
  for (const cost of await costsOf(server.data, 'usage-record', make)) assert.ok(cost.syncs <= 1 && cost.queries <= LOOKUP + EVENT);
});

test('the library does count: what is refused without a token asks the store nothing', async () => {
  const make = () => ({ method: 'GET', target: '/api/usage/summary', status: 401 });
  for (const cost of await costsOf(server.data, 'usage', make)) assert.deepEqual({ ...cost, allocations: 0 }, { queries: 0, transactions: 0, prepares: 0, syncs: 0, allocations: 0, steps: 0 });
  const [one] = await costsOf(server.data, 'usage-record', (n) => ({ token: tenant.token, ...exampleOf('POST /api/usage/record', n, 'seen') }), { calls: 1 });
  assert.ok(one.queries > LOOKUP && one.syncs === 1 && one.allocations > 0 && one.steps > 0, JSON.stringify(one));
});

// ---- what does not grow ----

const DAY = 86_400_000, HOUR = 3_600_000;
const hour = Math.floor(Date.now() / DAY) * DAY - DAY + 10 * HOUR; // yesterday at ten
const at = (ms) => new Date(hour + ms).toISOString();
const [start, middle, end] = [at(-30 * DAY), at(1000), at(HOUR - 1000)]; // events lie between the latter two
const day = at(0).slice(0, 10);

/** Requests whose range ends, or begins, within the hour that holds the events, and none of them outside it. */
const readings = {
  'a page': [`/api/usage/history?end=${end}`, 2],
  'a page of one metric': [`/api/usage/history?type=api_calls&end=${end}`, 3],
  'a page of the hours before': [`/api/usage/history?type=quotes_generated&per_page=10&end=${end}`, 20],
  'a list by cursor': [`/api/usage/history?limit=25&end=${end}`, 1],
  'a list of one metric by cursor': [`/api/usage/history?limit=25&type=storage_gb&end=${end}`, 30],
  'a summary up to within the hour': [`/api/usage/summary?start=${start}&end=${end}`, 1],
  'a summary from within the hour on': [`/api/usage/summary?start=${middle}&end=${at(5 * HOUR)}`, 1],
  'a summary within the hour': [`/api/usage/summary?start=${middle}&end=${end}`, 1],
  'a summary that cuts the day it begins with': [`/api/usage/summary?start=${day}&end=${end}`, 2],
};

describe('with 5,000 events in an hour a reading costs as with 50: as many queries and steps', () => {
  const tenants = [];
  before(async () => {
    for (const count of [50, 5000]) {
      const one = tenantOf(server, { plan: 'starter' });
      const busy = Array.from({ length: count }, (_, i) => ({ metric_name: 'api_calls', quantity: 1, recorded_at: at(2000 + Math.floor((i * (HOUR - 5000)) / count)) }));
      const sparse = Array.from({ length: 40 }, (_, i) => ({ metric_name: i % 2 ? 'quotes_generated' : 'storage_gb', quantity: 1, recorded_at: at(-(i + 1) * 4 * HOUR) }));
      await one.load([...busy, ...sparse]);
      tenants.push(one);
    }
  });

  for (const [what, [target, most]] of Object.entries(readings)) {
    test(`${what}: at most ${most} queries`, async () => {
      const [few, many] = await Promise.all(tenants.map(async ({ token }) => (await costsOf(server.data, 'usage', () => ({ method: 'GET', target, token, status: 200 }), { calls: 1 }))[0]));
      assert.equal(many.queries, few.queries);
      assert.ok(few.queries <= LOOKUP + most && few.steps > 0, JSON.stringify(few));
      assert.ok(Math.abs(many.steps - few.steps) < 50, `${few.steps} and ${many.steps} steps`); // a scan that meets the table's end takes fewer
    });
  }

  test('an end among them is counted from its nearer side', async () => {
    const steps = async (ms) => (await costsOf(server.data, 'usage', () => ({ method: 'GET', target: `/api/usage/history?end=${at(ms)}`, token: tenants[1].token, status: 200 }), { calls: 1 }))[0].steps;
    const [early, amid, late] = [await steps(HOUR / 20), await steps(HOUR / 2), await steps(HOUR - HOUR / 20)];
    assert.ok(early < amid / 3 && late < amid / 3, `${early}, ${amid}, ${late} steps`);
  });
});

test('a summary of the running period costs the same on its first day and with many days, users and events behind it', async () => {
  const costs = [];
  for (const [days, users] of [[1, 1], [6, 5]]) {
    const one = tenantOf(server, { plan: 'starter', start: at(-7 * DAY).slice(0, 10) });
    for (let user = 1; user <= users; user++)
      await one.withToken({ user }).load(Array.from({ length: 24 * days }, (_, i) => ({ metric_name: 'api_calls', quantity: 1, recorded_at: at(-i * HOUR) })));
    const make = () => ({ method: 'GET', target: '/api/usage/summary', token: one.token, status: 200 });
    costs.push((await costsOf(server.data, 'usage', make, { calls: 1 }))[0]);
  }
  assert.equal(costs[1].queries, LOOKUP + 1);
  assert.ok(Math.abs(costs[1].steps - costs[0].steps) < 20, `${costs[0].steps} and ${costs[1].steps} steps`);
});

describe('the same of distinct values and of averages over time', () => {
  const tenants = [], metrics = [{ name: 'callers', unit: 'caller', aggregation: 'unique', field: 'who' }, { name: 'disk', unit: 'GB', aggregation: 'weighted_sum', signed: true }];
  let other;
  before(async () => {
    other = await startServer();
    const plan = (code, lines = {}) => ({ code, name: code, base_price: { month: 0, year: 0 }, metrics: lines });
    applyPlans(other, { 'metrics.json': { metrics }, 'free.json': plan('free', { callers: { policy: 'unlimited' }, disk: { policy: 'unlimited' } }),
      'starter.json': plan('starter'), 'professional.json': plan('professional'), 'enterprise.json': plan('enterprise') });
    for (const count of [50, 2000]) {
      const one = tenantOf(other, { plan: 'free' });
      await one.load(Array.from({ length: count }, (_, i) => ({ metric_name: i % 2 ? 'disk' : 'callers', quantity: 1, metadata: { who: `c${i % 20}` }, recorded_at: at(2000 + Math.floor((i * (HOUR - 5000)) / count)) })));
      tenants.push(one);
    }
  });
  after(() => other?.stop());

  for (const { name } of metrics) {
    for (const [what, target] of [['summary', `/api/usage/summary?start=${start}&end=${end}&metric_name=${name}`], ['history', `/api/usage/history?end=${end}&type=${name}`]]) {
      test(`${what} of ${name}`, async () => {
        const [few, many] = await Promise.all(tenants.map(async ({ token }) => (await costsOf(other.data, 'usage', () => ({ method: 'GET', target, token, status: 200 }), { calls: 1 }))[0]));
        assert.ok(Math.abs(many.steps - few.steps) < 50, `${few.steps} and ${many.steps} steps`);
      });
    }
  }
});

// One good request to each route: what tests and the bench send where any will do.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bodies as objectBodies, uniqueOf } from './resources.mjs';
import { build, repo } from './server.mjs';

const event = (n) => ({ metric_name: 'api_calls', quantity: '1', metadata: { endpoint: '/x' }, idempotency_key: `example-${n}` });
const cloudEvent = (n) => ({ specversion: '1.0', id: `example-${n}`, source: 'tests', type: 'api_calls', data: { value: 1 } });
const month = (now) => {
  const start = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth())), end = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1));
  return `start=${start.toISOString()}&end=${end.toISOString()}`;
};

/** The request of the bench's summary: the whole month that holds `now`. */
export const summaryOf = (now = new Date()) => `/api/usage/summary?${month(now)}`;

/** Of each kind what many may be of. */
const objects = Object.fromEntries(Object.entries(objectBodies).map(([kind, body]) => [kind, { ...body, [uniqueOf(kind)]: undefined }]));

/** What the examples of routes with an id want to be there: so many objects of each kind, by `add(kind, body)`. */
export async function addObjects(add, count = 40) {
  for (const [kind, body] of Object.entries(objects)) for (let i = 0; i < count; i++) await add(kind, body);
}

const bodies = { // of the n-th request
  'POST /api/usage/record': (n) => event(n),
  'POST /api/usage/batch': (n) => Array.from({ length: 10 }, (_, i) => event(`${n}-${i}`)),
  'POST /api/events': (n) => cloudEvent(n),
  'POST /api/jobs/tick': () => ({}),
  'POST /api/clocks/advance': () => ({ tenant_id: 1, to: '2026-01-01' }), // which has none
  'POST /api/plans/preview': () => ({ plan: 'starter', quantities: { api_calls: 20000 } }),
};
const targets = {
  'GET /api/usage/summary': () => summaryOf(),
  'GET /api/usage/check': () => '/api/usage/check?metric_name=api_calls&quantity=1',
};
const statuses = { 'POST /api/usage/record': 201, 'POST /api/events': 204, 'POST /api/clocks/advance': 409 };
for (const [kind, body] of Object.entries(objects)) {
  bodies[`POST /api/${kind}`] = (n) => ({ ...body, name: n });
  bodies[`PATCH /api/${kind}/{id}`] = (n) => ({ name: n });
  statuses[`POST /api/${kind}`] = 201;
  bodies[`POST /api/${kind}/import`] = (n) => `name\r\n${n}\r\n`;
  statuses[`DELETE /api/${kind}/{id}`] = 204;
}
const types = { 'POST /api/events': 'application/cloudevents+json' };
const typeOf = (route) => types[route] ?? (route.endsWith('/import') ? 'text/csv' : 'application/json');

/** The routes of routes.txt, each once whatever addresses it has, as "GET /api/usage/summary". */
export function routes() {
  const rows = readFileSync(path.join(repo, 'routes.txt'), 'utf8').trim().split('\n').map((row) => row.split(' '));
  return rows.filter(([, route]) => route.startsWith('/api/') && !route.startsWith('/api/v1/')).map(([method, route]) => `${method} ${route}`);
}

/** Does it want a token of the operator's? */
export const isOperators = (route) => /^\w+ \/api\/(jobs|clocks)\//.test(route);

/** The program of a route: its folder's, "usage" of "GET /api/usage/stats", or its own, "usage-record" of "POST /api/usage/record". */
export function programOf(route) {
  const parts = route.split('/').slice(2), own = parts.filter((part) => part !== '{id}').join('-');
  return existsSync(path.join(build, `fn/${own}.fcgi`)) ? own : parts[0];
}

/** The n-th example of a route: { method, target, body, headers, status }, each recorded once. */
export function exampleOf(route, n, prefix = 'example') {
  const [method, target] = route.split(' ');
  if (method === 'GET') return { method, target: targets[route]?.() ?? target.replace('{id}', 1), status: 200 };
  const id = method === 'DELETE' ? n + 2 : 1, headers = /^(PATCH|DELETE)/.test(method) ? { 'If-Match': '*' } : {}; // each can be deleted once
  if (target.endsWith('/{id}') && !bodies[route]) return { method, target: target.replace('{id}', id), headers, status: statuses[route] ?? 200 };
  if (!bodies[route]) throw new Error(`${route} has no example in tests/lib/examples.mjs`);
  const body = bodies[route](`${prefix}-${n}`), sent = typeof body === 'string' ? body : JSON.stringify(body);
  return { method, target: target.replace('{id}', id), body: sent, headers: { 'Content-Type': typeOf(route), ...headers }, status: statuses[route] ?? 200 };
}

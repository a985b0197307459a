// A tenant as a test talks to it: its token, and one short word for each kind of request.

import assert from 'node:assert/strict';
import { fromMicro, literals } from './exact.mjs';
import { assertDeclared } from './openapi.mjs';

export { until } from './until.mjs';

export const json = (value) => JSON.stringify(value);

/** Add a tenant to a server, or speak as one that is there: `{ token, tenant_id }`. */
export function tenantOf(server, options = {}) {
  const added = options.token ? options : server.addTenant(options);
  const send = async (method, target, more = {}) => {
    const reply = await server.request(method, target, { token: added.token, ...more });
    assertDeclared(method, target, reply);
    return reply;
  };
  const post = (target, body, headers = {}) => send('POST', target, { body: typeof body === 'string' || Buffer.isBuffer(body) ? body : json(body), headers });
  const get = (target, headers = {}) => send('GET', target, { headers });
  return {
    ...added, send, post, get,
    /** The same tenant by another token: `{ scopes, user, name }`. */
    withToken: (flags = {}) => {
      const args = Object.entries({ tenant: added.tenant_id, ...flags }).flatMap(([k, v]) => [`--${k}`, String(v)]);
      return tenantOf(server, { ...added, ...server.pennymeter(['token', 'add', ...args]) });
    },
    record: (event, headers = {}) => post('/api/usage/record', event, headers),
    batch: (events) => post('/api/usage/batch', events),
    /** A GET that must be answered 200, with numbers as their literals. */
    async read(target) {
      const reply = await get(target);
      assert.equal(reply.status, 200, `${target}: ${reply.text}`);
      return literals(reply.text);
    },
    /** Record `quantity` (of a BigInt: millionths) of a metric, and insist on 201. */
    async use(metric_name, quantity, more = {}) {
      const reply = await post('/api/usage/record', { metric_name, quantity: typeof quantity === 'bigint' ? fromMicro(quantity) : quantity, ...more });
      assert.equal(reply.status, 201, reply.text);
      return reply;
    },
    /** Record many, in batches, all of which must count. */
    async load(events) {
      for (let i = 0; i < events.length; i += 1000) {
        const part = events.slice(i, i + 1000);
        const reply = await post('/api/usage/batch', part);
        assert.deepEqual(reply.json, { inserted: part.length, duplicates: 0, rejected: [] }, reply.text.slice(0, 500));
      }
    },
  };
}

/** Assert a problem of RFC 9457 with a status and, if given, a code and a pointer among its errors. */
export function isProblem(reply, status, { code, pointer, detail } = {}) {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.headers['content-type'], 'application/problem+json');
  const problem = reply.json;
  for (const name of ['type', 'title', 'status', 'detail', 'errors']) assert.ok(name in problem, `a problem has ${name}`);
  assert.equal(problem.status, status);
  if (code) assert.equal(problem.code, code, reply.text);
  if (pointer !== undefined) {
    const error = problem.errors.find((e) => e.pointer === pointer);
    assert.ok(error, `${json(pointer)} is not among ${json(problem.errors)}`);
    assert.ok(error.detail.length > 5, 'an error says its cause');
    if (detail) assert.match(error.detail, detail);
  }
  return problem;
}

/** Do `work` on each item, `width` at a time. */
export async function inParallel(width, items, work) {
  const answers = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) answers[i] = await work(items[i], i);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return answers;
}

// Who may do what: tokens, scopes, tenants, from the very next request on.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { query, recorded, value } from '../lib/database.mjs';
import { repo, startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf } from '../lib/tenant.mjs';

const quote = { metric_name: 'quotes_generated', quantity: 1 };
const reads = ['summary', 'current-period', 'overage-charges', 'alerts', 'billing-estimate', 'metrics', 'stats', 'history', 'check?metric_name=api_calls'].map((name) => `/api/usage/${name}`);
const writes = [['/api/usage/record', quote], ['/api/usage/batch', [quote]], ['/api/v1/events', { specversion: '1.0', id: '1', source: 's', type: 'quotes_generated' }]];

let server, tenant;
before(async () => {
  server = await startServer({ procs: 2 });
  tenant = tenantOf(server);
});
after(() => server?.stop());

/** Every endpoint's answer to a request with these headers. */
const everywhere = (headers) => Promise.all([
  ...reads.map((target) => server.request('GET', target, { headers })),
  ...writes.map(([target, body]) => server.request('POST', target, { headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) })),
]);

describe('no endpoint answers', () => {
  const nobody = {
    'without a token': {},
    'with another scheme': { Authorization: 'Basic cG06cG0=' },
    'with an empty Bearer': { Authorization: 'Bearer ' },
    'with text that is no token': { Authorization: 'Bearer hello' },
    'with a token of no tenant': { Authorization: `Bearer pm_999_${'A'.repeat(32)}` },
    'with a wrong secret': { Authorization: `Bearer pm_2_${'A'.repeat(32)}` },
    'with a very long token': { Authorization: `Bearer pm_2_${'A'.repeat(4000)}` },
    'with a token of tenant 2^63': { Authorization: `Bearer pm_9223372036854775808_${'A'.repeat(32)}` },
    'with a wildcard': { 'X-Api-Key': 'pm_2_%' },
  };
  for (const [name, headers] of Object.entries(nobody)) {
    test(name, async () => {
      const before = recorded(server.data, tenant.tenant_id);
      for (const reply of await everywhere(headers)) {
        isProblem(reply, 401, { code: 'unauthenticated' });
        assert.match(reply.headers['www-authenticate'], /^Bearer/);
      }
      assert.equal(recorded(server.data, tenant.tenant_id), before);
    });
  }

  test("with a token's secret under another tenant's number", async () => {
    const other = tenantOf(server);
    const forged = tenant.token.replace(/^pm_\d+_/, `pm_${other.tenant_id}_`);
    for (const reply of await everywhere({ Authorization: `Bearer ${forged}` })) isProblem(reply, 401);
  });
});

test('Bearer in any case and X-Api-Key are the same', async () => {
  for (const headers of [{ Authorization: `bearer ${tenant.token}` }, { Authorization: `BEARER  ${tenant.token}` }, { 'X-Api-Key': tenant.token }]) {
    assert.equal((await server.request('GET', '/api/usage/stats', { headers })).status, 200);
  }
});

test('a token that may only read may not write, and is told the scope it lacks', async () => {
  const reader = tenant.withToken({ scopes: 'usage:read' });
  const before = recorded(server.data, tenant.tenant_id);
  for (const target of reads) assert.equal((await reader.get(target)).status, 200, target);
  for (const [target, body] of writes) {
    assert.equal(isProblem(await reader.post(target, body), 403, { code: 'missing-scope' }).scope, 'usage:write');
  }
  assert.equal(recorded(server.data, tenant.tenant_id), before);
});

test('a token that may only write may not read', async () => {
  const writer = tenant.withToken({ scopes: 'usage:write' });
  for (const [target, body] of writes) assert.ok([201, 200, 204].includes((await writer.post(target, body)).status), target);
  for (const target of reads) {
    assert.equal(isProblem(await writer.get(target), 403, { code: 'missing-scope' }).scope, 'usage:read');
  }
});

test('a revoked token is refused from the next request on, by warm processes too', async () => {
  const gone = tenant.withToken({ name: 'soon gone' });
  const warm = { Authorization: `Bearer ${gone.token}` };
  for (let i = 0; i < 3; i++) for (const reply of await everywhere(warm)) assert.ok(reply.status < 300, reply.text);
  const before = Number(value(server.data, 'SELECT COUNT(*) FROM usage_events'));
  assert.deepEqual(server.pennymeter(['token', 'revoke', '--tenant', String(tenant.tenant_id), '--token', String(gone.token_id)]), { revoked: true });
  for (const nonsense of ['{', '{}', '[]', '{"metric_name":"nothing","quantity":1}']) // what is wrong with it is not told
    isProblem(await server.request('POST', '/api/usage/record', { headers: warm, body: nonsense }), 401);
  for (let i = 0; i < 3; i++) for (const reply of await everywhere(warm)) isProblem(reply, 401);
  assert.equal(Number(value(server.data, 'SELECT COUNT(*) FROM usage_events')), before);
  assert.equal((await tenant.get('/api/usage/stats')).status, 200, 'the other tokens stay');
});

test('what is recorded while a token is revoked is either acknowledged or not there', async () => {
  const gone = tenant.withToken();
  const count = () => Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`));
  const before = count();
  const [replies] = await Promise.all([
    inParallel(8, Array.from({ length: 200 }), () => gone.record(quote)),
    (async () => server.pennymeter(['token', 'revoke', '--tenant', String(tenant.tenant_id), '--token', String(gone.token_id)]))(),
  ]);
  assert.ok(replies.every((r) => r.status === 201 || r.status === 401));
  assert.equal(count() - before, replies.filter((r) => r.status === 201).length);
});

test('a token with a scope that this program does not know may do nothing, whatever stands beside it', async () => {
  for (const scopes of ['usage:read future', 'usage:read,usage:write,future', 'future usage:read', 'usage:rea', '*', 'usage:read *']) {
    const newer = tenant.withToken({ scopes: 'usage:read' });
    query(server.data, `UPDATE tokens SET scopes = '${scopes}' WHERE tenant_id = ${newer.tenant_id} AND token_id = ${newer.token_id}`);
    for (const reply of await everywhere({ Authorization: `Bearer ${newer.token}` })) isProblem(reply, 403, { code: 'missing-scope' });
  }
});

const scopesOf = ({ tenant_id, token_id }) => server.pennymeter(['token', 'list', '--tenant', String(tenant_id)]).tokens.find((t) => t.token_id === token_id).scopes;

test('a token of "*" has by name what there is when it is made', async () => {
  for (const token of [tenant.withToken(), tenant.withToken({ scopes: '*' }), tenant.withToken({ scopes: 'usage:read,*' }), { ...tenant, token_id: 1 }]) {
    assert.equal(scopesOf(token), 'usage:read usage:write customers:read customers:write products:read products:write settings:read settings:write audit:read');
    for (const reply of await everywhere({ Authorization: `Bearer ${token.token}` })) assert.ok(reply.status < 300, reply.text);
  }
});

test('a token that has held "*" from before keeps what it could do then, by name', async () => {
  const stored = { '*': 'usage:read usage:write', 'usage:read,*': 'usage:read usage:write', 'usage:write': 'usage:write' };
  const tokens = Object.keys(stored).map((scopes) => ({ was: scopes, ...tenant.withToken() }));
  for (const t of tokens) query(server.data, `UPDATE tokens SET scopes = '${t.was}' WHERE tenant_id = ${t.tenant_id} AND token_id = ${t.token_id}`);
  const migration = readFileSync(path.join(repo, 'shared/store/schema/0009_scopes_by_name.sql'), 'utf8');
  query(server.data, migration.replace(/^--.*\n/gm, ''));
  for (const t of tokens) assert.equal(scopesOf(t), stored[t.was]);
  for (const reply of await everywhere({ Authorization: `Bearer ${tokens[0].token}` })) assert.ok(reply.status < 300, reply.text);
  for (const target of reads) isProblem(await tokens[2].get(target), 403, { code: 'missing-scope' });
});

test('a tenant sees nothing of another: not its totals, not its events, not its alerts', async () => {
  const [rich, poor] = [tenantOf(server, { name: 'Rich' }), tenantOf(server, { name: 'Poor' })];
  await rich.use('quotes_generated', 95, { metadata: { secret: 'of the rich' }, resource_id: 'secret-7' });
  const own = await poor.read('/api/usage/summary?start=2000-01-01&end=2100-01-01');
  assert.deepEqual(own.metrics, []);
  for (const target of [...reads, '/api/usage/history?days=365']) {
    const { text } = await poor.get(target);
    assert.doesNotMatch(text, /Rich|secret|evt_|[:"]95[",}\]]/, target);
  }
  assert.doesNotMatch((await poor.get('/api/usage/history', { Accept: 'text/csv' })).text, /evt_|secret/);
});

test('only hashes of tokens are stored', () => {
  const stored = JSON.stringify(query(server.data, 'SELECT * FROM tokens'));
  assert.ok(!stored.includes(tenant.token));
  assert.ok(!stored.includes(tenant.token.slice(-16)));
});

test('a number of a token is never given twice, also when the last one is gone', () => {
  const own = tenantOf(server), add = () => server.pennymeter(['token', 'add', '--tenant', String(own.tenant_id)]).token_id;
  const last = add();
  query(server.data, `DELETE FROM tokens WHERE tenant_id = ${own.tenant_id} AND token_id = ${last}`);
  assert.equal(add(), last + 1);
});

test('a number of a tenant is never given twice, also when the last one is gone, and one that came back takes no new one', () => {
  const add = () => server.pennymeter(['tenant', 'add', '--name', 'Numbered']).tenant_id;
  const last = add();
  query(server.data, `DELETE FROM tokens WHERE tenant_id = ${last}`);
  query(server.data, `DELETE FROM tenants WHERE tenant_id = ${last}`);
  assert.equal(add(), last + 1);
  query(server.data, `INSERT INTO tenants (tenant_id, name, currency, timezone, created_at) VALUES (${last + 5}, 'Back', 'USD', 'UTC', 0)`);
  assert.equal(add(), last + 6);
});

test("a revoked token makes stale what is known of its tenant, and of no other's", () => {
  const [own, other] = [tenantOf(server), tenantOf(server)];
  const generations = () => [own, other].map((t) => value(server.data, `SELECT generation FROM tenants WHERE tenant_id = ${t.tenant_id}`)).concat(value(server.data, 'SELECT generation FROM catalog'));
  const before = generations();
  server.pennymeter(['token', 'revoke', '--tenant', String(own.tenant_id), '--token', '1']);
  assert.deepEqual(generations(), [before[0] + 1, before[1], before[2]]);
});

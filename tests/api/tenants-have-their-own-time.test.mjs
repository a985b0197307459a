// A tenant with a clock of its own: now is what that says, in every answer, record and job, until it is advanced; it never goes back.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { query, value } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf } from '../lib/tenant.mjs';

let server, operator;
before(async () => {
  server = await startServer({ procs: 3 });
  operator = tenantOf(server, { tenant_id: 1, ...server.pennymeter(['token', 'add', '--tenant', '1', '--scopes', 'operator:write']) });
});
after(() => server?.stop());

const clocked = (clock = '2026-01-31T08:00:00Z', more = {}) => tenantOf(server, { clock, ...more });
const advance = (tenant, to) => server.pennymeter(['clock', 'advance', '--tenant', String(tenant.tenant_id ?? tenant), '--to', to]);
const clockOf = (tenant) => Number(value(server.data, `SELECT clock FROM tenants WHERE tenant_id = ${tenant.tenant_id}`)) / 1000;
function refused(args, pattern, code) {
  assert.throws(() => server.pennymeter(args), (error) => { assert.match(error.stderr, pattern); assert.equal(error.code, code); return true; });
}

describe('what cannot be meant is refused', () => {
  let tenant;
  before(() => { tenant = clocked(); });
  const to = (...args) => ['clock', 'advance', ...args];

  for (const clock of ['yesterday', '2026-02-30', '0', '2026-01-31T25:00:00Z']) test(`--clock ${clock}`, () => refused(['tenant', 'add', '--name', 'x', '--clock', clock], /--clock: must be an instant/, 2));
  test('no tenant', () => refused(to('--to', '2026-02-01'), /--tenant: is required/, 2));
  test('no instant', () => refused(to('--tenant', '2'), /--to: is required/, 2));
  test('no instant that there is', () => refused(to('--tenant', '2', '--to', 'later'), /--to: must be an instant/, 2));
  test('a tenant that there is not', () => refused(to('--tenant', '4711', '--to', '2026-02-01'), /no tenant 4711/, 1));
  test('a tenant that goes with the machines', () => refused(to('--tenant', String(tenantOf(server).tenant_id), '--to', '2099-01-01'), /no clock of its own/, 1));
  test('back, if only by a microsecond', () => {
    refused(to('--tenant', String(tenant.tenant_id), '--to', '2026-01-31T07:59:59.999999Z'), /--to: lies before 2026-01-31T08:00:00Z.*never goes back/, 1);
    assert.deepEqual(advance(tenant, '2026-01-31T08:00:00Z').ran, [], 'to where it stands is no step back');
  });

  test('by HTTP as well', async () => {
    const body = { tenant_id: tenant.tenant_id, to: '2026-02-01T00:00:00Z' }, post = (by, change) => by.post('/api/clocks/advance', { ...body, ...change });
    isProblem(await post(tenant), 403, { code: 'missing-scope' });
    isProblem(await post(operator, { to: 'x' }), 400, { pointer: '/to' });
    isProblem(await post(operator, { to: undefined }), 400, { pointer: '/to' });
    isProblem(await post(operator, { tenant_id: 0 }), 400, { pointer: '/tenant_id' });
    isProblem(await post(operator, { tenant_id: 4711 }), 404);
    isProblem(await post(operator, { plant: 1 }), 400, { pointer: '/plant' });
    isProblem(await post(operator, { to: '2026-01-30T00:00:00Z' }), 409, { code: 'clock-back' });
    isProblem(await post(operator, { tenant_id: 1 }), 409, { code: 'no-clock' });
    assert.equal(clockOf(tenant), Date.parse('2026-01-31T08:00:00Z'));
  });
});

describe('now is what its clock says', () => {
  let tenant;
  beforeEach(() => { tenant = clocked('2026-01-31T08:00:00Z', { plan: 'starter' }); });

  test('of a record, and of the window that it counts in', async () => {
    const { json } = await tenant.use('quotes_generated', 3);
    assert.equal(json.recorded_at, '2026-01-31T08:00:00Z');
    const current = await tenant.read('/api/usage/current-period');
    assert.match(String(current.period?.start ?? current.start ?? JSON.stringify(current)), /2026-01-31/);
    advance(tenant, '2026-03-05T00:00:00Z');
    assert.equal((await tenant.use('quotes_generated', 1)).json.usage.used, 1, 'another period, at once');
    assert.equal((await tenant.record({ metric_name: 'quotes_generated', quantity: 1, recorded_at: '2026-03-05T00:06:00Z' })).status, 400, 'ahead of its time');
    assert.equal((await tenant.record({ metric_name: 'quotes_generated', quantity: 1, recorded_at: '2026-03-04T00:00:00Z' })).status, 201);
  });

  test('of what is made, and of the audit', async () => {
    const { json } = await tenant.post('/api/customers', { name: 'x' });
    assert.equal(json.created_at, '2026-01-31T08:00:00Z');
    assert.equal(JSON.parse((await tenant.get('/api/audit')).json.audit[0].body).at, '2026-01-31T08:00:00Z');
  });

  test('many events of one instant are all there', async () => {
    await tenant.load(Array.from({ length: 3000 }, () => ({ metric_name: 'api_calls', quantity: 1 })));
    await inParallel(8, Array.from({ length: 200 }), () => tenant.use('quotes_generated', 1));
    assert.equal(server.pennymeter(['check', '--tenant', String(tenant.tenant_id)]).ok, true);
    assert.equal(Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`)), 3200);
  });

  test('an advance is known at once in all processes, and to nobody else', async () => {
    const other = tenantOf(server);
    for (let day = 1; day <= 20; day++) {
      const at = `2026-02-${String(day).padStart(2, '0')}T00:00:00Z`;
      await inParallel(6, Array.from({ length: 6 }), () => tenant.use('api_calls', 1));
      advance(tenant, at);
      const replies = await inParallel(6, Array.from({ length: 6 }), () => tenant.use('api_calls', 1));
      assert.deepEqual([...new Set(replies.map(({ json }) => json.recorded_at))], [at]);
    }
    assert.ok(Date.now() - Date.parse((await other.use('api_calls', 1)).json.recorded_at) < 60_000);
  });
});

describe('jobs run in its time', () => {
  test('each at the instant that it is due, in order', async () => {
    const tenant = clocked('2024-01-10T00:00:00Z');
    for (const to of ['2024-01-10T00:00:00Z', '2024-01-11T00:00:00Z', '2024-02-01T00:00:00Z']) {
      advance(tenant, to);
      await tenant.post('/api/customers', { name: to });
    }
    const left = () => Number(value(server.data, `SELECT COUNT(detail) FROM audit_log WHERE tenant_id = ${tenant.tenant_id}`));
    const done = (to) => advance(tenant, to).ran.map((r) => [r.job, r.done, r.failed]);
    assert.deepEqual(done('2026-01-08T23:59:59Z'), []);
    assert.equal(left(), 3);
    const ran = done('2026-01-20T00:00:00Z').filter(([, n]) => n);
    assert.deepEqual(ran, [['purge', 1, 0], ['purge', 1, 0]], 'a day apart');
    assert.equal(left(), 1);
    assert.deepEqual(done('2026-06-01T00:00:00Z').filter(([, n]) => n), [['purge', 1, 0]]);
    assert.equal(clockOf(tenant), Date.parse('2026-06-01T00:00:00Z'));
  });

  test('by HTTP as by the command', async () => {
    const tenant = clocked('2024-01-10T00:00:00Z');
    await tenant.post('/api/customers', { name: 'x' });
    const reply = await operator.post('/api/clocks/advance', { tenant_id: tenant.tenant_id, to: '2026-06-01' });
    assert.equal(reply.status, 200, reply.text);
    const auditor = tenantOf(server, { tenant_id: 1, ...server.pennymeter(['token', 'add', '--tenant', '1', '--scopes', 'audit:read']) });
    const act = JSON.parse((await auditor.get('/api/audit')).json.audit[0].body);
    assert.deepEqual([act.action, act.object], ['clocks.advance', `tenant:${tenant.tenant_id}`], 'and the operator\'s audit has it');
    assert.deepEqual([reply.json.tenant_id, reply.json.now, reply.json.ran.filter((r) => r.done)], [tenant.tenant_id, '2026-06-01T00:00:00Z', [{ job: 'purge', tenant_id: tenant.tenant_id, done: 1, failed: 0 }]]);
  });

  test('not when they are due by the machines\' time', async () => {
    const tenant = clocked('2020-01-01T00:00:00Z');
    await tenant.post('/api/customers', { name: 'x' });
    const ran = server.pennymeter(['job', 'run', '--due']).ran.filter((r) => r.tenant_id === tenant.tenant_id);
    assert.deepEqual(ran, [], 'due in 2021 of its time');
    query(server.data, `UPDATE jobs SET due_at = 1 WHERE tenant_id = ${tenant.tenant_id}`);
    assert.equal(server.pennymeter(['job', 'run', '--due']).ran.filter((r) => r.tenant_id === tenant.tenant_id).length, 1, 'due now by its clock');
  });

  test('a job that another holds stops the clock where it is due', async () => {
    const tenant = clocked('2024-01-10T00:00:00Z');
    await tenant.post('/api/customers', { name: 'x' });
    query(server.data, `UPDATE jobs SET leased_until = ${Date.now() + 60_000}000 WHERE tenant_id = ${tenant.tenant_id}`);
    refused(['clock', 'advance', '--tenant', String(tenant.tenant_id), '--to', '2026-06-01'], /being run by another/, 1);
    assert.ok(clockOf(tenant) < Date.parse('2026-01-11T00:00:00Z') && clockOf(tenant) > Date.parse('2026-01-08T00:00:00Z'));
    query(server.data, `UPDATE jobs SET leased_until = 1 WHERE tenant_id = ${tenant.tenant_id}`);
    assert.equal(advance(tenant, '2026-06-01').ran.filter((r) => r.done).length, 1);
  });
});

test('two advances at once: it ends at the later one, each job ran once', async () => {
  const tenant = clocked('2024-01-10T00:00:00Z');
  await tenant.post('/api/customers', { name: 'x' });
  const ends = ['2026-06-01T00:00:00Z', '2026-07-01T00:00:00Z'];
  const replies = await Promise.all(ends.map((to) => operator.post('/api/clocks/advance', { tenant_id: tenant.tenant_id, to })));
  for (const reply of replies) assert.ok([200, 409, 503].includes(reply.status), reply.text);
  const again = await operator.post('/api/clocks/advance', { tenant_id: tenant.tenant_id, to: ends[1] });
  assert.equal(again.status, 200, again.text);
  assert.equal(clockOf(tenant), Date.parse(ends[1]));
  // Who was overtaken may be told so after its jobs have run: what they did stands in the store.
  assert.ok([...replies, again].filter((r) => r.status === 200).flatMap((r) => r.json.ran).filter((r) => r.done).length <= 1);
  assert.equal(Number(value(server.data, `SELECT COUNT(*) FROM audit_log WHERE tenant_id = ${tenant.tenant_id} AND detail IS NULL`)), 1);
});

test('calls are recorded in its time', async () => {
  const tenant = clocked('2026-01-31T08:00:00Z');
  await tenant.get('/api/customers');
  server.pennymeter(['job', 'run', 'calls']);
  assert.deepEqual(query(server.data, `SELECT recorded_at FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`).map((r) => Number(r.recorded_at)), [Date.parse('2026-01-31T08:00:00Z') * 1000]);
});

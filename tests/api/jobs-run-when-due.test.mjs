// Jobs: what is due is done, once, by whoever has the lease; what is not due, leased or of another is left alone.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { query, value } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { databaseOf } from '../lib/store.mjs';
import { inParallel, isProblem, tenantOf } from '../lib/tenant.mjs';

const DAY = 86_400_000;
const days = (n) => new Date(Date.now() + n * DAY).toISOString();
const env = { PENNYMETER_TEST_CLOCKS: 'on' };

let server;
before(async () => { server = await startServer({ env }); });
after(() => server?.stop());

const run = (...args) => server.pennymeter(['job', 'run', ...args]).ran;
const of = (tenant, ran) => ran.filter((one) => one.tenant_id === tenant.tenant_id);
const row = (tenant) => query(server.data, `SELECT * FROM jobs WHERE tenant_id = ${tenant.tenant_id} AND job = 'purge'`)[0];
const details = (tenant) => Number(value(server.data, `SELECT COUNT(detail) FROM audit_log WHERE tenant_id = ${tenant.tenant_id}`));

/** A tenant with so many rows in its audit. */
async function audited(count = 3) {
  const tenant = tenantOf(server);
  const replies = await inParallel(8, Array.from({ length: count }, (_, i) => i), (i) => tenant.post('/api/customers', { name: `n${i}` }));
  for (const reply of replies) assert.equal(reply.status, 201, reply.text);
  return tenant;
}

/** What a command that must be refused says. */
function refused(args, pattern, code = 2) {
  assert.throws(() => server.pennymeter(args), (error) => { assert.match(error.stderr, pattern); assert.equal(error.code, code); return true; });
}

describe('what cannot be meant is refused', () => {
  test('neither a name nor --due', () => refused(['job', 'run'], /NAME\|--due is required/));
  test('both of them', () => refused(['job', 'run', 'purge', '--due'], /exclude each other/));
  test('a job that there is not', () => refused(['job', 'run', 'nope'], /no job "nope"/));
  test('two names', () => refused(['job', 'run', 'purge', 'calls'], /one word too many/));
  for (const at of ['tomorrow', '2026-13-01', '2026-02-30T00:00:00Z', '0']) test(`--at ${at}`, () => refused(['job', 'run', '--due', '--at', at], /--at: must be an instant/));
  test('a tenant that there is not', () => refused(['job', 'run', '--due', '--tenant', '4711'], /no tenant 4711/, 1));
  for (const n of ['0', '-1', 'x', '1.5']) test(`--tenant ${n}`, () => refused(['job', 'run', '--due', '--tenant', n], /--tenant/));

  test('an instant to come where clocks are not for tests', async () => {
    const real = await startServer();
    try {
      assert.throws(() => real.pennymeter(['job', 'run', '--due', '--at', days(1)]), (error) => { assert.match(error.stderr, /--at: lies ahead.*test_clocks = on/); return error.code === 2; });
      assert.ok(Array.isArray(real.pennymeter(['job', 'run', '--due', '--at', days(-1)]).ran), 'one that was is none');
    } finally {
      await real.stop();
    }
  });
});

test('nothing is done before it is due, then all of it, once', async () => {
  const tenant = await audited(3), other = await audited(1);
  assert.deepEqual(of(tenant, run('--due', '--at', days(729))), []);
  assert.equal(details(tenant), 3);
  const ran = run('--due', '--at', days(731));
  assert.deepEqual(of(tenant, ran), [{ job: 'purge', tenant_id: tenant.tenant_id, done: 3, failed: 0 }]);
  assert.deepEqual(of(other, ran), [{ job: 'purge', tenant_id: other.tenant_id, done: 1, failed: 0 }]);
  assert.equal(details(tenant), 0);
  const proof = (await tenant.get('/api/audit/verify')).json;
  assert.deepEqual([proof.ok, proof.rows, proof.redacted], [true, 3, 3], 'the rows still prove themselves');
  assert.deepEqual(of(tenant, run('--due', '--at', days(731))), []);
});

test('what is added later has its own time', async () => {
  const tenant = await audited(1);
  assert.equal(of(tenant, run('--due', '--at', days(800)))[0].done, 1);
  await tenant.post('/api/customers', { name: 'later' });
  assert.equal(details(tenant), 1);
  run('--due', '--at', days(801));
  assert.equal(details(tenant), 1);
  run('--due', '--at', days(800 + 731));
  assert.equal(details(tenant), 0);
});

test('more than a step takes is done in steps', async () => {
  const tenant = await audited(1120);
  assert.deepEqual(of(tenant, run('--due', '--at', days(731), '--tenant', String(tenant.tenant_id))).map((r) => r.done), [1120]);
  assert.equal(details(tenant), 0);
});

test('one job, one tenant: others are left alone', async () => {
  const [one, two] = [await audited(1), await audited(1)];
  assert.deepEqual(run('purge', '--at', days(731), '--tenant', String(one.tenant_id)).map((r) => r.tenant_id), [one.tenant_id]);
  assert.deepEqual([details(one), details(two)], [0, 1]);
  assert.deepEqual(of(two, run('calls', '--at', days(731))), []);
  assert.equal(of(two, run('purge', '--at', days(731))).length, 1);
});

test('what another has the lease of is his; a lease that ran out is nobody\'s', async () => {
  const tenant = await audited(1), lease = (until) => query(server.data, `UPDATE jobs SET leased_until = ${until} WHERE tenant_id = ${tenant.tenant_id}`);
  lease(`${Date.now() + 60_000}000`);
  assert.deepEqual(of(tenant, run('--due', '--at', days(731))), []);
  assert.deepEqual(of(tenant, run('--due', '--at', days(731), '--tenant', String(tenant.tenant_id))), []);
  lease(`${Date.now() - 1000}000`);
  const turn = Number(row(tenant).turn);
  assert.equal(of(tenant, run('--due', '--at', days(731))).length, 1);
  assert.deepEqual([Number(row(tenant).turn), Number(row(tenant).leased_until)], [turn + 1, 0]);
});

/** Whoever changes the tenant's audit fails, until the answer is called. */
function spoil(tenant) {
  const when = `OLD.tenant_id = ${tenant.tenant_id}`;
  query(server.data, databaseOf(server.data)
    ? `CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'spoiled'; END $$;
       CREATE TRIGGER spoil BEFORE UPDATE ON audit_log FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION spoil()`
    : `CREATE TRIGGER spoil BEFORE UPDATE ON audit_log WHEN ${when} BEGIN SELECT RAISE(ABORT, 'spoiled'); END`);
  return () => query(server.data, databaseOf(server.data) ? 'DROP FUNCTION spoil() CASCADE' : 'DROP TRIGGER spoil');
}

test('a job that fails is told, put off further each time, and stops no other', async () => {
  const [bad, good] = [await audited(1), await audited(1)], mend = spoil(bad), pauses = [];
  try {
    for (let failures = 1; failures <= 3; failures++) {
      const at = days(731 + failures), ran = run('--due', '--at', at);
      assert.deepEqual(of(bad, ran), [{ job: 'purge', tenant_id: bad.tenant_id, done: 0, failed: 1 }]);
      if (failures === 1) assert.equal(of(good, ran)[0].done, 1);
      assert.deepEqual([Number(row(bad).failures), row(bad).failure, Number(row(bad).leased_until)], [failures, 'store_failed', 0]);
      pauses.push(Number(row(bad).due_at) / 1000 - Date.parse(at));
    }
    assert.deepEqual(pauses, [30_000, 60_000, 120_000]);
    assert.ok(server.pennymeter(['job', 'list']).jobs.find(({ job }) => job === 'purge').failing >= 1);
  } finally {
    mend();
  }
  assert.equal(of(bad, run('--due', '--at', days(740)))[0].done, 1);
  assert.deepEqual([Number(row(bad).failures), row(bad).failure], [0, null]);
});

test('a job of a later version is left alone', async () => {
  const tenant = await audited(1);
  query(server.data, `INSERT INTO jobs (tenant_id, job, place, due_at, turn, leased_until, position, failures) VALUES (${tenant.tenant_id}, 'of-tomorrow', '', 0, 0, 0, 0, 0)`);
  assert.deepEqual(of(tenant, run('--due', '--at', days(731))).map((r) => r.job), ['purge']);
  assert.equal(Number(value(server.data, `SELECT turn FROM jobs WHERE tenant_id = ${tenant.tenant_id} AND job = 'of-tomorrow'`)), 0);
});

test('more tenants than a page holds are all served', async () => {
  const tenants = await inParallel(4, Array.from({ length: 70 }, (_, i) => i), () => audited(1));
  const ran = run('--due', '--at', days(731));
  for (const tenant of tenants) assert.equal(of(tenant, ran).length, 1);
});

test('the list tells when each ran and is due', async () => {
  await audited(1);
  const { jobs } = server.pennymeter(['job', 'list']), names = jobs.map(({ job }) => job);
  assert.deepEqual(names, ['calls', 'purge']);
  for (const job of jobs) assert.deepEqual(Object.keys(job), ['job', 'does', 'rows', 'last_run', 'next_run', 'failing', 'failure']);
  run('calls');
  assert.ok(Date.parse(server.pennymeter(['job', 'list']).jobs[0].last_run) <= Date.now());
});

describe('POST /api/jobs/tick', () => {
  let operator;
  before(() => { operator = tenantOf(server, { tenant_id: 1, ...server.pennymeter(['token', 'add', '--tenant', '1', '--scopes', 'operator:write']) }); });

  test('is the operator\'s alone', async () => {
    isProblem(await server.request('POST', '/api/jobs/tick'), 401);
    isProblem(await tenantOf(server).post('/api/jobs/tick', ''), 403, { code: 'missing-scope' });
    const reader = tenantOf(server, { tenant_id: 1, ...server.pennymeter(['token', 'add', '--tenant', '1', '--scopes', 'operator:read']) });
    isProblem(await reader.post('/api/jobs/tick', ''), 403);
    isProblem(await operator.get('/api/jobs/tick'), 405);
    refused(['token', 'add', '--tenant', String(tenantOf(server).tenant_id), '--scopes', 'operator:write'], /--scopes/);
  });

  test('runs what is due', async () => {
    const tenant = await audited(1);
    query(server.data, `UPDATE jobs SET due_at = 1 WHERE tenant_id = ${tenant.tenant_id}`);
    const reply = await operator.post('/api/jobs/tick', '');
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(of(tenant, reply.json.ran), [{ job: 'purge', tenant_id: tenant.tenant_id, done: 0, failed: 0 }]);
    assert.ok(Number(row(tenant).due_at) > Date.now() * 1000, 'and it is due again when it should be');
  });
});

// The audit: each change adds a link to its tenant's chain, and whoever alters the chain is found.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { readCsv } from '../lib/csv.mjs';
import { query } from '../lib/database.mjs';
import { bodies, kindOf } from '../lib/resources.mjs';
import { startServer } from '../lib/server.mjs';
import { inParallel, isProblem, tenantOf } from '../lib/tenant.mjs';

const sha = (text) => createHash('sha256').update(text).digest('hex');

/** RFC 8785 of what has texts, whole numbers and null alone. */
const canonical = (object) => `{${Object.keys(object).sort().map((k) => `${JSON.stringify(k)}:${JSON.stringify(object[k])}`).join(',')}}`;

let server, tenant, customers;
before(async () => { server = await startServer({ server: 'all', procs: 4 }); });
beforeEach(() => {
  tenant = tenantOf(server);
  customers = kindOf(tenant, 'customers');
});
after(() => server?.stop());

const rows = async (target = '/api/audit?limit=100') => (await tenant.get(target)).json.audit;
const verify = async (more = '') => (await tenant.get(`/api/audit/verify${more}`)).json;
/** What `pennymeter check` says of this tenant. */
const differences = () => {
  try {
    return server.pennymeter(['check', '--tenant', String(tenant.tenant_id)]).differences;
  } catch (error) {
    return JSON.parse(error.stdout).differences;
  }
};
const alter = (set, where) => query(server.data, `UPDATE audit_log SET ${set} WHERE tenant_id = ${tenant.tenant_id} AND ${where}`);

async function acts() {
  const { id } = await customers.made();
  await customers.change(id, '*', { notes: 'new', custom: { rep: 'Bo' } });
  await customers.act('archive', id);
  await customers.act('restore', id);
  await customers.drop(id, '*');
}

test('each change is one row, whose hashes are as the contract says', async () => {
  await acts();
  const found = (await rows()).reverse();
  let previous = '0'.repeat(64);
  assert.deepEqual(found.map((r) => JSON.parse(r.body).action), ['create', 'update', 'archive', 'restore', 'delete'].map((act) => `customers.${act}`));
  found.forEach((row, i) => {
    const body = JSON.parse(row.body);
    assert.deepEqual(Object.keys(body), ['action', 'actor', 'at', 'detail_sha256', 'impersonator', 'object', 'request_id', 'seq', 'tenant_id']);
    assert.equal(row.body, canonical(body));
    assert.deepEqual([body.seq, row.seq, body.tenant_id, body.object, body.actor, body.impersonator], [i + 1, i + 1, tenant.tenant_id, 'customer:1', 'token:1', null]);
    assert.equal(row.hash, sha(`${previous}\n${row.body}`));
    assert.equal(body.detail_sha256, sha(`${row.salt}\n${row.detail}`));
    assert.ok(Math.abs(new Date(body.at) - Date.now()) < 60_000);
    previous = row.hash;
  });
  const details = found.map((r) => JSON.parse(r.detail));
  assert.equal(details[0].before, null);
  assert.equal(details[0].after.name, bodies.customers.name);
  assert.deepEqual([details[1].before, details[1].after], [{ custom: { rep: 'Ada' }, notes: '' }, { custom: { rep: 'Bo' }, notes: 'new' }]);
  assert.deepEqual([details[2].before, details[2].after], [{ archived: false }, { archived: true }]);
  assert.equal(details[4].after, null);
  assert.ok(details.every((d) => d.ip === '127.0.0.1'));
  assert.deepEqual(await verify(), { ok: true, rows: 5, redacted: 0, first_bad: null, head: { seq: 5, hash: previous } });
});

test('what is refused, repeated or read adds none', async () => {
  await customers.add({ name: 'x' }, { 'Idempotency-Key': 'k' });
  await customers.add({ name: 'x' }, { 'Idempotency-Key': 'k' });
  await customers.add({ name: '' });
  await customers.change(1, '"9"', { name: 'y' });
  await customers.change(1, '*', { nope: 1 });
  await customers.drop(7, '*');
  await customers.get(1);
  await tenant.record({ metric_name: 'api_calls', quantity: 1 });
  assert.equal((await rows()).length, 1);
});

test('changes at once are one chain', async () => {
  await inParallel(16, Array.from({ length: 64 }), () => customers.add({ name: 'x' }));
  const { ok, rows: count, head } = await verify();
  assert.deepEqual([ok, count, head.seq], [true, 64, 64]);
});

test('each tenant has a chain of its own', async () => {
  await acts();
  const other = tenantOf(server);
  assert.deepEqual((await other.get('/api/audit')).json, { audit: [], next: null });
  assert.deepEqual((await other.get('/api/audit/verify')).json, { ok: true, rows: 0, redacted: 0, first_bad: null, head: { seq: 0, hash: null } });
});

test('it is listed by page, action, actor and time, and as CSV', async () => {
  await acts();
  const other = tenant.withToken({ scopes: 'customers:write' });
  await kindOf(other, 'customers').add({ name: 'by another' });
  const list = async (q) => (await rows(`/api/audit?${q}`)).map((r) => r.seq);
  assert.deepEqual(await list('action=customers.create'), [6, 1]);
  assert.deepEqual(await list('action=customers.crea'), []);
  assert.deepEqual(await list(`actor=token:${other.token_id}`), [6]);
  assert.deepEqual(await list('actor=token:1&action=customers.delete'), [5]);
  assert.deepEqual(await list('from=2100-01-01'), []);
  assert.deepEqual(await list('to=2000-01-01'), []);
  assert.equal((await list('from=2000-01-01&to=2100-01-01')).length, 6);
  const first = (await tenant.get('/api/audit?limit=4')).json;
  assert.deepEqual(first.audit.map((r) => r.seq), [6, 5, 4, 3]);
  await customers.add({ name: 'meanwhile' });
  const then = (await tenant.get(`/api/audit?limit=4&after=${first.next}`)).json;
  assert.deepEqual([then.audit.map((r) => r.seq), then.next], [[2, 1], null]);
  for (let i = 0; i < 100; i++) await customers.add({ name: 'many' });
  const csv = readCsv((await tenant.get('/api/audit', { Accept: 'text/csv' })).text);
  assert.deepEqual([csv[0].join(), csv.length, csv[1][0], csv.at(-1)[0]], ['seq,body,hash,salt,detail', 108, '107', '1']);
});

describe('it finds', () => {
  const attacks = {
    'a body that was changed': [() => alter("body = replace(body, 'update', 'delete')", 'seq = 2'), 2],
    'a hash that was changed': [() => alter("hash = replace(hash, substr(hash, 1, 4), '0000')", 'seq = 3'), 3],
    'a detail that was changed': [() => alter("detail = replace(detail, 'Ada', 'Eve')", 'seq = 1'), 1],
    'a detail of another row': [() => alter('salt = (SELECT o.salt FROM audit_log o WHERE o.tenant_id = audit_log.tenant_id AND o.seq = 1), detail = (SELECT o.detail FROM audit_log o WHERE o.tenant_id = audit_log.tenant_id AND o.seq = 1)', 'seq = 2'), 2],
    'a row that was removed': [() => query(server.data, `DELETE FROM audit_log WHERE tenant_id = ${tenant.tenant_id} AND seq = 3`), 3],
    'the first row removed': [() => query(server.data, `DELETE FROM audit_log WHERE tenant_id = ${tenant.tenant_id} AND seq = 1`), 1],
    'the last row removed': [() => query(server.data, `DELETE FROM audit_log WHERE tenant_id = ${tenant.tenant_id} AND seq = 5`), 5],
    'all rows removed': [() => query(server.data, `DELETE FROM audit_log WHERE tenant_id = ${tenant.tenant_id}`), 1],
    'two rows exchanged': [() => { for (const [from, to] of [[2, -1], [3, 2], [-1, 3]]) alter(`seq = ${to}`, `seq = ${from}`); }, 2],
    'a time that was changed': [() => alter('at = at + 1', 'seq = 4'), 4],
  };
  for (const [name, [attack, first]] of Object.entries(attacks)) {
    test(name, async () => {
      await acts();
      attack();
      const proof = await verify();
      assert.deepEqual([proof.ok, proof.first_bad], [false, first]);
      assert.match(JSON.stringify(differences()), new RegExp(`tenant ${tenant.tenant_id}: row ${first} of the audit `));
    });
  }

  test('a chain that was made anew, by a head that was kept', async () => {
    await acts();
    const { head } = await verify();
    query(server.data, `DELETE FROM audit_log WHERE tenant_id = ${tenant.tenant_id}`);
    query(server.data, `UPDATE numbers SET last = 0 WHERE tenant_id = ${tenant.tenant_id} AND kind = 'audit'`);
    await acts();
    assert.equal((await verify()).ok, true);
    assert.deepEqual([(await verify(`?seq=${head.seq}&hash=${head.hash}`)).ok, (await verify(`?seq=${head.seq}&hash=${head.hash}`)).first_bad], [false, 5]);
    assert.equal((await verify(`?seq=99&hash=${head.hash}`)).ok, false, 'a head that it never came to');
  });
});

test('details can be erased, and the chain still proves', async () => {
  await acts();
  const kept = (await rows())[3];
  alter('salt = NULL, detail = NULL', 'seq IN (1, 2)');
  const proof = await verify(`?seq=${kept.seq}&hash=${kept.hash}`);
  assert.deepEqual([proof.ok, proof.rows, proof.redacted], [true, 5, 2]);
  assert.deepEqual(differences(), []);
});

test('it is read with its own scope, and never written', async () => {
  await acts();
  const other = tenant.withToken({ scopes: 'customers:read customers:write' });
  for (const target of ['/api/audit', '/api/audit/verify']) assert.equal(isProblem(await other.get(target), 403).scope, 'audit:read');
  for (const method of ['DELETE', 'POST', 'PUT', 'PATCH']) isProblem(await tenant.send(method, '/api/audit'), 405);
  for (const query of ['limit=0', 'after=x', 'from=yesterday', 'from=2026-02-01&to=2026-01-01', 'q=x', 'sort=seq']) isProblem(await tenant.get(`/api/audit?${query}`), 400);
  for (const query of ['seq=1', `hash=${'0'.repeat(64)}`, 'seq=0&hash=x']) isProblem(await tenant.get(`/api/audit/verify?${query}`), 400);
});

test("who calls himself something strange breaks nothing", async () => {
  for (const agent of ['x'.repeat(5000), '"quoted" \\ {}', 'é\u00ff'])
    assert.equal((await customers.add({ name: 'x' }, { 'User-Agent': agent })).status, 201);
  assert.equal((await verify()).ok, true);
  assert.ok((await rows()).every((r) => JSON.parse(r.detail).user_agent.length <= 300));
});

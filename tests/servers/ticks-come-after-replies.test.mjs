// Where no cron runs the jobs, a moment of them is run after a reply: at most once a minute, by another program, and nobody waits for it.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { query, value } from '../lib/database.mjs';
import { processesIn, startServer } from '../lib/server.mjs';
import { tenantOf, until } from '../lib/tenant.mjs';

const servers = [];
const start = async (options) => { const server = await startServer({ ...options, env: { PENNYMETER_TICK: 'on', ...options.env } }); servers.push(server); return server; };
after(async () => { for (const server of servers) await server.stop(); });

const timeOf = (server) => path.join(server.data, 'tick.time');
const long = new Date(Date.now() - 3_600_000);
const ticking = (server) => processesIn(server.data).filter(({ args }) => args.includes('--tick'));

/** A tenant of which something is due. */
async function withWork(server) {
  const tenant = tenantOf(server);
  assert.equal((await tenant.post('/api/customers', { name: 'x' })).status, 201);
  query(server.data, `UPDATE jobs SET due_at = 1 WHERE tenant_id = ${tenant.tenant_id}`);
  return tenant;
}
const isDone = (server, tenant) => Number(value(server.data, `SELECT due_at FROM jobs WHERE tenant_id = ${tenant.tenant_id}`)) > 1;

/** The minute is over, and so is that in which a process does not look. */
async function aMinuteLater(server) {
  await until(() => !ticking(server).length, { what: 'the tick to end' });
  utimesSync(timeOf(server), long, long);
  await sleep(5100);
}

for (const kind of ['lighttpd', 'all', 'apache-fcgid', 'apache-cgi', 'all-cgi']) {
  describe(kind, () => {
    test('what is due is done without anybody asking for it, and once a minute', async () => {
      const server = await start({ server: kind }), tenant = await withWork(server);
      await aMinuteLater(server);
      assert.equal((await tenant.get('/api/customers')).status, 200);
      await until(() => isDone(server, tenant), { what: 'the job to be done' });
      const then = statSync(timeOf(server)).mtimeMs, more = await withWork(server);
      for (let i = 0; i < 12; i++) { await tenant.get('/api/customers'); await sleep(500); }
      assert.equal(statSync(timeOf(server)).mtimeMs, then, 'no other within the minute');
      assert.equal(isDone(server, more), false);
      await until(() => !ticking(server).length, { what: 'the tick to end' });
    });
  });
}

test('its program is of the lowest priority, and has none of the server\'s files', async () => {
  const server = await start({ server: 'lighttpd' });
  for (let i = 0; i < 400; i++) await withWork(server); // so that it is seen at work
  await aMinuteLater(server);
  await tenantOf(server, { tenant_id: 1, ...server.pennymeter(['token', 'add', '--tenant', '1']) }).get('/api/customers');
  const [{ pid }] = await until(() => { const found = ticking(server); return found.length && found; }, { what: 'a tick', every: 1 });
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  assert.equal(stat[16], '19', 'nice');
  assert.equal(stat[3], String(pid), 'a session of its own');
});

test('`tick = off` leaves all to cron, and cron\'s run counts as a tick', async () => {
  const off = await start({ env: { PENNYMETER_TICK: 'off' } }), tenant = await withWork(off);
  for (let i = 0; i < 3; i++) await tenant.get('/api/customers');
  await sleep(500);
  assert.equal(existsSync(timeOf(off)), false);
  assert.equal(off.pennymeter(['job', 'run', '--due']).ran.filter((r) => r.tenant_id === tenant.tenant_id).length, 1);
  assert.ok(Date.now() - statSync(timeOf(off)).mtimeMs < 10_000);
  assert.throws(() => off.pennymeter(['job', 'run', '--due', '--tenant', 'x']));
});

test('a value that is neither on nor off is refused', async () => {
  const server = await start({});
  const { execFileSync } = await import('node:child_process');
  const { build } = await import('../lib/places.mjs');
  assert.throws(() => execFileSync(path.join(build, 'bin/pennymeter'), ['job', 'list'], { encoding: 'utf8', stdio: 'pipe', env: { ...process.env, PENNYMETER_DATA: server.data, PENNYMETER_TICK: 'maybe' } }),
    (error) => /PENNYMETER_TICK: must be on or off/.test(error.stderr));
});

// What those can do who have no token, or do not read what they asked for: they fill no memory, and keep nobody from an answer.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startServer } from '../lib/server.mjs';
import { json, tenantOf } from '../lib/tenant.mjs';
import { soon, until } from '../lib/until.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(300);

const MIB = 1 << 20;
const attempt = (work, otherwise) => { try { return work(); } catch { return otherwise; } };

// ---- what it costs ----

/** All that this process has started, and what that has started. */
function descendants() {
  const parents = new Map(readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    .map((pid) => [Number(pid), attempt(() => Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))[1]), 0)]));
  const isOurs = (pid) => { for (let at = parents.get(pid); at; at = parents.get(at)) if (at === process.pid) return true; return false; };
  return [...parents.keys()].filter(isOurs);
}

const kilobytes = (pid) => attempt(() => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]), 0);

/** Files in memory that these have open, removed ones too, and those that lie in their folders there, each once. */
function inMemory(pids) {
  const sizes = new Map();
  const take = (file) => attempt(() => { const s = statSync(file); sizes.set(s.ino, s.blocks * 512); });
  for (const pid of pids) {
    for (const fd of attempt(() => readdirSync(`/proc/${pid}/fd`), [])) {
      const link = `/proc/${pid}/fd/${fd}`;
      if (attempt(() => readlinkSync(link), '').startsWith('/dev/shm/')) take(link);
    }
    const folder = `/dev/shm/pennymeter.${pid}`;
    for (const name of attempt(() => readdirSync(folder, { recursive: true }), [])) take(path.join(folder, name));
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function memory() {
  const pids = descendants();
  return { processes: new Map(pids.map((pid) => [pid, kilobytes(pid) * 1024])), files: inMemory(pids) };
}

/** What has come since. Of a process that was not there only what is above 3 MiB: how many there may be is fixed, whoever asks. */
function since(before) {
  const { processes, files } = memory();
  const grown = ([pid, size]) => (before.processes.has(pid) ? size - before.processes.get(pid) : Math.max(0, size - 3 * MIB));
  return [...processes].map(grown).reduce((a, b) => a + b, files - before.files);
}

// ---- who costs it ----

function connect(s) {
  const socket = net.connect({ host: '127.0.0.1', port: s.port });
  socket.on('error', () => {}); // to be hung up on is what a server may do
  return socket;
}

/** One that sends all of a body but its last byte: { done(): the status line }. */
async function upload(s, size) {
  const socket = connect(s);
  await once(socket, 'connect');
  socket.write(`POST /api/usage/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${size}\r\nConnection: close\r\n\r\n`);
  const sent = new Promise((resolve) => { socket.write(Buffer.alloc(size - 1, ' '), resolve); });
  let said = '';
  socket.on('data', (text) => { said += text; });
  return { sent, async done() { if (!said) socket.write(']'); await until(() => said.includes('\r\n'), { what: 'an answer to an upload' }); socket.destroy(); return said.slice(0, said.indexOf('\r\n')); } };
}

for (const server of ['lighttpd', 'nginx', 'apache-fcgid']) {
  describe(server, () => {
    let s, tenant;
    before(async () => {
      s = await startServer({ server, procs: 6, writers: 2 });
      tenant = tenantOf(s);
      await tenant.record({ metric_name: 'api_calls', quantity: 1 });
      await tenant.read('/api/usage/metrics');
    });
    after(() => s?.stop());

    test('40 uploads without a token take no memory to speak of, and are refused', async () => {
      const before = memory();
      const all = await Promise.all(Array.from({ length: 40 }, () => upload(s, 4 * MIB)));
      await soon(Promise.all(all.map(({ sent }) => sent)), '40 uploads to be sent');
      const cost = since(before);
      const lines = await Promise.all(all.map((one) => one.done()));
      assert.ok(cost < 10 * MIB, `${(cost / MIB).toFixed(1)} MiB`);
      for (const line of lines) assert.match(line, /^HTTP\/1\.1 (401|503)/);
      assert.ok(lines.some((line) => line.includes(' 401')));
    });

    test('1,200 connections that say nothing, or half of a request, keep nobody from an answer', async () => {
      const sockets = Array.from({ length: 1200 }, () => connect(s));
      await soon(Promise.all(sockets.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')]))), '1,200 connections');
      for (const socket of sockets.slice(0, 600)) socket.write('POST /api/usage/record HTTP/1.1\r\nHost: x\r\n');
      const began = performance.now();
      const reply = await tenant.record({ metric_name: 'api_calls', quantity: 1 });
      const took = performance.now() - began;
      for (const socket of sockets) socket.destroy();
      assert.equal(reply.status, 201, reply.text);
      assert.ok(took < 5000, `${Math.round(took)} ms`); // without their limits: not at all
    });

    test('five clients that do not read 15 MB of CSV take no memory to speak of, and hold up nobody', async () => {
      const note = 'n'.repeat(1000);
      for (let i = 0; i < 15; i++) await tenant.load(Array.from({ length: 1000 }, (_, k) => ({ metric_name: 'api_calls', quantity: 1, metadata: { note: `${i}.${k} ${note}` } })));
      const before = memory();
      const clients = Array.from({ length: 5 }, () => {
        const socket = connect(s);
        socket.write(`GET /api/usage/history?days=7 HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\nAuthorization: Bearer ${tenant.token}\r\nConnection: close\r\n\r\n`);
        socket.once('data', (piece) => { socket.pause(); socket.head = String(piece).slice(0, 12); });
        return socket;
      });
      await until(() => clients.every(({ head }) => head), { what: 'five answers to begin' });
      const reply = await tenant.record({ metric_name: 'api_calls', quantity: 1 });
      await until(async () => { const at = memory(); await new Promise((next) => { setTimeout(next, 300); }); return Math.abs(since(at)) < MIB / 4; }, { what: 'memory to be steady', every: 0 });
      const cost = since(before);
      for (const socket of clients) socket.destroy();
      assert.deepEqual(clients.map(({ head }) => head), Array(5).fill('HTTP/1.1 200'));
      assert.equal(reply.status, 201);
      assert.ok(cost < 10 * MIB, `${(cost / MIB).toFixed(1)} MiB`);
    });
  });
}

for (const server of ['lighttpd', 'nginx', 'apache-fcgid']) {
  test(`${server}, where few files may be open: 1,200 connections that say nothing hold up an answer only until they are hung up on`, async () => {
    const s = await startServer({ server, under: ['prlimit', '--nofile=1024:1024'] });
    try {
      const tenant = tenantOf(s), sockets = Array.from({ length: 1200 }, () => connect(s));
      await soon(Promise.all(sockets.slice(0, 300).map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')]))), '300 connections');
      const began = performance.now();
      assert.equal((await tenant.record({ metric_name: 'api_calls', quantity: 1 })).status, 201);
      const took = performance.now() - began;
      for (const socket of sockets) socket.destroy();
      assert.ok(took < 20_000, `${Math.round(took)} ms`);
    } finally { await s.stop(); }
  });
}

// TCP ports of 127.0.0.1 for servers that tests start. A port found by listening and closing could be anyone's before it is
// used: each is reserved by a file instead, until this process ends, among those that the kernel gives to nobody by itself.

import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const COUNT = 10_000, STALE = 60_000;
const folder = openFolder(path.join(os.tmpdir(), `pennymeter-ports-${process.getuid()}`));
const [lowest] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/).map(Number);
const FIRST = lowest > COUNT + 1024 ? lowest - COUNT : 50_000;
const ours = new Set();
process.on('exit', () => ours.forEach((file) => rmSync(file, { force: true })));

/** The one that all test processes of a user share. Who is root in a name space of their own cannot use root's. */
function openFolder(shared) {
  try {
    mkdirSync(shared, { recursive: true, mode: 0o700 });
    accessSync(shared, constants.W_OK);
    return shared;
  } catch {
    const own = mkdtempSync(`${shared}-`);
    process.on('exit', () => rmSync(own, { recursive: true, force: true }));
    return own;
  }
}

const isAlive = (pid) => { try { process.kill(pid, 0); return true; } catch (error) { return error.code !== 'ESRCH'; } };

/** One that a dead process left is taken over after a minute, so that nobody takes what another is just taking over. */
function isStale(file) {
  try {
    return Date.now() - statSync(file).mtimeMs > STALE && !isAlive(Number(readFileSync(file, 'utf8')));
  } catch { return false; }
}

function reserve(port) {
  const file = path.join(folder, String(port));
  if (isStale(file)) rmSync(file, { force: true });
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  ours.add(file);
  return true;
}

const nobodyListens = (port) => new Promise((resolve) => {
  const listener = net.createServer().on('error', () => resolve(false));
  listener.listen(port, '127.0.0.1', () => listener.close(() => resolve(true)));
});

/** A port that is this process's until it ends. */
export async function freePort() {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (reserve(port) && await nobodyListens(port)) return port;
  }
  throw new Error(`no port from ${FIRST} on is free: see ${folder}`);
}

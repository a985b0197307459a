// What running processes cost: proportional memory and processor time, from /proc.

import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pssOf } from '../lib/memory.mjs';

const read = (file) => {
  try { return readFileSync(file, 'utf8'); } catch { return ''; }
};

/** The fields of /proc/PID/stat behind the name, which may hold anything: state, parent, … */
const stat = (pid) => read(`/proc/${pid}/stat`).replace(/^.*\) /s, '').split(' ');

/** A process and all that descend from it. */
export function treeOf(root) {
  const children = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)) {
    const parent = Number(stat(pid)[1]);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [];
  const visit = (pid) => { found.push(pid); (children.get(pid) ?? []).forEach(visit); };
  visit(root);
  return found;
}

const isShell = (pid) => ['sh', 'bash', 'start.sh', 'dash', 'serve'].includes(read(`/proc/${pid}/comm`).trim());

/** Proportional memory in MiB of a tree of processes, less the shells that started it. */
export const memoryOf = (root) => pssOf(treeOf(root).filter((pid) => !isShell(pid)));

/** User and system time so far, in clock ticks. */
export const ticksOf = (root) => treeOf(root).reduce((sum, pid) => sum + Number(stat(pid)[11] ?? 0) + Number(stat(pid)[12] ?? 0), 0);

/** Wait until a server has done with the requests that its clients dropped, so that the next one has the processor. */
export async function settle(root, most = 15_000) {
  for (let before = ticksOf(root), waited = 0; waited < most; waited += 200) {
    await sleep(200);
    const now = ticksOf(root);
    if (now - before <= 1) return;
    before = now;
  }
}

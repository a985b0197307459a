// Counts what a request costs: SQL queries, statements of transactions, statements prepared, syncs, allocations, and
// the steps of SQLite's machine, which tell how many rows were looked at.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { compiled } from './compile.mjs';
import { startProgram } from './program.mjs';

const names = ['queries', 'transactions', 'prepares', 'syncs', 'allocations', 'steps']; // as in counts.c

/** What to add to a program's environment so that it counts into `file`. */
export const countingInto = (file) => ({ LD_PRELOAD: compiled('tests/lib/counts.c', { shared: true }), COUNTS: file });

/** The counts of a file so far, by name. */
export function countsOf(file) {
  const bytes = readFileSync(file);
  return Object.fromEntries(names.map((name, i) => [name, Number(bytes.readBigUInt64LE(8 * i))]));
}

const difference = (after, before) => Object.fromEntries(names.map((name) => [name, after[name] - before[name]]));

/**
 * What each of `calls` requests to one program costs, after `warm` others. `make(n)` is the n-th request:
 * { method, target, token, body, headers, status }; another status than `status` is an error.
 */
export async function costsOf(data, name, make, { calls = 20, warm = 2 } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pm-counts-')), file = path.join(folder, 'counts');
  const program = startProgram(data, name, { env: countingInto(file) });
  const each = [];
  try {
    for (let n = 0; n < warm + calls; n++) {
      const { method, target, status, ...request } = make(n);
      const before = n ? countsOf(file) : null; // it starts with the first
      const answer = await program.ask(method, target, request);
      if (answer.status !== status) throw new Error(`${method} ${target}: ${answer.status} ${answer.text.slice(0, 300)}`);
      if (n >= warm) each.push(difference(countsOf(file), before));
    }
  } finally {
    await program.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return each;
}

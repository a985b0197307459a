// Counts a program's instructions by callgrind: the start left out, by the difference of two runs.

import { readFileSync, rmSync } from 'node:fs';
import { startProgram } from '../lib/program.mjs';
import { scratch } from './serve.mjs';

const WARM = 10;
let runs = 0;

async function total(data, name, make, calls) {
  const out = scratch('callgrind.out'), run = ++runs;
  rmSync(out, { force: true });
  const program = startProgram(data, name, { under: ['/usr/bin/valgrind', '--tool=callgrind', `--callgrind-out-file=${out}`] });
  for (let n = 0; n < calls; n++) {
    const { method, target, status, ...request } = make(`${run}-${n}`);
    const answer = await program.ask(method, target, request);
    if (answer.status !== status) throw new Error(`${method} ${target}: ${answer.status} ${answer.text.slice(0, 300)}`);
  }
  await program.stop();
  return Number(/^(?:summary|totals): (\d+)/m.exec(readFileSync(out, 'utf8'))[1]);
}

/** Instructions of one request, the mean of `calls`. `make(n)` is the n-th: { method, target, token, body, headers, status }. */
export async function instructionsOf(data, name, make, calls = 100) {
  const start = await total(data, name, make, WARM);
  return (await total(data, name, make, WARM + calls) - start) / calls;
}

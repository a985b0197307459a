// The proportional memory of processes: what several share counts once, by parts.

import { readFileSync } from 'node:fs';

/** In MiB; of a process that has ended, nothing. */
export function pssOf(pids) {
  const kib = (pid) => {
    try { return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]); } catch { return 0; }
  };
  return pids.reduce((sum, pid) => sum + kib(pid), 0) / 1024;
}

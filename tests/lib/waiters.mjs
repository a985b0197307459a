// Who leads and who waits, of the processes that share a call or a commit, as the kernel tells it.

import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const read = (file) => { try { return readFileSync(file, 'utf8'); } catch { return ''; } };

/** Processes that hold a lock of the file: `kind` is FLOCK or POSIX. */
export function holders(file, kind) {
  const ino = statSync(file, { throwIfNoEntry: false })?.ino;
  return read('/proc/locks').split('\n').map((line) => line.trim().split(/\s+/))
    .filter(([, held, , , , place]) => held === kind && place?.endsWith(`:${ino}`)).map(([, , , , pid]) => Number(pid));
}

/** Who leads the writers of a data folder's SQLite file, whichever file bears the lock. */
export const leadersIn = (data) => ['pennymeter.db', 'pennymeter.db.lock'].flatMap((name) => holders(path.join(data, name), 'FLOCK'));

/** How many of the processes sleep until a leader wakes them. */
export const asleep = (pids) => pids.filter((pid) => /futex/.test(read(`/proc/${pid}/wchan`))).length;

/** Does the process wait within a request: for a lock, for who leads, or for a moment? Not for the next request. */
export const waitsInside = (pid) => /flock|locks_lock|futex|nanosleep/.test(read(`/proc/${pid}/wchan`));

/** Has every signal that the process was sent been delivered? */
export const tookSignals = (pid) => /^SigPnd:\t0+\nShdPnd:\t0+$/m.test(read(`/proc/${pid}/status`));

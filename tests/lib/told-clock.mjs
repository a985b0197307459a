// A clock that a test tells: what runs under `env` sees the instant that was told last, and throws dice that fall
// alike in every program (told_clock.c).

import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { compiled } from './compile.mjs';

export function toldClock() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pm-clock-')), name = path.join(folder, 'now'), file = openSync(name, 'w');
  const bytes = Buffer.alloc(8);
  const tell = (micro) => {
    bytes.writeBigInt64LE(micro);
    writeSync(file, bytes, 0, 8, 0);
  };
  tell(0n);
  return {
    tell,
    env: { LD_PRELOAD: compiled('tests/lib/told_clock.c', { shared: true }), TOLD_CLOCK: name,
      ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0` },
    end() {
      closeSync(file);
      rmSync(folder, { recursive: true });
    },
  };
}

// What another user of the host can do to our files: tried as that user where the tests run as root, for only root can
// become another one; judged by owners and modes elsewhere, by the kernel's own rule.

import { spawnSync } from 'node:child_process';
import { copyFileSync, lstatSync, mkdtempSync, readdirSync, rmSync, chmodSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { compiled } from './compile.mjs';

export const asRoot = process.getuid() === 0;
/** nobody's number, who has no files and belongs to no group of ours. */
export const NOBODY = 65534;

/** A command as nobody would run it, and its arguments. */
export const asNobody = (command, ...args) => ['setpriv', ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', command, ...args]];

/** A path and all below it. */
export function everyPath(top) {
  const info = lstatSync(top, { throwIfNoEntry: false });
  if (!info) return [];
  return [top, ...(info.isDirectory() ? readdirSync(top).flatMap((name) => everyPath(path.join(top, name))) : [])];
}

/** By modes: may somebody who is neither owner nor of the group pass to the path, and do something with it? */
function byModes(file) {
  for (let above = path.dirname(file); ; above = path.dirname(above)) {
    if (!(lstatSync(above).mode & 0o001)) return [];
    if (above === '/') break;
  }
  const { mode } = lstatSync(file);
  return mode & 0o007 ? [`use (mode ${(mode & 0o777).toString(8)}) ${file}`] : [];
}

/** Lines that say what a neighbour could do to the paths; none is as it should be. Their names alone are no secret. */
export function whatNeighboursCan(paths) {
  if (!asRoot) return paths.flatMap(byModes);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pm-neighbour-')), program = path.join(folder, 'neighbour');
  chmodSync(folder, 0o755);
  copyFileSync(compiled('tests/lib/neighbour.c'), program); // the build may lie where nobody can go
  chmodSync(program, 0o755);
  try {
    const [command, args] = asNobody(program, ...paths);
    const r = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26, timeout: 30_000 });
    if (r.status !== 0) throw new Error(`neighbour: ${r.error ?? r.stderr}`);
    return r.stdout.split('\n').filter(Boolean);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

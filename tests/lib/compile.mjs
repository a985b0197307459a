// Compiles one C file of the tests with gcc, once for as long as the file stays as it is.

import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { build, repo } from './server.mjs';

const changed = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** The path of what became of `source`, "tests/lib/counts.c": a program, or with `shared` a library to preload. */
export function compiled(source, { shared = false, libraries = [] } = {}) {
  const from = path.join(repo, source), out = path.join(build, source.replace(/\.c$/, shared ? '.so' : ''));
  if (changed(out) > changed(from)) return out;
  mkdirSync(path.dirname(out), { recursive: true });
  const part = `${out}.${process.pid}`; // complete or not there, whoever else compiles it
  execFileSync('gcc', ['-std=gnu17', '-O2', '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE', ...(shared ? ['-shared', '-fPIC'] : []),
    '-o', part, from, ...libraries.map((name) => `-l${name}`)], { stdio: 'inherit', timeout: 120_000 });
  renameSync(part, out);
  return out;
}

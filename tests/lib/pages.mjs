// The pages, made by infra/www of a copy of the sources in another place.

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repo } from './places.mjs';

/** `change(www)` may edit the sources first; without `bundler` no package is there. Answers { folder, remove() }; throws with what infra/www says. */
export function makePages({ change = () => {}, bundler = true } = {}) {
  const place = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-www-')));
  const made = { folder: path.join(place, 'made'), remove: () => rmSync(place, { recursive: true, force: true }) };
  chmodSync(place, 0o755); // of root's servers some serve as another
  mkdirSync(path.join(place, 'infra'));
  cpSync(path.join(repo, 'www'), path.join(place, 'www'), { recursive: true });
  for (const name of ['www', 'generate']) cpSync(path.join(repo, 'infra', name), path.join(place, 'infra', name), { recursive: true });
  if (bundler) symlinkSync(path.join(repo, 'node_modules'), path.join(place, 'node_modules'));
  try {
    change(path.join(place, 'www'));
    execFileSync('sh', [path.join(place, 'infra/www'), made.folder], { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    made.remove();
    throw error;
  }
  return made;
}

// Folders of plans for tests: those of the product, changed by a test.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repo } from './server.mjs';

export const readPlan = (name) => JSON.parse(readFileSync(path.join(repo, 'plans', name), 'utf8'));

/** Write a copy of plans/ in which some files are changed: `{ 'starter.json': value | text | (old) => value }`. Answers its path. */
export function plansWith(changes) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pm-plans-'));
  cpSync(path.join(repo, 'plans'), folder, { recursive: true });
  for (const [name, change] of Object.entries(changes)) {
    const made = typeof change === 'function' ? change(readPlan(name)) : change;
    writeFileSync(path.join(folder, name), typeof made === 'string' || Buffer.isBuffer(made) ? made : JSON.stringify(made));
  }
  return folder;
}

/** Apply such a folder and remove it. Throws as `server.pennymeter()` does. */
export function applyPlans(server, changes) {
  const folder = plansWith(changes);
  try {
    return server.pennymeter(['plan', 'apply', folder]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Where the repository is, and what was built of it.

import path from 'node:path';

export const repo = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
export const build = path.resolve(repo, process.env.PENNYMETER_BUILD ?? 'build');

// A request of a test is this request and no more: no jobs after it. Who wants ticks says PENNYMETER_TICK=on.
process.env.PENNYMETER_TICK ??= 'off';

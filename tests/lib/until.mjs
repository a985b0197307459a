// Waiting for a state, with an end: what does not come is a failure that says what was waited for.

import { setTimeout as sleep } from 'node:timers/promises';

/** How long a test may wait for anything before it is taken for a hang; slow machines can be given more. */
export const PATIENCE = Number(process.env.PENNYMETER_TEST_PATIENCE ?? 30_000);

const within = (work, ms) => {
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, Math.max(0, ms), { late: true }); });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

/**
 * Try until `probe` answers something true. A probe that never answers ends the wait as well.
 * `what`: what is waited for, where the probe's own text does not say it; `ms`: for how long at the most.
 */
export async function until(probe, { what, ms = PATIENCE, every = 10 } = {}) {
  const began = performance.now(), left = () => ms - (performance.now() - began);
  for (let tries = 1; ; tries++) {
    const answer = await within((async () => ({ found: await probe() }))(), left());
    if (answer.found) return answer.found;
    if (answer.late || left() <= 0) throw new Error(`waited ${Math.round(ms)} ms, ${tries} tries, for ${what ?? String(probe).replaceAll(/\s+/g, ' ').slice(0, 200)}`);
    await sleep(every);
  }
}

/** Await something that must come by itself, as the end of a process. */
export async function soon(work, what, ms = PATIENCE) {
  const answer = await within((async () => ({ found: await work }))(), ms);
  if (answer.late) throw new Error(`waited ${ms} ms for ${what}`);
  return answer.found;
}

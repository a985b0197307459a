// Clients that record without pause until told to stop, and remember what they were told.

import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE, soon } from './until.mjs';

/**
 * `make(n)` is the n-th event; the result's `stop()` ends the load and answers every attempt as
 * { event, key, status, began, ended }: status 0 where the connection broke, so that nothing was acknowledged; the
 * times are performance.now().
 */
export function startLoad(tenant, make, { width = 8, keyed = () => true } = {}) {
  const attempts = [];
  let running = true;
  let next = 0;
  const client = async () => {
    while (running) {
      const n = next++;
      const event = make(n);
      const key = keyed(n) ? `load-${n}` : undefined;
      const attempt = { n, event, key, status: 0, began: performance.now() };
      attempts.push(attempt);
      try {
        const reply = await tenant.record(event, key ? { 'Idempotency-Key': key } : {});
        Object.assign(attempt, { status: reply.status, id: reply.status < 300 ? reply.json.id : undefined, text: reply.text });
        attempt.ended = performance.now();
      } catch {
        attempt.ended = performance.now();
        await sleep(5); // the server is not there: no need to burn the processor
      }
    }
  };
  const clients = Array.from({ length: width }, client);
  return {
    attempts,
    async stop() {
      running = false;
      await soon(Promise.all(clients), 'every client to have its last answer', 3 * PATIENCE);
      return attempts;
    },
  };
}

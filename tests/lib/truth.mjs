// Whether a load's answers were true, held against the database.

import assert from 'node:assert/strict';
import { query } from './database.mjs';

/**
 * Of a load whose events bear a resource each: what was acknowledged is there once, nothing is there twice, and what was
 * said not to be recorded is not there. Answers the attempts by what became of them.
 */
export function assertTrue({ data }, tenant, attempts) {
  const rows = query(data, `SELECT resource_id, COUNT(*) AS n FROM usage_events WHERE tenant_id = ${tenant.tenant_id} GROUP BY resource_id`);
  const counts = new Map(rows.map((row) => [row.resource_id, row.n]));
  const good = attempts.filter((a) => a.status === 201);
  for (const a of good) assert.equal(counts.get(a.event.resource_id), 1, `${a.event.resource_id} was acknowledged`);
  const sent = new Set(attempts.map((a) => a.event.resource_id));
  for (const [resource, n] of counts) {
    assert.equal(n, 1, `${resource} is there ${n} times`);
    assert.ok(sent.has(resource), `${resource} was never sent`);
  }
  const denied = attempts.filter((a) => /nothing was changed/i.test(a.text) && counts.has(a.event.resource_id));
  assert.deepEqual(denied.map((a) => a.text), [], 'what an answer says was not recorded is not there');
  assert.deepEqual([...new Set(attempts.map((a) => a.status))].filter((s) => ![0, 201, 500, 503].includes(s)), []);
  return { good, refused: attempts.filter((a) => a.status === 503) };
}

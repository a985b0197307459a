// A plan that names a currency has its prices in that one: nothing is priced, and nobody is billed, in another.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { applyPlans } from '../lib/plans.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem } from '../lib/tenant.mjs';

let server;
before(async () => {
  server = await startServer();
  applyPlans(server, { 'starter.json': (plan) => ({ ...plan, currency: 'EUR' }) });
});
after(() => server?.stop());

const preview = (currency, plan = 'starter') => server.request('POST', '/api/plans/preview', { body: JSON.stringify({ plan, quantities: { quotes_generated: 150 }, ...(currency && { currency }) }) });

test('a preview is in its currency, and refused in another', async () => {
  for (const currency of [undefined, 'EUR']) assert.equal((await preview(currency)).json.currency, 'EUR');
  isProblem(await preview('USD'), 400, { pointer: '/currency', detail: /EUR only/ });
  assert.equal((await preview('KWD', 'free')).json.currency, 'KWD', 'a plan that names none goes with any');
});

test('a tenant is added in its currency, and refused in another', () => {
  assert.throws(() => server.addTenant({ plan: 'starter', currency: 'USD' }), (error) => error.code === 2 && /--currency.*EUR only/.test(error.stderr));
  assert.throws(() => server.addTenant({ plan: 'starter' }), /--currency/, 'nor in the configured one');
  assert.ok(server.addTenant({ plan: 'starter', currency: 'EUR' }).token);
  assert.ok(server.addTenant({ plan: 'free', currency: 'USD' }).token);
});

test('a tenant has a name of 1 to 200 characters', () => {
  assert.ok(server.addTenant({ plan: 'free', name: 'n'.repeat(200) }).token);
  assert.throws(() => server.addTenant({ plan: 'free', name: 'n'.repeat(201) }), /--name.*1 to 200/);
  assert.throws(() => server.addTenant({ plan: 'free', name: '' }), /--name.*empty/);
});

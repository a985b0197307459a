// GET /api/widgets/polish: what it tells, and whom it refuses.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

let server, tenant;
before(async () => {
  server = await startServer({ server: 'all' });
  tenant = tenantOf(server);
});
after(() => server?.stop());

test('it answers', async () => {
  assert.deepEqual((await tenant.get('/api/widgets/polish')).json, { hello: 'world' });
  assert.deepEqual((await tenant.get('/api/widgets/polish?name=Ada')).json, { hello: 'Ada' });
});

test('what it does not know, and a name that is too long, are refused', async () => {
  isProblem(await tenant.get('/api/widgets/polish?nope=1'), 400, { pointer: 'nope' });
  isProblem(await tenant.get(`/api/widgets/polish?name=${'x'.repeat(41)}`), 400, { pointer: 'name' });
});

test('without a token it is refused', async () => { isProblem(await server.request('GET', '/api/widgets/polish'), 401); });

test('it tells what it is for', { todo: 'write me' }, () => {});

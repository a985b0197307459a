// POST /api/widgets/polish/{id}: what it does, and whom it refuses.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { kindOf } from '../lib/resources.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

let server, tenant, widgets, id;
before(async () => {
  server = await startServer({ server: 'all' });
  tenant = tenantOf(server);
  widgets = kindOf(tenant, 'widgets');
  ({ id } = await widgets.made());
});
after(() => server?.stop());

test('it answers with the object', async () => {
  const reply = await widgets.act('polish', id);
  assert.equal(reply.status, 200, reply.text);
  assert.equal(reply.json.id, id);
});

test('what is not there, or another tenant\'s, is not found', async () => {
  isProblem(await widgets.act('polish', id + 1), 404);
  isProblem(await kindOf(tenantOf(server), 'widgets').act('polish', id), 404);
});

test('it wants POST and the scope', async () => {
  isProblem(await tenant.get(`/api/widgets/polish/${id}`), 405);
  isProblem(await kindOf(tenant.withToken({ scopes: 'usage:read' }), 'widgets').act('polish', id), 403);
});

test('it does what it is for', { todo: 'write me: what is otherwise after the call, and which states forbid it' }, () => {});

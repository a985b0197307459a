// PostgreSQL behind every web server that we set up: where the store is reaches the functions, and they use it.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileOf, value } from '../lib/database.mjs';
import { startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

for (const name of ['lighttpd', 'apache-fcgid', 'apache-cgi', 'nginx', 'all', 'all-cgi']) {
  test(`${name} records into PostgreSQL and reads from it`, async () => {
    const server = await startServer({ server: name, store: 'postgres', procs: 2 });
    try {
      const tenant = tenantOf(server);
      for (let i = 1; i <= 3; i++) {
        await tenant.use('api_calls', 2, { resource_id: `r-${i}` });
        assert.equal((await tenant.read('/api/usage/summary?metric_name=api_calls')).metrics[0].total_quantity, String(2 * i));
      }
      assert.equal(Number(value(server.data, `SELECT COUNT(*) FROM usage_events WHERE tenant_id = ${tenant.tenant_id}`)), 3);
      assert.ok(!existsSync(fileOf(server.data)), 'no file is made beside it');
      assert.deepEqual(server.pennymeter(['check']).differences, []);
    } finally {
      await server.stop();
    }
  });
}

// What widgets must not be: refused at the place that is wrong. What all kinds promise, resources-are-kept asks of them too.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { altered, bodies, kindOf } from '../lib/resources.mjs';
import { startServer } from '../lib/server.mjs';
import { isProblem, tenantOf } from '../lib/tenant.mjs';

let server, widgets;
before(async () => {
  server = await startServer({ server: 'all' });
  widgets = kindOf(tenantOf(server), 'widgets');
});
after(() => server?.stop());

/** What is set in a good body (null takes it out), and where the fault points. */
const bad = [
  [{ '/name': null }, '/name'], [{ '/name': '' }, '/name'], [{ '/name': 'x'.repeat(201) }, '/name'], [{ '/name': 'a\u0007' }, '/name'], [{ '/name': 5 }, '/name'],
  [{ '/code': '' }, '/code'], [{ '/code': 'x'.repeat(65) }, '/code'], [{ '/notes': 'x'.repeat(2001) }, '/notes'],
  [{ '/archived': true }, '/archived'], [{ '/id': 7 }, '/id'], [{ '/nmae': 'x' }, '/nmae'],
];

for (const [set, pointer] of bad)
  test(`${JSON.stringify(set).slice(0, 60)} is refused`, async () => { isProblem(await widgets.add(altered(bodies.widgets, set)), 400, { pointer }); });

test('a good one is taken', async () => { assert.equal((await widgets.made()).id, 1); });

test('a code is one widget\'s', async () => { isProblem(await widgets.add(bodies.widgets), 400, { pointer: '/code', detail: /widget 1/ }); });

test('what only widgets promise', { todo: 'write me: a fact for each rule of theirs' }, () => {});

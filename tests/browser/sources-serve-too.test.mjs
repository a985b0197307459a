/* Without the bundler, as where there is no Node.js, the pages are served as they are written: they work, in every language, with tables for charts. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { makePages } from '../lib/pages.mjs';
import { startServer } from '../lib/server.mjs';

let pages, server, token, browser;
before(async () => {
  pages = makePages({ bundler: false });
  server = await startServer({ www: pages.folder, base: '/meter' });
  ({ token } = server.pennymeter(['demo']));
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
});
after(async () => {
  await browser?.close();
  await server?.stop();
  pages?.remove();
});

test('the dashboard and the history work, below a folder and in German, and what is no chart is a table', async () => {
  const page = await (await browser.newContext({ locale: 'de-DE' })).newPage(), faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('response', (answer) => answer.status() >= 400 && faults.push(`${answer.status()} ${answer.url()}`));
  await page.addInitScript(() => addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
  page.on('console', (message) => /^policy/.test(message.text()) && faults.push(message.text()));
  await page.goto(`${server.url}/usage#token=${token}`);
  await page.waitForSelector('#cards [data-metric]');
  await page.getByRole('heading', { level: 1, name: 'Nutzung' }).waitFor();
  await page.locator('[data-part="note"] button').waitFor(); // that the chart could not be drawn
  assert.equal(await page.locator('[data-part="table"] tbody tr').count(), 30);
  await page.click('nav a[data-t="nav.history"]');
  await page.waitForSelector('#table tbody tr[data-id]');
  assert.equal(new URL(page.url()).pathname, '/meter/usage/history');
  assert.deepEqual(faults, []);
});

test('nothing of it may be kept without asking, for its names stay', async () => {
  const { text } = await server.request('GET', '/usage');
  const names = [...text.matchAll(/(?:src|href)="\.(\/assets\/[^"]+)"/g)].map(([, name]) => name);
  assert.ok(names.length > 5);
  for (const name of names) {
    const { status, headers } = await server.request('GET', name);
    assert.deepEqual([status, headers['cache-control']], [200, 'no-cache'], name);
  }
});

/* Pages and their modules, the API and the chart's library work below a folder of a site as they do at its root, from the same files. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { startServer } from '../lib/server.mjs';

let server, token, browser;
before(async () => {
  server = await startServer({ base: '/meter', demo: true });
  ({ token } = server.pennymeter(['demo']));
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A page that was opened; `strays` collects what it asked for beside the folder, or did not get. */
async function open(path) {
  const page = await (await browser.newContext({ locale: 'de-DE' })).newPage();
  page.strays = [];
  page.on('request', (request) => request.url().startsWith('http') && !new URL(request.url()).pathname.startsWith('/meter/') && page.strays.push(request.url()));
  page.on('response', (answer) => answer.status() >= 400 && page.strays.push(`${answer.status()} ${answer.url()}`));
  page.on('pageerror', (error) => page.strays.push(error.message));
  await page.goto(`${server.url}${path}#token=${token}`);
  return page;
}

test('the dashboard draws its cards and its chart, and leads to the history below the folder', async () => {
  const page = await open('/usage');
  await page.waitForSelector('#cards [data-metric]');
  await page.waitForSelector('canvas[aria-label]', { state: 'attached' });
  await page.click('nav a[data-t="nav.history"]');
  await page.waitForFunction(() => document.querySelector('#content') && !document.querySelector('#content').hasAttribute('aria-busy'));
  assert.equal(new URL(page.url()).pathname, '/meter/usage/history');
  await page.click('nav a[data-t="nav.usage"]');
  await page.waitForSelector('#cards [data-metric]');
  assert.equal(new URL(page.url()).pathname, '/meter/usage');
  assert.deepEqual(page.strays, []);
});

test('the first page leads to the dashboard below the folder', async () => {
  const page = await open('/usage'); // takes the token
  await page.waitForSelector('#cards [data-metric]');
  await page.goto(`${server.url}/`);
  await page.click('main a[data-t="landing.open"]');
  await page.waitForSelector('#cards [data-metric]');
  assert.equal(new URL(page.url()).pathname, '/meter/usage');
  assert.deepEqual(page.strays, []);
});

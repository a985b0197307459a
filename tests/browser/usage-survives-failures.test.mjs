/* When the server fails, the dashboard keeps what it has, says so, waits longer each time, and recovers. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failWith, loadedUsage, newPage, openUsage, statsAddress, token, url, withToken } from './support.mjs';

const cardTexts = (page) => page.locator('#cards .amount').allTextContents();

async function failing(page, status, headers = {}) {
  let asked = 0;
  await page.route(statsAddress, (route) => {
    asked += 1;
    return route.fulfill({ status, headers, body: '{}', contentType: 'application/problem+json' });
  });
  return () => asked;
}

test('server down: the figures stay with a badge, tries grow rarer, recovery clears it', async () => {
  const page = await loadedUsage({}, (fresh) => fresh.clock.install());
  const before = await cardTexts(page);
  const asked = await failing(page, 503);
  await page.clock.fastForward(30_000);
  await page.getByText('Out of date').waitFor();
  assert.equal(asked(), 1);
  assert.deepEqual(await cardTexts(page), before);
  assert.match(await page.locator('#stale').textContent(), /The server has a problem/);

  const seconds = [30, 60, 120, 300];
  for (const [index, wait] of seconds.entries()) {
    await page.clock.runFor((wait - 2) * 1000);
    assert.equal(asked(), index + 1, `no try before ${wait} s`);
    const told = await page.locator('#stale span').textContent();
    await page.clock.runFor(4_000);
    await page.waitForFunction((before) => document.querySelector('#stale span').textContent !== before, told); // names the next try
    assert.equal(asked(), index + 2, `a try after ${wait} s`);
  }

  await page.unroute(statsAddress);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Out of date').waitFor({ state: 'detached' });
  assert.deepEqual(await cardTexts(page), before);
});

test('Retry-After is obeyed', async () => {
  const page = await loadedUsage({}, (fresh) => fresh.clock.install());
  const asked = await failing(page, 429, { 'Retry-After': '200' });
  await page.clock.fastForward(30_000);
  await page.getByText('Too many requests').waitFor();
  await page.clock.runFor(190_000);
  assert.equal(asked(), 1);
  const tried = page.waitForResponse(statsAddress);
  await page.clock.fastForward(20_000);
  await tried;
});

test('no network at all is told in words', async () => {
  const page = await loadedUsage({}, (fresh) => fresh.clock.install());
  await page.route(statsAddress, (route) => route.abort());
  await page.clock.fastForward(30_000);
  await page.getByText('The server cannot be reached.').waitFor();
});

for (const [status, words] of [[403, 'Your token may not see this.'], [404, 'There is nothing here.'], [429, 'Too many requests'], [500, 'The server has a problem.']]) {
  test(`a first answer of ${status} is told in words, and can be tried again`, async () => {
    const page = await openUsage({}, (fresh) => failWith(fresh, statsAddress, status));
    await page.locator('#failure').getByText(words).waitFor();
    await page.unroute(statsAddress);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForSelector('#cards [data-metric]');
    assert.ok(await page.locator('#failure').isHidden());
  });
}

test('a session that ends asks for a token and goes on at the same address', async () => {
  const page = await loadedUsage({}, (fresh) => fresh.clock.install());
  await failing(page, 401);
  await page.clock.fastForward(30_000);
  await page.getByText('Your session has ended').waitFor();
  await page.unroute(statsAddress);
  await page.getByLabel('Access token').fill(token);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#content:not([hidden]) #cards [data-metric]');
  assert.equal(page.url(), `${url}/usage`);
});

test('a wrong token is refused in words, and an empty one is asked for again', async () => {
  const page = await newPage();
  await page.goto(withToken('/usage', 'pm_wrong'));
  await page.getByText('This token was not accepted').waitFor();
  const field = page.getByLabel('Access token');
  assert.equal(await field.getAttribute('autocomplete'), 'current-password');
  await field.fill('');
  await page.keyboard.press('Enter');
  await page.getByText('Enter a token').waitFor();
});

test('signing out forgets the token, also after a reload', async () => {
  const page = await loadedUsage();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Access token').waitFor();
  await page.reload();
  await page.getByLabel('Access token').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.getItem('pm.token')), null);
});

test('a chart that cannot be drawn leaves its table, and the rest of the page', async () => {
  const page = await openUsage({}, (fresh) => fresh.route('**/assets/lib/chart-*', (route) => route.abort()));
  await page.getByText('The chart could not be drawn.').waitFor();
  assert.equal(await page.locator('[data-part="table"] tbody tr').count(), 30);
  await page.unroute('**/assets/lib/chart-*');
  await page.locator('#chart').getByRole('button', { name: 'Try again' }).click();
  await page.waitForSelector('canvas[aria-label]');
  await page.waitForFunction(() => document.activeElement.name === 'mode'); // the focus is not lost with the button
});

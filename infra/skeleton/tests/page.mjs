/* The page /widgets shows what the list answers, page by page, as text. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newPage, withToken } from './support.mjs';

const answers = { '': { widgets: [{ name: '<b>Ada</b>', code: 'A-1' }], next: '0a' }, '0a': { widgets: [{ name: 'Bo', code: null }], next: null } };

/** The page, where the list is answered so. */
async function opened(answer) {
  const page = await newPage();
  await page.route('**/api/widgets?*', (route) => route.fulfill({ json: answer(new URL(route.request().url()).searchParams.get('after') ?? '') }));
  await page.goto(withToken('/widgets'));
  await page.waitForSelector('#content:not([aria-busy])');
  return page;
}

test('it lists them, and goes on where there are more', async () => {
  const page = await opened((after) => answers[after]);
  assert.deepEqual(await page.locator('#rows td').allInnerTexts(), ['<b>Ada</b>', 'A-1']);
  await page.locator('#more').click();
  await page.waitForSelector('#rows tr:nth-child(2)');
  assert.deepEqual(await page.locator('#rows td').allInnerTexts(), ['<b>Ada</b>', 'A-1', 'Bo', '–']);
  assert.ok(await page.locator('#more').isHidden());
  assert.deepEqual(page.faults, []);
});

test('it says that there are none', async () => {
  const page = await opened(() => ({ widgets: [], next: null }));
  assert.ok(await page.locator('#none').isVisible());
});

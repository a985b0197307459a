/* The focus is never lost when what had it goes; paper is light, whole and without controls. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposeChart, failWith, loadedHistory, loadedUsage, openUsage, statsAddress, token } from './support.mjs';

const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.localName);

test('the focus is never lost: after signing in and out, a new try and a download it is on what follows', async () => {
  const page = await openUsage({}, (fresh) => failWith(fresh, statsAddress, 401));
  await page.waitForSelector('#token');
  await page.unroute(statsAddress);
  await page.getByLabel('Access token').fill(token);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#cards [data-metric]');
  assert.equal(await focused(page), 'h1');
  await page.getByRole('button', { name: 'Sign out' }).click();
  assert.equal(await focused(page), 'token');

  const failed = await openUsage({}, (fresh) => failWith(fresh, statsAddress, 500));
  await failed.waitForSelector('#failure h2');
  await failed.unroute(statsAddress);
  await failed.getByRole('button', { name: 'Try again' }).click();
  await failed.waitForSelector('#cards [data-metric]');
  assert.equal(await focused(failed), 'h1');

  const history = await loadedHistory();
  await history.locator('#csv').focus();
  const download = history.waitForEvent('download');
  await history.keyboard.press('Enter');
  await download;
  await history.locator('#csvnote', { hasText: 'downloaded' }).waitFor();
  assert.equal(await focused(history), 'csv');
});

test('figures that were out of date and are not any more leave the focus beside them', async () => {
  const page = await loadedUsage({}, (fresh) => fresh.clock.install());
  await failWith(page, statsAddress, 503);
  await page.clock.fastForward(30_000);
  await page.locator('#stale button').focus();
  await page.unroute(statsAddress);
  await page.keyboard.press('Enter');
  await page.locator('#stale .badge').waitFor({ state: 'detached' });
  assert.equal(await focused(page), 'pause');
});

test('paper gets the table, without navigation', async () => {
  const page = await loadedUsage();
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.ok(await page.locator('[data-part="table"] tbody tr').last().isVisible());
  assert.ok(await page.locator('nav').first().isHidden());
  assert.ok(await page.locator('#refresh').isHidden());
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  assert.equal(await page.evaluate(() => document.querySelector('.twin').open), false);
});

/** The colour that the chart on the page has drawn its words in. */
async function words(page) {
  await exposeChart(page);
  return page.evaluate(() => globalThis.Chart.getChart(document.querySelector('.plot canvas')).options.scales.y.ticks.color);
}

const light = 'rgb(160, 170, 186)', dark = 'rgb(86, 96, 113)';

for (const chosen of [null, 'dark']) {
  test(`paper is white in the dark scheme${chosen ? ' that was chosen' : ''}, with the whole chart, its legend and the whole table`, async () => {
    const page = await loadedUsage({ colorScheme: chosen ? 'light' : 'dark' }, (fresh) => chosen && fresh.addInitScript(() => localStorage.setItem('pm.theme', 'dark')));
    assert.equal(await words(page), light, 'on the screen');
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 718, height: 1000 }); // A4 less Chromium's margins
    const paper = await page.evaluate(() => {
      const box = (element) => element.getBoundingClientRect();
      return {
        ink: getComputedStyle(document.body).color,
        legend: [...document.querySelectorAll('.key')].filter((key) => key.checkVisibility()).length,
        lines: document.querySelectorAll('.key[aria-pressed="true"]').length,
        cut: ['.plot canvas', '[data-part="table"]'].filter((name) => box(document.querySelector(name)).right > box(document.querySelector('#chart')).right),
      };
    });
    assert.deepEqual(paper, { ink: 'rgb(22, 26, 34)', legend: 3, lines: 3, cut: [] });
    assert.equal(await words(page), dark, 'on paper');
    await page.emulateMedia({ media: 'screen' });
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    assert.equal(await words(page), light, 'on the screen as before');
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme ?? null), chosen);
  });
}

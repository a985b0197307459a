/* axe finds nothing in any state, scheme or width; the pages can be used by keyboard alone. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { mayTake } from '../lib/watch.mjs';
import { emptied, failWith, loadedHistory, loadedUsage, newPage, openUsage, reshape, settled, statsAddress, url } from './support.mjs';

mayTake(240); // axe reads every element of each state, several times

const historyAddress = '**/api/usage/history?*';

const states = {
  'usage, loaded': async (options) => {
    const page = await loadedUsage(options);
    await page.locator('#twin').click();
    return page;
  },
  'usage, empty': async (options) => {
    const page = await openUsage(options, (fresh) => reshape(fresh, statsAddress, emptied));
    await page.waitForSelector('#norecent:not([hidden])');
    return page;
  },
  'usage, error': async (options) => {
    const page = await openUsage(options, (fresh) => failWith(fresh, statsAddress, 500));
    await page.waitForSelector('#failure h2');
    return page;
  },
  'usage, out of date': async (options) => {
    const page = await loadedUsage(options, (fresh) => fresh.clock.install());
    await failWith(page, statsAddress, 503);
    await page.clock.fastForward(30_000);
    await page.waitForSelector('#stale .badge');
    return page;
  },
  'usage, sign-in': async (options) => {
    const page = await openUsage(options, (fresh) => failWith(fresh, statsAddress, 401));
    await page.waitForSelector('#token');
    return page;
  },
  'history, loaded': (options) => loadedHistory('', options),
  'history, empty': (options) => loadedHistory('', options, (fresh) => reshape(fresh, historyAddress, (answer) => ({ ...answer, total: 0, pages: 0, events: [] }))),
  'history, error': async (options) => {
    const page = await newPage(options);
    await failWith(page, historyAddress, 500);
    await page.goto(`${url}/usage/history#token=pm_any`);
    await page.waitForSelector('#failure h2');
    return page;
  },
  'landing': async (options) => {
    const page = await newPage(options);
    await page.goto(`${url}/`);
    await page.waitForSelector('#controls select');
    return page;
  },
};

async function violations(page) {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.any[0]?.message ?? ''}`));
}

/* Every state is seen light and narrow, and dark and wide; the loaded pages the other two ways round as well. */
const views = [['light', 320], ['dark', 1280], ['dark', 320], ['light', 1280]];

for (const [name, open] of Object.entries(states)) {
  test(`axe: ${name}`, async () => {
    const page = await open({ reducedMotion: 'reduce' });
    for (const [colorScheme, width] of name.endsWith('loaded') ? views : views.slice(0, 2)) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      assert.deepEqual(await violations(page), [], `${colorScheme}, ${width} px`);
    }
  });
}

test('axe is awake: a page with faults does not pass', async () => {
  const page = await loadedUsage();
  await page.evaluate(() => {
    const bad = document.createElement('button');
    document.querySelector('main').append(bad);
  });
  assert.notDeepEqual(await violations(page), []);
});

/** Press Tab until the focused element matches; the way must not be endless. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
  }
  assert.fail(`Tab does not reach ${selector}`);
}

test('by keyboard alone: skip, pause, show a line, open the table, go to the history, filter, turn a page', async () => {
  const page = await loadedUsage();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await tabTo(page, '#pause');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  await tabTo(page, '.key');
  await page.keyboard.press('Space');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-pressed')), 'false');
  await tabTo(page, 'input[name="mode"]');
  await page.keyboard.press('ArrowRight');
  await page.waitForSelector('.plot.small canvas');
  await tabTo(page, '#twin');
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('[data-part="table"]').isVisible());
  await tabTo(page, '.more a');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/usage/history');
  await page.waitForSelector('#table tbody tr[data-id]');
  await tabTo(page, 'input[name="days"]');
  await page.keyboard.press('ArrowRight');
  await page.waitForURL('**/usage/history?days=90');
  await page.waitForFunction(() => !document.querySelector('#content').hasAttribute('aria-busy'));
  await tabTo(page, '#pages a');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/usage/history?days=90&page=2');
});

test('what has the focus shows it', async () => {
  const page = await loadedUsage();
  for (const selector of ['nav a', '#controls select', '#pause', '.key', '#twin']) {
    await tabTo(page, selector);
    const outline = await page.evaluate(() => parseFloat(getComputedStyle(document.activeElement).outlineWidth));
    assert.ok(outline >= 2, selector);
  }
});

test('targets are at least 24 px high and wide', async () => {
  const narrow = { viewport: { width: 320, height: 800 } };
  const none = await loadedHistory('', narrow, (fresh) => reshape(fresh, historyAddress, (answer) => ({ ...answer, total: 0, pages: 0, events: [] })));
  const upgrade = { plan: 'professional', name: 'Professional', url: '/plans' };
  for (const page of [none, await loadedUsage(narrow, (fresh) => reshape(fresh, statsAddress, (stats) => ({ ...stats, upgrade })))]) await assertLarge(page);
});

async function assertLarge(page) {
  const small = await page.locator('button:visible, select:visible, a:not(.skip):visible, summary:visible, .choice label:visible').evaluateAll((list) => list
    .map((element) => ({ text: element.textContent, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width < 24 || box.height < 24).map(({ text }) => text));
  assert.deepEqual(small, []);
}

test('the history can be asked by its button as well, from the first page', async () => {
  const page = await loadedHistory('?page=2');
  const answered = page.waitForResponse(historyAddress);
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await answered;
  await settled(page);
  assert.equal(page.url(), `${url}/usage/history`);
});

test('reduced motion has no animation', async () => {
  const page = await loadedUsage({ reducedMotion: 'reduce' });
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  const moving = await page.evaluate(() => [...document.querySelectorAll('*')]
    .filter((element) => getComputedStyle(element).animationName !== 'none' || parseFloat(getComputedStyle(element).transitionDuration) > 0).length);
  assert.equal(moving, 0);
});

/* axe finds nothing in any state, scheme or width; the pages can be used by keyboard alone. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import { emptied, failWith, loadedHistory, loadedUsage, newPage, openUsage, reshape, settled, statsAddress, token, url } from './support.mjs';

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

/* Whether the darkest and the lightest of what is drawn on a canvas suit white paper: text and lines dark enough to be seen. */
const inkOf = (page) => page.evaluate(() => {
  const canvas = document.querySelector('.plot canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, Math.round(canvas.width * 0.07), canvas.height); // the words at its left
  let least = 255;
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) least = Math.min(least, (data[i] + data[i + 1] + data[i + 2]) / 3);
  return least;
});

for (const chosen of [null, 'dark']) {
  test(`paper is white in the dark scheme${chosen ? ' that was chosen' : ''}, with the whole chart, its legend and the whole table`, async () => {
    const page = await loadedUsage({ colorScheme: chosen ? 'light' : 'dark' }, (fresh) => chosen && fresh.addInitScript(() => localStorage.setItem('pm.theme', 'dark')));
    assert.ok(await inkOf(page) > 140, 'light words on the screen');
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
    assert.ok(await inkOf(page) < 140, 'dark words on paper');
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await page.emulateMedia({ media: 'screen' });
    assert.ok(await inkOf(page) > 140, 'as before on the screen');
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme ?? null), chosen);
  });
}

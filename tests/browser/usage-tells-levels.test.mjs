/* A card tells its level in a word, an icon and a colour; amounts are shown to the last digit. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadedUsage, openUsage, reshape, statsAddress } from './support.mjs';

/* Used of 1000, with what the server says of it and what the card must say. */
const cases = [
  [749, 'ok', 'OK', '74%', '251 left'],
  [750, 'warning', 'Warning', '75%', '250 left'],
  [900, 'warning', 'Warning', '90%', '100 left'],
  [901, 'critical', 'Critical', '90%', '99 left'],
  [1000, 'critical', 'Critical', '100%', '0 left'],
  [1120, 'over', 'Over limit', '112%', '120 over'],
];

const apiCalls = (stats) => stats.cards.find((card) => card.metric_name === 'api_calls');

function withUse(stats, used, level) {
  Object.assign(apiCalls(stats), {
    policy: 'soft', used, included: 1000, remaining: Math.max(0, 1000 - used), percent: Math.floor(used / 10), level,
    overage_quantity: Math.max(0, used - 1000), overage_amount: Math.max(0, used - 1000) / 10, overage_rate: 0.1,
  });
  return stats;
}

const card = (page) => page.locator('[data-metric="api_calls"]');

for (const [used, level, word, percent, rest] of cases) {
  test(`${used / 10} % of the limit reads "${word}"`, async () => {
    const page = await openUsage({}, (fresh) => reshape(fresh, statsAddress, (stats) => withUse(stats, used, level)));
    await card(page).waitFor();
    assert.equal(await card(page).locator('.badge').textContent(), word);
    assert.equal(await card(page).locator('.badge svg').count(), 1);
    assert.equal(await card(page).locator('.percent').textContent(), percent);
    assert.equal(await card(page).locator('.line span').first().textContent(), rest);
    const bar = card(page).getByRole('meter');
    assert.equal(await bar.getAttribute('aria-valuenow'), String(Math.min(100, Math.floor(used / 10))));
    assert.ok((await bar.getAttribute('aria-label')).includes(word));
    const widths = await bar.evaluate((element) => [element.firstChild.style.inlineSize, element.clientWidth - element.firstChild.clientWidth >= 0]);
    assert.deepEqual(widths, [`${Math.min(100, Math.floor(used / 10))}%`, true]);
  });
}

test('bars of the three colours differ', async () => {
  const colours = new Set();
  for (const [used, level] of [[100, 'ok'], [800, 'warning'], [950, 'critical']]) {
    const page = await openUsage({ reducedMotion: 'reduce' }, (fresh) => reshape(fresh, statsAddress, (stats) => withUse(stats, used, level)));
    await card(page).waitFor();
    colours.add(await card(page).locator('.bar i').evaluate((element) => getComputedStyle(element).backgroundColor));
  }
  assert.equal(colours.size, 3);
});

test('unlimited and not included have words and no bar', async () => {
  const page = await openUsage({}, (fresh) => reshape(fresh, statsAddress, (stats) => {
    Object.assign(stats.cards[0], { policy: 'unlimited', included: null, remaining: null, percent: null });
    Object.assign(stats.cards[1], { policy: 'none', included: 0, remaining: 0, percent: 0 });
    stats.cards.length = 2;
    return stats;
  }));
  await page.waitForSelector('#cards [data-metric]');
  assert.deepEqual((await page.locator('#cards .badge').allTextContents()).sort(), ['Not included', 'Unlimited']);
  assert.equal(await page.getByRole('meter').count(), 0);
});

test('each card says when its limit resets and what happens there', async () => {
  const page = await loadedUsage();
  for (const item of await page.locator('#cards [data-metric]:not([data-state="none"])').all()) {
    assert.match(await item.locator('.line').textContent(), /resets/);
    assert.notEqual(await item.locator('.next').textContent(), '');
  }
});

test('amounts are exact beyond what a double holds', async () => {
  const page = await openUsage({}, (fresh) => reshape(fresh, statsAddress, (stats) => {
    apiCalls(stats).used = '@used@';
    stats.estimate.total = '@total@';
    return JSON.stringify(stats).replace('"@used@"', '9007199254740993.000001').replace('"@total@"', '90071992547409931.23');
  }));
  await card(page).waitFor();
  assert.equal(await card(page).locator('.amount strong').textContent(), '9,007,199,254,740,993.000001');
  assert.equal(await page.locator('[data-tile="sofar"] .big').textContent(), '$90,071,992,547,409,931.23');
});

test('a screen reader is told when a level changes, and only then', async () => {
  let level = 'ok';
  const page = await openUsage({}, async (fresh) => {
    await fresh.clock.install();
    await reshape(fresh, statsAddress, (stats) => withUse(stats, level === 'ok' ? 100 : 950, level));
  });
  await card(page).waitFor();
  const announcer = page.locator('#announcer');
  assert.equal(await announcer.getAttribute('role'), 'status');
  const nextPoll = async () => {
    const answered = page.waitForResponse(statsAddress);
    await page.clock.fastForward(30_000);
    await answered;
  };
  await nextPoll();
  assert.equal(await announcer.textContent(), '');
  level = 'critical';
  await nextPoll();
  await page.waitForFunction(() => document.querySelector('#announcer').textContent !== '');
  assert.equal(await announcer.textContent(), 'API calls: Critical, 95% of the limit.');
});

test('a warning names metric and percentage, leads to the next plan, and stays hidden once hidden', async () => {
  const change = (stats) => {
    for (const item of stats.cards) Object.assign(item, { level: 'ok' });
    return { ...withUse(stats, 950, 'critical'), upgrade: { plan: 'professional', name: 'Professional', url: '/pricing?plan=professional' } };
  };
  const page = await openUsage({}, (fresh) => reshape(fresh, statsAddress, change));
  const banner = page.locator('#warnings');
  await banner.getByText('API calls is at 95% of its limit.').waitFor();
  assert.match(await banner.getByRole('link').getAttribute('href'), /\/pricing\?plan=professional$/);
  await banner.getByRole('button', { name: 'Hide for this period' }).click();
  await banner.getByText('hidden for this period').waitFor();
  await page.reload();
  await banner.getByText('hidden for this period').waitFor();
  await banner.getByRole('button', { name: 'Show' }).click();
  await banner.getByText('API calls is at 95% of its limit.').waitFor();
});

test('a link of the API that is no web address is not followed', async () => {
  const page = await openUsage({}, (fresh) => reshape(fresh, statsAddress, (stats) => ({
    ...withUse(stats, 950, 'critical'), upgrade: { plan: 'x', name: 'X', url: 'javascript:alert(1)' },
  })));
  await page.locator('#warnings a').waitFor();
  assert.deepEqual(await page.locator('a[href^="javascript"]').count(), 0);
});

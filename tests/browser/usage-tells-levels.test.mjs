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

const apart = (stats, levels) => {
  for (const item of stats.cards) Object.assign(item, { level: 'ok', policy: 'soft', included: 1000, used: 100, remaining: 900, percent: 10, overage_quantity: 0, overage_amount: 0, overage_rate: 0.1 });
  for (const [name, level, percent] of levels) {
    Object.assign(stats.cards.find((item) => item.metric_name === name), { level, percent, used: percent * 10, remaining: Math.max(0, 1000 - percent * 10) });
  }
  return stats;
};

test('a warning that was hidden comes back when its metric gets worse, and stays hidden when it does not', async () => {
  let level = ['warning', 80];
  const page = await openUsage({}, async (fresh) => {
    await fresh.clock.install();
    await reshape(fresh, statsAddress, (stats) => apart(stats, [['api_calls', ...level]]));
  });
  const banner = page.locator('#warnings'), poll = async () => {
    const answered = page.waitForResponse(statsAddress);
    await page.clock.fastForward(30_000);
    await answered;
  };
  await banner.getByRole('button', { name: 'Hide for this period' }).click();
  level = ['warning', 85];
  await poll();
  await page.locator('[data-metric="api_calls"] .percent', { hasText: '85%' }).waitFor();
  assert.match(await banner.textContent(), /1 warning is hidden/);
  level = ['critical', 95];
  await poll();
  await banner.getByText('API calls is at 95% of its limit.').waitFor();
});

test('warnings stand in order: the worse level first, and of one level the higher percentage', async () => {
  const page = await openUsage({}, (fresh) => reshape(fresh, statsAddress, (stats) => apart(stats, [['leads_created', 'warning', 77], ['api_calls', 'critical', 91],
    ['quotes_generated', 'warning', 88], ['storage_gb', 'over', 101], ['invoices_generated', 'critical', 99]])));
  await page.locator('#warnings strong').waitFor();
  await page.locator('#warnings summary').click();
  const lines = await page.locator('#warnings strong, #warnings li').allTextContents();
  assert.deepEqual(lines.map((line) => Number(/(\d+)%/.exec(line)[1])), [101, 99, 91, 88, 77]);
});

for (const [hours, words] of [[-1, '0 days left'], [0.5, '1 day left'], [24, '1 day left'], [25, '2 days left'], [24 * 30, '30 days left']]) {
  test(`a period that ends in ${hours} hours has ${words}`, async () => {
    const page = await openUsage({}, async (fresh) => {
      await fresh.clock.install({ time: new Date('2026-06-10T12:00:00Z') });
      await fresh.clock.pauseAt(new Date('2026-06-10T12:00:01Z'));
      await reshape(fresh, statsAddress, (stats) => {
        Object.assign(stats.period, { start: '2026-06-01T00:00:00Z', end: new Date(Date.UTC(2026, 5, 10, 12, 0, 1) + hours * 3_600_000).toISOString() });
        return stats;
      });
    });
    const value = page.locator('[data-tile="period"] [data-part="value"]');
    await page.waitForSelector('#cards [data-metric]');
    assert.equal(await value.textContent(), words);
  });
}

test('a hard limit says before and at it that more is refused', async () => {
  for (const [used, words] of [[999, 'At the limit: refused until it resets'], [1000, 'Limit reached: refused until it resets']]) {
    const page = await openUsage({}, (fresh) => reshape(fresh, statsAddress, (stats) => {
      Object.assign(withUse(stats, used, 'critical').cards.find((item) => item.metric_name === 'api_calls'), { policy: 'hard' });
      return stats;
    }));
    await card(page).waitFor();
    assert.equal(await card(page).locator('.next').textContent(), words);
  }
});

test('where no page is named to change the plan there is no link to one', async () => {
  const page = await openUsage({}, (fresh) => reshape(fresh, statsAddress, (stats) => withUse(stats, 950, 'critical')));
  await card(page).waitFor();
  await page.locator('#warnings strong').waitFor();
  assert.equal(await page.locator('#warnings a, #bill a').count(), 0);
  assert.equal(await page.locator('[data-tile="plan"] [data-part="note"]').textContent(), 'The next larger plan is Professional.');
});

test('a link of the API that is no web address is not followed', async () => {
  const page = await openUsage({}, (fresh) => reshape(fresh, statsAddress, (stats) => ({
    ...withUse(stats, 950, 'critical'), upgrade: { plan: 'x', name: 'X', url: 'javascript:alert(1)' },
  })));
  await page.locator('#warnings strong').waitFor();
  assert.equal(await page.locator('#warnings a, #bill a, a[href^="javascript"]').count(), 0);
});

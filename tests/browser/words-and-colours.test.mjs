/* Languages, numbers and colour schemes follow the visitor, who may choose others. */

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import path from 'node:path';
import { build, repo } from '../lib/places.mjs';
import { loadedUsage, newPage, openUsage, reshape, statsAddress, url } from './support.mjs';

const catalogues = ['de-DE', 'en-IN', 'ja-JP'];
const catalogue = async (name) => JSON.parse(await readFile(path.join(repo, `www/assets/locales/${name}.json`), 'utf8'));

const placeholders = (message) => [...new Set(JSON.stringify(message).match(/\{\w+\}/g) ?? [])].sort();

test('every catalogue has every message, with the same places to fill', async () => {
  const english = await catalogue('en-US');
  for (const name of catalogues) {
    let other = await catalogue(name);
    if (name === 'en-IN') other = { messages: { ...english.messages, ...other.messages }, units: { ...english.units, ...other.units } }; // what it lacks is English
    assert.deepEqual(Object.keys(other.messages).sort(), Object.keys(english.messages).sort(), name);
    assert.deepEqual(Object.keys(other.units).sort(), Object.keys(english.units).sort(), name);
    for (const [key, message] of Object.entries(english.messages)) assert.deepEqual(placeholders(other.messages[key]), placeholders(message), `${name} ${key}`);
  }
});

test('the static text of the pages is that of the English catalogue', async () => {
  const { messages } = await catalogue('en-US');
  for (const page of await readdir(path.join(repo, 'www/pages'), { recursive: true })) {
    if (!page.endsWith('.html')) continue;
    const html = await readFile(path.join(build, 'www', page), 'utf8');
    const found = [...html.matchAll(/data-t="([\w.]+)"[^>]*>([^<]*)</g)];
    assert.ok(found.length > 0, page);
    for (const [, key, text] of found) assert.equal(text, messages[key], `${page} ${key}`);
  }
});

const figures = {
  'en-US': { total: '$1,234,567.50', used: '1,234,567.25', start: 'Mar 4, 2026' },
  'de-DE': { total: '1.234.567,50 $', used: '1.234.567,25', start: '4. März 2026' },
  'en-IN': { total: '$12,34,567.50', used: '12,34,567.25', start: '4 Mar 2026' },
  'ja-JP': { total: '$1,234,567.50', used: '1,234,567.25', start: '2026年3月4日' },
};

const plain = (text) => text.replace(/[\u00A0\u202F]/g, ' ');

for (const [locale, wanted] of Object.entries(figures)) {
  test(`money, numbers and dates in ${locale}`, async () => {
    const page = await openUsage({ locale }, (fresh) => reshape(fresh, statsAddress, (stats) => {
      stats.currency = 'USD';
      stats.estimate.total = 1234567.5;
      Object.assign(stats.cards.find((card) => card.metric_name === 'api_calls'), { used: 1234567.25 });
      stats.period.end = '2026-03-04T00:00:00Z';
      stats.period.timezone = 'UTC';
      return stats;
    }));
    await page.waitForSelector('[data-metric="api_calls"]');
    assert.equal(plain(await page.locator('[data-tile="sofar"] .big').textContent()), wanted.total);
    assert.equal(await page.locator('[data-metric="api_calls"] .amount strong').textContent(), wanted.used);
    assert.ok((await page.locator('[data-tile="projected"] [data-part="note"]').textContent()).includes(wanted.start));
  });
}

test('a currency has its own digits, and its rates as many as they need', async () => {
  const page = await openUsage({}, (fresh) => reshape(fresh, statsAddress, (stats) => {
    stats.currency = 'JPY';
    stats.estimate.total = 1900;
    Object.assign(stats.cards.find((card) => card.metric_name === 'api_calls'), { policy: 'soft', included: 10, overage_rate: 0.0005, overage_quantity: 0, overage_amount: 0 });
    return stats;
  }));
  await page.waitForSelector('[data-metric="api_calls"]');
  assert.equal(await page.locator('[data-tile="sofar"] .big').textContent(), '¥1,900');
  assert.match(await page.locator('[data-metric="api_calls"] .next').textContent(), /¥0\.0005/);
});

test('times are in the billing time zone, which is named', async () => {
  const page = await openUsage({ timezoneId: 'America/New_York' }, (fresh) => reshape(fresh, statsAddress, (stats) => {
    stats.period.timezone = 'Asia/Kolkata';
    stats.recent[0].recorded_at = '2026-11-22T20:00:00Z';
    return stats;
  }));
  await page.locator('#recent tbody tr').first().waitFor();
  assert.match(await page.locator('#zone').textContent(), /Asia\/Kolkata/);
  assert.match(await page.locator('#recent tbody tr').first().textContent(), /Nov 23, 2026, 01:30:00/);
});

test('a chosen language stays', async () => {
  const page = await loadedUsage();
  await page.getByLabel('Language').selectOption('de-DE');
  await page.getByRole('heading', { level: 1, name: 'Nutzung' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Nutzung' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'de-DE');
});

test('the words of a language are asked for once, and where they do not come the page is in English', async () => {
  const asked = [];
  const page = await openUsage({ locale: 'ja-JP' }, (fresh) => fresh.on('request', (request) => /locales/.test(request.url()) && asked.push(request.url())));
  await page.getByRole('heading', { level: 1, name: '利用状況' }).waitFor();
  assert.equal(asked.length, 1, asked.join());
  assert.match(asked[0], /\/assets\/locales\/ja-JP-\w{10}\.json$/);

  const without = await newPage({ locale: 'ja-JP' });
  await without.route('**/locales/*', (route) => route.fulfill({ status: 404, body: 'gone' }));
  await without.goto(`${url}/usage/history`);
  await without.locator('#controls select').waitFor();
  assert.equal(await without.locator('h1').textContent(), 'Usage history');
  assert.equal(await without.evaluate(() => document.documentElement.lang), 'en-US');
});

const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

test('a chosen colour scheme stays and is there at the first paint', async () => {
  const page = await loadedUsage({ colorScheme: 'light' });
  const light = await ground(page);
  const button = page.getByRole('button', { name: /^Colors/ });
  assert.equal(await button.getAttribute('aria-label'), 'Colors: Auto');
  await button.click();
  assert.equal(await button.getAttribute('aria-label'), 'Colors: Light');
  await button.click();
  assert.equal(await button.getAttribute('aria-label'), 'Colors: Dark');
  const dark = await ground(page);
  assert.notEqual(dark, light);

  await page.route('**/assets/**/*.mjs', (route) => route.abort()); // only what runs before the first paint is left
  await page.reload({ waitUntil: 'domcontentloaded' });
  assert.equal(await ground(page), dark);
});

test('without a choice the scheme is that of the system', async () => {
  const light = await ground(await loadedUsage({ colorScheme: 'light' }));
  const dark = await ground(await loadedUsage({ colorScheme: 'dark' }));
  assert.notEqual(light, dark);
});

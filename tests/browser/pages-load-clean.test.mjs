/* Every page loads without an error, a policy violation, a request to another host, or a scroll to the side. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadedHistory, loadedUsage, newPage, url } from './support.mjs';

const locales = ['en-US', 'de-DE', 'en-IN', 'ja-JP'];
const openers = { '/usage': loadedUsage, '/usage/history': (options) => loadedHistory('', options) };

async function openStatic(path, options) {
  const page = await newPage(options);
  await page.goto(url + path);
  await page.waitForSelector('#controls select');
  return page;
}

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function assertClean(page, path) {
  assert.deepEqual(page.faults, [], path);
  assert.equal(await page.locator('h1').count(), 1, `${path} has one h1`);
  assert.equal(await page.locator('main').count(), 1, `${path} has one main`);
  assert.doesNotMatch(await page.locator('body').innerText(), /\{\w+\}|undefined|null|NaN|Invalid Date|\[object/, `${path} has all its words`);
}

for (const [path, open] of Object.entries(openers)) {
  test(`${path} loads clean`, async () => {
    const page = await open({});
    await assertClean(page, path);
    assert.ok(!page.url().includes('token'), 'the token leaves the address');
  });

  for (const locale of locales) {
    test(`${path} fits 320 px in ${locale}`, async () => {
      const page = await open({ locale, viewport: { width: 320, height: 700 } });
      assert.equal(await page.evaluate(() => document.documentElement.lang), locale);
      assert.equal(await overflow(page), 0);
      assert.deepEqual(page.faults, []);
    });
  }
}

test('/ loads clean and leads to the dashboard', async () => {
  const page = await openStatic('/', { viewport: { width: 320, height: 700 } });
  await assertClean(page, '/');
  assert.equal(await overflow(page), 0);
  assert.equal(await page.locator('main a[href="usage"]').count(), 1);
});

test('on a phone the words of the landing page begin where its buttons do', async () => {
  const page = await openStatic('/', { viewport: { width: 320, height: 700 } });
  const lefts = await page.locator('.hero h1, .hero p, .hero .button').evaluateAll((list) => list.map((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return Math.round(element.matches('.button') ? element.getBoundingClientRect().left : range.getClientRects()[0].left);
  }));
  assert.equal(new Set(lefts).size, 1, lefts.join());
});

test('the foot of a short page is at the foot of the window', async () => {
  for (const path of ['/', '/no-such-page']) {
    const page = await openStatic(path, { viewport: { width: 1280, height: 1600 } });
    assert.equal(await page.evaluate(() => Math.round(document.querySelector('footer').getBoundingClientRect().bottom)), 1600, path);
  }
});

test('no page has a link or a word that leads to what is not there', async () => {
  const pages = [await loadedUsage(), await loadedHistory(), await openStatic('/', {}), await openStatic('/no-such-page', {})];
  const links = new Set();
  for (const page of pages) {
    for (const link of await page.locator('a').evaluateAll((list) => list.map((a) => a.href))) links.add(link.replace(/#.*/, ''));
    assert.doesNotMatch(await page.locator('body').innerText(), /not built|Upgrade/);
  }
  links.delete(`${url}/no-such-page`);
  assert.ok(links.size >= 4, [...links].join());
  for (const link of links) assert.equal((await fetch(link)).status, 200, link);
});

test('an unknown address gets a friendly page with status 404', async () => {
  const page = await newPage();
  const answer = await page.goto(`${url}/no-such-page`);
  assert.equal(answer.status(), 404);
  await page.waitForSelector('main a[href="/usage"]');
});

test('titles differ from page to page', async () => {
  const titles = [];
  for (const open of Object.values(openers)) titles.push(await (await open({})).title());
  titles.push(await (await openStatic('/', {})).title());
  assert.equal(new Set(titles).size, titles.length, titles.join(' | '));
});

test('pages come with the policy that forbids inline code and other hosts', async () => {
  for (const path of ['/', '/usage', '/usage/history']) {
    const answer = await fetch(url + path);
    const policy = answer.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/, path);
    assert.match(policy, /script-src 'self'(;|$)/, path);
    assert.match(policy, /frame-ancestors 'none'/, path);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', path);
  }
});

test('without JavaScript a page says what is needed', async () => {
  const page = await newPage({ javaScriptEnabled: false });
  await page.goto(`${url}/usage`);
  assert.ok(await page.locator('noscript h2', { hasText: 'This page needs JavaScript' }).isVisible());
  assert.ok(await page.locator('#content').isHidden());
});

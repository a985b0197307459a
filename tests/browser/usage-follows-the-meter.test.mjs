/* The dashboard follows what is recorded: at its interval, cheaply, in place, and not while nobody looks. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { loadedUsage, record } from './support.mjs';

const interval = 30_000;

/** A dashboard whose clock the test moves; `polls` are the statuses that the server answered, `asked` counts what it was asked. */
async function watchedUsage() {
  const polls = [];
  let requests = 0;
  const page = await loadedUsage({}, async (fresh) => {
    await fresh.clock.install();
    fresh.on('request', (request) => { requests += request.url().endsWith('/usage/api/stats'); });
    fresh.on('response', (answer) => answer.url().endsWith('/usage/api/stats') && polls.push(answer.status()));
  });
  /** Whatever the page began to ask before is counted when a later request has been answered. */
  const asked = async () => {
    await page.evaluate(async () => { await fetch('/api/health'); });
    return requests;
  };
  return { page, polls, asked };
}

/* The clock jumps rather than runs, so that the limit of ten seconds for an answer is not passed on the way. */
async function nextPoll(page, milliseconds = interval) {
  const answered = page.waitForResponse('**/usage/api/stats');
  await page.clock.fastForward(milliseconds);
  await answered;
  await page.waitForFunction(() => /^Updated 1?\d sec/.test(document.querySelector('#age').textContent)); // the answer is shown
}

async function hide(page, hidden) {
  await page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

const used = async (page) => (await page.locator('[data-metric="api_calls"] .amount strong').textContent()).replaceAll(',', '');

/* The value of today in the column of API calls of the chart's table. */
const today = (page) => page.evaluate(() => {
  const table = document.querySelector('[data-part="table"]');
  const column = [...table.tHead.rows[0].cells].findIndex((cell) => cell.textContent === 'API calls');
  return table.tBodies[0].rows[table.tBodies[0].rows.length - 1].cells[column].querySelector('data').value;
});

test('a new event appears in card, chart table and recent activity without a reload', async () => {
  const { page } = await watchedUsage();
  const [usedBefore, todayBefore] = [await used(page), await today(page)];
  const endpoint = `/browser/${randomUUID()}`;
  await record({ metric_name: 'api_calls', quantity: 3, metadata: { endpoint } });
  await nextPoll(page);
  await page.locator('#recent tbody tr').first().getByText(endpoint).waitFor();
  assert.equal(Number(await used(page)), Number(usedBefore) + 3);
  assert.equal(Number(await today(page)), Number(todayBefore) + 3);
  assert.equal(await page.locator('#recent tbody tr').count(), 10);
  assert.deepEqual(page.faults, []);
});

test('an unchanged poll is answered 304', async () => {
  const { page, polls } = await watchedUsage();
  await nextPoll(page);
  await nextPoll(page);
  assert.deepEqual(polls, [200, 304, 304]);
  assert.equal(await page.locator('#stale').textContent(), '');
});

test('an update keeps focus, scroll and what was opened', async () => {
  const { page } = await watchedUsage();
  await page.locator('#twin').click();
  await page.locator('#twin').focus();
  await page.evaluate(() => scrollTo(0, 600));
  const before = await page.evaluate(() => scrollY);
  const endpoint = `/browser/${randomUUID()}`;
  await record({ metric_name: 'api_calls', quantity: 1, metadata: { endpoint } });
  await nextPoll(page);
  await page.getByText(endpoint).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'twin');
  assert.equal(await page.evaluate(() => scrollY), before);
  assert.ok(await page.evaluate(() => document.querySelector('.twin').open));
});

test('a paused page asks nothing, and asks at once when resumed', async () => {
  const { page, asked } = await watchedUsage();
  await page.locator('#pause').click();
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  await page.clock.runFor(10 * interval);
  assert.equal(await asked(), 1);
  assert.match(await page.locator('#age').textContent(), /^Paused/);
  const answered = page.waitForResponse('**/usage/api/stats');
  await page.locator('#pause').click();
  await answered;
  await page.getByRole('button', { name: 'Pause' }).waitFor();
});

test('a pause is kept, is "off" among the intervals, and ends with the interval that was there before', async () => {
  const { page, asked } = await watchedUsage();
  await page.locator('#interval').selectOption('300');
  await page.locator('#pause').click();
  assert.equal(await page.locator('#interval').inputValue(), 'off');
  await page.reload();
  await page.locator('#age', { hasText: /^Paused\. Updated at/ }).waitFor(); // the figures are shown all the same
  assert.equal(await page.locator('#interval').inputValue(), 'off');
  const before = await asked();
  await page.clock.runFor(20 * interval);
  assert.equal(await asked(), before);
  const answered = page.waitForResponse('**/usage/api/stats');
  await page.locator('#pause').click();
  await answered;
  assert.equal(await page.locator('#interval').inputValue(), '300');
  await page.locator('#interval').selectOption('off');
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  const again = page.waitForResponse('**/usage/api/stats');
  await page.locator('#interval').selectOption('30');
  await again;
  await page.getByRole('button', { name: 'Pause' }).waitFor();
});

test('a tab that is hidden while a request runs asks nothing after it', async () => {
  const { page, asked } = await watchedUsage();
  let free, seen;
  const held = new Promise((resolve) => { free = resolve; }), began = new Promise((resolve) => { seen = resolve; });
  await page.route('**/usage/api/stats', async (route) => { seen(); await held; await route.continue(); });
  await page.clock.fastForward(interval);
  await began;
  await hide(page, true);
  const answered = page.waitForResponse('**/usage/api/stats');
  free();
  await answered;
  await page.waitForFunction(() => /^Updated \d sec/.test(document.querySelector('#age').textContent)); // it has taken the answer
  await page.clock.runFor(10 * interval);
  assert.equal(await asked(), 2);
});

test('the interval can be longer, and is remembered', async () => {
  const { page, asked } = await watchedUsage();
  await page.locator('#interval').selectOption('300');
  await page.clock.runFor(4 * interval);
  assert.equal(await asked(), 1);
  await nextPoll(page, 6 * interval);
  assert.equal(await asked(), 2);
  await page.reload();
  await page.waitForSelector('#interval');
  assert.equal(await page.locator('#interval').inputValue(), '300');
});

test('a hidden tab asks nothing, and catches up when shown', async () => {
  const { page, asked } = await watchedUsage();
  await hide(page, true);
  await page.clock.runFor(10 * interval);
  assert.equal(await asked(), 1);
  const answered = page.waitForResponse('**/usage/api/stats');
  await hide(page, false);
  await page.clock.runFor(1);
  await answered;
});

test('the age of the figures is told', async () => {
  const { page } = await watchedUsage();
  await page.clock.runFor(12_000);
  assert.match(await page.locator('#age').textContent(), /^Updated 1\d sec\. ago$/);
});

/* History: the address holds filter and page, pages add up to the summary, and the CSV is all of it. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { api, failWith, loadedHistory, record, reshape, settled, url } from './support.mjs';

const address = '**/api/usage/history?*';
const rows = (page) => page.locator('#table tbody tr');
const ids = (page) => rows(page).evaluateAll((list) => list.map((row) => row.dataset.id));
const text = (page, id) => page.locator(`#${id}`).textContent();

/** Do something that makes the page ask anew, and wait until it shows the answer. */
async function afterAnswer(page, act) {
  const answered = page.waitForResponse(address);
  await act();
  await answered;
  await settled(page);
}

async function pick(page, days) {
  await afterAnswer(page, () => page.locator(`input[name="days"][value="${days}"]`).check());
}

test('the filter is in the address, and back, forward and reload follow it', async () => {
  const page = await loadedHistory();
  await afterAnswer(page, () => page.getByLabel('Metric').selectOption('api_calls'));
  assert.equal(page.url(), `${url}/usage/history?type=api_calls`);
  await pick(page, 7);
  assert.equal(page.url(), `${url}/usage/history?type=api_calls&days=7`);
  const total = await text(page, 'total');
  for (const name of await rows(page).locator('th').allTextContents()) assert.equal(name, 'API calls');

  await afterAnswer(page, () => page.goBack());
  assert.equal(page.url(), `${url}/usage/history?type=api_calls`);
  assert.equal(await page.locator('input[name="days"]:checked').inputValue(), '30');
  await afterAnswer(page, () => page.goForward());
  assert.equal(await page.locator('input[name="days"]:checked').inputValue(), '7');
  assert.equal(await page.getByLabel('Metric').inputValue(), 'api_calls');
  assert.equal(await text(page, 'total'), total);

  await afterAnswer(page, () => page.reload());
  await page.waitForFunction(() => document.querySelector('[name="type"]').value === 'api_calls');
  assert.equal(page.url(), `${url}/usage/history?type=api_calls&days=7`);
  assert.deepEqual(page.faults, []);
});

test('an address with nonsense shows the defaults', async () => {
  const page = await loadedHistory('?days=12&page=-1&per_page=9999');
  assert.equal(await page.locator('input[name="days"]:checked').inputValue(), '30');
  assert.equal(await page.getByLabel('Rows per page').inputValue(), '25');
  assert.equal(await rows(page).count(), 25);
});

test('pages lead first, back, next and last, and are closed at the ends', async () => {
  const page = await loadedHistory('?days=90');
  const closed = () => page.locator('#pages [aria-disabled="true"]').allTextContents();
  const link = (name) => page.locator('#pages').getByRole('link', { name });
  const total = Number((await text(page, 'rows')).match(/of ([\d,]+)/)[1].replaceAll(',', ''));
  assert.ok(total > 50, 'the demo has pages to turn');
  assert.deepEqual(await closed(), ['First', 'Previous']);
  assert.equal(await text(page, 'rows'), `Rows 1–25 of ${total.toLocaleString('en-US')}`);

  await afterAnswer(page, () => link('Next').click());
  assert.match(page.url(), /page=2/);
  assert.match(await text(page, 'rows'), /^Rows 26–50 of/);
  assert.deepEqual(await closed(), []);

  await afterAnswer(page, () => link('Last').click());
  assert.deepEqual(await closed(), ['Next', 'Last']);
  assert.match(await text(page, 'rows'), new RegExp(`–${total.toLocaleString('en-US')} of ${total.toLocaleString('en-US')}$`));

  await afterAnswer(page, () => link('First').click());
  assert.deepEqual(await closed(), ['First', 'Previous']);
});

test('the page size is 25, 50 or 100', async () => {
  const page = await loadedHistory('?days=90');
  assert.deepEqual(await page.getByLabel('Rows per page').locator('option').allTextContents(), ['25', '50', '100']);
  await afterAnswer(page, () => page.getByLabel('Rows per page').selectOption('50'));
  assert.equal(await rows(page).count(), 50);
  assert.match(page.url(), /per_page=50/);
});

test('turning pages shows no row twice when events are recorded meanwhile', async () => {
  const page = await loadedHistory('?days=90');
  const first = await ids(page);
  await record({ metric_name: 'api_calls', quantity: 1, metadata: { endpoint: '/browser/paging' } });
  await afterAnswer(page, () => page.locator('#pages').getByRole('link', { name: 'Next' }).click());
  const second = await ids(page);
  assert.equal(second.length, 25);
  assert.deepEqual(second.filter((id) => first.includes(id)), []);
});

test('the summary equals the sum of all pages', async () => {
  const page = await loadedHistory('?type=quotes_generated&days=30&per_page=100');
  const shown = (await text(page, 'total')).replaceAll(',', '');
  const summed = [];
  for (;;) {
    summed.push(...await rows(page).locator('.figure').allTextContents());
    const next = page.locator('#pages').getByRole('link', { name: 'Next' });
    if (await next.getAttribute('aria-disabled') === 'true') break;
    await afterAnswer(page, () => next.click());
  }
  const millionths = (value) => BigInt(Math.round(Number(value) * 1e6));
  const total = summed.map((value) => value.replaceAll(',', '').split(' ')[0]).reduce((sum, value) => sum + millionths(value), 0n);
  assert.ok(total > 0n);
  assert.equal(total, millionths(shown));
});

test('the CSV is exactly the filter, all pages of it', async () => {
  const page = await loadedHistory('?type=api_calls&days=7');
  const total = Number((await text(page, 'rows')).match(/of ([\d,]+)/)[1].replaceAll(',', ''));
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download CSV' }).click();
  const download = await saved;
  assert.match(download.suggestedFilename(), /\.csv$/);
  const lines = (await readFile(await download.path(), 'utf8')).replace(/^\uFEFF/, '').trimEnd().split(/\r?\n/);
  assert.match(lines[0], /metric/);
  assert.equal(lines.length - 1, total);
  for (const line of lines.slice(1)) assert.match(line, /api_calls/);
  await page.getByText(`The file ${download.suggestedFilename()} has been downloaded.`).waitFor({ state: 'attached' });
});

test('nothing found is told, with a way on', async () => {
  const page = await loadedHistory('', {}, (fresh) => reshape(fresh, address, (answer) => ({
    ...answer, total: 0, pages: 0, events: [], summary: { ...answer.summary, total: 0, daily_mean: 0, peak_day: null, previous_total: 0 },
  })));
  await page.getByText('No events in this period').waitFor();
  assert.ok(await page.getByRole('link', { name: 'Show all metrics' }).isVisible());
  assert.ok(await page.locator('#table').isHidden());
});

test('a failure is told in words, and can be tried again', async () => {
  const page = await loadedHistory();
  await failWith(page, address, 500);
  await page.locator('input[name="days"][value="7"]').check();
  await page.locator('#failure').getByText('The server has a problem.').waitFor();
  await page.unroute(address);
  await page.getByRole('button', { name: 'Try again' }).click();
  await settled(page);
  assert.match(page.url(), /days=7/);
});

test('the metrics of the filter are those of the API', async () => {
  const page = await loadedHistory();
  const { metrics } = await (await api('/api/usage/metrics')).json();
  await page.waitForFunction((count) => document.querySelector('[name="type"]').options.length === count + 1, metrics.length);
  const values = await page.getByLabel('Metric').locator('option').evaluateAll((list) => list.slice(1).map((option) => option.value));
  assert.deepEqual(values, metrics.map((metric) => metric.metric_name));
});

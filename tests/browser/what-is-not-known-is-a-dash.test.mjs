/* What the server does not know, or what has not begun, is shown as such: never as a 0, never as a broken page. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadedHistory, loadedUsage, openUsage, reshape, statsAddress } from './support.mjs';

const tile = (page, name, part) => page.locator(`[data-tile="${name}"] [data-part="${part}"]`).textContent();

test('a charge that has no price, a projection and a day that cannot be counted are dashes', async () => {
  const page = await loadedUsage({}, (fresh) => reshape(fresh, statsAddress, (stats) => {
    stats.estimate = { base_price: 19, total_overage: null, total: null, projected_total: null };
    for (const card of stats.cards) Object.assign(card, { overage_amount: null, projected: null });
    for (const metric of stats.series.metrics) metric.values[3] = null;
    return stats;
  }));
  assert.equal(await tile(page, 'projected', 'value'), '–');
  assert.equal(await tile(page, 'sofar', 'value'), '–');
  assert.match(await tile(page, 'sofar', 'note'), /\$19\.00.*–/);
  assert.doesNotMatch(await page.locator('#content').textContent(), /NaN|null|undefined|Invalid/);
  assert.deepEqual(page.faults, []);
});

test('a subscription that has not begun says when it does', async () => {
  const page = await openUsage({}, (fresh) => reshape(fresh, statsAddress, (stats) => {
    for (const card of stats.cards) Object.assign(card, { window_start: null, window_end: null, used: 0, percent: card.percent === null ? null : 0, level: 'ok', projected: 0, overage_quantity: 0 });
    return { ...stats, period: null, timezone: 'UTC', begins_at: '2031-06-01T00:00:00Z', warnings: [] };
  }));
  await page.waitForSelector('#cards [data-metric]');
  assert.equal(await tile(page, 'period', 'note'), 'Begins on Jun 1, 2031; until then nothing is owed.');
  assert.equal(await tile(page, 'projected', 'note'), 'Begins on Jun 1, 2031; until then nothing is owed.');
  assert.doesNotMatch(await page.locator('#content').textContent(), /NaN|null|undefined|Invalid|1970/);
  assert.deepEqual(page.faults, []);
});

test('without a plan, and in a currency that nobody knows, the figures are there', async () => {
  const page = await loadedUsage({}, (fresh) => reshape(fresh, statsAddress, (stats) => ({ ...stats, plan: null, upgrade: null, currency: 'us' })));
  assert.equal(await tile(page, 'plan', 'value'), '–');
  assert.match(await tile(page, 'sofar', 'value'), /^[\d.,]+ us$/);
  assert.deepEqual(page.faults, []);
});

test('history: a total that cannot be counted is a dash', async () => {
  const page = await loadedHistory('?type=api_calls', {}, (fresh) => reshape(fresh, '**/api/usage/history?**', (answer) => {
    Object.assign(answer.summary, { total: null, daily_mean: null, previous_total: null, peak_day: { date: '2026-01-02', total: null } });
    return answer;
  }));
  for (const id of ['total', 'mean', 'previous']) assert.equal(await page.locator(`#${id}`).textContent(), '–');
  assert.doesNotMatch(await page.locator('#summary').textContent(), /NaN|null|undefined/);
  assert.deepEqual(page.faults, []);
});

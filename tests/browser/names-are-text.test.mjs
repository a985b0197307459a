/* Whatever a name contains, it is shown as text and fits. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadedHistory, openUsage, reshape, statsAddress } from './support.mjs';

const hostile = '<img src=x onerror="globalThis.broken=1"><script>globalThis.broken=1</script>&amp;';
const names = { hostile, long: 'W'.repeat(200), rightToLeft: 'مقياس الاستخدام \u202Eabc' };

function renamed(stats, name) {
  stats.tenant.name = name;
  stats.plan.name = name;
  for (const list of [stats.cards, stats.series.metrics, stats.recent]) for (const item of list) Object.assign(item, { label: name, unit: name });
  for (const event of stats.recent) Object.assign(event, { resource_id: name, metadata: { [name]: name } });
  if (stats.upgrade) stats.upgrade.name = name;
  return stats;
}

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

for (const [kind, name] of Object.entries(names)) {
  test(`a ${kind} name on the dashboard`, async () => {
    const page = await openUsage({ viewport: { width: 320, height: 700 } }, (fresh) => reshape(fresh, statsAddress, (stats) => renamed(stats, name)));
    await page.waitForSelector('#cards [data-metric]');
    await page.waitForSelector('canvas[aria-label]');
    assert.ok((await page.locator('#subject').textContent()).includes(name));
    assert.equal(await page.locator('#cards h3').first().textContent(), name);
    assert.ok((await page.locator('#recent tbody tr').first().textContent()).includes(name));
    assert.equal(await page.evaluate(() => globalThis.broken), undefined);
    assert.equal(await page.locator('main img, main script').count(), 0);
    assert.equal(await overflow(page), 0);
    assert.deepEqual(page.faults, []);
  });

  test(`a ${kind} name in the history`, async () => {
    const page = await loadedHistory('', { viewport: { width: 320, height: 700 } }, async (fresh) => {
      await reshape(fresh, '**/api/usage/metrics', (answer) => ({ metrics: answer.metrics.map((metric) => ({ ...metric, label: name })) }));
      await reshape(fresh, '**/api/usage/history?*', (answer) => ({
        ...answer, events: answer.events.map((event) => ({ ...event, label: name, unit: name, resource_id: name, metadata: { [name]: name } })),
      }));
    });
    assert.equal(await page.locator('#table tbody th').first().textContent(), name);
    assert.equal(await page.evaluate(() => globalThis.broken), undefined);
    assert.equal(await overflow(page), 0);
    assert.deepEqual(page.faults, []);
  });
}


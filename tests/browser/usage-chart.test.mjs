/* The chart has a line of 30 days for each metric, a name, and a table that holds the same values. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api, emptied, exposeChart, loadedUsage, openUsage, reshape, statsAddress } from './support.mjs';

/* What Chart.js was given, one entry a line. */
async function drawn(page) {
  await exposeChart(page);
  return page.evaluate(() => [...document.querySelectorAll('#chart canvas')].flatMap((canvas) => {
    const chart = globalThis.Chart.getChart(canvas);
    return chart.data.datasets.map((set, index) => ({
      name: set.metric.metric_name, values: set.data, quantities: set.metric.texts, days: chart.data.labels, visible: chart.isDatasetVisible(index),
      colour: set.borderColor, background: getComputedStyle(canvas.closest('.box')).backgroundColor,
    }));
  }));
}

const table = (page) => page.evaluate(() => {
  const element = document.querySelector('[data-part="table"]');
  return {
    heads: [...element.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent),
    days: [...element.tBodies[0].rows].map((row) => row.cells[0].querySelector('time').dateTime),
    rows: [...element.tBodies[0].rows].map((row) => [...row.cells].slice(1).map((cell) => cell.querySelector('data').value)),
  };
});

const absolute = async (page) => {
  await page.getByRole('radio', { name: 'Quantities' }).check();
  await page.waitForSelector('.plot.small canvas[aria-label]');
};

test('the table and every line hold the 30 days that the API answers', async () => {
  const page = await loadedUsage();
  const { series } = await (await api('/usage/api/stats')).json();
  await absolute(page);
  const lines = await drawn(page);
  const shown = await table(page);
  assert.equal(series.dates.length, 30);
  assert.deepEqual(shown.days, series.dates);
  assert.equal(lines.length, series.metrics.length);
  for (const metric of series.metrics) {
    const line = lines.find((one) => one.name === metric.metric_name);
    const column = shown.heads.indexOf(metric.label);
    assert.ok(line && column >= 0, metric.metric_name);
    assert.deepEqual(line.days, series.dates);
    assert.deepEqual(line.values, metric.values.map(Number), metric.metric_name);
    assert.deepEqual(shown.rows.map((row) => Number(row[column])), metric.values.map(Number), metric.metric_name);
  }
});

test('its days are written as the API names them, also in a browser where it is still the day before', async () => {
  const page = await loadedUsage({ timezoneId: 'Pacific/Pago_Pago' });
  const { series } = await (await api('/usage/api/stats')).json();
  const written = await page.evaluate(() => [...document.querySelectorAll('[data-part="table"] tbody tr')].map((row) => row.cells[0].textContent.trim()));
  const format = new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' });
  assert.deepEqual(written, series.dates.map((date) => format.format(new Date(`${date}T00:00:00Z`))));
});

test('in % of limit there is a line of 30 points for each metric with a limit', async () => {
  const page = await loadedUsage();
  const { cards } = await (await api('/usage/api/stats')).json();
  const limited = cards.filter((card) => ['soft', 'hard'].includes(card.policy) && Number(card.included) > 0);
  const lines = await drawn(page);
  assert.deepEqual(lines.map((line) => line.name).sort(), limited.map((card) => card.metric_name).sort());
  for (const line of lines) assert.equal(line.values.length, 30);

  const messages = limited.find((card) => card.window === 'day');
  const daily = lines.find((line) => line.name === messages.metric_name);
  assert.deepEqual(daily.values, daily.quantities.map((quantity) => Number(quantity) / Number(messages.included)), 'a daily limit is the day itself');
});

test('every canvas is an image with a name', async () => {
  const page = await loadedUsage();
  const check = async () => {
    for (const canvas of await page.locator('canvas').all()) {
      assert.equal(await canvas.getAttribute('role'), 'img');
      assert.match(await canvas.getAttribute('aria-label'), /30 days to/);
    }
  };
  await check();
  await absolute(page);
  await check();
});

test('lines are shown and hidden by keyboard', async () => {
  const page = await loadedUsage();
  const key = page.locator('.key:not([disabled])').first();
  const name = await key.getAttribute('data-name');
  const visible = async () => (await drawn(page)).find((line) => line.name === name).visible;
  assert.equal(await visible(), true);
  await key.focus();
  await page.keyboard.press('Space');
  assert.equal(await key.getAttribute('aria-pressed'), 'false');
  assert.equal(await visible(), false);
  await page.keyboard.press('Space');
  assert.equal(await visible(), true);
});

/** WCAG contrast of two CSS colours "rgb(r, g, b)". */
function contrast(one, other) {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map((part) => Number(part) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

for (const colorScheme of ['light', 'dark']) {
  test(`lines stand out 3:1 from their ground, ${colorScheme}`, async () => {
    const page = await loadedUsage({ colorScheme });
    await absolute(page);
    for (const line of await drawn(page)) assert.ok(contrast(line.colour, line.background) >= 3, `${line.name}: ${line.colour} on ${line.background}`);
  });
}

test('the chart takes the colours of a scheme chosen later', async () => {
  const page = await loadedUsage({ colorScheme: 'light' });
  const before = (await drawn(page))[0].colour;
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForFunction((colour) => globalThis.Chart.getChart(document.querySelector('canvas'))?.data.datasets[0].borderColor !== colour, before);
});

test('an account without usage gets a next step, not an empty frame', async () => {
  const page = await openUsage({}, (fresh) => reshape(fresh, statsAddress, emptied));
  await page.getByText('No usage in these 30 days.').waitFor();
  await page.getByText('No usage recorded yet.').waitFor();
  assert.match(await page.locator('#first').textContent(), /curl .*\/api\/usage\/record/);
});

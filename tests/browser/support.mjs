/* Opens pages of a running Pennymeter in Chromium, and notes whatever a good page never does. */

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { until } from '../lib/until.mjs';

function required(name) {
  const value = process.env[name];
  assert.ok(value, `${name} must be set: the tests run against a server (make test sets it)`);
  return value.replace(/\/$/, '');
}

export const url = required('PENNYMETER_URL');
export const token = required('PENNYMETER_TOKEN');
/** Of the tenant "Fresh Start", which has recorded nothing: a test that records for it is the only one. */
export const freshToken = required('PENNYMETER_FRESH_TOKEN');
export const statsAddress = '**/usage/api/stats';

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });
});
after(() => browser?.close());

/** A new page in its own profile; `page.faults` collects errors, policy violations and requests to other hosts. */
export async function newPage(options = {}) {
  const context = await browser.newContext({ locale: 'en-US', timezoneId: 'UTC', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on('console', (message) => message.type() === 'error' && page.faults.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => page.faults.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const target = new URL(request.url());
    if (target.protocol.startsWith('http') && target.origin !== new URL(url).origin) page.faults.push(`off origin: ${target.href}`);
  });
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  return page;
}

/**
 * Counts what a page asks of the network from now on: `take()` answers { address, status, bytes } of each, heads and all, and begins anew.
 * An answer that lighttpd passes on before it is whole goes uncompressed, which is as chance has it: it counts as if it were.
 */
export async function countRequests(page) {
  const client = await page.context().newCDPSession(page), seen = new Map();
  await client.send('Network.enable');
  client.on('Network.requestWillBeSent', ({ requestId, request }) => request.url.startsWith('http') && seen.set(requestId, { address: request.url, bytes: 0 }));
  client.on('Network.responseReceived', ({ requestId, response: { status, headers, fromDiskCache, encodedDataLength } }) => Object.assign(seen.get(requestId) ?? {}, {
    status, headers: new Headers(headers), cached: fromDiskCache, bytes: encodedDataLength, done: status === 304, // it has no body that would end
  }));
  client.on('Network.requestServedFromCache', ({ requestId }) => seen.delete(requestId));
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => Object.assign(seen.get(requestId) ?? {}, { bytes: encodedDataLength, done: true }));
  const compressed = async ([requestId, { address, status, bytes, headers }]) => {
    if (bytes < 2000 || headers.has('content-encoding') || !/json/.test(headers.get('content-type'))) return { address, status, bytes };
    const { body } = await client.send('Network.getResponseBody', { requestId });
    return { address, status, bytes: bytes - Buffer.byteLength(body) + gzipSync(body).length };
  };
  return {
    async take() {
      await until(() => [...seen.values()].every(({ done }) => done), { what: 'every answer to end' });
      const all = await Promise.all([...seen].filter(([, { cached }]) => !cached).map(compressed));
      seen.clear();
      return all;
    },
  };
}

/** The address of a page, with the token handed over as `make run` prints it. */
export const withToken = (path, given = token) => `${url}${path}#token=${given}`;

export async function openUsage(options = {}, prepare = async () => {}) {
  const page = await newPage(options);
  await prepare(page);
  await page.goto(withToken('/usage'));
  return page;
}

/** The dashboard with its figures and its chart drawn. */
export async function loadedUsage(options, prepare) {
  const page = await openUsage(options, prepare);
  await page.waitForSelector('#cards [data-metric]');
  await page.waitForSelector('canvas[aria-label]', { state: 'attached' });
  return page;
}

/** The page's own Chart.js, as globalThis.Chart: for tests that look at what it was given. */
export const exposeChart = (page) => page.evaluate(async () => {
  const { name } = performance.getEntriesByType('resource').find((entry) => /\/assets\/lib\/chart-/.test(entry.name));
  ({ Chart: globalThis.Chart } = await import(name));
});

export async function loadedHistory(query = '', options = {}, prepare = async () => {}) {
  const page = await newPage(options);
  await prepare(page);
  await page.goto(withToken(`/usage/history${query}`));
  await settled(page);
  return page;
}

/** History has shown the answer to what its address asks. */
export const settled = (page) => page.waitForFunction(() => document.querySelector('#content') && !document.querySelector('#content').hidden
  && !document.querySelector('#content').hasAttribute('aria-busy'));

/** Let the page see the server's own answer, changed by `change`: for states that the demo's data does not have. */
export async function reshape(page, address, change) {
  await page.route(address, async (route) => {
    const headers = { ...route.request().headers() };
    delete headers['if-none-match'];
    const answer = await route.fetch({ headers });
    const changed = change(await answer.json());
    await route.fulfill({ status: 200, contentType: 'application/json', body: typeof changed === 'string' ? changed : JSON.stringify(changed) });
  });
}

export async function api(path, options = {}) {
  const answer = await fetch(url + path, {
    ...options,
    headers: { 'Authorization': `Bearer ${token}`, 'Content-Type': 'application/json', ...options.headers },
  });
  assert.ok(answer.ok, `${path} answered ${answer.status}`);
  return answer;
}

export const record = (event) => api('/api/usage/record', { method: 'POST', body: JSON.stringify(event) });

/** The dashboard of an account that has recorded nothing. */
export function emptied(stats) {
  for (const card of stats.cards) {
    Object.assign(card, { used: 0, remaining: card.included, percent: card.included === null ? null : 0, level: 'ok', overage_quantity: 0, overage_amount: 0, projected: 0 });
  }
  for (const metric of stats.series.metrics) metric.values.fill(0);
  return { ...stats, recent: [], warnings: [] };
}

export const failWith = (page, address, status) => page.route(address, (route) => route.fulfill({
  status, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', title: 'test', status, detail: 'made by a test' }),
}));

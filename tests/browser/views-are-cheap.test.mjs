/* What a view costs, in requests and KiB as they come over the network: the first, the next, one in another language, and a poll. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayTake } from '../lib/watch.mjs';
import { countRequests, loadedHistory, loadedUsage, newPage, statsAddress, url } from './support.mjs';

mayTake(240); // each page is opened anew, twice

async function openStatic(path, options, prepare) {
  const page = await newPage(options);
  await prepare(page);
  await page.goto(url + path);
  await page.waitForSelector('#controls select');
  return page;
}

/** The shared files, the page's own, and its data; a chart comes with its library. */
const pages = {
  '/usage': { open: loadedUsage, first: { requests: 8, kib: 100 } },
  '/usage/history': { open: (options, prepare) => loadedHistory('', options, prepare), first: { requests: 7, kib: 25 } },
  '/': { open: (options, prepare) => openStatic('/', options, prepare), first: { requests: 7, kib: 25 } },
  '/no-such-page': { open: (options, prepare) => openStatic('/no-such-page', options, prepare), first: { requests: 7, kib: 25 } },
};
const next = { requests: 3, kib: 5 };

function assertWithin(requests, budget, what) {
  const kib = requests.reduce((sum, { bytes }) => sum + bytes, 0) / 1024;
  const list = [`${what}: ${requests.length} requests, ${kib.toFixed(1)} KiB`, ...requests.map(({ address, bytes }) => `${bytes} ${address}`)].join('\n');
  assert.ok(requests.length > 0 && requests.length <= budget.requests && kib <= budget.kib, list);
}

for (const [path, { open, first }] of Object.entries(pages)) {
  test(`the first view of ${path} takes at most ${first.requests} requests and ${first.kib} KiB, the next ${next.requests} and ${next.kib}`, async () => {
    let counted;
    const page = await open({}, async (fresh) => { counted = await countRequests(fresh); });
    assertWithin(await counted.take(), first, path);
    await page.goto('about:blank');
    await counted.take();
    await page.goto(url + path);
    await page.waitForLoadState('networkidle');
    assertWithin(await counted.take(), next, `${path} again`);
  });
}

test('a language that is not the first takes one request more, for its words', async () => {
  const addresses = async (locale) => {
    let counted;
    await loadedUsage({ locale }, async (fresh) => { counted = await countRequests(fresh); });
    return (await counted.take()).map(({ address }) => new URL(address).pathname).sort();
  };
  const english = await addresses('en-US'), german = await addresses('de-DE');
  const more = german.filter((address) => !english.includes(address));
  assert.equal(more.length, 1, more.join());
  assert.match(more[0], /\/assets\/locales\/de-DE-/);
  assert.equal(german.length, english.length + 1);
});

test('a poll that brings nothing new takes one request, of at most 300 bytes', async () => {
  let counted;
  const page = await loadedUsage({}, async (fresh) => {
    await fresh.clock.install();
    counted = await countRequests(fresh);
  });
  await counted.take();
  const polled = page.waitForResponse(statsAddress);
  await page.clock.fastForward(30_000);
  assert.equal((await polled).status(), 304);
  assertWithin(await counted.take(), { requests: 1, kib: 300 / 1024 }, 'a poll');
});

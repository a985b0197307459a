/* A newcomer's way: the first command works when it is pasted, and a new tab is signed in as the one it was opened from. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { freshToken, newPage, token, url, withToken } from './support.mjs';

/** What a shell that knows nothing of us makes of a text: { code, said }. */
function inShell(text) {
  const child = spawn('sh', ['-c', text], { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => { said += piece; });
  return new Promise((resolve) => { child.on('close', (code) => resolve({ code, said })); });
}

const subject = (page) => page.locator('#subject').textContent();

async function openFresh(path = '/usage') {
  const page = await newPage({ permissions: ['clipboard-read', 'clipboard-write'] });
  await page.context().route('**/demo.json', (route) => route.fulfill({ json: { token: null } }));
  await page.goto(withToken(path, freshToken));
  return page;
}

test('a tab that is opened from another is signed in as that one, and the token is neither in its address nor on the disk', async () => {
  const page = await openFresh();
  await page.waitForSelector('#cards [data-metric]');
  const other = await page.context().newPage(); // of another tenant, and not used since
  await other.goto(withToken('/usage'));
  await other.waitForSelector('#cards [data-metric]');
  await page.bringToFront();
  const opened = page.context().waitForEvent('page');
  await page.getByRole('link', { name: 'Usage', exact: true }).click({ modifiers: ['Control'] });
  const tab = await opened;
  await tab.waitForSelector('#cards [data-metric]');
  assert.match(await subject(tab), /^Fresh Start/);
  assert.equal(tab.url(), `${url}/usage`);
  const kept = await tab.evaluate(() => JSON.stringify({ ...localStorage }));
  assert.ok(!kept.includes('pm_'), kept);
});

test('signing out of one tab signs out of all, and a tab that is opened then is asked for a token', async () => {
  const page = await openFresh();
  await page.waitForSelector('#cards [data-metric]');
  const second = await page.context().newPage();
  await second.goto(`${url}/usage/history`);
  await second.waitForSelector('#content:not([aria-busy])');
  await second.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Access token').waitFor();
  await page.reload();
  await page.getByLabel('Access token').waitFor();
  const third = await page.context().newPage();
  await third.goto(`${url}/usage`);
  await third.getByLabel('Access token').waitFor();
});

test('without another tab a token is asked for', async () => {
  const page = await newPage();
  await page.route('**/demo.json', (route) => route.fulfill({ json: { token: null } }));
  await page.addInitScript(() => localStorage.setItem('pm.session', 'yes')); // left by a tab that was closed
  await page.goto(`${url}/usage`);
  await page.getByLabel('Access token').waitFor();
});

test('a dashboard without events shows a command that runs as it stands, above all else; its event appears there', async () => {
  const page = await openFresh('/');
  await page.clock.install();
  await page.goto(withToken('/usage', freshToken));
  const start = page.locator('#start'), command = page.locator('#first');
  await start.waitFor();
  const top = async (selector) => (await page.locator(selector).boundingBox()).y;
  assert.ok(await top('#start') < await top('#bill') && await top('#start') < await top('#cards'));
  assert.ok(await page.locator('#warnings').isHidden(), 'of nothing it is not said that it is within its limits');
  const shown = await command.innerText();
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.locator('#copied', { hasText: 'Copied.' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), shown);

  const { code, said } = await inShell(`${shown}`);
  assert.equal(code, 0, said);
  assert.match(said, /"metric_name":"api_calls".*"duplicate":false/, said);
  await page.clock.fastForward(30_000);
  await page.locator('#recent tbody tr', { hasText: 'API calls' }).waitFor();
  assert.equal(await page.locator('#recent tbody tr').count(), 1);
  assert.ok(await start.isHidden());
});

test('where the clipboard is refused the command is selected instead, and said so', async () => {
  const page = await newPage();
  await page.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('refused'));
    document.execCommand = () => false;
  });
  await page.route('**/usage/api/stats', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ json: { ...await answer.json(), recent: [] } });
  });
  await page.goto(withToken('/usage', token));
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.locator('#copied', { hasText: 'Selected: copy it with the keyboard.' }).waitFor();
  assert.equal(await page.evaluate(() => getSelection().toString()), await page.locator('#first').innerText());
});

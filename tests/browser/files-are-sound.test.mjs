/* The files themselves: valid markup, sizes within their budget, every module announced to the browser. */

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { HtmlValidate } from 'html-validate';

const root = new URL('../../www/', import.meta.url);
const pages = ['usage.html', 'usage/history.html', 'index.html', '404.html'];
const read = (path) => readFile(new URL(path, root), 'utf8');
const compressed = async (path) => gzipSync(await read(path), { level: 9 }).length;

test('the markup is valid', async () => {
  const validator = new HtmlValidate({ extends: ['html-validate:standard', 'html-validate:a11y'] });
  for (const path of pages) {
    const report = await validator.validateString(await read(path), path);
    assert.deepEqual(report.results.flatMap((result) => result.messages.map((message) => `${path}:${message.line} ${message.message}`)), []);
  }
});

test('the logo has the colour of the buttons', async () => {
  const [, brand] = /--brand: light-dark\((#\w+)/.exec(await read('assets/pennymeter.css'));
  assert.ok((await read('assets/icon.svg')).includes(`fill="${brand}"`), brand);
});

test('there is no inline script or style, which the policy would refuse', async () => {
  for (const path of pages) assert.doesNotMatch(await read(path), /<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=/, path);
});

/** The modules that a module imports, itself included. */
async function reach(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, next] of (await read(`assets/${name}.mjs`)).matchAll(/from '\.\/(\w+)\.mjs'/g)) await reach(next, found);
  return found;
}

test('a page announces every module it will need, and no other', async () => {
  for (const path of pages) {
    const html = await read(path);
    const entry = /<script type="module" src="(?:\/|(?:\.\.\/)*)assets\/(\w+)\.mjs">/.exec(html)[1];
    const announced = [...html.matchAll(/rel="modulepreload" href="(?:\/|(?:\.\.\/)*)assets\/(\w+)\.mjs"/g)].map(([, name]) => name);
    const needed = [...await reach(entry)].filter((name) => name !== entry);
    assert.deepEqual(announced.sort(), needed.sort(), path);
  }
});

/* With Chart.js (71 kB) the first view then stays near 100 KiB; whoever adds here must take away elsewhere. */
test('the stylesheet is at most 6 kB, and all own code of the dashboard at most 35 kB, compressed', async () => {
  assert.ok(await compressed('assets/pennymeter.css') <= 6_000);
  const catalogues = await readdir(new URL('assets/locales/', root));
  const catalogue = Math.max(...await Promise.all(catalogues.map((name) => compressed(`assets/locales/${name}`))));
  let total = catalogue;
  for (const name of ['usage.html', 'assets/early.js', 'assets/pennymeter.css', 'assets/icon.svg']) total += await compressed(name);
  for (const name of await reach('usage')) total += await compressed(`assets/${name}.mjs`);
  assert.ok(total <= 35_000, `${total} bytes`);
});

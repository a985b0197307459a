/* The files themselves, as they are served: valid markup, nothing inline, every module announced, names that follow from the content. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { HtmlValidate } from 'html-validate';
import { makePages } from '../lib/pages.mjs';
import { build, repo } from '../lib/places.mjs';

const root = path.join(build, 'www');
const read = (name, from = root) => readFileSync(path.join(from, name), 'utf8');
const filesIn = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name))).sort();
const pages = filesIn(path.join(repo, 'www/pages'));
const assets = filesIn(path.join(root, 'assets'));

/** The files of assets/ that a page names. */
const named = (html) => [...html.matchAll(/"(?:\/|\.\/|(?:\.\.\/)+)assets\/([^"]+)"/g)].map(([, name]) => name);

test('the markup is valid', async () => {
  const validator = new HtmlValidate({ extends: ['html-validate:standard', 'html-validate:a11y'] });
  for (const name of pages) {
    const report = await validator.validateString(read(name), name);
    assert.deepEqual(report.results.flatMap((result) => result.messages.map((message) => `${name}:${message.line} ${message.message}`)), []);
  }
});

test('every page is filled: no place is left open, and one link at most is its own', () => {
  for (const name of pages) {
    const html = read(name);
    assert.doesNotMatch(html, /\{\w+\}/, name);
    const own = [...html.matchAll(/<a href="([^"]+)" aria-current="page"/g)].map(([, address]) => new URL(address, `http://site/${name}`).pathname);
    assert.deepEqual(own, name.startsWith('usage') ? [`/${name.replace('.html', '')}`] : [], name);
  }
});

test('the logo has the colour of the buttons', () => {
  const from = path.join(repo, 'www/assets'), [, brand] = /--brand: light-dark\((#\w+)/.exec(read('pm.css', from));
  assert.ok(read('icon.svg', from).includes(`fill="${brand}"`), brand);
});

test('there is no inline script or style, which the policy would refuse', () => {
  for (const name of pages) assert.doesNotMatch(read(name), /<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=/, name);
});

test('a page announces every module it will need, and no other', () => {
  for (const name of pages) {
    const html = read(name);
    const [, entry] = /<script type="module" src="[./]*assets\/([^"]+)">/.exec(html);
    const announced = [...html.matchAll(/rel="modulepreload" href="[./]*assets\/([^"]+)"/g)].map(([, file]) => file);
    const needed = [...read(`assets/${entry}`).matchAll(/\b(?:from|import)\s?"([^"]+)"/g)].map(([, file]) => path.join(path.dirname(entry), file));
    assert.deepEqual(announced, [...new Set(needed)], name);
  }
});

test('what a page or a module names is there, and nothing else, each under the name of its content', () => {
  const wanted = new Set(pages.flatMap((name) => named(read(name))));
  for (const name of wanted) {
    if (!name.endsWith('.mjs')) continue;
    for (const [, file] of read(`assets/${name}`).matchAll(/"(\.{1,2}\/[^"]+\.mjs)"/g)) wanted.add(path.join(path.dirname(name), file));
  }
  const compressed = assets.filter((name) => name.endsWith('.gz')), plain = assets.filter((name) => !name.endsWith('.gz') && !name.endsWith('LICENSE.md'));
  assert.deepEqual(plain, [...wanted].sort());
  for (const name of plain) assert.ok(name.includes(`-${createHash('sha256').update(read(`assets/${name}`)).digest('hex').slice(0, 10)}.`), name);
  assert.deepEqual(compressed, plain.filter((name) => /\.(css|m?js)$/.test(name)).map((name) => `${name}.gz`));
  for (const name of compressed) assert.equal(gunzipSync(readFileSync(path.join(root, 'assets', name))).toString(), read(`assets/${name.slice(0, -3)}`), name);
});

test('the chart library comes with the licences of what is in it', () => {
  assert.match(read('assets/lib/chart-LICENSE.md'), /# @kurkle\/color\n[^]*Permission is hereby granted[^]*# chart\.js\n[^]*Permission is hereby granted/);
});

/* With Chart.js the first view then stays within 100 KiB; whoever adds here must take away elsewhere. */
test('compressed, the stylesheet has at most 6 kB, the shell 13 kB, Chart.js 60 kB, and all own code of the dashboard 30 kB', () => {
  const size = (name) => gzipSync(read(name), { level: 9 }).length, html = read('usage.html'), one = (pattern) => assets.find((name) => pattern.test(name) && !name.endsWith('.gz'));
  const own = [...named(html).filter((name) => !name.startsWith('locales/')), one(/^locales\/ja-JP/)];
  for (const [pattern, most] of [[/^pm-/, 6_000], [/^lib\/shell-/, 13_000], [/^lib\/chart-.*mjs$/, 60_000]]) assert.ok(size(`assets/${one(pattern)}`) <= most, `${one(pattern)}: ${size(`assets/${one(pattern)}`)} bytes`);
  const total = own.reduce((sum, name) => sum + size(`assets/${name}`), size('usage.html'));
  assert.ok(total <= 30_000, `${total} bytes`);
});

// ---- the build ----

function made(t, options) {
  const { folder, remove } = makePages(options);
  t.after(remove);
  return folder;
}

const append = (name, text) => (www) => writeFileSync(path.join(www, name), read(name, www) + text);

test('the same sources make the same files, wherever they are', (t) => {
  const again = made(t);
  assert.deepEqual(filesIn(again), filesIn(root));
  for (const name of filesIn(root)) assert.ok(readFileSync(path.join(again, name)).equals(readFileSync(path.join(root, name))), name);
});

test('an edit of one page changes the name of that page\'s module alone', (t) => {
  const changed = filesIn(path.join(made(t, { change: append('assets/pages/usage/history.mjs', "\nconsole.log('new');\n") }), 'assets'));
  assert.deepEqual(assets.filter((name) => !changed.includes(name)).map((name) => name.replace(/-\w{10}\./, '.')), ['pages/usage/history.mjs', 'pages/usage/history.mjs.gz']);
});

test('a page that names what is not there, or has no head, is refused', (t) => {
  assert.throws(() => made(t, { change: append('pages/index.html', '<img src="./assets/nope.png" alt="">\n') }), /index\.html names assets\/nope\.png, which is not there/);
  assert.throws(() => made(t, { change: (www) => writeFileSync(path.join(www, 'pages/index.html'), '<h1>no head</h1>\n') }), /wants a head, an empty line/);
});

test('a name that two modules of the shell export is refused, for a page could not tell them apart', (t) => {
  assert.throws(() => made(t, { change: append('assets/lib/dom.mjs', '\nexport const locale = null;\n') }), /two modules of the shell export locale/);
});

test('without the bundler the pages get the sources', (t) => {
  const plain = made(t, { bundler: false });
  for (const name of pages) for (const file of named(read(name, plain))) assert.ok(existsSync(path.join(plain, 'assets', file)), `${name} names ${file}`);
  assert.ok(existsSync(path.join(plain, 'assets/lib/dom.mjs')));
});

// Bundles www/assets into FOLDER/assets, each file under a name that changes with its content, scripts and styles with a .gz
// beside them, and puts the names into FOLDER's pages. It is the last step of infra/www.
//
//   node infra/generate/bundle.mjs FOLDER
//
// First what pages share: lib/shell.mjs, and lib/chart.mjs for those that draw. Then each page's module by itself, which asks for those
// two by their new names. So a page costs one file of its own, and an edit of one page changes one name.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname); // Node.js 18 has no dirname
const repo = path.resolve(here, '../..'), assets = path.join(repo, 'www/assets'), folder = path.resolve(process.argv[2]);
const files = (root, ending) => readdirSync(root, { recursive: true }).filter((name) => name.endsWith(ending)).sort();
const settings = { absWorkingDir: assets, bundle: true, write: false, metafile: true, minify: true, format: 'esm', charset: 'utf8', legalComments: 'eof',
  loader: { '.svg': 'dataurl' }, logLevel: 'warning' };

/** "lib/shell.mjs" → "lib/shell-0a1b2c3d4e.mjs" */
const names = new Map();
/** In which shared file a module is: "lib/dom.mjs" → "lib/shell.mjs" */
const sharedBy = new Map();

function keep(name, content) {
  const { dir, name: stem, ext } = path.parse(name), hash = createHash('sha256').update(content).digest('hex').slice(0, 10);
  const kept = path.join(dir, `${stem}-${hash}${ext}`), file = path.join(folder, 'assets', kept);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  if (/^\.(css|m?js)$/.test(ext)) writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  names.set(name, kept);
}

/** Modules that are in a shared file are asked for there; `from` is who asks. */
const asksForShared = (from) => ({
  name: 'shared',
  setup: ({ onResolve }) => onResolve({ filter: /\.mjs$/ }, ({ path: asked, resolveDir }) => {
    const shared = sharedBy.get(path.relative(assets, path.join(resolveDir, asked)));
    const way = shared && path.relative(path.dirname(from), names.get(shared));
    return way && { path: way.startsWith('.') ? way : `./${way}`, external: true };
  }),
});

async function bundle(name, options = { entryPoints: [name] }) {
  const { outputFiles: [{ contents }], metafile } = await esbuild.build({ ...settings, ...options });
  keep(name, contents);
  return Object.keys(metafile.inputs);
}

// ---- what pages share ----

/** Of all modules that `entry` reaches, every export: pages may ask for any. */
async function bundleShell(entry) {
  const reached = async () => Object.keys((await esbuild.build({ ...settings, entryPoints: [entry] })).metafile.inputs).filter((name) => name.endsWith('.mjs'));
  const exportsOf = async (name) => Object.values((await esbuild.build({ ...settings, bundle: false, entryPoints: [name] })).metafile.outputs)[0].exports;
  const modules = (await reached()).sort(), all = (await Promise.all(modules.map(exportsOf))).flat();
  const twice = all.find((name, index) => all.indexOf(name) !== index);
  if (twice) throw new Error(`two modules of the shell export ${twice}`);
  await bundle(entry, { stdin: { contents: modules.map((name) => `export * from './${name}';`).join('\n'), resolveDir: assets } });
  for (const name of modules) sharedBy.set(name, entry);
}

async function bundleChart(entry) {
  const packages = new Set((await bundle(entry)).map((name) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name)?.[1]).filter(Boolean));
  const licences = [...packages].sort().map((name) => `# ${name}\n\n${readFileSync(path.join(repo, 'node_modules', name, 'LICENSE.md'), 'utf8')}`);
  writeFileSync(path.join(folder, 'assets', 'lib/chart-LICENSE.md'), licences.join('\n'));
  sharedBy.set(entry, entry);
}

// ---- the rest ----

/** English is in the shell. */
function keepWords() {
  for (const name of files(path.join(assets, 'locales'), '.json')) {
    if (name !== 'en-US.json') keep(`locales/${name}`, JSON.stringify(JSON.parse(readFileSync(path.join(assets, 'locales', name), 'utf8'))));
  }
}

/** The icon is in the page itself, as in the stylesheet: a request for it would cost more than its bytes. */
function nameInPages() {
  const escapes = { '"': "'", '#': '%23', '<': '%3C', '>': '%3E' };
  const icon = `data:image/svg+xml,${readFileSync(path.join(assets, 'icon.svg'), 'utf8').trim().replace(/["#<>]/g, (letter) => escapes[letter])}`;
  for (const page of files(folder, '.html').filter((name) => !name.startsWith('errors/'))) {
    const html = readFileSync(path.join(folder, page), 'utf8').replace(/"([^"]*\/)assets\/([^"]+)"/g, (whole, root, name) => {
      if (name === 'icon.svg') return `"${icon}"`;
      if (!names.has(name)) throw new Error(`${page} names assets/${name}, which is not there`);
      return `"${root}assets/${names.get(name)}"`;
    });
    writeFileSync(path.join(folder, page), html);
  }
}

keepWords();
await bundle('pm.css');
await bundle('early.js', { entryPoints: ['early.js'], format: 'iife' });
await bundleChart('lib/chart.mjs');
await bundleShell('lib/shell.mjs');
for (const name of files(path.join(assets, 'pages'), '.mjs')) await bundle(`pages/${name}`, { entryPoints: [`pages/${name}`], plugins: [asksForShared(`pages/${name}`)] });
nameInPages();

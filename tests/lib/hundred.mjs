// The product with a hundred functions more, as it will have: copies of customers and products under names, tables and statements
// of their own, built by the product's own Makefile in a folder of their own.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { addObjects, exampleOf, isOperators, routes } from './examples.mjs';
import { build, repo } from './places.mjs';

const COPIES = 25;
const sources = { customer: 'customers', product: 'products' };

/** The same with a word before each name of the kind: "customer_find" is "redcustomer_find". */
const renamed = (text, kind, word) => text.replaceAll(new RegExp(`(?<![a-z])${kind}`, 'g'), word + kind)
  .replaceAll(new RegExp(`(?<=SQL_|BILLING_)${kind.toUpperCase()}`, 'g'), (word + kind).toUpperCase());

const rename = (from, to, kind, word) => writeFileSync(to, renamed(readFileSync(from, 'utf8'), kind, word));

/** What the migration that makes it says of a kind's table and its indexes. */
function schemaOf(kinds, schema) {
  const texts = readdirSync(schema).sort().map((name) => readFileSync(path.join(schema, name), 'utf8')).join('\n').split(/;\n/);
  return texts.map((text) => text.replace(/^(\s*--.*\n|\n)*/, '')).filter((text) => new RegExp(`^(CREATE TABLE|ALTER TABLE|CREATE (UNIQUE )?INDEX \\w+ ON) ${kinds} `).test(text)).join(';\n') + ';\n';
}

/** One kind more. Answers its name in addresses, and what its table says. */
function addKind(tree, kind, word) {
  const kinds = sources[kind], at = (...names) => path.join(tree, ...names);
  for (const end of ['c', 'h', 'sql']) rename(at('shared/billing', `${kind}.${end}`), at('shared/billing', `${word}${kind}.${end}`), kind, word);
  mkdirSync(at('functions', word + kinds));
  for (const name of readdirSync(at('functions', kinds))) rename(at('functions', kinds, name), at('functions', word + kinds, name), kind, word);
  return { name: word + kinds, schema: renamed(schemaOf(kinds, at('shared/store/schema')), kind, word) };
}

// ---- what is built ----

/** The sources, and what was compiled of them: make finds that it need not be done again. */
function copyTree() {
  const tree = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-hundred-')));
  for (const name of ['Makefile', 'VERSION', 'shared', 'functions', 'infra', 'plans', 'openapi.json', 'routes.txt'])
    cpSync(path.join(repo, name), path.join(tree, name), { recursive: true, preserveTimestamps: true });
  for (const name of ['obj', 'gen', 'sql'])
    cpSync(path.join(build, name), path.join(tree, 'build', name), { recursive: true, preserveTimestamps: true });
  return tree;
}

/**
 * Build it. Answers { build, kinds, functions, remove }: its folder, the names of the kinds as addresses have them, how many functions
 * they are together, each with its own address. `alter(tree)` may change the sources before.
 */
export function buildHundred({ copies = COPIES, alter = () => {} } = {}) {
  const tree = copyTree(), remove = () => rmSync(tree, { recursive: true, force: true });
  const last = Number(readdirSync(path.join(tree, 'shared/store/schema')).sort().at(-1).slice(0, 4));
  const made = Array.from({ length: copies }, (_, i) => addKind(tree, i % 2 ? 'product' : 'customer', `${String.fromCharCode(97 + i)}x`));
  if (copies) writeFileSync(path.join(tree, 'shared/store/schema', `${String(last + 1).padStart(4, '0')}_hundred.sql`), made.map(({ schema }) => schema).join('\n'));
  alter(tree);
  const kinds = made.map(({ name }) => name);
  const functions = kinds.flatMap((name) => [...new Set(readdirSync(path.join(tree, 'functions', name)).map((file) => file.replace(/^(index|id)\.c$/, '')))]).length;
  const r = spawnSync('make', ['-j2', '--no-print-directory', 'functions', 'build/bin/pennymeter', 'build/bin/routes'], { cwd: tree, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (r.status !== 0) {
    remove();
    throw new Error(`make: ${r.stdout.slice(-2000)}${r.stderr.slice(-4000)}`);
  }
  return { build: path.join(tree, 'build'), kinds, functions, remove };
}

// ---- what runs of it ----

/** One request to each function of a kind: method, target, status, body. */
const callsTo = (kind) => [
  ['POST', `/api/${kind}`, 201, { name: 'Nordsee Kisten AG' }], ['GET', `/api/${kind}`, 200], ['GET', `/api/${kind}/1`, 200],
  ['POST', `/api/${kind}/archive/1`, 200], ['POST', `/api/${kind}/restore/1`, 200], ['GET', `/api/${kind}/export`, 200],
];

/** Ask a server's functions each once, those that were there before too, as a new tenant and as the operator. */
export async function askAll({ kinds }, server) {
  const { token } = server.addTenant(), operator = server.pennymeter(['token', 'add', '--tenant', '1', '--scopes', 'operator:write']).token;
  const ask = async (method, target, status, more) => {
    const reply = await server.request(method, target, { token, ...more });
    if (reply.status !== status) throw new Error(`${method} ${target}: ${reply.status} ${reply.text.slice(0, 300)}`);
  };
  for (const [method, target, status, body] of kinds.flatMap(callsTo)) await ask(method, target, status, body && { body: JSON.stringify(body) });
  await addObjects((kind, body) => ask('POST', `/api/${kind}`, 201, { body: JSON.stringify(body) }), 2);
  for (const route of routes()) {
    const { method, target, status, ...more } = exampleOf(route, 0);
    await ask(method, target, status, isOperators(route) ? { ...more, token: operator } : more);
  }
}

/** Of a server's processes, ours: the launcher and the functions. */
export const oursOf = (server) => server.processes().filter(({ args }) => args[0].endsWith('.fcgi') || args[1] === 'launch');

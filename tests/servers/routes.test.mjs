// The route generator: what it refuses, and that what is checked in follows from the declarations.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { cgi } from '../lib/cgi.mjs';
import { build, repo } from '../lib/server.mjs';

const routes = (...args) => spawnSync(path.join(build, 'bin/routes'), args, { encoding: 'utf8', cwd: repo });
const print = (...args) => {
  const r = routes(...args);
  assert.equal(r.status, 0, r.stderr);
  return r.stdout;
};
const addresses = () => print('routes').trim().split('\n').map((line) => line.split(' '));

/** What check_functions() says of each table of bad-declarations.c, compiled here. */
function verdicts() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pm-'));
  const program = path.join(folder, 'bad-declarations');
  const sanitize = build.endsWith('/san') ? ['-fsanitize=address,undefined'] : [];
  try {
    execFileSync('gcc', ['-std=gnu17', '-D_GNU_SOURCE', ...sanitize, '-Ishared', `-I${build}/gen`, '-Iinfra/routes', '-o', program,
      'tests/servers/bad-declarations.c', 'infra/routes/check.c', 'infra/routes/address.c', `${build}/libcore.a`,
      '-lsqlite3', '-lcjson', '-lsodium'], { cwd: repo });
    return execFileSync(program, { encoding: 'utf8' }).split(/^-- \d+\n/m).slice(1).map((text) => text.trim());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('refuses declarations that forget something, naming address and cause', () => {
  assert.deepEqual(verdicts(), [
    '',
    'GET /api/usage/record: a method without a scope',
    'POST /api/usage/record: a public method that writes',
    'GET /api/usage/record: a method without a summary',
    'GET /api/usage/record: a parameter without a doc: start',
    'GET /api/usage/record: a parameter declared twice: a',
    'GET /api/usage/record: a whole number without bounds: page',
    'GET /api/usage/record: a choice without choices: days',
    'POST /api/usage/record: a raw body without content types',
    'GET /api/usage/record: fields of a body that is not read\nGET /api/usage/record: a whole number without bounds: page',
    'GET /api/usage/record: the example of an answer is not JSON: not valid JSON near byte 6',
    '',
    'POST /api/usage/record: more parameters than a request holds',
    'GET /api/usage/record: a method without a handler\n* /api/usage/record: a function without a method',
    '/other/address: two functions at one address',
    '* /api/usage: alone, and the folder\'s own',
    '/api/v1/usage: two functions at one address\nGET /api/v1/usage: a parameter without a doc: start',
  ]);
});

test('routes.txt and openapi.json follow from the declarations (make routes writes them)', () => {
  for (const [format, file] of [['routes', 'routes.txt'], ['openapi', 'openapi.json']]) {
    assert.equal(readFileSync(path.join(repo, file), 'utf8'), print(format), `${file} is stale`);
  }
});

test('routes.txt names every function below /api and /api/v1, sorted', () => {
  const rows = addresses();
  const of = (prefix) => rows.filter(([, address]) => address.startsWith(prefix)).map(([method, address, scope]) => `${method} ${address.slice(prefix.length)} ${scope}`);
  const old = of('/api/').filter((row) => !row.includes(' v1/'));
  assert.ok(old.length > 0);
  assert.deepEqual(of('/api/v1/'), old);
  assert.deepEqual(rows.map(([, address]) => address), rows.map(([, address]) => address).sort());
});

test('every configuration leads every address to its program, by one prefix a program', () => {
  const sources = { lighttpd: print('lighttpd'), nginx: print('nginx'), fcgid: print('apache-fcgid'), cgi: print('apache-cgi') };
  for (const [, address] of addresses()) {
    if (address.startsWith('/api/v1/') || address === '/api/health') continue;
    const below = address.slice(address.startsWith('/api/') ? 5 : 1).replace('/{id}', '');
    const prefix = address.startsWith('/api/') && !['usage/record', 'usage/batch'].includes(below) ? below.split('/')[0] : below;
    for (const [name, text] of Object.entries(sources)) assert.match(text, new RegExp(`[/?^]${prefix}[" (]`), `${name}: ${address}`);
  }
  const programs = [...sources.fcgid.matchAll(/ fn\/(.*)\.fcgi \[END\]/g)].map(([, name]) => name), files = readdirSync(path.join(build, 'fn'));
  assert.deepEqual([...new Set(programs)].map((name) => `${name}.fcgi`).sort(), files.filter((name) => name !== 'pennymeter-all.fcgi').sort());
  assert.match(sources.lighttpd, /"\/api\/usage\/record"[^]*"\/api\/usage"/, 'a longer prefix before a shorter one');
});

test('a folder whose name a server would expand is refused', () => {
  for (const name of ['a"b', 'a\\b', 'a$b', 'a%b', 'a#b', 'a\nb']) {
    const r = routes('nginx', '--data', `/tmp/${name}`);
    assert.equal(r.status, 2, name);
    assert.equal(r.stdout, '');
    assert.match(r.stderr, /must not hold/);
  }
});

test('bad usage exits 2 and says why', () => {
  for (const args of [[], ['nothing'], ['lighttpd', '--port'], ['lighttpd', '--port', '0'], ['lighttpd', '--port', '65536'],
    ['lighttpd', '--port', '-1'], ['lighttpd', '--port', '80x'], ['lighttpd', '--colour', 'red'], ['lighttpd', 'stray'],
    ['nginx', '--name', 'a b'], ['nginx', '--name', 'x;y'], ['nginx', '--name', ''], ['nginx', '--base', 'meter'], ['nginx', '--base', '/meter/'], ['nginx', '--base', '/a//b'],
    ['nginx', '--base', '/a.b'], ['nginx', '--base', '/'], ['nginx', '--cert', '/x'], ['nginx', '--key', '/x']]) {
    const r = routes(...args);
    assert.equal(r.status, 2, args.join(' '));
    assert.notEqual(r.stderr, '');
    assert.equal(r.stdout, '');
  }
});

// ---- what a web server says by itself ----

test('www/errors follows from the declarations (make routes writes it), and is what a function says', () => {
  const folder = path.join(repo, 'www/errors'), files = readdirSync(folder);
  assert.ok(files.length >= 6);
  for (const name of files) {
    const status = /^api-(\d+)\.html$/.exec(name)[1], text = readFileSync(path.join(folder, name), 'utf8'), problem = JSON.parse(text);
    assert.equal(text, print('problem', '--status', status), `${name} is stale`);
    assert.deepEqual(Object.keys(problem), ['type', 'code', 'title', 'status', 'detail', 'errors']);
    assert.equal(problem.status, Number(status));
  }
  const data = mkdtempSync(path.join(os.tmpdir(), 'pm-'));
  try {
    const said = cgi(data, 'plans', 'POST', '/api/plans/preview', { body: ' '.repeat(65_537) });
    assert.equal(said.status, 413);
    assert.equal(readFileSync(path.join(folder, 'api-413.html'), 'utf8'), said.text);
  } finally {
    rmSync(data, { recursive: true });
  }
});

test('a server that broke a request off does not say that nothing was changed', () => {
  for (const status of [500, 502, 504]) assert.match(JSON.parse(print('problem', '--status', String(status))).detail, /may have been done or not/);
});

// ---- openapi.json ----

const api = () => JSON.parse(print('openapi'));
const operations = (document) => Object.entries(document.paths).flatMap(([address, item]) =>
  Object.entries(item).map(([method, operation]) => ({ address, method, operation })));

test('openapi.json has an operation for each method of each address, with its scope', () => {
  const document = api();
  assert.equal(document.openapi, '3.1.0');
  const declared = addresses().filter(([, address]) => !address.startsWith('/api/v1/'));
  assert.equal(operations(document).length, declared.length);
  for (const [method, address, scope] of declared) {
    const operation = document.paths[address][method.toLowerCase()];
    assert.ok(operation?.summary, `${method} ${address}`);
    assert.deepEqual(operation.security, scope === 'public' ? [] : [{ bearer: [scope] }, { apiKey: [scope] }]);
    assert.ok(operation.responses['2XX'] && operation.responses.default);
  }
});

test('openapi.json: operation ids are unique, references resolve, parameters have a schema and a description', () => {
  const document = api();
  const ids = operations(document).map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
  const resolve = (ref) => ref.slice(2).split('/').reduce((at, key) => at?.[key], document);
  for (const [, ref] of print('openapi').matchAll(/"\$ref": "([^"]+)"/g)) assert.ok(resolve(ref), ref);
  for (const { operation } of operations(document)) {
    for (const p of operation.parameters ?? []) assert.ok(p.name && p.in && p.description && p.schema.type, p.name);
    for (const [type, { schema }] of Object.entries(operation.requestBody?.content ?? {})) {
      assert.match(type, /^[a-z]+\/[a-z+.-]+$/);
      const item = schema?.items ?? schema;
      for (const name of item?.required ?? []) assert.ok(item.properties[name], name);
      for (const field of Object.values(item?.properties ?? {})) assert.ok(field.type && field.description);
    }
  }
});

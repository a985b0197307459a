// `make fn`: a new resource, its verbs and a call of its own are made, build, keep the rules and pass their first tests, in a copy of the
// tree; a bad or taken name is refused, and nothing is made.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { repo } from '../lib/places.mjs';
import { mayTake } from '../lib/watch.mjs';

mayTake(900);

let copy;
const run = (program, args, env = {}) => spawnSync(program, args, { cwd: copy, encoding: 'utf8', env: { ...process.env, NODE_TEST_CONTEXT: undefined, PENNYMETER_BUILD: 'build', BUILD: 'build', ...env }, maxBuffer: 1 << 26 });
const git = (...args) => run('git', args).stdout;
const done = (program, args, env) => {
  const r = run(program, args, env);
  assert.equal(r.status, 0, `${program} ${args.join(' ')}: ${r.stdout.slice(-3000)}${r.stderr.slice(-3000)}`);
  return r.stdout;
};
const fn = (name, env = {}) => run('infra/fn', name === undefined ? [] : [name], env);

before(() => {
  copy = mkdtempSync(path.join(os.tmpdir(), 'pm-tree-'));
  const kept = /^(\.git|var|node_modules|build\/(san|bench|unit))$/;
  cpSync(repo, copy, { recursive: true, preserveTimestamps: true, filter: (file) => !kept.test(path.relative(repo, file)) });
  symlinkSync(path.join(repo, 'node_modules'), path.join(copy, 'node_modules'));
  spawnSync('git', ['init', '-q', copy]);
  git('add', '-A');
});
after(() => { if (copy) rmSync(copy, { recursive: true, force: true }); });

describe('a name is refused', () => {
  const bad = [[undefined, /want a name/], ['', /want a name/], ['Widgets', /small letters/], ['widgets/', /small letters/], ['/widgets', /small letters/], ['a/b/c', /small letters/], ['a_b', /small letters/],
    ['1a', /small letters/], ['a--b', /small letters/], ['-a', /small letters/], ['../x', /small letters/], ['a b', /small letters/], ['wid;gets', /small letters/], ['a\nb', /small letters/],
    ['widgets/index', /addresses are made of/], ['widgets/id', /addresses are made of/], ['v1/widgets', /addresses are made of/], [`a${'b'.repeat(60)}`, /at most 60/],
    ['customers', /functions\/customers is there|another function/], ['customers/export', /is there already/], ['usage/current-period', /is there already/], ['customers-export', /another function is called/],
    ['numbers', /there is a table of that name/], ['fish', /what one of them is called/], ['credit-notes', /one word/]];
  for (const [name, why] of bad) {
    test(JSON.stringify(name ?? null), () => {
      const r = fn(name);
      assert.equal(r.status, 2, r.stdout);
      assert.match(r.stderr, why);
      assert.equal(git('status', '--porcelain').split('\n').filter((line) => line && !line.startsWith('A ')).join(), '');
    });
  }
  test('and so is a scope that there is none of', () => {
    const r = fn('widgets', { SCOPE: 'nonsense' });
    assert.deepEqual([r.status, existsSync(path.join(copy, 'functions/widgets'))], [2, false]);
    assert.match(r.stderr, /has none of that name/);
  });
});

describe('what is made', () => {
  before(() => {
    done('make', ['-s', 'fn', 'NAME=entries', 'SCOPE=customers']);
    for (const name of ['entries/export', 'entries/import', 'entries/restore', 'entries/close-for-good', 'customers/greet', 'weather/forecast']) done('make', ['-s', 'fn', `NAME=${name}`]);
  });

  test('has its own words, and the scope that was said', () => {
    assert.match(readFileSync(path.join(copy, 'shared/billing/entry.c'), 'utf8'), /What an entry is/);
    const made = git('ls-files', '--others', '--exclude-standard').split('\n').filter((file) => /^(functions|shared|tests|www)/.test(file));
    assert.ok(made.length >= 20, made.join());
    for (const file of made) assert.doesNotMatch(readFileSync(path.join(copy, file), 'utf8'), /widget|polish/i, file);
    for (const file of ['entries/index.c', 'entries/close-for-good.c']) assert.match(readFileSync(path.join(copy, 'functions', file), 'utf8'), /SCOPE_CUSTOMERS_WRITE/);
  });

  test('is refused a second time', () => {
    for (const name of ['entries', 'entries/close-for-good', 'weather/forecast']) assert.equal(fn(name).status, 2);
  });

  test('builds, keeps the rules, and passes its first tests', () => {
    done('make', ['-s', '-j2', 'build/fn/pennymeter-all.fcgi', 'build/bin/pennymeter', 'build/bin/routes', 'routes', 'build/unit/shape', 'build/unit/statements', 'build/www/index.html']);
    assert.match(readFileSync(path.join(copy, 'routes.txt'), 'utf8'), /^POST \/api\/entries\/close-for-good\/\{id\} customers:write$/m);
    assert.equal(run('infra/lint', []).stdout, '');
    for (const unit of ['shape', 'statements']) done(`build/unit/${unit}`, []);
    const tests = ['bad-entries-are-refused', 'entries-close-for-good-answers', 'customers-greet-answers', 'weather-forecast-answers', 'resources-are-kept'];
    const told = done(process.execPath, ['--test', '--test-reporter=tap', ...tests.map((name) => `tests/api/${name}.test.mjs`)], { PENNYMETER_TEST_STORE: '' });
    assert.match(told, /# todo 4\n/);
    assert.match(told, /entries/);
  });
});

// What the operator's command prints of itself: every help is there, and every example in it runs as it stands.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build, repo } from '../lib/places.mjs';
import { freePort } from '../lib/ports.mjs';
import { sharedPostgres } from '../lib/postgres.mjs';
import { processesIn, request } from '../lib/server.mjs';
import { soon, until } from '../lib/until.mjs';

const program = 'build/bin/pennymeter';
let place;
const options = () => ({ cwd: place, encoding: 'utf8', timeout: 60_000, env: { ...process.env, PENNYMETER_STORE: 'pennymeter.db' } });
const run = (...args) => {
  const r = spawnSync(program, args, options());
  return { code: r.status, out: r.stdout, err: r.stderr };
};

/** Of the list of a help: ["tenant", "add"] of "  tenant add           add a tenant; …". */
const listed = (text) => [...text.matchAll(/^ {2}([a-z]+)(?: ([a-z_]+))?(?: (?:[A-Z]+(?:\|--[a-z]+)?|\[.*\]))? {2,}[a-z]/gm)].map(([, name, sub]) => [name, sub].filter(Boolean));
const example = (text) => /^example[^\n]*\n\n((?: {2}.*\n)+)$/m.exec(text)?.[1].replaceAll(/^ {2}/gm, '');

// Read before any test is declared, from what the program itself lists.
place = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-help-')));
symlinkSync(path.resolve(repo, build), path.join(place, 'build'));
symlinkSync(path.join(repo, 'plans'), path.join(place, 'plans'));
const first = listed(run('--help').out).filter(([name]) => name !== 'calc');
const groups = [...new Set(first.filter(([, sub]) => sub).map(([name]) => name)), 'calc'];
const commands = [...first, ...listed(run('calc', '--help').out)];
after(() => rmSync(place, { recursive: true, force: true }));

test('the list is that of the guide: nothing is left out of what follows', () => {
  assert.deepEqual(groups, ['tenant', 'token', 'plan', 'job', 'clock', 'outbox', 'calc']);
  for (const name of ['init', 'doctor', 'tenant add', 'tenant list', 'token add', 'token list', 'token revoke', 'plan apply', 'plan list', 'check', 'backup', 'restore', 'move',
    'job run', 'job list', 'clock advance', 'outbox list', 'outbox show', 'demo', 'launch', 'calc price', 'calc plan_overage', 'calc periods', 'calc proration', 'calc allocation', 'calc tax', 'calc aggregation', 'calc alerts', 'calc rounding']) {
    assert.ok(commands.some((command) => command.join(' ') === name), name);
  }
});

for (const words of [[], ...groups.map((name) => [name]), ...commands]) {
  const name = words.join(' ');
  test(`help: ${name || 'of all'}`, () => {
    const asked = [[...words, '--help'], [...words, '-h'], ['help', ...words]].map((args) => run(...args));
    for (const { code, out, err } of asked) assert.deepEqual([code, out, err], [0, asked[0].out, '']);
    assert.ok(asked[0].out.startsWith(`usage: pennymeter ${name}`), asked[0].out);
    assert.ok(example(asked[0].out)?.includes(program), asked[0].out);
    for (const line of asked[0].out.split('\n')) assert.ok(line.length <= 240, line);
  });
}

test('help comes whatever else stands there, and prints no example of another place', () => {
  assert.equal(run('tenant', 'add', '--name', 'x', '--help').out, run('tenant', 'add', '--help').out);
  const elsewhere = spawnSync('pennymeter', ['doctor', '--help'], { ...options(), env: { ...process.env, PATH: `${path.resolve(repo, build)}/bin:${process.env.PATH}` } });
  assert.match(elsewhere.stdout, /^ {2}pennymeter doctor$/m);
});

describe('every example runs as it stands', () => {
  const sh = (text, env = {}) => {
    const r = spawnSync('sh', ['-ec', text], { ...options(), env: { ...options().env, ...env } });
    assert.equal(r.status, 0, `${text}\n${r.stdout}${r.stderr}`);
    return r.stdout;
  };
  const serves = commands.filter(([name]) => name === 'launch'), moves = commands.filter(([name]) => name === 'move');
  before(() => sh(example(run('--help').out)));

  for (const words of [...groups.map((name) => [name]), ...commands.filter((command) => !serves.includes(command) && !moves.includes(command))]) {
    test(words.join(' '), () => {
      const text = example(run(...words, '--help').out);
      const said = sh(text);
      assert.notEqual(said, '');
      if (words[0] === 'calc') assert.match(said, /^\{"id":null,"expect":/);
    });
  }

  /** Commands of which the last one serves at port 8080, which may be taken here: until it does, and what they said. */
  async function serve(text, env = {}) {
    const port = await freePort();
    assert.match(text, /--port 8080/);
    const child = spawn('sh', ['-ec', text.replace('--port 8080', `--port ${port}`)], { ...options(), env: { ...options().env, ...env }, timeout: undefined, detached: true });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => { said += piece; });
    const ended = new Promise((resolve) => { child.on('close', resolve); });
    try {
      await until(async () => {
        assert.equal(child.exitCode, null, said);
        return (await request(`http://127.0.0.1:${port}`, 'GET', '/api/health').catch(() => null))?.status === 200;
      }, { what: 'the commands to serve', every: 50 });
    } finally {
      if (child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
      await soon(ended, 'the commands to end');
    }
    await until(() => processesIn(place).length === 0, { what: 'all that they started to end' });
    return said;
  }

  for (const words of serves) test(words.join(' '), () => serve(example(run(...words, '--help').out)));

  test('the operator\'s commands of README', async () => {
    const readme = readFileSync(path.join(repo, 'README.md'), 'utf8');
    const [, text] = /### The operator's command\n\n```sh\n([^]*?)```/.exec(readme);
    const said = await serve(text, { HOME: place });
    for (const words of [/is added\./, /It may: usage:read\./, /verified|proved/, /"expect":\{"amount":"3"/, /functions wait in/]) assert.match(said, words);
    assert.doesNotMatch(said, /BAD/);
  });

  for (const words of moves) { // the last: the file is put aside
    test(words.join(' '), async () => {
      const cluster = await sharedPostgres();
      cluster.createDatabase('meter');
      try {
        const { hostname } = new URL(cluster.url('meter'));
        const env = { PGHOST: hostname, PGPORT: String(cluster.port), PGUSER: 'pennymeter' };
        const r = spawnSync('env', ['-u', 'PENNYMETER_STORE', 'sh', '-ec', example(run(...words, '--help').out)], { ...options(), env: { ...options().env, ...env } });
        assert.equal(r.status, 0, r.stdout + r.stderr);
        assert.match(r.stdout, /Moved and compared/);
      } finally {
        cluster.dropDatabase('meter');
      }
    });
  }
});

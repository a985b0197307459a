// Plain CGI as suEXEC runs it, with no variable of ours: the file data.path beside the program says where the data is, and where the
// site lies follows from the program's own address.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { cgi } from '../lib/cgi.mjs';
import { build, repo } from '../lib/server.mjs';

let scratch, program, file, data, token;
const command = (folder, ...args) => {
  const r = spawnSync(path.join(build, 'bin/pennymeter'), [...args, '--json'], { cwd: repo, encoding: 'utf8', timeout: 60_000, env: { ...process.env, PENNYMETER_DATA: folder } });
  assert.equal(r.status, 0, r.stderr);
  return JSON.parse(r.stdout);
};

before(() => {
  scratch = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-path-')));
  data = path.join(scratch, 'data');
  program = path.join(scratch, 'fn/usage.fcgi');
  file = path.join(scratch, 'fn/data.path');
  mkdirSync(path.dirname(program));
  copyFileSync(path.join(build, 'fn/usage.fcgi'), program);
  command(data, 'init');
  ({ token } = command(data, 'tenant', 'add', '--name', 'Acme', '--plan', 'starter'));
});
beforeEach(() => rmSync(file, { force: true, recursive: true }));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** As suEXEC hands a request over: { status, text, said }. */
function ask(more = {}) {
  const env = { GATEWAY_INTERFACE: 'CGI/1.1', REQUEST_METHOD: 'GET', REQUEST_URI: '/api/usage/metrics', SCRIPT_NAME: '/fn/usage.fcgi', HTTP_AUTHORIZATION: `Bearer ${token}`,
    ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? '', ...more };
  const r = spawnSync(program, [], { cwd: path.dirname(program), env, encoding: 'utf8', input: '', timeout: 60_000 });
  return { status: Number(/^Status: (\d+)/.exec(r.stdout)?.[1]), text: r.stdout, said: r.stderr };
}

test('the file beside the program names the data folder', () => {
  for (const text of [`${data}\n`, data, `${data} \r\n`]) {
    writeFileSync(file, text, { mode: 0o644 });
    assert.equal(ask().status, 200, JSON.stringify(text));
  }
});

test('without it nothing is answered, nor by what a caller can send', () => {
  assert.equal(ask().status, 503);
  assert.equal(ask({ HTTP_PENNYMETER_DATA: data, HTTP_DATA_PATH: data, REDIRECT_PENNYMETER_DATA: data, QUERY_STRING: `PENNYMETER_DATA=${data}` }).status, 503);
});

test('the environment comes first', () => {
  writeFileSync(file, `${path.join(scratch, 'none')}\n`, { mode: 0o644 });
  assert.equal(ask({ PENNYMETER_DATA: data }).status, 200);
});

test('a file that others can write to, a link, a folder, and what is no path from the root are not used, and the log says so', () => {
  const cases = [
    [() => { writeFileSync(file, data); chmodSync(file, 0o664); }, /data\.path has mode 0664/],
    [() => { writeFileSync(file, data); chmodSync(file, 0o646); }, /data\.path has mode 0646/],
    [() => { writeFileSync(`${file}.1`, data, { mode: 0o644 }); symlinkSync(`${file}.1`, file); }, /data\.path cannot be read/],
    [() => mkdirSync(file), /data\.path/],
    [() => writeFileSync(file, '', { mode: 0o644 }), /must hold one line/],
    [() => writeFileSync(file, 'data\n', { mode: 0o644 }), /must hold one line/],
    [() => writeFileSync(file, `${data}\n/elsewhere\n`, { mode: 0o644 }), /must hold one line/],
    [() => writeFileSync(file, 'x'.repeat(10_000), { mode: 0o644 }), /must hold one line/],
  ];
  for (const [make, why] of cases) {
    rmSync(file, { force: true, recursive: true });
    make();
    const { status, said } = ask();
    assert.equal(status, 503, String(why));
    assert.match(said, why);
  }
});

test('below a folder of a site it answers there, and at no other address', () => {
  writeFileSync(file, data, { mode: 0o644 });
  const at = (uri, script) => ask({ REQUEST_URI: uri, SCRIPT_NAME: script }).status;
  for (const base of ['', '/meter', '/a/b/c', '/api-of-ours']) {
    const script = `${base}/fn/usage.fcgi`;
    assert.equal(at(`${base}/api/usage/metrics`, script), 200, base);
    assert.equal(at(`${base}/api/v1/usage/metrics`, script), 200, base);
    for (const wrong of [`/x${base}/api/usage/metrics`, `${base}/x/api/usage/metrics`, `${base}x/api/usage/metrics`, `${base}/fn/api/usage/metrics`]) {
      assert.equal(at(wrong, script), 404, wrong);
    }
  }
  assert.equal(at('/meter/api/usage/metrics', '/api/usage/metrics'), 404); // lighttpd's is no program's address
  assert.equal(at('/meter/api/usage/metrics', undefined), 404);
});

test('what is made below a folder is told where it is: the answer\'s Location leads to it', () => {
  for (const [base, told] of [['', ''], ['/meter', '/meter'], ['/my shop/a', '/my%20shop/a']]) {
    const ask = (name, method, uri, body) => cgi(data, name, method, uri, { token, body, env: { SCRIPT_NAME: `${base}/fn/${name}.fcgi` } });
    const made = ask('customers', 'POST', `${encodeURI(base)}/api/customers`, '{"name":"Nordsee Kisten AG"}');
    assert.equal(made.status, 201, made.text);
    assert.equal(made.headers.location, `${told}/api/customers/${made.json.id}`);
    assert.equal(ask('customers', 'GET', made.headers.location).json.id, made.json.id);
  }
});

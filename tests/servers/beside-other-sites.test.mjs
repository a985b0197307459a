// Pennymeter in a web server that has other sites: by a name of its own, or below a folder; and with TLS.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, makeInstallation } from '../lib/launcher.mjs';
import { freePort } from '../lib/ports.mjs';
import { build, processesIn, repo, request } from '../lib/server.mjs';
import { isProblem, json } from '../lib/tenant.mjs';
import { soon, until } from '../lib/until.mjs';

const event = json({ metric_name: 'quotes_generated', quantity: 1 });
const routes = (...args) => execFileSync(path.join(build, 'bin/routes'), args, { cwd: repo, encoding: 'utf8' });

/** lighttpd as Debian sets it up for a site of its own, with what is enabled beside it. */
const lighttpd = ({ data, site, port }, part) => `server.modules = ( "mod_indexfile", "mod_access", "mod_alias", "mod_redirect", "mod_staticfile" )
server.document-root = "${site}"
server.upload-dirs = ( "${data}" )
server.errorlog = "${data}/web.log"
server.bind = "127.0.0.1"
server.port = ${port}
index-file.names = ( "index.html" )
mimetype.assign = ( ".html" => "text/html" )
alias.url = ( "/pictures/" => "${site}/" )
server.modules += ( "mod_setenv" )
setenv.add-response-header = ( "X-Site" => "other" )
include "${part}"
`;

const nginx = ({ data, site, port }, part) => `${process.getuid() === 0 ? 'user root;' : ''}
daemon off; pid "${data}/nginx.pid"; error_log "${data}/web.log";
events {} http { access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path "${data}/${kind}";`).join('\n')}
include "${part}";
server { listen 127.0.0.1:${port} default_server; root "${site}"; index index.html; add_header X-Site other; location / { try_files $uri /index.html; } }
}`;

const commands = { lighttpd: (file) => ['lighttpd', '-D', '-f', file], nginx: (file, data) => ['nginx', '-e', `${data}/web.log`, '-p', data, '-c', file] };

/** A web server with a site of its own and Pennymeter beside it. */
async function startBeside(server, args) {
  const at = makeInstallation(), { data, run, token } = at, port = await freePort(), site = path.join(data, 'site');
  const part = path.join(data, 'pennymeter.conf.part'), conf = path.join(data, 'web.conf');
  mkdirSync(site);
  writeFileSync(path.join(site, 'index.html'), 'the other site');
  writeFileSync(part, routes(server, '--data', data, '--run', run, '--www', path.join(build, 'www'), '--spool', data, '--port', String(port), ...args));
  writeFileSync(conf, { lighttpd, nginx }[server]({ data, site, port }, part));
  const launched = launch(at, [], commands[server](conf, data));
  const url = `http://127.0.0.1:${port}`;
  const self = {
    url, token,
    ask: (host, method, target, { headers = {}, ...more } = {}) => request(url, method, target, { token, headers: { Host: host, ...headers, ...(more.body && { 'Content-Type': 'application/json' }) }, ...more }),
    async stop() { launched.child.kill('SIGTERM'); await soon(launched.ended, `${server} to end`); at.remove(); },
  };
  await until(() => launched.child.exitCode !== null || request(url, 'GET', '/').then(() => true, () => false), { what: `${server} to listen` });
  if (launched.child.exitCode !== null) {
    const why = launched.complained + readFileSync(path.join(data, 'web.log'), 'utf8');
    at.remove();
    throw new Error(why);
  }
  return self;
}

/** All that is Pennymeter's works below `base` at `host`. */
async function works(s, host, base) {
  const recorded = await s.ask(host, 'POST', `${base}/api/usage/record`, { body: event });
  assert.equal(recorded.status, 201, recorded.text);
  for (const target of ['/api/v1/usage/metrics', '/usage/api/stats', '/api/health']) assert.equal((await s.ask(host, 'GET', base + target)).status, 200, target);
  isProblem(await s.ask(host, 'GET', `${base}/api/nope`), 404);
  isProblem(await s.ask(host, 'POST', `${base}/api/usage/record`, { body: 'x'.repeat(65_537) }), 413, { code: 'too-large' });
  const large = await s.ask(host, 'POST', `${base}/api/usage/batch`, { body: json([JSON.parse(event)]).padEnd(4_194_304) });
  assert.equal(large.status, 200, large.text);
  const [asset] = /assets\/pages\/usage-\w+\.mjs/.exec((await s.ask(host, 'GET', `${base}/usage`)).text);
  for (const target of ['/', '/usage', '/usage/history', `/${asset}`]) {
    const reply = await s.ask(host, 'GET', base + target);
    assert.equal(reply.status, 200, target);
    assert.match(reply.headers['content-security-policy'], /script-src 'self'/, target);
    assert.notEqual(reply.text, 'the other site');
  }
  const slash = await s.ask(host, 'GET', `${base}/usage/`);
  assert.equal(slash.status, 301);
  assert.equal(slash.headers.location.replace(/^http:\/\/[^/]+/, ''), `${base}/usage`);
  assert.equal((await s.ask(host, 'GET', `${base}/usage/nope`)).status, 404);
}

async function isOther(s, host, target) {
  const reply = await s.ask(host, 'GET', target);
  assert.equal(reply.text, 'the other site', `${host}${target}`);
  assert.equal(reply.headers['x-site'], 'other');
  assert.equal(reply.headers['content-security-policy'], undefined);
}

const parts = { lighttpd: ['--part'], nginx: [] };
for (const server of ['lighttpd', 'nginx']) {
  describe(`${server} with a site of its own`, () => {
    let s;
    before(async () => { s = await startBeside(server, [...parts[server], '--name', 'meter.example.org']); });
    after(() => s?.stop());

    test('serves Pennymeter by its name', () => works(s, 'meter.example.org', ''));
    test('and the site by every other', async () => {
      for (const host of ['example.org', 'meterxexample.org', 'meter.example.org.evil.org']) await isOther(s, host, '/');
      if (server === 'lighttpd') await isOther(s, 'example.org', '/pictures/index.html');
    });
  });

  describe(`${server} with Pennymeter in a folder`, () => {
    let s;
    const name = server === 'nginx' ? ['--name', 'shop.example.org'] : [];
    before(async () => { s = await startBeside(server, [...parts[server], ...name, '--base', '/meter']); });
    after(() => s?.stop());

    test('serves all of it below the folder', () => works(s, 'shop.example.org', '/meter'));
    test('leads from the folder\'s bare name into it', async () => {
      const reply = await s.ask('shop.example.org', 'GET', '/meter');
      assert.equal(reply.status, 301);
      assert.equal(reply.headers.location.replace(/^http:\/\/[^/]+/, ''), '/meter/');
    });
    test('and nothing beside it', async () => {
      if (server === 'lighttpd') await isOther(s, 'shop.example.org', '/');
      for (const target of ['/api/health', '/meterx/api/health', '/meter/meter/api/health']) assert.notEqual((await s.ask('shop.example.org', 'GET', target)).status, 200, target);
    });
  });
}

test('a part that would take every request is refused', () => {
  assert.throws(() => routes('lighttpd', '--part'), /--part wants --name or --base/);
});

// ---- TLS ----

describe('with TLS', () => {
  let folder;
  const file = (name) => path.join(folder, name);
  before(() => {
    folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-tls-')));
    chmodSync(folder, 0o755); // Apache serves as www-data where root starts it
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file('key.pem'), '-out', file('cert.pem'), '-days', '2', '-subj', '/CN=example.org'], { stdio: 'ignore' });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const ask = (port, target) => new Promise((resolve, reject) => {
    const rq = https.get({ host: '127.0.0.1', port, path: target, rejectUnauthorized: false, agent: false }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, raw: answer.rawHeaders }));
    });
    rq.setTimeout(10_000, () => rq.destroy(new Error('no answer')));
    rq.on('error', reject);
  });

  for (const server of ['lighttpd', 'nginx', 'apache']) {
    test(`${server} sends Strict-Transport-Security with pages, once, for its own name alone`, async () => {
      const data = file(server), port = await freePort();
      const env = { ...process.env, BUILD: build, DATA: data, PORT: String(port), CERT: file('cert.pem'), KEY: file('key.pem') };
      execFileSync(path.join(build, 'bin/pennymeter'), ['init'], { cwd: repo, env: { ...env, PENNYMETER_DATA: data } });
      const child = spawn('infra/serve', [server], { cwd: repo, env, stdio: ['ignore', 'ignore', 'pipe'] });
      const ended = new Promise((resolve) => { child.on('exit', resolve); });
      let said = '';
      child.stderr.on('data', (text) => { said += text; });
      try {
        await until(async () => {
          if (child.exitCode !== null) throw new Error(said);
          return (await ask(port, '/api/health').catch(() => null))?.status === 200;
        }, { what: `${server} to serve by TLS` });
        for (const target of ['/usage', '/nope']) {
          const reply = await ask(port, target);
          assert.equal(reply.headers['strict-transport-security'], 'max-age=31536000', target);
          assert.equal(reply.raw.filter((name) => /^strict-transport/i.test(name)).length, 1);
        }
      } finally {
        child.kill('SIGTERM');
        await soon(ended, 'infra/serve to end');
      }
      assert.deepEqual(processesIn(data), []);
    });
  }
});

// Shared hosts as there are: what is uploaded by the guide serves, or is refused with an error. No answer says 200 that recorded nothing.

import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { isProblem, json } from '../lib/tenant.mjs';
import { CUSTOMER, asRoot, cronLines, startHost } from './host.mjs';

const customers = asRoot ? {} : { skip: 'ONLY ROOT can run programs as another user by suEXEC: run this as root' };
const event = (more) => json({ metric_name: 'quotes_generated', quantity: 1, ...more });
const record = (host, body = event(), headers = { 'Content-Type': 'application/json' }) => host.request('POST', '/api/usage/record', { token: host.token, body, headers });
const used = async (host, metric = 'quotes_generated') => {
  const reply = await host.request('GET', `/api/usage/summary?start=2020-01-01&end=2100-01-01&metric_name=${metric}`, { token: host.token });
  return reply.json.metrics[0]?.total_quantity ?? 0;
};

/** That it serves: records, shows it, and hands nothing out. */
async function serves(host) {
  const health = await host.request('GET', '/api/health');
  assert.equal(health.status, 200, health.text + host.log());
  assert.equal(health.json.status, 'ok');
  const reply = await record(host);
  assert.equal(reply.status, 201, reply.text);
  assert.equal(await used(host), 1);
  for (const target of ['/fn/data.path', '/fn/', '/fn/usage-record.fcgi', '/.htaccess', '/fn/.htaccess']) {
    const { status, text } = await host.request('GET', target);
    assert.ok([403, 404].includes(status), `${target}: ${status}`);
    assert.ok(!text.includes(host.home), target);
  }
  assert.equal((await host.request('GET', '/usage')).status, 200);
}

for (const runs of ['fcgid', 'cgid']) {
  describe(`suEXEC with mod_${runs}, programs as the customer`, customers, () => {
    let host;
    before(async () => { host = await startHost({ runs, suexec: true }); });
    after(() => host?.stop());

    test('what was uploaded by the guide serves', () => serves(host));

    test('what the programs write is the customer\'s, and closed to others', () => {
      for (const name of ['', 'pennymeter.db', 'pennymeter.db-wal', 'pennymeter.db-shm']) {
        const { uid, mode } = statSync(host.file('pennymeter', name));
        assert.equal(uid, CUSTOMER, name);
        assert.equal(mode & 0o077, 0, name);
      }
    });

    test('no header chooses the data folder', async () => {
      const headers = { 'Content-Type': 'application/json', 'Pennymeter-Data': '/tmp', PENNYMETER_DATA: '/tmp', 'Http-Pennymeter-Data': '/tmp' };
      assert.equal((await record(host, event({ metric_name: 'emails_sent' }), headers)).status, 201);
      assert.equal(await used(host, 'emails_sent'), 1);
    });

    test('the guide\'s lines for cron do what they are for', async () => {
      assert.equal(cronLines.length, 5);
      for (const line of cronLines) host.cron(line);
      const said = (name) => readFileSync(host.file('pennymeter', name), 'utf8');
      assert.match(said('backup.txt'), /verified/);
      assert.match(said('check.txt'), /equal their events/);
      assert.match(said('init.txt'), /schema/);
      assert.match(said('jobs.txt'), /Nothing was due|tenant 1: \d+ done, 0 failed/);
      const token = /pm_\w+/.exec(said('tenant.txt'))[0];
      assert.equal((await host.request('GET', '/api/usage/metrics', { token })).status, 200);
    });

    // Under mod_fcgid .htaccess says it too, with each request.
    if (runs === 'cgid') test('a data.path that others can write to is passed over, which is an error and no other folder', async () => {
      const file = host.file('public_html/fn/data.path');
      for (const [mode, text] of [[0o664, readFileSync(file, 'utf8')], [0o644, 'pennymeter\n'], [0o644, ''], [0o644, '/tmp\n/home\n']]) {
        writeFileSync(file, text);
        chmodSync(file, mode);
        isProblem(await record(host), 503, { code: 'store-unavailable' });
      }
      assert.match(host.log(), /data\.path has mode 0664/);
    });
  });
}

describe('a host that runs PHP and nothing else', () => {
  let host;
  before(async () => { host = await startHost({ runs: 'php' }); });
  after(() => host?.stop());

  test('runs PHP', async () => {
    assert.equal((await host.request('GET', '/works.php')).text, 'php works');
  });

  test('answers nothing below /api with success, and sends no program as a file', async () => {
    for (const [method, target] of [['POST', '/api/usage/record'], ['POST', '/api/usage/batch'], ['POST', '/api/v1/events'], ['GET', '/api/health'], ['GET', '/usage/api/stats'], ['GET', '/fn/health.fcgi']]) {
      const reply = await host.request(method, target, { token: host.token, body: method === 'POST' ? event() : undefined });
      assert.ok(reply.status >= 400, `${method} ${target}: ${reply.status}`);
      assert.ok(!reply.bytes.includes('\x7fELF'));
    }
  });

  test('serves the pages', async () => {
    assert.equal((await host.request('GET', '/usage')).status, 200);
  });
});

// What WordPress writes: whatever is no file is its own, with 200.
const wordpress = `<IfModule mod_rewrite.c>
RewriteEngine On
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteBase /
RewriteRule ^index\\.html$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.html [L]
</IfModule>
`;

describe('a folder of a site that has rewrite rules of its own', () => {
  let host;
  before(async () => {
    host = await startHost({ base: '/meter', outer: wordpress, prepare: ({ home }) => writeFileSync(`${home}/public_html/index.html`, 'a blog') });
  });
  after(() => host?.stop());

  test('serves below the folder', () => serves(host));

  test('what a page names lies below the folder, and is there', async () => {
    for (const page of ['/', '/usage', '/usage/history', '/nope']) {
      const { text } = await host.request('GET', page);
      const names = [...text.matchAll(/(?:href|src)="(?!data:)([^"#]+)"/g)].map(([, name]) => new URL(name, `${host.url}/meter${page}`).pathname);
      assert.ok(names.length > 5, page);
      for (const name of new Set(names)) {
        assert.match(name, /^\/meter\//, `${page} names ${name}`);
        const reply = await host.whole('GET', name);
        assert.equal(reply.status, 200, `${page} names ${name}`);
        assert.notEqual(reply.text, 'a blog', name);
      }
    }
  });

  test('/meter leads to /meter/, and a missing page below it is ours', async () => {
    const bare = await host.whole('GET', '/meter');
    assert.equal(bare.status, 301);
    assert.match(bare.headers.location, /\/meter\/$/);
    const missing = await host.whole('GET', '/meter/usage/nope');
    assert.equal(missing.status, 404);
    assert.match(missing.text, /There is no such page/);
    isProblem(await host.whole('GET', '/meter/api/nope'), 404);
    assert.equal((await host.whole('GET', '/meter/usage/')).headers.location.replace(host.url, '').replace('http://example.org', ''), '/meter/usage');
  });

  test('the site above is what it was', async () => {
    for (const target of ['/', '/about', '/api/usage/record', '/usage']) assert.equal((await host.whole('GET', target)).text, 'a blog', target);
    assert.equal((await host.whole('GET', '/')).headers['content-security-policy'], undefined);
  });
});

describe('a host that forbids Options', () => {
  test('the pages and the site above stand; without fn/.htaccess the functions too, where the host runs them', async () => {
    const host = await startHost({ override: 'FileInfo AuthConfig Limit Indexes', options: 'FollowSymLinks ExecCGI' });
    try {
      assert.equal((await host.request('GET', '/usage')).status, 200);
      assert.equal((await record(host)).status, 500);
      rmSync(host.file('public_html/fn/.htaccess'));
      await serves(host);
    } finally { await host.stop(); }
  });

  test('where it runs no programs either, nothing is answered', async () => {
    const host = await startHost({ override: 'FileInfo AuthConfig Limit Indexes', prepare: ({ web }) => rmSync(`${web}/fn/.htaccess`) });
    try {
      assert.equal((await record(host)).status, 403);
      assert.equal((await host.request('GET', '/usage')).status, 200);
    } finally { await host.stop(); }
  });
});

describe('mod_fcgid as it comes, for bodies of 131,072 bytes', () => {
  let host;
  before(async () => { host = await startHost(); });
  after(() => host?.stop());

  test('a batch of as many bytes is taken, and one more is 413 in the words of a function', async () => {
    const batch = (size) => host.request('POST', '/api/usage/batch', { token: host.token, body: json([JSON.parse(event())]).padEnd(size) });
    const whole = await batch(131_072);
    assert.equal(whole.json.inserted, 1, whole.text);
    const more = await batch(131_073);
    isProblem(more, 413, { code: 'too-large' });
    assert.match(more.headers['content-type'], /^application\/problem\+json/);
    assert.equal(await used(host), 1);
  });
});

describe('ModSecurity with its core rules', () => {
  let host;
  before(async () => { host = await startHost({ modsecurity: true }); });
  after(() => host?.stop());
  const batch = (count, more) => host.request('POST', '/api/usage/batch', { token: host.token, body: json(Array.from({ length: count }, (_, i) => ({ metric_name: 'api_calls', quantity: 1, idempotency_key: `k${i}`, ...more }))) });

  test('lets pass what the pages ask and what the guide says: 300 events of three fields', async () => {
    await serves(host);
    for (const target of ['/usage/api/stats', '/api/usage/history?days=30&page=1&per_page=25', '/api/usage/metrics']) assert.equal((await host.request('GET', target, { token: host.token })).status, 200, target);
    const reply = await batch(300);
    assert.equal(reply.json.inserted, 300, reply.text);
  });

  test('what it refuses is an error that is not ours, so that a client can tell', async () => {
    const refused = [batch(400), batch(1, { metadata: { q: "1' OR 1=1 UNION SELECT password FROM users--" } }), batch(1, { metadata: { path: '../../../../etc/passwd' } }),
      host.request('PUT', '/api/usage/record', { token: host.token, body: event() }),
      host.request('POST', '/api/usage/batch', { token: host.token, body: `${event()}\n`, headers: { 'Content-Type': 'application/x-ndjson' } })];
    const before = await used(host, 'api_calls');
    for (const reply of await Promise.all(refused)) {
      assert.ok([400, 403].includes(reply.status), `${reply.status}`);
      assert.doesNotMatch(reply.headers['content-type'] ?? '', /problem/);
    }
    assert.equal(await used(host, 'api_calls'), before);
  });
});

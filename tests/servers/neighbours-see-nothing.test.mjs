// Other users of the host: what lies in the data folder and the folder of sockets is closed to them, whatever made it and
// whoever's umask it was made with; and a folder that they can write to, or have written to, is refused.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, cpSync, existsSync, lchownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cgi } from '../lib/cgi.mjs';
import { launch, makeInstallation } from '../lib/launcher.mjs';
import { NOBODY, asNobody, asRoot, everyPath, whatNeighboursCan } from '../lib/neighbour.mjs';
import { freePort } from '../lib/ports.mjs';
import { startPostgres } from '../lib/postgres.mjs';
import { endRuns, startRun, untilServes } from '../lib/runs.mjs';
import { build, processesIn, repo, request, startServer } from '../lib/server.mjs';
import { json } from '../lib/tenant.mjs';
import { soon, until } from '../lib/until.mjs';

const pennymeter = path.join(build, 'bin/pennymeter');
const quote = json({ metric_name: 'quotes_generated', quantity: 1 });
// Files of another user are made by chown, which only root may; there is no other way to have some.
const another = asRoot ? {} : { skip: 'ONLY ROOT can make files that belong to another user: run this as root' };

let scratch;
before(() => {
  scratch = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-neighbours-')));
  chmodSync(scratch, 0o755); // what neighbours are kept from is the data folder itself
});
afterEach(endRuns);
after(() => rmSync(scratch, { recursive: true, force: true }));

/** infra/serve by itself, over a folder as it stands. */
function serve(kind, data, port) {
  const child = spawn('infra/serve', [kind], { cwd: repo, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, BUILD: build, DATA: data, PORT: String(port) } });
  const self = { child, complained: '', ended: new Promise((resolve) => { child.on('close', resolve); }) };
  child.stderr.on('data', (text) => { self.complained += text; });
  return Object.assign(self, {
    answers: async () => (await request(`http://127.0.0.1:${port}`, 'GET', '/api/health').catch(() => null))?.status === 200,
    stop: () => { child.kill('SIGTERM'); return soon(self.ended, 'infra/serve to end'); },
  });
}

let count = 0;
const fresh = () => path.join(scratch, `data${++count}`);

/** The command as somebody with a careless umask runs it: { code, said, complained }. */
function command(data, args, { umask = '000', env = {}, as = (...words) => [words[0], words.slice(1)] } = {}) {
  const [program, words] = as('sh', '-c', `umask ${umask}; exec "$@"`, 'sh', pennymeter, ...args);
  const r = spawnSync(program, words, { cwd: repo, encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...env, PENNYMETER_DATA: data } });
  return { code: r.status, said: r.stdout, complained: r.stderr };
}

function done(data, args, options) {
  const { code, said, complained } = command(data, args, options);
  assert.equal(code, 0, `${args.join(' ')}: ${complained}${said}`);
  return said;
}

/** As 0.1 left it, or an upload: a folder and files that all may read. */
function openedToAll(data = fresh()) {
  done(data, ['init']);
  const { token } = JSON.parse(done(data, ['tenant', 'add', '--name', 'Acme', '--plan', 'starter', '--json']));
  for (const file of ['serve.lock', 'server.log', 'server.log.1', 'run.json', 'demo.json', 'launch.busiest', 'backup-of-may.db', 'pennymeter.db.moved']) appendFileSync(path.join(data, file), '');
  for (const name of readdirSync(data)) chmodSync(path.join(data, name), 0o644);
  chmodSync(data, 0o755);
  return { data, token };
}

const modes = (data) => Object.fromEntries(everyPath(data).map((file) => [path.relative(data, file), statSync(file).mode & 0o777]));
const open = (data) => Object.entries(modes(data)).filter(([, mode]) => mode & 0o077);
const folderFinding = (data) => JSON.parse(command(data, ['doctor', '--json']).said).findings.find(({ what }) => what === 'data folder');
const runFolder = (data) => processesIn(data).flatMap(({ args }) => args).map((arg) => /^(\/dev\/shm|\/tmp)\/pennymeter\.[^/]+/.exec(arg)?.[0]).find(Boolean);

for (const server of ['lighttpd', 'apache', 'nginx']) {
  test(`after make run behind ${server} a neighbour can do nothing, while it serves and when it has ended; doctor is content with the folder`, async () => {
    const data = fresh(), run = startRun(data, await freePort(), { SERVER: server });
    const { url, token } = await untilServes(run, data);
    assert.equal((await request(url, 'POST', '/api/usage/record', { token, body: quote })).status, 201);
    const sockets = runFolder(data), paths = [...everyPath(data), ...everyPath(sockets)];
    assert.ok(paths.length > 15, `${paths}`);
    for (const name of ['pennymeter.db-shm', 'serve.lock', 'run.json', 'demo.json', 'server.log']) assert.ok(paths.includes(path.join(data, name)), name);
    assert.deepEqual(whatNeighboursCan(paths), [], server);
    assert.deepEqual(open(data), [], 'each file is closed by itself too');
    assert.equal(folderFinding(data).ok, true, folderFinding(data).detail);
    run.child.kill('SIGTERM');
    await soon(run.ended, 'infra/run to end');
    assert.deepEqual(whatNeighboursCan(everyPath(data)), []);
    if (server !== 'apache') done(data, ['doctor']);
  });
}

test('behind Apache with plain CGI a neighbour can do nothing either', async () => {
  const server = await startServer({ server: 'apache-cgi' });
  try {
    const { token } = server.addTenant();
    assert.equal((await server.request('POST', '/api/usage/record', { token, body: quote })).status, 201);
    assert.deepEqual(whatNeighboursCan([...everyPath(server.data), ...everyPath(runFolder(server.data))]), []);
    assert.deepEqual(open(server.data), []);
  } finally {
    await server.stop();
  }
});

test('after each command, run with umask 000, a neighbour can do nothing', async () => {
  const data = fresh(), clean = (after) => {
    assert.deepEqual(whatNeighboursCan(everyPath(data)), [], after);
    assert.deepEqual(open(data), [], after);
  };
  done(data, ['init']);
  clean('init');
  const { token, tenant_id: tenant } = JSON.parse(done(data, ['tenant', 'add', '--name', 'Acme', '--plan', 'starter', '--json']));
  for (const args of [['token', 'add', '--tenant', String(tenant)], ['plan', 'apply', 'plans'], ['demo'], ['check'], ['backup', path.join(data, 'copy.db')], ['doctor'], ['init']]) {
    done(data, args);
    clean(args[0]);
  }
  assert.equal(cgi(data, 'usage-record', 'POST', '/api/usage/record', { token, body: quote, env: { PENNYMETER_REQUESTS_PER_MINUTE: '100' } }).status, 201);
  assert.ok(existsSync(path.join(data, 'rate-limit.shm')));
  clean('a record, with its requests counted');
});

test('after a move a neighbour can do nothing with what is left', async () => {
  const data = fresh(), postgres = await startPostgres();
  try {
    postgres.createDatabase('moved');
    done(data, ['init']);
    done(data, ['tenant', 'add', '--name', 'Acme', '--plan', 'starter']);
    done(data, ['move', '--to', postgres.url('moved')]);
    assert.ok(existsSync(path.join(data, 'pennymeter.db.moved')));
    assert.deepEqual(whatNeighboursCan(everyPath(data)), []);
    assert.deepEqual(open(data), []);
  } finally {
    await postgres.stop();
  }
});

describe('a folder that all could read', () => {
  test('init closes it and every file in it, and says which', () => {
    const { data } = openedToAll(), before = readdirSync(data);
    const said = done(data, ['init'], { umask: '022' });
    for (const name of before) assert.match(said, new RegExp(`^${path.join(data, name)} had mode 0644: it is closed`, 'm'));
    assert.match(said, new RegExp(`^${data} had mode 0755: it is closed`, 'm'));
    assert.equal(modes(data)[''], 0o700);
    assert.deepEqual(open(data), []);
    assert.doesNotMatch(done(data, ['init']), /had mode/);
  });

  test('a program keeps its right to be run, and what lies behind a link keeps its mode', () => {
    const { data } = openedToAll(), outside = path.join(scratch, `outside${count}`);
    writeFileSync(outside, '');
    chmodSync(outside, 0o644);
    writeFileSync(path.join(data, 'cron'), '#!/bin/sh\n');
    chmodSync(path.join(data, 'cron'), 0o755);
    symlinkSync(outside, path.join(data, 'link'));
    done(data, ['init']);
    assert.equal(statSync(path.join(data, 'cron')).mode & 0o777, 0o700);
    assert.equal(statSync(outside).mode & 0o777, 0o644);
  });

  test('the first request closes database and configuration, so that a neighbour can neither read them nor hold writers up by a lock', () => {
    const { data, token } = openedToAll(), ours = ['conf', 'db', 'db-wal', 'db-shm', 'db.seen'].map((end) => path.join(data, `pennymeter.${end}`));
    assert.ok(whatNeighboursCan(ours).length > 4, 'all can read it before');
    assert.equal(cgi(data, 'usage-record', 'POST', '/api/usage/record', { token, body: quote }).status, 201);
    assert.deepEqual(whatNeighboursCan(ours), []);
    assert.equal(cgi(data, 'usage-record', 'POST', '/api/usage/record', { token, body: quote }).status, 201);
  });

  for (const kind of ['lighttpd', 'nginx', 'apache', 'apache-cgi']) {
    test(`infra/serve ${kind} alone closes it, so that a neighbour cannot keep it from starting again`, async () => {
      const { data } = openedToAll(), served = serve(kind, data, await freePort());
      try {
        await until(served.answers, { what: `${kind} to be healthy` });
        assert.deepEqual(whatNeighboursCan(everyPath(data)), []);
        assert.deepEqual(open(data), []);
      } finally {
        await served.stop();
      }
    });

    test(`infra/serve ${kind} serves nothing from one that others can write to, and says why`, async () => {
      const { data } = openedToAll();
      chmodSync(data, 0o777);
      const served = serve(kind, data, await freePort());
      assert.equal(await soon(served.ended, 'infra/serve to end'), 1);
      assert.match(served.complained, new RegExp(`${data}.*chmod 0700`));
      assert.equal(statSync(data).mode & 0o777, 0o777);
    });
  }

  test('infra/serve writes through no link that was planted for its log', async () => {
    const { data } = openedToAll(), victim = path.join(scratch, 'written-by-nobody');
    rmSync(path.join(data, 'server.log'));
    symlinkSync(victim, path.join(data, 'server.log'));
    chmodSync(data, 0o777);
    const served = serve('lighttpd', data, await freePort());
    assert.notEqual(await soon(served.ended, 'infra/serve to end'), 0);
    assert.match(served.complained, /server\.log/);
    assert.ok(!existsSync(victim));
  });
});

const commands = [['tenant', 'list'], ['tenant', 'add', '--name', 'X', '--plan', 'starter'], ['token', 'list', '--tenant', '1'], ['token', 'add', '--tenant', '1'],
  ['plan', 'list'], ['plan', 'apply', 'plans'], ['check'], ['demo'], ['backup', '/nowhere/b'], ['launch', '--root', path.join(build, 'fn'), '--', 'true']];

/** No program opens a store there: each says why, and leaves everything as it was. */
function isRefused(data, token, why, tried = commands) {
  const before = json(modes(data));
  for (const args of tried) {
    const { code, complained } = command(data, args);
    assert.equal(code, 1, args.join(' '));
    assert.match(complained, why, args.join(' '));
  }
  assert.equal(command(data, ['doctor']).code, 1);
  for (const [name, method, target] of [['usage-record', 'POST', '/api/usage/record'], ['usage', 'GET', '/api/usage/summary']]) {
    const reply = cgi(data, name, method, target, { token, body: method === 'POST' ? quote : '' });
    assert.equal(reply.headers['content-type'], 'application/problem+json');
    assert.deepEqual([reply.status, reply.json.code], [503, 'store-unavailable']);
    assert.doesNotMatch(reply.text, /mode|chmod|belongs|\/tmp/, 'the caller is not told');
    assert.match(reply.stderr, why);
  }
  assert.equal(json(modes(data)), before);
}

describe('a folder that others can write to', () => {
  for (const mode of [0o777, 0o770, 0o702, 0o720, 0o1777]) {
    test(`of mode ${mode.toString(8)} is refused, with folder, mode and what to do named`, () => {
      const { data, token } = openedToAll();
      chmodSync(data, mode);
      isRefused(data, token, new RegExp(`${data}: has mode ${mode.toString(8).padStart(4, '0')}.*chmod 0700`));
      chmodSync(data, 0o700);
      assert.equal(cgi(data, 'usage-record', 'POST', '/api/usage/record', { token, body: quote }).status, 201, 'and all is well once it is closed');
    });
  }

  test('by now is refused within a second or two by who has the database open: others could replace it; it is used again once it is closed', async () => {
    const server = await startServer({ store: 'sqlite', procs: 2 });
    try {
      const { token } = server.addTenant();
      const record = () => server.request('POST', '/api/usage/record', { token, body: quote });
      const statuses = async (ask) => { const replies = []; for (let i = 0; i < 8; i++) replies.push((await ask()).status); return replies; };
      for (const mode of [0o770, 0o1777, 0o2775]) {
        assert.deepEqual(await statuses(record), Array(8).fill(201));
        chmodSync(server.data, mode);
        await sleep(1100);
        assert.deepEqual(await statuses(record), Array(8).fill(503), mode.toString(8));
        assert.deepEqual(await statuses(() => server.request('GET', '/api/usage/summary', { token })), Array(8).fill(503), 'reading too, as at opening');
        assert.match(server.log(), new RegExp(`${server.data}: has mode ${mode.toString(8).padStart(4, '0')}.*chmod 0700`));
        chmodSync(server.data, 0o700);
      }
      assert.deepEqual(await statuses(record), Array(8).fill(201));
    } finally {
      chmodSync(server.data, 0o700);
      await server.stop();
    }
  });

  test('is closed by init, and then used', () => {
    const { data, token } = openedToAll();
    chmodSync(data, 0o777);
    assert.match(done(data, ['init']), new RegExp(`${data} had mode 0777`));
    assert.equal(cgi(data, 'usage-record', 'POST', '/api/usage/record', { token, body: quote }).status, 201);
  });

  test('that is one for all by design, as /tmp is, is not closed by init but refused', () => {
    const data = fresh();
    mkdirSync(data);
    chmodSync(data, 0o1777);
    const { code, complained } = command(data, ['init']);
    assert.equal(code, 1);
    assert.match(complained, /mode 1777.*choose another/);
    assert.equal(statSync(data).mode & 0o7777, 0o1777);
    assert.deepEqual(readdirSync(data), []);
  });

  test('is refused where it holds but the database, and the configuration lies elsewhere', () => {
    const { data, token } = openedToAll(), elsewhere = fresh();
    mkdirSync(elsewhere, { mode: 0o700 });
    for (const name of readdirSync(data).filter((name) => name.startsWith('pennymeter.db'))) renameSync(path.join(data, name), path.join(elsewhere, name));
    writeFileSync(path.join(data, 'pennymeter.conf'), `store = ${elsewhere}/pennymeter.db\n`);
    assert.match(done(data, ['tenant', 'list']), /Acme/);
    chmodSync(elsewhere, 0o777);
    isRefused(data, token, new RegExp(`${elsewhere}: has mode 0777.*chmod 0700`), commands.filter(([name]) => name !== 'launch')); // which opens none
  });

  test('lies above it without a sticky bit: it is refused, as they could put another in its place', () => {
    const above = fresh();
    mkdirSync(above);
    const { data, token } = openedToAll(path.join(above, 'data'));
    chmodSync(data, 0o700);
    chmodSync(above, 0o777);
    isRefused(data, token, new RegExp(`${above}: has mode 0777.*chmod o-w`));
    chmodSync(above, 0o1777);
    assert.match(done(data, ['tenant', 'list']), /Acme/);
  });

  test('is refused by launch where it is the one of sockets', () => {
    const at = makeInstallation(), taken = path.join(scratch, 'sockets');
    mkdirSync(taken);
    for (const mode of [0o777, 0o770]) {
      chmodSync(taken, mode);
      const { code, complained } = command(at.data, ['launch', '--root', at.root, '--run', taken, '--', 'true']);
      assert.equal(code, 1);
      assert.match(complained, new RegExp(`${taken}: has mode 0${mode.toString(8)}: others can put their own sockets there`));
    }
    at.remove();
  });
});

describe('what belongs to another user', () => {
  for (const name of ['pennymeter.db', 'pennymeter.db-wal', 'pennymeter.db-shm', 'pennymeter.db.seen', 'pennymeter.conf']) {
    test(`a planted ${name} is refused, by init too`, another, () => {
      const { data, token } = openedToAll(), file = path.join(data, name);
      cpSync(file, `${file}.copy`);
      renameSync(`${file}.copy`, file);
      chownSync(file, NOBODY, NOBODY);
      const why = new RegExp(`${file}: belongs to user ${NOBODY}, not to user ${process.getuid()}`);
      isRefused(data, token, why);
      assert.match(command(data, ['init']).complained, why);
    });
  }

  test('a link that they planted is refused, though it leads to a file of ours', another, () => {
    const { data, token } = openedToAll(), file = path.join(data, 'pennymeter.db'), victim = path.join(scratch, 'victim.db');
    renameSync(file, victim);
    symlinkSync(victim, file);
    lchownSync(file, NOBODY, NOBODY);
    isRefused(data, token, new RegExp(`${file}: belongs to user ${NOBODY}`));
  });

  test('a link of theirs that stands for the data folder is refused', another, () => {
    const { data, token } = openedToAll(), link = path.join(scratch, 'link');
    chmodSync(data, 0o700);
    symlinkSync(data, link);
    assert.match(done(link, ['tenant', 'list']), /Acme/, 'one of ours is not');
    lchownSync(link, NOBODY, NOBODY);
    const { code, complained } = command(link, ['tenant', 'list']);
    assert.equal(code, 1);
    assert.match(complained, new RegExp(`${link}: belongs to user ${NOBODY}`));
    assert.equal(cgi(link, 'usage', 'GET', '/api/usage/summary', { token }).status, 503);
  });

  test('anything else that they left in a folder is named by init, which uses nothing of it', another, () => {
    const data = fresh();
    mkdirSync(data);
    chmodSync(data, 0o777);
    symlinkSync('/etc/passwd', path.join(data, 'launch.busiest.new'));
    lchownSync(path.join(data, 'launch.busiest.new'), NOBODY, NOBODY);
    const { code, complained } = command(data, ['init']);
    assert.equal(code, 1);
    assert.match(complained, /launch\.busiest\.new: belongs to user 65534/);
    assert.equal(statSync(data).mode & 0o777, 0o700, 'but it is closed');
  });

  test('root serves from a folder of another user, whose files all stay usable to that one', another, () => {
    const { data, token } = openedToAll();
    for (const file of everyPath(data)) chownSync(file, NOBODY, NOBODY);
    assert.equal(cgi(data, 'usage-record', 'POST', '/api/usage/record', { token, body: quote }).status, 201);
    done(data, ['init']);
    assert.deepEqual(open(data), []);
    for (const file of everyPath(data)) chownSync(file, NOBODY, NOBODY);
    assert.match(done(data, ['tenant', 'list'], { as: asNobody }), /Acme/);
  });

  test('who is not root uses no folder of yet another user', another, () => {
    const { data } = openedToAll();
    for (const file of everyPath(data)) chownSync(file, 1, 1);
    const { code, complained } = command(data, ['tenant', 'list'], { as: asNobody });
    assert.equal(code, 1);
    assert.match(complained, new RegExp(`${data}: belongs to user 1, not to user ${NOBODY}`));
  });
});

describe('umask', () => {
  test('functions run with 077 and the web server with the caller\'s, whose files others may have to read', async () => {
    const at = makeInstallation(), out = path.join(scratch, 'masks'), before = process.umask(0o027);
    writeFileSync(path.join(at.data, 'launch.busiest'), 'usage\n'); // it is started beside the web server
    const launched = launch(at, [], ['sh', '-c', `umask > ${out}; exec sleep 60`]);
    process.umask(before);
    const pid = await until(() => processesIn(at.data).find(({ args }) => args[0].endsWith('usage.fcgi'))?.pid, { what: 'usage to run' });
    const maskOf = (of) => /^Umask:\t(\d+)/m.exec(readFileSync(`/proc/${of}/status`, 'utf8'))[1];
    await until(() => maskOf(pid) === '0077', { what: 'umask 077 in usage' });
    assert.equal(maskOf(launched.child.pid), '0077');
    await until(() => existsSync(out) && readFileSync(out, 'utf8') === '0027\n', { what: 'umask 027 in the web server' });
    launched.child.kill('SIGTERM');
    await soon(launched.ended, 'launch to end');
    at.remove();
  });

  test('the folder that launch makes for a group lets it pass and no more', async () => {
    const at = makeInstallation();
    chmodSync(at.data, 0o711);
    const { said } = command(at.data, ['launch', '--root', at.root, '--run', at.run, '--group', execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim(), '--', 'sh', '-c', `stat -c '%a' ${at.run} ${at.run}/health.sock`]);
    assert.match(said, /^710\n660$/m);
    at.remove();
  });
});

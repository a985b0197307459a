// Starts Debian's PostgreSQL, and PgBouncer before it, in a scratch folder, as an ordinary user, on a free port.
//
//   const postgres = await startPostgres();
//   postgres.createDatabase('shop');
//   postgres.rows('shop', 'SELECT 1 AS one');   // [{ one: 1 }]
//   await postgres.stop();
//
// The cluster sorts text as a language does (ICU), not by bytes, since a customer's may do so too.

import { spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './ports.mjs';
import { PATIENCE, soon, until } from './until.mjs';

const bin = '/usr/lib/postgresql/15/bin';
const asRoot = process.getuid() === 0;
const account = asRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {};
/** Whose databases they are: a role that may log in and no more, as a hosting customer's. */
const role = 'pennymeter';
const admin = 'admin';

function idOf(flag) {
  return Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
}

/** PostgreSQL refuses root: there, nobody runs it. */
const asUser = (command, args) => (asRoot
  ? ['setpriv', ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups', command, ...args]]
  : [command, args]);

function must(command, args, options = {}) {
  const r = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 4 * PATIENCE, ...options });
  if (r.error) throw r.error;
  if (r.status !== 0) throw new Error(`${path.basename(command)}: ${r.stderr || r.stdout}`);
  return r.stdout;
}

function scratch(name) {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), name)));
  if (asRoot) chownSync(folder, account.uid, account.gid);
  return folder;
}

/**
 * Watches over a daemon that wrote its number into `pidFile`: a process beside us waits for the pipe
 * to it to close, which it does however we end, then ends the daemon with `signal` and removes the
 * folder. It leads a session of its own, which Ctrl-C spares. Answers what ends the watch.
 */
function guard(folder, pidFile, signal) {
  const script = `trap '' INT TERM HUP
    cat >/dev/null
    pid=$(head -n 1 "$2") && kill -s "$3" "$pid"
    for try in $(seq 100); do test -e "$2" || break; sleep 0.05; done
    test ! -e "$2" || kill -s KILL "$pid"
    rm -rf "$1"`;
  const child = spawn('sh', ['-c', script, 'guard', folder, pidFile, signal], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.unref();
  child.stdin.unref();
  return async () => {
    child.ref();
    child.stdin.end();
    await ended;
  };
}

const settings = ({ port, folder }) => `
listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = '${folder}'
shared_buffers = 16MB
max_connections = 100
max_wal_size = 256MB
autovacuum_naptime = 10s
timezone = 'Asia/Kolkata'
`;

/** Rows are printed as JSON, one a line: numbers stay numbers, as with `sqlite3 -json`. */
const asJson = (sql) => `SELECT to_json(r) FROM (${sql.trim().replace(/;$/, '')}) AS r`;
const givesRows = (sql) => /^\s*(SELECT|WITH|VALUES)\b/i.test(sql);

function heldSession(where) {
  const child = spawn(path.join(bin, 'psql'), ['-X', '-q', '-At', '-d', where], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  let said = '';
  let heard = () => {};
  child.stdout.on('data', (text) => { said += text; heard(); });
  child.stderr.on('data', (text) => { said += text; heard(); });
  let count = 0;
  return {
    run(sql) {
      const mark = `done ${++count}\n`;
      said = '';
      child.stdin.write(`${sql};\n\\echo ${mark}`);
      return soon(new Promise((resolve) => {
        heard = () => { if (said.endsWith(mark)) resolve(said.slice(0, -mark.length).trim()); };
      }), `psql to carry out ${sql.slice(0, 200)}`, 2 * PATIENCE);
    },
    end() {
      child.stdin.end();
      return ended;
    },
  };
}

/** A cluster by the address of a database in it: what can be asked of one that runs, whoever started it. */
export function clusterAt(address) {
  const { hostname, port } = new URL(address);
  const url = (database, user = role) => `postgresql://${user}@${hostname}:${port}/${database}`;
  const psql = (where, args, options) => must(path.join(bin, 'psql'), ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', where, ...args], options);
  const command = (sql) => psql(url('postgres', admin), ['-c', sql]);
  return {
    port: Number(port), url,
    createDatabase: (name) => command(`CREATE DATABASE ${name} OWNER ${role}`),
    dropDatabase: (name) => command(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
    renameDatabase(name, other) {
      psql(url('postgres', admin), ['-c', `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`,
        '-c', `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${name}'`,
        '-c', `ALTER DATABASE ${name} RENAME TO ${other}`, '-c', `ALTER DATABASE ${other} ALLOW_CONNECTIONS true`]);
    },
    /** A second database with the same rows. Whoever is connected to the first is cut off. */
    copyDatabase(name, copy) {
      psql(url('postgres', admin), ['-c', `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`,
        '-c', `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${name}'`,
        '-c', `CREATE DATABASE ${copy} TEMPLATE ${name} OWNER ${role}`, '-c', `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`]);
    },
    databases: () => psql(url('postgres', admin), ['-c', 'SELECT datname FROM pg_database']).trim().split('\n'),
    /** As the superuser, in the database `postgres`. */
    command,
    asAdmin: (database, sql) => psql(url(database, admin), ['-c', sql]),
    psql: (database, sql, args = []) => psql(url(database), [...args, '-c', sql]),
    /** Commands of psql in one session; what they print. */
    session: (database, commands) => psql(url(database), ['-f', '-'], { input: commands }),
    /** A session that stays open, to hold what its transaction holds: `run(sql)` resolves with what psql printed. */
    hold: (database) => heldSession(url(database)),
    script: (database, file, args = []) => psql(url(database), [...args, '-f', file]),
    rows: (database, sql) => (givesRows(sql)
      ? psql(url(database), ['-c', asJson(sql)]).split('\n').filter(Boolean).map((line) => JSON.parse(line))
      : (psql(url(database), ['-c', sql]), [])),
  };
}

/** A cluster of one's own. `conf` adds to its configuration. */
export async function startPostgres({ conf = '' } = {}) {
  const folder = scratch('pm-postgres-');
  const data = path.join(folder, 'data');
  const port = await freePort();
  const run = (command, args) => must(...asUser(path.join(bin, command), args), { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = () => { try { return readFileSync(path.join(folder, 'log'), 'utf8'); } catch { return ''; } };
  const release = guard(folder, path.join(data, 'postmaster.pid'), 'QUIT');
  try {
    run('initdb', ['-D', data, '-U', admin, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en-US', '--no-sync', '--no-instructions']);
    writeFileSync(path.join(data, 'postgresql.auto.conf'), settings({ port, folder }) + conf);
    const control = (...args) => run('pg_ctl', ['-D', data, '-l', path.join(folder, 'log'), '-s', '-w', '-t', '30', ...args]);
    control('start');
    const cluster = clusterAt(`postgresql://127.0.0.1:${port}/postgres`);
    cluster.command(`CREATE ROLE ${role} LOGIN`);
    return {
      ...cluster, folder, log,
      /** The postmaster's number. */
      pid: () => Number(readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0]),
      /** `mode`: fast cuts connections off, immediate is as good as a crash. */
      stopServer: (mode) => control('stop', '-m', mode),
      startServer: () => control('start'),
      stop: release,
    };
  } catch (error) {
    error.message += log();
    await release();
    throw error;
  }
}

/** PgBouncer before a cluster, in transaction mode: each transaction may run on another of few connections. */
export async function startPgbouncer(cluster, { pool = 4 } = {}) {
  const folder = scratch('pm-bouncer-');
  const port = await freePort();
  const [file, log, pid] = ['ini', 'log', 'pid'].map((end) => path.join(folder, `pgbouncer.${end}`));
  writeFileSync(file, `[databases]
* = host=127.0.0.1 port=${cluster.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${pool}
max_client_conn = 200
query_wait_timeout = 5
server_login_retry = 1
logfile = ${log}
pidfile = ${pid}
admin_users = ${admin}
`.replace('* = host', `* = user=${role} host`));
  const release = guard(folder, pid, 'TERM');
  const url = (database, user = role) => `postgresql://${user}@127.0.0.1:${port}/${database}`;
  const answers = () => spawnSync(path.join(bin, 'psql'), ['-X', '-At', '-d', url('postgres'), '-c', 'SELECT 1']).status === 0;
  const read = () => { try { return readFileSync(log, 'utf8'); } catch { return ''; } };
  try {
    must(...asUser('pgbouncer', ['-q', '-d', file]), { stdio: ['ignore', 'pipe', 'pipe'] });
    await until(answers, { what: 'pgbouncer to answer', every: 50 });
  } catch (error) {
    error.message += read();
    await release();
    throw error;
  }
  return { url, port, log: read, stop: release, pid: () => Number(readFileSync(pid, 'utf8')) };
}

let own = null;

/** The cluster that tests share: that of the environment, or else one of this process. */
export async function sharedPostgres() {
  const address = process.env.PENNYMETER_TEST_POSTGRES;
  own ??= address ? Promise.resolve(clusterAt(address)) : startPostgres();
  return own;
}

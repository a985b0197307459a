// One function's program on a socket of its own, without a web server: what it does is this request and no other.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { call } from './fastcgi.mjs';
import { build } from './server.mjs';
import { soon } from './until.mjs';

/** EPIPE: libfcgi drops a connection over which nothing has come for a moment, as happens on a busy machine. It has read nothing then. */
const absent = (error) => ['ENOENT', 'ECONNREFUSED', 'EPIPE'].includes(error.code);

/** A request as the server's variables; `headers` by their HTTP names. */
function variablesOf(method, target, { token, body = '', headers = {} }) {
  const [path, query = ''] = target.split('?');
  const { 'Content-Type': type = 'application/json', ...others } = headers;
  const named = Object.entries(others).map(([name, value]) => [`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, value]);
  return {
    REQUEST_METHOD: method, REQUEST_URI: target, QUERY_STRING: query, SCRIPT_NAME: path,
    ...(body && { CONTENT_TYPE: type, CONTENT_LENGTH: Buffer.byteLength(body) }),
    ...(token && { HTTP_AUTHORIZATION: `Bearer ${token}` }), ...Object.fromEntries(named),
  };
}

/**
 * Start a function by its name, "usage-record", over a data folder; `under` is a command that runs it, as valgrind does.
 * `ask` answers { status, head, text }; `stop` ends it and waits; `ended` is a promise of its exit code or signal, `pid` the program's own.
 */
export function startProgram(data, name, { under = [], env = {} } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pm-fn-')), socket = path.join(folder, 'fn.sock');
  const child = spawn('spawn-fcgi', ['-n', '-s', socket, '--', ...under, path.join(build, `fn/${name}.fcgi`)],
    { env: { ...process.env, ...env, PENNYMETER_DATA: data }, stdio: 'ignore' });
  const ended = new Promise((done) => { child.on('exit', (code, signal) => { rmSync(folder, { recursive: true, force: true }); done(code ?? signal); }); });

  async function ask(method, target, request = {}) {
    for (let tries = 0; ; tries++) {
      try {
        const answer = await call(socket, variablesOf(method, target, request), request.body);
        const [head, ...rest] = answer.split('\r\n\r\n');
        return { status: Number(/^Status: (\d+)/m.exec(head)?.[1]), head, text: rest.join('\r\n\r\n') };
      } catch (error) {
        if (!absent(error) || tries > 400 || child.exitCode !== null) throw error;
        await sleep(25);
      }
    }
  }
  const kill = (signal) => child.kill(signal);
  async function stop() {
    kill('SIGTERM');
    await soon(ended, `${name} to end`);
  }
  return { pid: child.pid, ask, kill, ended, stop };
}

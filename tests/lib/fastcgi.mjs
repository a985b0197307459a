// A FastCGI client for one program on a socket: no web server between a test and its subject.
import net from 'node:net';
import { PATIENCE } from './until.mjs';

const BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6;

function record(type, content) {
  const head = Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]);
  return Buffer.concat([head, content]);
}

/** As many records as the bytes want: one holds 64 KiB. */
function records(type, bytes) {
  const list = [];
  for (let at = 0; at < bytes.length; at += 65535) list.push(record(type, bytes.subarray(at, at + 65535)));
  return list;
}

const size = (n) => (n < 128 ? Buffer.from([n]) : Buffer.from([(n >> 24) | 128, (n >> 16) & 255, (n >> 8) & 255, n & 255]));

function pair(name, value) {
  const bytes = [Buffer.from(name), Buffer.from(value)];
  return Buffer.concat([size(bytes[0].length), size(bytes[1].length), ...bytes]);
}

/** Send one request; resolves with what the program wrote to its standard output. */
export function call(socket, environment, body = '') {
  const params = Buffer.concat(Object.entries(environment).map(([k, v]) => pair(k, String(v))));
  return new Promise((resolve, reject) => {
    const connection = net.connect(socket).on('error', reject).on('close', () => reject(new Error('the program has gone')));
    connection.setTimeout(2 * PATIENCE, () => connection.destroy(new Error(`${socket} did not answer ${environment.REQUEST_METHOD} ${environment.REQUEST_URI} within ${2 * PATIENCE} ms`)));
    let pending = Buffer.alloc(0), out = '';
    connection.write(Buffer.concat([
      record(BEGIN, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])), record(PARAMS, params), record(PARAMS, Buffer.alloc(0)),
      ...records(STDIN, Buffer.from(body)), record(STDIN, Buffer.alloc(0)),
    ]));
    connection.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= 8) {
        const length = pending.readUInt16BE(4), whole = 8 + length + pending[6];
        if (pending.length < whole) return;
        if (pending[1] === STDOUT) out += pending.toString('utf8', 8, 8 + length);
        if (pending[1] === END) { connection.end(); resolve(out); }
        pending = pending.subarray(whole);
      }
    });
  });
}

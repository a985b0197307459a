// Runs a function as plain CGI without a server, so that what servers would mend or refuse reaches it as it is.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { build } from './places.mjs';
import { storeEnvironment } from './store.mjs';
import { PATIENCE } from './until.mjs';

/** One request to a function by its name, "usage-record". `env` adds to its environment, `body` goes to its stdin. */
export function cgi(data, name, method, target, { token, body = '', headers = {}, env = {} } = {}) {
  const [, query = ''] = target.split('?');
  const variables = Object.fromEntries(Object.entries(headers).map(([k, v]) => [`HTTP_${k.toUpperCase().replaceAll('-', '_')}`, v]));
  const r = spawnSync(path.join(build, `fn/${name}.fcgi`), [], {
    input: body, encoding: 'utf8', maxBuffer: 1 << 26, timeout: 2 * PATIENCE,
    env: { ...process.env, ...storeEnvironment(data), PENNYMETER_DATA: data, REQUEST_METHOD: method, REQUEST_URI: target, QUERY_STRING: query,
      CONTENT_TYPE: 'application/json', CONTENT_LENGTH: String(Buffer.byteLength(body)),
      ...(token && { HTTP_AUTHORIZATION: `Bearer ${token}` }), ...variables, ...env },
  });
  if (r.error) throw r.error;
  const [head, ...rest] = r.stdout.split('\r\n\r\n');
  const lines = head.split('\r\n').map((line) => /^([^:]+): (.*)$/.exec(line)?.slice(1));
  const fields = Object.fromEntries(lines.filter(Boolean).map(([k, v]) => [k.toLowerCase(), v]));
  const text = rest.join('\r\n\r\n');
  return { status: Number(fields.status), headers: fields, text, stderr: r.stderr, code: r.status, get json() { return JSON.parse(text); } };
}

/* Talks to the API: the session's token, every method, a limit for each try, exact numbers, and errors in words and by field. */

import { store } from './dom.mjs';
import { has, t } from './locale.mjs';

const tokenKey = 'pm.token';
const signedOutKey = 'pm.signed-out';
const knownKey = 'pm.session'; // whether another tab may have a token: the word, never the token
const requestLimit = 10_000;

let token = null;
let demo = null;
let usedAt = Date.now();
let ended = () => {};

/* The open tabs of this site share a session: a new one asks the others, and signing out of one signs out of all. So the token stays
 * in memory and sessionStorage, which a tab opened by Ctrl-click does not inherit. localStorage would keep it on disk after the browser
 * is closed; in links it could be seen and passed on. Who can listen here are pages of this origin, which could read it anyway. */
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('pm.session') : null;
channel?.addEventListener('message', ({ data }) => {
  if (data.ask && token !== null) channel.postMessage({ token, usedAt });
  if (data.out && token !== null) {
    forget();
    ended();
  }
});
for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, () => { usedAt = Date.now(); }, true);

/** The token of the tab that was used last: the one that this was opened from. */
function tokenOfTabs() {
  if (!channel || store.read(knownKey) === null) return null;
  return new Promise((resolve) => {
    let best = null;
    const finish = () => {
      channel.removeEventListener('message', hear);
      if (best === null) store.write(knownKey, null);
      resolve(best?.token ?? null);
    };
    const hear = ({ data }) => {
      if (!data.token) return;
      if (best === null) setTimeout(finish, 50);
      if (best === null || data.usedAt > best.usedAt) best = data;
    };
    channel.addEventListener('message', hear);
    channel.postMessage({ ask: true });
    setTimeout(() => best ?? finish(), 1000);
  });
}

/** Where something of the site lies, as 'api/usage/stats': the site may be a folder of another. */
export const siteAddress = (path) => new URL(path, new URL('../..', import.meta.url)).href;

function remember(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch { /* then the token lives as long as the page */ }
}

function recall(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** A token handed over in the address (#token=pm_…) is taken and removed, so that it is not shared or kept in history. */
function tokenFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) history.replaceState(history.state, '', location.pathname + location.search);
  return given || null;
}

async function tokenOfDemo() {
  try {
    const answer = await fetch(siteAddress('demo.json'), { signal: AbortSignal.timeout(requestLimit) });
    return answer.ok ? (await answer.json()).token ?? null : null;
  } catch {
    return null;
  }
}

/** Find a token; false if a person has to give one. */
export async function openSession() {
  const given = tokenFromAddress();
  if (given) signIn(given);
  token ??= recall(tokenKey);
  if (token === null) {
    const shared = await tokenOfTabs();
    if (shared !== null) signIn(shared);
  }
  if (token === null) {
    demo = await tokenOfDemo();
    if (demo !== null && recall(signedOutKey) === null) token = demo;
  }
  return token !== null;
}

export const demoToken = () => demo;
export const currentToken = () => token;

export function signIn(given) {
  token = given;
  remember(tokenKey, given);
  remember(signedOutKey, null);
  store.write(knownKey, 'yes');
}

function forget() {
  token = null;
  remember(tokenKey, null);
  remember(signedOutKey, 'yes');
}

export function signOut() {
  forget();
  store.write(knownKey, null);
  channel?.postMessage({ out: true });
}

/** `act` is called when another tab signs out of the session that this one has. */
export function whenSignedOut(act) {
  ended = act;
}

/**
 * A request that did not succeed. `status` is 0 when no answer came; `code`, `detail` and `errors`, a list of { pointer, detail }, are the
 * server's, and `problem` is all that it said. `key` is a POST's, for whoever sends the same again.
 */
export class ApiError extends Error {
  constructor(status, { problem = {}, retryAfter = 0 } = {}) {
    super(has(`error.${status}`) ? t(`error.${status}`) : t(status >= 500 ? 'error.500' : 'error.other', { status }));
    this.status = status;
    this.problem = problem;
    this.code = problem.code ?? '';
    this.errors = problem.errors ?? [];
    this.detail = this.errors[0]?.detail ?? problem.detail ?? '';
    this.retryAfter = retryAfter;
  }
}

/** Every number becomes its own decimal text, so that an amount is never rounded through a double. */
export function parseExact(text) {
  return JSON.parse(text, (key, value, context) => (typeof value === 'number' ? context?.source ?? String(value) : value));
}

const isProblem = (answer) => (answer.headers.get('Content-Type') ?? '').startsWith('application/problem+json');

async function failure(answer) {
  const retryAfter = Number(answer.headers.get('Retry-After')) || 0;
  try {
    return new ApiError(answer.status, { problem: parseExact(await answer.text()), retryAfter });
  } catch {
    return new ApiError(answer.status, { retryAfter }); // not every proxy answers with a problem document
  }
}

const fileName = (answer) => /filename="?([\w.-]+)/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? null;

async function read(answer, accept) {
  if (accept !== 'application/json') return answer.blob();
  const text = await answer.text();
  return text ? parseExact(text) : null;
}

/** What `take` makes of the answer to one try; an ApiError where none came, or could be read, in time. `signal` gives it up. */
async function attempt(path, request, signal, take) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), requestLimit);
  const abort = () => limit.abort();
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  try {
    return await take(await fetch(siteAddress(path), { ...request, cache: 'no-store', credentials: 'same-origin', signal: limit.signal }));
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    throw new ApiError(0);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/* A change is for the version that was seen: servers that compress mark its tag, and a weak one would never match. */
const strong = (etag) => etag.replace(/^W\//, '').replace(/-(?:gzip|br)"$/, '"');

function headersOf(method, { accept, body, etag, key }) {
  const headers = { Accept: accept };
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (etag && method === 'GET') headers['If-None-Match'] = etag;
  else if (etag) headers['If-Match'] = strong(etag);
  if (key) headers['Idempotency-Key'] = key;
  if (body !== undefined) headers['Content-Type'] = body instanceof Blob ? body.type : 'application/json';
  return headers;
}

/* Filters of shared hosts refuse all methods but GET and POST, in words of their own; a function would answer with a problem. */
let filtered = false;
const refusals = [403, 405, 501];
const mayBeFiltered = (method, answer) => ['PUT', 'PATCH', 'DELETE'].includes(method) && refusals.includes(answer.status) && !isProblem(answer);

async function call(method, path, { accept = 'application/json', body, etag, key, signal } = {}) {
  const headers = headersOf(method, { accept, body, etag, key });
  const content = body === undefined || body instanceof Blob ? body : JSON.stringify(body);
  const plain = { method, headers, body: content };
  const overridden = { method: 'POST', headers: { ...headers, 'X-HTTP-Method-Override': method }, body: content };

  const take = async (answer) => {
    if (answer.status === 304) return { status: 304, etag };
    if (!answer.ok) throw await failure(answer);
    return {
      status: answer.status, etag: answer.headers.get('ETag'), location: answer.headers.get('Location'),
      data: await read(answer, accept), name: fileName(answer),
    };
  };
  if (filtered && ['PUT', 'PATCH', 'DELETE'].includes(method)) return attempt(path, overridden, signal, take);
  const first = await attempt(path, plain, signal, async (answer) => (mayBeFiltered(method, answer) ? null : take(answer)));
  if (first !== null) return first;
  return attempt(path, overridden, signal, (answer) => {
    filtered = answer.ok || isProblem(answer);
    return take(answer);
  });
}

/**
 * GET `path`, as siteAddress() has it. Answers { status, etag, location, data, name } with status 304 and no data when `etag` still
 * holds; with another `accept` than JSON data is a Blob, and name what its file is to be called. Throws ApiError.
 */
export const get = (path, options) => call('GET', path, options);

/** The rest answer alike. `body` is anything that is JSON, or a Blob; with the `etag` that was seen a change of anything newer is 412. */
export const put = (path, body, options) => call('PUT', path, { ...options, body });
export const patch = (path, body, options) => call('PATCH', path, { ...options, body });
export const remove = (path, options) => call('DELETE', path, options);

/* crypto.randomUUID is there over https alone. */
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const pauses = [1, 3]; // seconds before the second try, and the third
const outcomeUnknown = [0, 502, 503, 504];

/** A POST whose answer does not come is sent again with the same `key`, so that it counts once. */
export async function post(path, body, { key = newKey(), ...options } = {}) {
  for (const pause of [...pauses, Infinity]) {
    try {
      return await call('POST', path, { ...options, body, key });
    } catch (error) {
      error.key = key;
      if (pause === Infinity || options.signal?.aborted || !outcomeUnknown.includes(error.status) || error.retryAfter > pauses.at(-1)) throw error;
      await new Promise((resolve) => { setTimeout(resolve, Math.max(pause, error.retryAfter) * 1000); });
    }
  }
}

/** A post() for one form: what a person sends again, unchanged, after it failed has the key that it had. */
export function poster() {
  let last = null;
  return async (path, body, options) => {
    const content = JSON.stringify([path, body]);
    if (last?.content !== content) last = { content, key: newKey() };
    const answer = await post(path, body, { ...options, key: last.key });
    last = null;
    return answer;
  };
}

/* Talks to the API: the session's token, one request at a time with a limit, exact numbers, and errors in words. */

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

/** A request that did not succeed. `status` is 0 when no answer came. */
export class ApiError extends Error {
  constructor(status, { detail, retryAfter } = {}) {
    super(has(`error.${status}`) ? t(`error.${status}`) : t(status >= 500 ? 'error.500' : 'error.other', { status }));
    this.status = status;
    this.detail = detail ?? '';
    this.retryAfter = retryAfter ?? 0;
  }
}

/** Every number becomes its own decimal text, so that an amount is never rounded through a double. */
export function parseExact(text) {
  return JSON.parse(text, (key, value, context) => (typeof value === 'number' ? context?.source ?? String(value) : value));
}

async function failure(answer) {
  let detail;
  try {
    const problem = await answer.json();
    detail = problem.errors?.[0]?.detail ?? problem.detail;
  } catch { /* not every proxy answers with a problem document */ }
  return new ApiError(answer.status, { detail, retryAfter: Number(answer.headers.get('Retry-After')) || 0 });
}

/**
 * GET `path`, as siteAddress() has it. Answers { status, etag, data } with status 304 and no data when `etag` still holds;
 * with accept 'text/csv' data is a Blob. Throws ApiError.
 */
export async function get(path, { accept = 'application/json', etag, signal } = {}) {
  const headers = { Accept: accept };
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (etag) headers['If-None-Match'] = etag;
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), requestLimit);
  const abort = () => limit.abort();
  signal?.addEventListener('abort', abort);
  try {
    const answer = await fetch(siteAddress(path), { headers, cache: 'no-store', credentials: 'same-origin', signal: limit.signal });
    if (answer.status === 304) return { status: 304, etag };
    if (!answer.ok) throw await failure(answer);
    const data = accept === 'text/csv' ? await answer.blob() : parseExact(await answer.text());
    return { status: answer.status, etag: answer.headers.get('ETag'), data, name: fileName(answer) };
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    throw new ApiError(0);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

function fileName(answer) {
  return /filename="?([\w.-]+)/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? null;
}

/* What pages ask of the API: a change is for the version that was seen, a POST counts once however often it is sent, a host's filter is
   got round, and what the server refuses is said at its field. */

import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { newPage, token, url } from './support.mjs';

const html = { status: 403, contentType: 'text/html', body: '<h1>Forbidden</h1>' };
const problem = (status, more) => ({ status, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/x', code: 'x', title: 'X', status, detail: 'of the whole', errors: [], ...more }) });
const done = (body = {}, headers = {}) => ({ status: 200, contentType: 'application/json', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

let page = null, shells = 0;

async function openPage() {
  page = await newPage();
  await page.goto(`${url}/`);
}

/** Code that sees `api`: all that pages share, as a page that was just opened has it. */
const run = (code) => page.evaluate(`(async () => {
  const api = await import(document.querySelector('link[rel="modulepreload"]').href + '?${shells}');
  const act = async () => { ${code} };
  return act().then((value) => ({ value }), ({ status, code, key, errors, detail, problem }) => ({ failed: { status, code, key, errors, detail, problem } }));
})()`);

/** Calls of /api/things are answered by these, one after the other and the last one for ever; null is no answer at all. What is asked is in the list. */
async function answered(...answers) {
  const seen = [];
  if (page === null) await openPage();
  shells += 1;
  await page.unroute('**/api/things**');
  await page.route('**/api/things**', async (route) => {
    const request = route.request(), answer = answers[Math.min(seen.length, answers.length - 1)];
    seen.push({ method: request.method(), headers: request.headers(), body: request.postData() });
    if (answer === null) await route.abort();
    else await route.fulfill(answer);
  });
  return seen;
}

// ---- the methods ----

test('each method sends its body, the tag that was seen, and takes what comes', async () => {
  const seen = await answered(done('{"amount":90071992547409931.23}', { ETag: '"8"', Location: '/api/things/7' }));
  const { value } = await run(`return [
    await api.get('api/things/7', { etag: '"7-gzip"' }),
    await api.put('api/things/7', { a: 1 }, { etag: '"7-gzip"' }),
    await api.patch('api/things/7', { a: null }, { etag: 'W/"7"' }),
    await api.remove('api/things/7', { etag: '"7"' }),
    await api.post('api/things', { a: 1 }),
    await api.put('api/things/logo', new Blob(['<svg/>'], { type: 'image/svg+xml' })),
  ];`);
  assert.deepEqual(seen.map(({ method, body }) => [method, body]), [['GET', null], ['PUT', '{"a":1}'], ['PATCH', '{"a":null}'], ['DELETE', null], ['POST', '{"a":1}'], ['PUT', '<svg/>']]);
  assert.deepEqual(seen.map(({ headers }) => headers['if-none-match'] ?? headers['if-match']), ['"7-gzip"', '"7"', '"7"', '"7"', undefined, undefined]);
  assert.deepEqual(seen.map(({ headers }) => headers['content-type']), [undefined, 'application/json', 'application/json', undefined, 'application/json', 'image/svg+xml']);
  assert.deepEqual(seen.map(({ headers }) => Boolean(headers['idempotency-key'])), [false, false, false, false, true, false]);
  for (const { status, etag, location, data } of value) assert.deepEqual([status, etag, location, data.amount], [200, '"8"', '/api/things/7', '90071992547409931.23']);
});

test('an answer without a body, and one that is not changed, have no data', async () => {
  await answered({ status: 204 }, { status: 304, headers: { ETag: '"7"' } });
  assert.equal((await run("return (await api.remove('api/things/7')).data;")).value, null);
  assert.deepEqual((await run("return api.get('api/things', { etag: '\"7\"' });")).value, { status: 304, etag: '"7"' });
});

test('a refusal has the server\'s code, words and fields, and all else that it says', async () => {
  await answered(problem(409, { code: 'conflict', state: 'paid', allowed: ['void'] }), problem(412, { code: 'precondition-failed' }),
    problem(400, { errors: [{ pointer: '/name', detail: 'is missing' }] }));
  const { failed } = await run("return api.put('api/things/7', {});");
  assert.deepEqual([failed.status, failed.code, failed.detail, failed.problem.state, failed.problem.allowed], [409, 'conflict', 'of the whole', 'paid', ['void']]);
  assert.equal((await run("return api.put('api/things/7', {}, { etag: '\"1\"' });")).failed.code, 'precondition-failed');
  assert.deepEqual((await run("return api.put('api/things/7', {});")).failed.errors, [{ pointer: '/name', detail: 'is missing' }]);
});

test('what was given up is not sent again, nor told as a failure of the server', async () => {
  const seen = await answered(null);
  const { failed } = await run("const stop = new AbortController(); setTimeout(() => stop.abort(), 300); return api.post('api/things', {}, { signal: stop.signal });");
  assert.notEqual(failed.status, 0);
  assert.equal(seen.length, 1);
});

// ---- a POST counts once ----

const keys = (seen) => seen.map(({ headers }) => headers['idempotency-key']);

test('a POST whose answer does not come is sent again with its key', async () => {
  const seen = await answered(null, problem(503), done({ id: 7 }));
  assert.equal((await run("return (await api.post('api/things', { a: 1 })).data.id;")).value, '7');
  assert.match(keys(seen)[0], /^[0-9a-f]{32}$/);
  assert.deepEqual(keys(seen), Array(3).fill(keys(seen)[0]));
});

test('after three tries it says so, with the key; what is refused, or wants a longer pause, is not tried again', async () => {
  const seen = await answered(null);
  const { failed } = await run("return api.post('api/things', { a: 1 });");
  assert.deepEqual([failed.status, failed.key, seen.length], [0, keys(seen)[0], 3]);
  for (const answer of [problem(400), problem(409), problem(422), problem(429), problem(500), { ...problem(503), headers: { 'Retry-After': '60' } }]) {
    const asked = await answered(answer);
    assert.equal((await run("return api.post('api/things', {});")).failed.status, answer.status);
    assert.equal(asked.length, 1, `${answer.status}`);
  }
});

test('what a person sends again after a failure has its key; another body, or the same after it was taken, a new one', async () => {
  const seen = await answered(problem(500), done(), done(), problem(500), done());
  await run(`const save = api.poster();
    await save('api/things', { a: 1 }).catch(() => {});
    await save('api/things', { a: 1 });
    await save('api/things', { a: 1 });
    await save('api/things', { a: 2 }).catch(() => {});
    await save('api/things', { a: 3 });`);
  const [failed, again, taken, other, last] = keys(seen);
  assert.equal(again, failed);
  assert.equal(new Set([failed, taken, other, last]).size, 4);
});

test('a record whose answer is lost on its way is counted once', async () => {
  const used = async () => Number((await run(`api.signIn('${token}');
    return (await api.get('api/usage/summary?start=2020-01-01&end=2100-01-01&metric_name=pdfs_generated')).data.metrics[0].total_quantity;`)).value);
  let tries = 0;
  await answered(done());
  await page.route('**/api/usage/record', async (route) => {
    const answer = await route.fetch();
    tries += 1;
    if (tries === 1) await route.abort();
    else await route.fulfill({ response: answer });
  });
  const had = await used();
  const { value: { status, data } } = await run("return api.post('api/usage/record', { metric_name: 'pdfs_generated', quantity: 1 });");
  assert.deepEqual([tries, status, data.duplicate], [2, 200, true]);
  assert.equal(await used(), had + 1);
});

// ---- a host's filter ----

test('a method that a filter refuses is asked by POST, and from then on at once', async () => {
  for (const status of [403, 405, 501]) {
    const seen = await answered({ ...html, status }, done({ id: 7 }));
    assert.equal((await run("await api.patch('api/things/7', { a: 1 }, { etag: '\"7\"' }); return (await api.remove('api/things/7')).data.id;")).value, '7');
    assert.deepEqual(seen.map(({ method, headers, body }) => [method, headers['x-http-method-override'], headers['if-match'], body]),
      [['PATCH', undefined, '"7"', '{"a":1}'], ['POST', 'PATCH', '"7"', '{"a":1}'], ['POST', 'DELETE', undefined, null]]);
  }
});

test('what a function refuses is not asked again, nor is a GET or a POST', async () => {
  for (const status of [403, 405, 501]) {
    const seen = await answered(problem(status));
    assert.equal((await run("return api.put('api/things/7', {});")).failed.code, 'x');
    assert.equal(seen.length, 1);
  }
  for (const code of ["return api.get('api/things');", "return api.post('api/things', {});"]) {
    const seen = await answered(html);
    assert.equal((await run(code)).failed.status, 403);
    assert.equal(seen.length, 1);
  }
});

test('a filter that refuses that too is told as a refusal, and the plain method is tried the next time', async () => {
  const seen = await answered(html);
  for (let i = 0; i < 2; i += 1) assert.equal((await run("return api.put('api/things/7', {});")).failed.status, 403);
  assert.deepEqual(seen.map(({ method }) => method), ['PUT', 'POST', 'PUT', 'POST']);
});

// ---- fields ----

describe('what the server refuses is said at its field', () => {
  const show = async (pointers) => (await run(`return api.showErrors(document.querySelector('#f'), { errors: ${JSON.stringify(pointers)}
    .map((pointer) => ({ pointer, detail: '<b>' + pointer + '</b> is wrong' })) }).map(({ field, detail }) => [field?.name ?? null, detail]);`)).value;
  before(async () => {
    await answered(done());
    await page.evaluate(() => {
      document.querySelector('main').innerHTML = `<form id="f">
        <label>Name <input name="name" id="name" aria-describedby="hint"></label><small id="hint">As on the invoice</small>
        <label>Price <input name="lines/0/unit_price"></label> <label>Discount <input name="discount"></label>
        <fieldset><legend>Kind</legend><label><input type="radio" name="kind" value="a">A</label><label><input type="radio" name="kind" value="b">B</label></fieldset>
        <label>Odd <input name="custom/a/b~c"></label></form>`;
    });
  });
  beforeEach(() => show([]));
  const described = (name) => page.locator(`[name="${name}"]`).first().evaluate((field) => (field.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean).map((id) => document.getElementById(id)?.textContent));

  test('by the name that its pointer is, or the nearest around it; what has none is left for the summary', async () => {
    const said = await show(['/name', '/lines/0/unit_price', '/discount/percent', '/kind', '/custom/a~1b~0c', '/nope', 'Idempotency-Key', '']);
    assert.deepEqual(said.map(([name]) => name), ['name', 'lines/0/unit_price', 'discount', 'kind', 'custom/a/b~c', null, null, null]);
    assert.deepEqual(await described('name'), ['As on the invoice', '<b>/name</b> is wrong']);
    assert.deepEqual(await described('kind'), ['<b>/kind</b> is wrong']);
    assert.equal(await page.locator('#f [aria-invalid="true"]').count(), 5);
    assert.equal(await page.locator('#f b').count(), 0, 'words are text');
  });

  test('two causes of a field are both said, and all is taken back before the next', async () => {
    await show(['/name', '/name']);
    assert.equal((await described('name')).length, 3);
    await show(['/discount']);
    assert.deepEqual(await described('name'), ['As on the invoice']);
    assert.deepEqual(await page.locator('#f [aria-invalid]').evaluateAll((list) => list.map(({ name }) => name)), ['discount']);
    await show([]);
    assert.equal(await page.locator('#f .fielderror').count(), 0);
    assert.deepEqual(await described('discount'), []);
  });
});

test('a call goes to the site, from whatever folder the page is in', async () => {
  await answered(done());
  await page.goto(`${url}/usage/history`);
  assert.equal((await run("return api.siteAddress('api/health');")).value, `${url}/api/health`);
});

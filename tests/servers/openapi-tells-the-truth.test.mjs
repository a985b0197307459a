// openapi.json is valid OpenAPI 3.1, and what is in it fits itself. That answers fit it, each test of the API looks at (lib/tenant.mjs).

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { addressOf, assertDeclared, document, faultsOf, faultsOfSchema } from '../lib/openapi.mjs';
import { repo } from '../lib/places.mjs';
import { altered, bodies } from '../lib/resources.mjs';

const operations = Object.entries(document.paths).flatMap(([address, item]) => Object.entries(item).map(([verb, operation]) => ({ address, verb, operation, place: ['paths', address, verb] })));
const contents = ({ operation, place }) => [
  ...Object.entries(operation.responses).flatMap(([status, { content }]) => Object.entries(content ?? {}).map(([type, media]) => ({ type, media, at: [...place, 'responses', status, 'content', type] }))),
  ...Object.entries(operation.requestBody?.content ?? {}).map(([type, media]) => ({ type, media, at: [...place, 'requestBody', 'content', type] })),
];

test('it is valid OpenAPI 3.1, as a validator of others says', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors, null, 1)?.slice(0, 4000));
});

test('the validator does refuse what is none', async () => {
  for (const spoil of [(d) => delete d.info.title, (d) => { d.paths['/api/customers'].get.responses = 7; }, (d) => { d.paths['/api/customers'].get.parameters[0].in = 'nowhere'; },
    (d) => { d.paths.api = {}; }, (d) => { d.servers = 'here'; }]) {
    const spoiled = structuredClone(document);
    spoil(spoiled);
    assert.equal((await new Validator().validate(spoiled)).valid, false, String(spoil));
  }
});

test('each schema is one of JSON Schema 2020-12', () => {
  const schemas = [...Object.values(document.components.schemas), ...operations.flatMap(contents).map(({ media }) => media.schema), ...operations.flatMap(({ operation }) => operation.parameters ?? []).map((p) => p.schema)].filter(Boolean);
  assert.ok(schemas.length > 50);
  for (const schema of schemas) assert.deepEqual(faultsOfSchema(schema), [], JSON.stringify(schema).slice(0, 300));
  for (const bad of [{ type: 'nothing' }, { minLength: -1 }, { required: 'x' }, { enum: 7 }]) assert.notDeepEqual(faultsOfSchema(bad), [], JSON.stringify(bad));
});

test('each example fits its schema, and there are some', () => {
  const examples = operations.flatMap(contents).filter(({ media }) => 'example' in media);
  assert.ok(examples.length >= 10, `${examples.length}`);
  for (const { media, at } of examples.filter(({ media: { schema } }) => schema)) assert.deepEqual(faultsOf(media.example, [...at, 'schema']), [], at.join(' '));
});

test('each answer of a success has a schema or an example, or is none', () => {
  for (const operation of operations) {
    for (const { media, at } of contents(operation)) if (at[3] === 'responses') assert.ok(media.schema || media.example, at.join(' '));
  }
});

describe('what a request to a resource may hold', () => {
  const schema = (kind, verb = 'post', address = `/api/${kind}`) => ['paths', address, verb, 'requestBody', 'content', 'application/json', 'schema'];
  for (const kind of Object.keys(bodies)) {
    test(`${kind}: a good body fits, whole or in part`, () => {
      assert.deepEqual(faultsOf(bodies[kind], schema(kind)), []);
      assert.deepEqual(faultsOf({ tags: ['x'], custom: { a: null } }, schema(kind, 'patch', `/api/${kind}/{id}`)), []);
    });
    test(`${kind}: what is computed, unknown or missing does not`, () => {
      for (const set of [{ '/id': 7 }, { '/nope': 1 }, { '/name': null }, { '/name': '' }, { '/name': 7 }, { '/tags': 'x' }, { '/tags': Array(21).fill('x') }, { '/custom': [] }])
        assert.notDeepEqual(faultsOf(altered(bodies[kind], set), schema(kind)), [], JSON.stringify(set));
    });
  }
  test('most of what the contract lists as bad does not', () => {
    const listed = readFileSync(path.join(repo, 'tests/api/documents/bad.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    const told = listed.filter(({ call, set }) => faultsOf(altered(bodies[call.split(' ')[1]], set), schema(call.split(' ')[1])).length);
    assert.ok(told.length >= listed.length / 2, `${told.length} of ${listed.length}`);
  });
});

test('an answer that is otherwise than declared is seen', () => {
  const json = (value, status = 200, type = 'application/json') => ({ status, text: JSON.stringify(value), json: value, headers: { 'content-type': type } });
  const problem = { type: '/problems/x', code: 'x', title: 'x', status: 400, detail: 'x', errors: [] };
  const good = { id: 1, version: 1, created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00.5Z', tags: [], custom: {}, name: 'VAT', rate: 19, category: 'S', reason: null, archived: false };
  assertDeclared('GET', '/api/taxes/1', json(good));
  assertDeclared('GET', '/api/v1/taxes?limit=1', json({ taxes: [good], next: null }));
  assertDeclared('GET', '/api/taxes/1', json(problem, 404, 'application/problem+json'));
  for (const set of [{ '/id': null }, { '/id': '1' }, { '/rate': 'x' }, { '/archived': 1 }, { '/created_at': 'now' }, { '/name': 7 }, { '/tags': [7] }, { '/category': 'X' }, { '/version': 0 }])
    assert.throws(() => assertDeclared('GET', '/api/taxes/1', json(altered(good, set))), /openapi.json does not say/, JSON.stringify(set));
  assert.throws(() => assertDeclared('GET', '/api/taxes', json({ taxes: [good] })), /next/);
  assert.throws(() => assertDeclared('GET', '/api/taxes/1', json(good, 200, 'text/html')), /text\/html/);
  assert.throws(() => assertDeclared('GET', '/api/taxes/1', json({ ...problem, errors: [{}] }, 400, 'application/problem+json')), /pointer/);
  assert.equal(addressOf('/api/v1/customers/archive/7?x'), '/api/customers/archive/{id}');
});

// openapi.json as a judge: does an answer fit what is declared of its address?

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import addFormats from 'ajv-formats';
import Ajv from 'ajv/dist/2020.js';
import { repo } from './places.mjs';

export const document = JSON.parse(readFileSync(path.join(repo, 'openapi.json'), 'utf8'));

const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
ajv.addSchema(document, 'openapi.json');

const escaped = (name) => name.replaceAll('~', '~0').replaceAll('/', '~1');
const validators = new Map();

/** What is wrong with a value by the schema at some place of the document, given as the names that lead there. */
export function faultsOf(value, place) {
  const $ref = `openapi.json#/${place.map(escaped).join('/')}`;
  if (!validators.has($ref)) validators.set($ref, ajv.compile({ $ref }));
  const fits = validators.get($ref);
  return fits(value) ? [] : fits.errors.map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`);
}

/** What makes a schema none of JSON Schema's. */
export const faultsOfSchema = (schema) => (ajv.validateSchema(schema) ? [] : ajv.errors.map(({ instancePath, message }) => `${instancePath} ${message}`));

/** The declared address of a request's: "/api/customers/{id}" of "/api/v1/customers/7?x=1"; undefined if there is none. */
export function addressOf(target) {
  const plain = target.split('?')[0].replace(/^\/api\/v1\//, '/api/');
  return [plain, plain.replace(/\/\d+$/, '/{id}')].find((name) => document.paths[name]);
}

const typeOf = (reply) => reply.headers['content-type']?.split(';')[0];

function faultsOfProblem(reply) {
  if (typeOf(reply) !== 'application/problem+json') return [`is ${typeOf(reply)}, and no problem`];
  return reply.text ? faultsOf(reply.json, ['components', 'schemas', 'Problem']) : [];
}

function faultsOfSuccess(reply, place, content = {}) {
  const type = typeOf(reply), declared = content[type];
  if (!reply.text) return reply.status === 200 && Object.keys(content).length ? ['is empty'] : [];
  if (!declared) return [`is ${type}, and declared as ${Object.keys(content).join(', ') || 'nothing'}`];
  return declared.schema && type === 'application/json' ? faultsOf(reply.json, [...place, 'content', type, 'schema']) : [];
}

/** Insist that an answer is what openapi.json says of its address. HEAD and what no function answers are passed over. */
export function assertDeclared(method, target, reply) {
  const address = addressOf(target), verb = method.toLowerCase(), operation = document.paths[address]?.[verb];
  if (!operation || reply.status === 304) return;
  const faults = reply.status >= 400 ? faultsOfProblem(reply)
    : faultsOfSuccess(reply, ['paths', address, verb, 'responses', '2XX'], operation.responses['2XX'].content);
  assert.deepEqual(faults, [], `${method} ${target} answered what openapi.json does not say: ${reply.text.slice(0, 500)}`);
}

// What the tests of `pennymeter calc` share: running it, and comparing its answers as exact numbers.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export const BIN = `${root}${process.env.PENNYMETER_BUILD ?? 'build'}/bin/pennymeter`

// The published cases: beside the repository where they are kept, else the copy in it.
const published = `${root}../shared/vectors`
export const VECTORS = process.env.VECTORS ?? (existsSync(published) ? published : `${root}tests/vectors`)

export const KINDS = ['price', 'plan_overage', 'periods', 'proration', 'allocation', 'tax', 'aggregation', 'alerts', 'rounding']

// Answers of `calc KIND` to cases, in their order, with its exit code.
export function calc (kind, cases) {
  const lines = cases.map(c => typeof c === 'string' ? c : JSON.stringify(c))
  const run = spawnSync(BIN, ['calc', kind], { input: lines.join('\n') + '\n', maxBuffer: 1 << 30 })
  if (run.error) throw run.error
  if (run.signal) throw new Error(`calc ${kind} died of ${run.signal}: ${run.stderr}`)
  const text = run.stdout.toString()
  const answers = text ? text.trimEnd().split('\n').map(parse) : []
  return { answers, status: run.status, stderr: run.stderr.toString() }
}

// JSON.parse would make large whole numbers binary: they are read as their text.
const parse = line => JSON.parse(line.replace(/([[,])(-?\d{15,})(?=[,\]])/g, '$1"$2"'))

export function readCases (kind) {
  return readFileSync(`${VECTORS}/${kind}.jsonl`, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line))
}

// ---- comparing ----

const DECIMAL = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/

// "1.50" and 1.5 are one number: digits without trailing zeros, and where the point is.
export function canonical (value) {
  const text = String(value)
  if (!DECIMAL.test(text)) return text
  const [, sign, whole, , part = '', , exponent = '0'] = /^(-?)(\d+)(\.(\d+))?([eE]([+-]?\d+))?$/.exec(text)
  let point = part.length - Number(exponent)
  let digits = BigInt(whole + part)
  if (digits === 0n) return '0'
  while (digits % 10n === 0n) { digits /= 10n; point-- }
  return `${sign}${digits}e${-point}`
}

// Whether an answer has all that is expected; else where it differs.
export function difference (expected, actual, path = '') {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return `${path}: ${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`
    return firstOf(expected.map((e, i) => difference(e, actual[i], `${path}/${i}`)))
  }
  if (expected !== null && typeof expected === 'object') {
    if (actual === null || typeof actual !== 'object') return `${path}: ${JSON.stringify(actual)} is not an object`
    return firstOf(Object.keys(expected).map(k => difference(expected[k], actual[k], `${path}/${k}`)))
  }
  return actual !== undefined && canonical(expected) === canonical(actual) ? null : `${path}: ${actual} is not ${expected}`
}

const firstOf = list => list.find(x => x) ?? null

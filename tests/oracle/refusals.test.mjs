// What `pennymeter calc` must refuse, each with the field that is to blame; and how it behaves as a filter.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { BIN, calc } from './calc.mjs'

const perUnit = { model: 'per_unit', unit_amount: '1' }
const tiered = (...tiers) => ({ model: 'graduated', tiers })
const month = { mode: 'anniversary', anchor: '2024-01-31T00:00:00Z', interval: { unit: 'month', count: 1 }, at: '2024-02-01T00:00:00Z' }
const span = { mode: 'second', period: { start: '2024-01-01T00:00:00Z', end: '2024-02-01T00:00:00Z' }, from: '2024-01-02T00:00:00Z', to: '2024-02-01T00:00:00Z' }
const tax = { tax: 'exclusive', rounding: ['line'], currency: 'EUR', lines: [{ amount: '1', tax_rates: ['20'] }] }
const window = { start: '2024-01-01T00:00:00Z', end: '2024-02-01T00:00:00Z' }
const event = value => ({ aggregation: 'sum', window, events: [{ at: '2024-01-02T00:00:00Z', value }] })

// [kind, field, case]
const refusals = [
  ['price', 'quantity', { price: perUnit }],
  ['price', 'quantity', { price: perUnit, quantity: '-1' }],
  ['price', 'quantity', { price: perUnit, quantity: '1.0000001' }],
  ['price', 'quantity', { price: perUnit, quantity: '9223372036854.775808' }],
  ['price', 'quantity', { price: perUnit, quantity: 'many' }],
  ['price', 'quantity', { price: perUnit, quantity: true }],
  ['price', 'quantity', { price: { ...perUnit, unit_amount: '18446744073709.6' }, quantity: '9223372036854.775807' }],
  ['price', 'quantity', { price: tiered({ up_to: '10', unit_amount: '1' }), quantity: '10.000001' }],
  ['price', 'price', { quantity: '1' }],
  ['price', 'price', { price: 'cheap', quantity: '1' }],
  ['price', 'price/model', { price: { model: 'free' }, quantity: '1' }],
  ['price', 'price/model', { price: {}, quantity: '1' }],
  ['price', 'price/unit_amount', { price: { model: 'per_unit' }, quantity: '1' }],
  ['price', 'price/unit_amount', { price: { model: 'per_unit', unit_amount: '0.0000000000001' }, quantity: '1' }],
  ['price', 'price/unit_amount', { price: { model: 'per_unit', unit_amount: '-1' }, quantity: '1' }],
  ['price', 'price/tiers', { price: tiered(), quantity: '1' }],
  ['price', 'price/tiers', { price: { model: 'volume' }, quantity: '1' }],
  ['price', 'price/tiers/0/up_to', { price: tiered({ up_to: null, unit_amount: '1' }, { up_to: null, unit_amount: '1' }), quantity: '1' }],
  ['price', 'price/tiers/1/up_to', { price: tiered({ up_to: '5', unit_amount: '1' }, { up_to: '5', unit_amount: '1' }), quantity: '1' }],
  ['price', 'price/package_size', { price: { model: 'package', package_size: '0', package_amount: '1' }, quantity: '1' }],
  ['price', 'price/package_rounding', { price: { model: 'package', package_size: '1', package_amount: '1', package_rounding: 'sideways' }, quantity: '1' }],
  ['price', 'price/maximum_amount', { price: { ...perUnit, minimum_amount: '2', maximum_amount: '1' }, quantity: '1' }],
  ['price', 'price/rate_percent', { price: { model: 'percentage', rate_percent: '1.00000000001' }, quantity: '1' }],
  ['plan_overage', 'lines/0/included', { lines: [{ quantity: '1', overage_unit_amount: '1' }] }],
  ['plan_overage', 'lines/0/quantity', { lines: [{ quantity: '9223372036854.775807', included: '0', overage_unit_amount: '999999' }] }],
  ['plan_overage', 'lines', {}],
  ['periods', 'timezone', { ...month, timezone: 'Mars/Olympus' }],
  ['periods', 'timezone', { ...month, timezone: '../../etc/passwd' }],
  ['periods', 'timezone', { ...month, timezone: '/usr/share/zoneinfo/UTC' }],
  ['periods', 'timezone', { ...month, timezone: 'EST5EDT4' }],
  ['periods', 'timezone', { ...month, timezone: 'zone.tab' }],
  ['periods', 'timezone', { ...month, timezone: 'right/UTC' }],
  ['periods', 'interval/count', { ...month, interval: { unit: 'month', count: 0 } }],
  ['periods', 'interval/count', { ...month, interval: { unit: 'month', count: 1.5 } }],
  ['periods', 'interval/unit', { ...month, interval: { unit: 'fortnight', count: 1 } }],
  ['periods', 'anchor', { ...month, anchor: '2023-02-29T00:00:00Z' }],
  ['periods', 'anchor', { ...month, anchor: '2024-01-31' }],
  ['periods', 'at', { ...month, at: '2024-01-01T24:00:00Z' }],
  ['periods', 'at', { ...month, at: '2024-01-01T00:00:00.Z' }],
  ['periods', 'at', { ...month, at: undefined }],
  ['periods', 'at', { ...month, at: '9999-12-31T00:00:00Z' }],
  ['periods', 'at', { ...month, at: '0001-01-01T00:00:00Z', which: 'previous' }],
  ['periods', 'mode', { ...month, mode: 'lunar' }],
  ['proration', 'period', { ...span, period: { start: span.period.end, end: span.period.start } }],
  ['proration', 'fixed_days', { ...span, mode: 'fixed_month_days' }],
  ['proration', 'mode', { ...span, mode: 'fortnight' }],
  ['proration', 'amount', { ...span, amount: '170141183460469231732' }],
  ['allocation', 'weights', { total_minor: 1, currency: 'USD', weights: [] }],
  ['allocation', 'weights', { total_minor: 1, currency: 'USD', weights: ['0', '0'] }],
  ['allocation', 'weights/1', { total_minor: 1, currency: 'USD', weights: ['1', '-1'] }],
  ['allocation', 'total', { total: '0.001', currency: 'USD', weights: ['1'] }],
  ['allocation', 'total_minor', { total_minor: 1.5, weights: ['1'] }],
  ['allocation', 'keys', { total_minor: 1, tie: 'key_order', weights: ['1', '1'], keys: ['A'] }],
  ['tax', 'lines/0/tax_rates/0', { ...tax, lines: [{ amount: '1', tax_rates: ['-1'] }] }],
  ['tax', 'lines/0/amount', { ...tax, lines: [{ tax_rates: ['1'] }] }],
  ['tax', 'lines', { ...tax, lines: [{ amount: '92233720368547758.08' }] }],
  ['tax', 'discounts/0/value', { ...tax, discounts: [{ type: 'percent', value: '100.1' }] }],
  ['tax', 'discounts/0/lines/0', { ...tax, discounts: [{ type: 'fixed', value: '1', lines: [1] }] }],
  ['tax', 'discounts/0/lines/1', { ...tax, discounts: [{ type: 'fixed', value: '1', lines: [0, 0] }] }],
  ['tax', 'rounding/0', { ...tax, rounding: ['cent'] }],
  ['aggregation', 'aggregation', { ...event('1'), aggregation: 'median' }],
  ['aggregation', 'window/end', { ...event('1'), window: { start: window.end, end: window.start } }],
  ['aggregation', 'events/0/value', event('0.0000000000000000001')],
  ['aggregation', 'events/0/value', event('1e21')],
  ['aggregation', 'events/0/at', { aggregation: 'sum', window, events: [{ value: '1' }] }],
  ['aggregation', 'timezone', { ...event('1'), timezone: 'Nowhere', window_size: 'day' }],
  ['alerts', 'steps/0', { thresholds: ['1'], steps: [['1']] }],
  ['alerts', 'recurring_step', { thresholds: ['1'], recurring_step: '0', steps: [['1', '2']] }],
  ['alerts', 'steps/0', { thresholds: [], recurring_step: '0.000001', steps: [['0', '1000000']] }],
  ['rounding', 'value', { value: 'NaN', digits: 2 }],
  ['rounding', 'value', { value: '170141183460469231731.687303715884105728', digits: 2 }],
  ['rounding', 'digits', { value: '1' }],
  ['rounding', 'mode', { value: '1', digits: 1, mode: 'bankers' }]
]

for (const [kind, field, c] of refusals) {
  test(`calc ${kind} refuses at ${field}: ${JSON.stringify(c).slice(0, 110)}`, () => {
    const { answers, status } = calc(kind, [{ id: 7, ...c }])
    assert.equal(answers.length, 1)
    assert.equal(answers[0].id, 7)
    assert.equal(answers[0].expect, undefined)
    assert.ok(answers[0].error?.startsWith(`field ${field}:`), `must name ${field}: ${JSON.stringify(answers[0])}`)
    assert.equal(status, 1)
  })
}

const good = { id: 'g', value: '0.5', digits: 0 }

test('a line that is not JSON is refused and the rest is answered', () => {
  const { answers, status } = calc('rounding', [good, '{"id":', '[]', '', good])
  assert.deepEqual(answers.map(a => [a.id, !a.error]), [['g', true], [null, false], [null, false], ['g', true]])
  assert.equal(status, 1)
})

test('an id comes back as it was: string, number, or null if there is none', () => {
  const { answers } = calc('rounding', [{ ...good, id: 12 }, { ...good, id: '12' }, { ...good, id: undefined }])
  assert.deepEqual(answers.map(a => a.id), [12, '12', null])
})

test('an unknown kind, none or too many are bad usage', () => {
  for (const args of [['calc'], ['calc', 'sums'], ['calc', 'price', 'tax']]) assert.equal(spawnSync(BIN, args).status, 2)
})

test('a last line needs no line end, and no lines are no error', () => {
  const run = input => { const { stdout, status } = spawnSync(BIN, ['calc', 'rounding'], { input }); return [stdout.toString(), status] }
  assert.deepEqual(run(JSON.stringify(good)), ['{"id":"g","expect":{"value":"1"}}\n', 0])
  assert.deepEqual(run(''), ['', 0])
})

test('answers come while the input is still open', async () => {
  const child = spawn(BIN, ['calc', 'rounding'])
  child.stdin.write(JSON.stringify(good) + '\n')
  const first = await new Promise(resolve => child.stdout.once('data', resolve))
  assert.match(first.toString(), /"expect"/)
  child.stdin.end()
  assert.equal(await new Promise(resolve => child.once('close', resolve)), 0)
})

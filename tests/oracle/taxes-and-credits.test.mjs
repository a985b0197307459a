// Taxes are told apart, credits are charges turned round, and a minimum is due for a part of its period: the facts
// in figures, beside the random cases of the oracle.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calc, difference } from './calc.mjs'
import { random } from './random.mjs'
import { generate } from './kinds/tax.mjs'

const one = (kind, c) => {
  const { answers } = calc(kind, [{ id: 1, ...c }])
  assert.equal(answers[0].error, undefined)
  return answers[0].expect
}
const agrees = (kind, c, expect) => assert.equal(difference(expect, one(kind, c)), null)
const invoice = { tax: 'inclusive', rounding: ['rate'], currency: 'USD' }

test('two taxes of the same rate are two, each rounded', () => {
  const twenty = { ...invoice, lines: [{ amount: '20.00' }], discounts: [{ type: 'fixed', value: '5.00' }] }
  agrees('tax', { ...twenty, invoice_tax_rates: ['10', '10'] }, { tax: '2.72', total: '15', rate_taxes: [{ rate: '10', tax: '1.36' }, { rate: '10', tax: '1.36' }] })
  agrees('tax', { ...twenty, invoice_tax_rates: ['10', '10.0'] }, { tax: '2.72' })
  agrees('tax', { ...twenty, tax: 'exclusive', lines: [{ amount: '20.05', tax_rates: ['9', '9'] }] }, { tax: '2.7', rate_taxes: [{ tax: '1.35' }, { tax: '1.35' }] })
})

test('a tax of the invoice is another than a line\'s own of the same rate', () => {
  agrees('tax', { ...invoice, tax: 'exclusive', invoice_tax_rates: ['10'], lines: [{ amount: '0.05', tax_rates: ['10'] }, { amount: '0.05' }] },
    { tax: '0.02', rate_taxes: [{ taxable: '0.05', tax: '0.01' }, { taxable: '0.1', tax: '0.01' }] })
})

test('a tax that is named is one, on whichever lines; two names are two', () => {
  const line = (amount, ...ids) => ({ amount, tax_rates: ids.map(id => ({ id, rate: '9' })) })
  const c = { ...invoice, tax: 'exclusive', lines: [line('0.05', 'CGST', 'SGST'), line('0.05', 'IGST'), line('0.06', 'SGST')] }
  agrees('tax', c, { tax: '0.01', rate_taxes: [{ id: 'CGST', tax: '0' }, { id: 'SGST', taxable: '0.11', tax: '0.01' }, { id: 'IGST', tax: '0' }] })
})

test('a line bears a named tax once, though the invoice has it too', () => {
  const vat = { id: 'VAT', rate: '20' }
  agrees('tax', { ...invoice, tax: 'exclusive', invoice_tax_rates: [vat], lines: [{ amount: '10', tax_rates: [vat] }, { amount: '5' }] },
    { tax: '3', rate_taxes: [{ id: 'VAT', rate: '20', taxable: '15', tax: '3' }] })
})

test('a name that comes twice on a line, or with two rates, is refused', () => {
  const vat = rate => ({ id: 'VAT', rate })
  const refused = (c, field) => assert.ok(calc('tax', [{ ...invoice, ...c }]).answers[0].error.startsWith(`field ${field}:`))
  refused({ lines: [{ amount: '1', tax_rates: [vat('20'), vat('20')] }] }, 'lines/0/tax_rates/1')
  refused({ lines: [{ amount: '1', tax_rates: [vat('20')] }, { amount: '1', tax_rates: [vat('19')] }] }, 'lines/1/tax_rates/0/rate')
})

test('what is left over of a tax that is rounded once goes to the largest remainder, of equals to the first', () => {
  const tax = (amount, ...rates) => one('tax', { tax: 'exclusive', rounding: ['total'], currency: 'USD', lines: [{ amount, tax_rates: rates }] }).rate_taxes.map(t => t.tax)
  assert.deepEqual(tax('0.15', '10', '10'), ['0.02', '0.01'])
  assert.deepEqual(tax('0.10', '14', '16'), ['0.01', '0.02'])
  assert.deepEqual(tax('0.10', '15', '15', '15', '15'), ['0.02', '0.02', '0.01', '0.01'])
  assert.deepEqual(tax('-0.15', '10', '10'), ['-0.02', '-0.01'])
})

test('a percentage is off a credit as off a charge', () => {
  const credit = { quantity: '-1', unit_price: '100', tax_rates: ['10'] }
  const off = { discounts: [{ type: 'percent', value: '10' }] }
  agrees('tax', { ...invoice, ...off, tax: 'exclusive', lines: [credit] }, { subtotal: '-100', discount: '-10', tax: '-9', total: '-99' })
  agrees('tax', { ...invoice, ...off, lines: [credit] }, { tax: '-8.18', total: '-90' })
  agrees('tax', { ...invoice, tax: 'exclusive', lines: [{ ...credit, discount_percent: '10' }] }, { subtotal: '-90', total: '-99' })
  agrees('tax', { ...invoice, tax: 'exclusive', lines: [{ ...credit, discount_amount: '10' }] }, { subtotal: '-90', total: '-99' })
  agrees('tax', { ...invoice, tax: 'exclusive', lines: [{ ...credit, discount_amount: '110' }] }, { subtotal: '0', total: '0' })
  agrees('tax', { ...invoice, discounts: [{ type: 'percent', value: '100' }], lines: [credit] }, { discount: '-100', tax: '0', total: '0' })
})

test('a percentage is off each line, also where charges and credits are even', () => {
  const lines = [{ amount: '50', tax_rates: ['20'] }, { amount: '-50', tax_rates: ['10'] }]
  agrees('tax', { ...invoice, tax: 'exclusive', lines, discounts: [{ type: 'percent', value: '10' }] },
    { subtotal: '0', discount: '0', tax: '4.5', total: '4.5', rate_taxes: [{ taxable: '45', tax: '9' }, { taxable: '-45', tax: '-4.5' }] })
})

test('a fixed amount is off what there is to pay, and takes nothing of a credit', () => {
  const fixed = (...amounts) => one('tax', { ...invoice, tax: 'exclusive', lines: amounts.map(amount => ({ amount, tax_rates: ['10'] })), discounts: [{ type: 'fixed', value: '10' }] })
  assert.equal(difference({ discount: '10', tax: '7', total: '77' }, fixed('100', '-20')), null)
  assert.equal(difference({ discount: '5', tax: '0', total: '0' }, fixed('25', '-20')), null)
  assert.equal(difference({ discount: '0', tax: '-1', total: '-11' }, fixed('20', '-30')), null)
})

// Every line and so every figure with the other sign: a credit note of a whole invoice takes back what it charged.
test('an invoice turned round is its credit to the cent', () => {
  const r = random(Number(process.env.SEED ?? 18))
  const turned = text => text.startsWith('-') ? text.slice(1) : `-${text}`
  const cases = Array.from({ length: 2000 }, (_, id) => {
    const { discounts, ...c } = generate(r)
    const percent = discounts?.filter(d => d.type === 'percent')
    return { ...c, id, round_mode: r.pick(['half_away', 'half_even']), ...(percent?.length && { discounts: percent }) }
  })
  const credits = cases.map(c => ({ ...c, lines: c.lines.map(l => l.amount !== undefined ? { ...l, amount: turned(l.amount) } : { ...l, quantity: turned(l.quantity) }) }))
  const flat = e => [e.subtotal, e.discount, e.tax, e.total, ...e.line_taxes, ...e.rate_taxes.flatMap(t => [t.taxable, t.tax])]
  const [charged, credited] = [cases, credits].map(list => calc('tax', list).answers.map(a => flat(a.expect)))
  for (const [i, figures] of charged.entries()) {
    assert.deepEqual(credited[i], figures.map(f => f === '0' ? f : turned(f)), JSON.stringify(cases[i]))
  }
})

const january = { mode: 'day', period: { start: '2026-01-01T00:00:00Z', end: '2026-02-01T00:00:00Z' }, to: '2026-02-01T00:00:00Z' }
const due = (days, amount, billed_amount, more = {}) =>
  one('proration', { ...january, from: `2026-01-${String(32 - days).padStart(2, '0')}T00:00:00Z`, amount, billed_amount, round: 2, ...more }).true_up

test('what is missing to a minimum is due for the days of it, less what was billed, rounded once', () => {
  assert.equal(due(10, '31.00', '4.00'), '6')
  assert.equal(due(31, '31.00', '4.00'), '27')
  assert.equal(due(10, '10.00', '0.005'), '3.22') // 3.2258… - 0.005: rounded before, it were 3.23 - 0.01
  assert.equal(due(10, '10.00', '0', { round: 0 }), '3')
  assert.equal(due(10, '31.00', '0', { mode: 'second' }), '10')
})

test('what is missing to a minimum is never below 0; what was credited is missing too', () => {
  assert.equal(due(10, '31.00', '10.00'), '0')
  assert.equal(due(10, '31.00', '400'), '0')
  assert.equal(due(10, '31.00', '-2.50'), '12.5')
  assert.equal(due(10, '-31.00', '0'), '0')
})

test('what was billed goes with a minimum', () => {
  const { answers } = calc('proration', [{ ...january, from: january.period.start, billed_amount: '4' }])
  assert.match(answers[0].error, /^field amount:/)
})

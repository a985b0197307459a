// The oracle of tax: the README's rules on plain lists of fractions.
import { larger, Q, smaller, sum, ZERO } from '../fraction.mjs'

const DIGITS = { USD: 2, EUR: 2, JPY: 0, KWD: 3 }
const NAMED = { CGST: '9', SGST: '9', VAT: '19', levy: '0.5' }
const HUNDRED = new Q(100n)
const ONE = new Q(1n)

export function generate (r) {
  const currency = r.pick(Object.keys(DIGITS))
  const rate = () => r.pick(['0', '5', '10', '10.00', '19', '20', '21', '8.875', '33.333', r.decimal({ whole: 2, part: 4 })])
  // A list names each tax once; two of one rate are two taxes all the same.
  const taxes = (least, most) => {
    const named = r.chance(0.3) ? Object.keys(NAMED).filter(() => r.chance(0.5)).map(id => ({ id, rate: NAMED[id] })) : []
    const list = [...named, ...r.some(least, most, rate)]
    return r.chance(0.2) && list.length ? [...list, list.find(t => typeof t === 'string') ?? '10'] : list
  }
  const wild = r.chance(0.2)
  const amount = () => r.decimal({ whole: 6, part: r.pick([DIGITS[currency], DIGITS[currency], 5]), negative: wild || r.chance(0.2) })
  const lines = r.some(1, 5, () => ({
    ...(r.chance(0.8) ? { amount: amount() } : { quantity: String(r.int(wild ? -20 : 0, 20)), unit_price: r.decimal({ whole: 4, part: 6 }) }),
    ...(r.chance(0.8) && { tax_rates: taxes(0, 2) }),
    ...(r.chance(0.1) && { discount_amount: r.decimal({ whole: 3, part: 2 }) }),
    ...(r.chance(0.1) && { discount_percent: r.pick(['10', '33.33', '100']) })
  }))
  const some = () => lines.map((_, i) => i).filter(() => r.chance(0.5))
  const discounts = r.some(0, 3, () => {
    const targets = r.chance(0.3) ? some() : []
    return { ...r.pick([{ type: 'fixed', value: r.decimal({ whole: 3, part: 2 }) }, { type: 'percent', value: r.pick(['10', '15', '9.5', '100', '33.333']) }]), ...(targets.length && { lines: targets }) }
  })
  return {
    tax: r.pick(['exclusive', 'inclusive']), rounding: [r.pick(['line', 'rate', 'total'])], currency, lines,
    ...(discounts.length && { discounts, coupon_order: r.pick(['given', 'percent_first']) }),
    ...(r.chance(0.2) && { line_amounts: 'exact' }),
    ...(r.chance(0.3) && { inclusive_round: r.pick(['tax', 'net']) }),
    ...(r.chance(0.2) && { invoice_tax_rates: taxes(1, 2) }),
    ...(r.chance(0.3) && { round_mode: r.pick(['half_away', 'half_even', 'up', 'down']) })
  }
}

// What reduces a charge reduces its credit alike, and neither past nothing.
function linePrice (l, c, money) {
  const gross = l.amount !== undefined ? Q.of(l.amount) : Q.of(l.quantity).times(Q.of(l.unit_price))
  const size = gross.sign < 0 ? ZERO.minus(gross) : gross
  const left = larger(size.times(HUNDRED.minus(Q.of(l.discount_percent ?? '0')).over(HUNDRED)).minus(Q.of(l.discount_amount ?? '0')), ZERO)
  const price = gross.sign < 0 ? ZERO.minus(left) : left
  return c.line_amounts === 'exact' ? price : money(price)
}

// A percentage is off each line; a fixed amount is off what there is to pay.
function applyDiscounts (c, prices) {
  const list = c.discounts ?? []
  const order = c.coupon_order === 'percent_first' ? [...list.filter(d => d.type === 'percent'), ...list.filter(d => d.type === 'fixed')] : list
  let off = ZERO
  for (const d of order) {
    const targets = d.lines ?? prices.map((_, i) => i)
    const left = sum(targets.map(i => prices[i]))
    for (const i of targets) {
      const less = d.type === 'percent'
        ? prices[i].times(Q.of(d.value)).over(HUNDRED)
        : left.sign > 0 ? prices[i].times(smaller(left, Q.of(d.value))).over(left) : ZERO
      prices[i] = prices[i].minus(less)
      off = off.plus(less)
    }
  }
  return off
}

// The taxes of a list with what tells each: its name; or the list, the rate, and which of that rate it is.
function identified (list, owner) {
  const seen = {}
  return (list ?? []).map(t => {
    if (typeof t === 'object') return { id: t.id, rate: String(Q.of(t.rate)), key: `named ${t.id}` }
    const rate = String(Q.of(t))
    seen[rate] = (seen[rate] ?? 0) + 1
    return { rate, key: `${owner} ${rate} ${seen[rate]}` }
  })
}

// A total over taxes that are not whole: each rounded down in size, the units left to the largest remainders, the first of equals.
function settle (exact, total, digits) {
  const turned = total.sign < 0
  const turn = q => turned ? ZERO.minus(q) : q
  const shares = exact.map(q => ({ units: turn(q).units(digits, 'down'), exact: turn(q) }))
  const unit = new Q(1n, 10n ** BigInt(digits))
  for (let left = turn(total).units(digits) - shares.reduce((a, s) => a + s.units, 0n); left !== 0n;) {
    const step = left > 0n ? 1n : -1n
    const rest = s => s.exact.minus(new Q(s.units).times(unit)).times(new Q(step))
    const chosen = shares.reduce((best, s) => rest(s).compare(rest(best)) > 0 ? s : best)
    chosen.units += step
    left -= step
  }
  return shares.map(s => turn(new Q(s.units).times(unit)))
}

export function expected (c) {
  const digits = DIGITS[c.currency]
  const money = q => q.round(digits, c.round_mode)
  const prices = c.lines.map(l => linePrice(l, c, money))
  const subtotal = sum(prices)
  const off = applyDiscounts(c, prices)
  const inclusive = c.tax === 'inclusive'
  const taxIn = (price, rate) => { const f = Q.of(rate).over(HUNDRED); return price.times(inclusive ? f.over(ONE.plus(f)) : f) }
  const rounded = (tax, price) => inclusive && c.inclusive_round === 'net' ? money(price).minus(money(price.minus(tax))) : money(tax)

  const listed = c.lines.map(l => { // a tax is on a line once
    const list = [...identified(l.tax_rates, 'own'), ...identified(c.invoice_tax_rates, 'of the invoice')]
    return list.filter((t, i) => list.findIndex(u => u.key === t.key) === i)
  })
  const parts = prices.flatMap((price, line) => listed[line].map(t => ({ line, ...t, price, tax: taxIn(price, t.rate) })))
  const alone = parts.map(p => rounded(p.tax, p.price))
  const taxes = [...new Set(parts.map(p => p.key))].map(key => {
    const own = parts.map((p, i) => ({ ...p, alone: alone[i] })).filter(p => p.key === key)
    const base = sum(own.map(p => p.price))
    return { id: own[0].id, rate: own[0].rate, base, exact: sum(own.map(p => p.tax)), lines: sum(own.map(p => p.alone)) }
  })
  const all = list => sum(list.map(p => p.tax))
  const place = c.rounding[0]
  const shares = place === 'line'
    ? taxes.map(t => t.lines)
    : place === 'rate'
      ? taxes.map(t => rounded(t.exact, t.base))
      : settle(taxes.map(t => t.exact), rounded(all(parts), subtotal.minus(off)), digits)
  const tax = place === 'total' ? rounded(all(parts), subtotal.minus(off)) : sum(shares)
  const lineTaxes = prices.map((price, line) => place === 'line'
    ? sum(alone.filter((_, i) => parts[i].line === line))
    : rounded(all(parts.filter(p => p.line === line)), price))
  const net = money(subtotal).minus(money(off))
  return {
    expect: {
      subtotal: String(money(subtotal)),
      discount: String(money(off)),
      tax: String(tax),
      total: String(inclusive ? net : net.plus(tax)),
      line_taxes: lineTaxes.map(String),
      rate_taxes: taxes.map((t, i) => ({ ...(t.id && { id: t.id }), rate: t.rate, taxable: String(money(t.base)), tax: String(shares[i]) }))
    }
  }
}

// The oracle of tax: the README's rules on plain lists of fractions.
import { larger, Q, smaller, sum, ZERO } from '../fraction.mjs'

const DIGITS = { USD: 2, EUR: 2, JPY: 0, KWD: 3 }
const HUNDRED = new Q(100n)
const ONE = new Q(1n)

export function generate (r) {
  const currency = r.pick(Object.keys(DIGITS))
  const rate = () => r.pick(['0', '5', '10', '19', '20', '21', '8.875', '33.333', r.decimal({ whole: 2, part: 4 })])
  const amount = () => r.decimal({ whole: 6, part: r.pick([DIGITS[currency], DIGITS[currency], 5]), negative: r.chance(0.2) })
  const lines = r.some(1, 5, () => ({
    ...(r.chance(0.8) ? { amount: amount() } : { quantity: String(r.int(0, 20)), unit_price: r.decimal({ whole: 4, part: 6 }) }),
    ...(r.chance(0.8) && { tax_rates: r.some(0, 2, rate) }),
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
    ...(r.chance(0.2) && { invoice_tax_rates: r.some(1, 2, rate) }),
    ...(r.chance(0.3) && { round_mode: r.pick(['half_away', 'half_even', 'up', 'down']) })
  }
}

function linePrice (l, c, money) {
  const gross = l.amount !== undefined ? Q.of(l.amount) : Q.of(l.quantity).times(Q.of(l.unit_price))
  let price = gross.times(HUNDRED.minus(Q.of(l.discount_percent ?? '0')).over(HUNDRED)).minus(Q.of(l.discount_amount ?? '0'))
  if (gross.sign >= 0) price = larger(price, ZERO)
  return c.line_amounts === 'exact' ? price : money(price)
}

function applyDiscounts (c, prices) {
  const list = c.discounts ?? []
  const order = c.coupon_order === 'percent_first' ? [...list.filter(d => d.type === 'percent'), ...list.filter(d => d.type === 'fixed')] : list
  let off = ZERO
  for (const d of order) {
    const targets = d.lines ?? prices.map((_, i) => i)
    const left = sum(targets.map(i => prices[i]))
    if (left.sign <= 0) continue
    const value = smaller(left, d.type === 'percent' ? left.times(Q.of(d.value)).over(HUNDRED) : Q.of(d.value))
    for (const i of targets) prices[i] = prices[i].minus(value.times(prices[i]).over(left))
    off = off.plus(value)
  }
  return off
}

export function expected (c) {
  const money = q => q.round(DIGITS[c.currency], c.round_mode)
  const prices = c.lines.map(l => linePrice(l, c, money))
  const subtotal = sum(prices)
  const off = applyDiscounts(c, prices)
  const inclusive = c.tax === 'inclusive'
  const taxIn = (price, rate) => { const f = Q.of(rate).over(HUNDRED); return price.times(inclusive ? f.over(ONE.plus(f)) : f) }
  const rounded = (tax, price) => inclusive && c.inclusive_round === 'net' ? money(price).minus(money(price.minus(tax))) : money(tax)

  const parts = prices.flatMap((price, line) => [...(c.lines[line].tax_rates ?? []), ...(c.invoice_tax_rates ?? [])]
    .map(rate => ({ line, rate: String(Q.of(rate)), price, tax: taxIn(price, rate) })))
  const rates = [...new Set(parts.map(p => p.rate))]
  const all = list => sum(list.map(p => p.tax))
  const alone = parts.map(p => rounded(p.tax, p.price))
  const tax = {
    line: () => sum(alone),
    rate: () => sum(rates.map(rate => { const own = parts.filter(p => p.rate === rate); return rounded(all(own), sum(own.map(p => p.price))) })),
    total: () => rounded(all(parts), subtotal.minus(off))
  }[c.rounding[0]]()
  const lineTaxes = prices.map((price, line) => c.rounding[0] === 'line'
    ? sum(alone.filter((_, i) => parts[i].line === line))
    : rounded(all(parts.filter(p => p.line === line)), price))
  const net = money(subtotal).minus(money(off))
  return {
    expect: {
      subtotal: String(money(subtotal)),
      discount: String(money(off)),
      tax: String(tax),
      total: String(inclusive ? net : net.plus(tax)),
      line_taxes: lineTaxes.map(String)
    },
    adds_up: String(tax) // the taxes by rate, compared by the test below
  }
}

// What an answer must show besides: the taxes by rate add up to the tax.
export function check (want, answer) {
  const total = String(sum(answer.expect.rate_taxes.map(t => Q.of(t.tax))))
  return total === want.adds_up ? null : `: taxes by rate are ${total}, not ${want.adds_up}`
}

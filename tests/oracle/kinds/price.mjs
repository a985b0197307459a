// The oracle of price: each model by its definition in the README, line by line.
import { decimals, demand, fitsLong, fitsWide, larger, Q, smaller, sum, ZERO } from '../fraction.mjs'

const MOST = '9223372036854.775807' // of a quantity; the next millionth does not fit

function tiers (r) {
  const bounds = [...new Set(r.some(1, 4, () => r.decimal({ whole: 4, part: 6 })))].map(Q.of).sort((a, b) => a.compare(b))
  const distinct = bounds.filter((b, i) => i === 0 || b.compare(bounds[i - 1]) > 0).map(String)
  if (r.chance(0.9)) distinct[r.chance(0.5) ? distinct.length : distinct.length - 1] = null
  return distinct.map(up_to => ({
    up_to, unit_amount: r.decimal({ whole: 4, part: 12 }), ...(r.chance(0.4) && { flat_amount: r.decimal({ whole: 5, part: 18 }) })
  }))
}

const models = {
  flat: r => ({ amount: r.decimal({ whole: 9, part: 18 }) }),
  per_unit: r => ({ unit_amount: r.pick([r.decimal({ whole: 9, part: 12 }), '0.000000000001', '18446744073709.55']) }),
  graduated: r => ({ tiers: tiers(r) }),
  volume: r => ({ tiers: tiers(r) }),
  package: r => ({
    package_size: r.pick(['1', '10', '0.000001', '3', '0.5', String(r.int(1, 1000))]),
    package_amount: r.decimal({ whole: 5, part: 12 }),
    ...(r.chance(0.5) && { package_rounding: r.pick(['up', 'down']) })
  }),
  percentage: r => ({ rate_percent: r.decimal({ whole: 3, part: 10 }) })
}

export function generate (r) {
  const model = r.pick(Object.keys(models))
  const price = { model, ...models[model](r) }
  if (r.chance(0.2)) price.included = r.decimal({ whole: 3, part: 6 })
  if (r.chance(0.15)) price.minimum_amount = r.decimal({ whole: 5, part: 2 })
  if (r.chance(0.15)) price.maximum_amount = r.decimal({ whole: 5, part: 2 })
  const bound = r.pick(price.tiers ?? [])?.up_to
  const quantity = r.pick([
    r.decimal({ whole: 5, part: 6 }), r.decimal({ whole: 13, part: 6 }), '0', '0.000001', bound ?? '1',
    r.pick([MOST, '9223372036854.775808', '0.0000001', '-0.000001', '1e3', '99999999999999999999'])
  ])
  return { price, quantity, ...(r.chance(0.4) && { round: r.int(-3, 8) }) }
}

const plain = text => /e/.test(text) ? String(Number(text)) : text

function lines (p, quantity) {
  const line = (q, unit, flat = ZERO) => ({ quantity: q, unit_amount: unit, flat_amount: flat, amount: q.times(unit).plus(flat) })
  const unit = t => Q.of(t.unit_amount ?? '0')
  const flat = t => Q.of(t.flat_amount ?? '0')
  switch (p.model) {
    case 'flat': return [line(quantity, ZERO, Q.of(p.amount))]
    case 'per_unit': return [line(quantity, Q.of(p.unit_amount))]
    case 'percentage': return [line(quantity, Q.of(p.rate_percent).over(new Q(100n)))]
    case 'package': {
      const ratio = quantity.over(Q.of(p.package_size))
      const count = p.package_rounding === 'down' ? ratio.floor() : -ratio.times(new Q(-1n)).floor()
      return [line(new Q(count), Q.of(p.package_amount))]
    }
    case 'volume': {
      const tier = p.tiers.find(t => t.up_to === null || quantity.compare(Q.of(t.up_to)) <= 0)
      demand(tier, 'quantity')
      return [line(quantity, unit(tier), flat(tier))]
    }
    case 'graduated': {
      const lower = i => i ? Q.of(p.tiers[i - 1].up_to) : ZERO
      const upper = i => p.tiers[i].up_to === null ? null : Q.of(p.tiers[i].up_to)
      const touched = p.tiers.map((t, i) => [t, i]).filter(([, i]) => i === 0 || quantity.compare(lower(i)) > 0)
      const top = upper(p.tiers.length - 1)
      demand(top === null || quantity.compare(top) <= 0, 'quantity')
      return touched.map(([t, i]) => line((upper(i) ? smaller(quantity, upper(i)) : quantity).minus(lower(i)), unit(t), flat(t)))
    }
  }
}

export function expected ({ price, quantity, round }) {
  if (price.minimum_amount && price.maximum_amount) demand(Q.of(price.minimum_amount).compare(Q.of(price.maximum_amount)) <= 0, 'price/maximum_amount')
  const q = Q.of(plain(quantity))
  demand(q.sign >= 0 && decimals(plain(quantity)) <= 6 && fitsLong(q, 6), 'quantity')
  const charged = larger(ZERO, q.minus(Q.of(price.included ?? '0')))
  const list = lines(price, charged)
  let amount = sum(list.map(l => l.amount))
  demand(list.every(l => fitsLong(l.quantity, 6)) && fitsWide(amount), 'quantity')
  if (price.minimum_amount) amount = larger(amount, Q.of(price.minimum_amount))
  if (price.maximum_amount) amount = smaller(amount, Q.of(price.maximum_amount))
  if (round !== undefined) amount = amount.round(round)
  return {
    expect: {
      amount: String(amount),
      lines: list.map(l => Object.fromEntries(Object.entries(l).map(([k, v]) => [k, String(v)])))
    }
  }
}

// The oracle of plan_overage.
import { decimals, demand, fitsLong, fitsWide, larger, Q, sum, ZERO } from '../fraction.mjs'

export function generate (r) {
  return {
    lines: r.some(0, 4, () => ({
      quantity: r.pick([r.decimal({ whole: 8, part: 6 }), '0.000001', '9223372036854.775807', r.chance(0.1) ? '9223372036854.775808' : '0']),
      included: r.pick([r.decimal({ whole: 6, part: 6 }), '0', '100']),
      overage_unit_amount: r.decimal({ whole: 3, part: r.chance(0.05) ? 13 : 12 })
    }))
  }
}

export function expected ({ lines }) {
  const results = lines.map((l, i) => {
    const quantity = Q.of(l.quantity)
    demand(fitsLong(quantity, 6), `lines/${i}/quantity`)
    demand(decimals(l.overage_unit_amount) <= 12, `lines/${i}/overage_unit_amount`)
    const overage = larger(ZERO, quantity.minus(Q.of(l.included)))
    const exact = overage.times(Q.of(l.overage_unit_amount))
    demand(fitsWide(exact) && fitsLong(exact, 2), `lines/${i}/quantity`)
    return { overage, exact, amount: exact.round(2) }
  })
  return {
    expect: {
      lines: results.map(x => ({ overage: String(x.overage), amount_exact: String(x.exact), amount: String(x.amount) })),
      total_exact: String(sum(results.map(x => x.exact))),
      total: String(sum(results.map(x => x.amount)))
    }
  }
}

// The oracle of allocation.
import { demand, fitsWide, Q, sum, ZERO } from '../fraction.mjs'

export function generate (r) {
  const weights = r.some(0, 6, () => r.pick([
    () => r.decimal({ whole: 6, part: 4 }), () => '0', () => '1', () => '1.00', () => r.decimal({ whole: 19, part: 18 }), () => '0.000000000000000001',
    () => r.chance(0.03) ? '-1' : '3'
  ])())
  const c = { mode: 'largest_remainder', tie: r.pick(['first', 'key_order']), weights }
  if (c.tie === 'key_order') c.keys = weights.map(() => r.pick(['A', 'B', 'C', 'a', '10', '9', '']))
  if (r.chance(0.3)) c.cap_at_weights = true
  if (r.chance(0.5)) return { ...c, total_minor: r.pick([r.int(-1000, 100000), r.int(0, 20), 0, '99999999999999999999']) }
  const [currency, digits] = r.pick([['USD', 2], ['JPY', 0], ['KWD', 3], ['CLF', 4]])
  const total = r.decimal({ whole: 12, part: digits, negative: true })
  return { ...c, total, currency, ...(r.chance(0.2) && { digits: digits + 2 }) }
}

export function expected (c) {
  const digits = c.total_minor !== undefined ? 0 : c.digits ?? { USD: 2, JPY: 0, KWD: 3, CLF: 4 }[c.currency]
  const weights = c.weights.map(Q.of)
  weights.forEach((w, i) => demand(w.sign >= 0, `weights/${i}`))
  const all = sum(weights)
  demand(fitsWide(all), 'weights')
  let total = Q.of(c.total_minor ?? c.total).units(digits)
  if (c.cap_at_weights) {
    const most = all.times(new Q(10n ** BigInt(digits))).floor()
    total = total > most ? most : total < -most ? -most : total
  }
  demand(total === 0n || all.sign > 0, 'weights')
  const size = total < 0n ? -total : total
  const shares = weights.map((w, i) => {
    const exact = all.sign ? new Q(size).times(w).over(all) : ZERO
    return { i, units: exact.floor(), rest: exact.minus(new Q(exact.floor())) }
  })
  const left = Number(size - shares.reduce((a, s) => a + s.units, 0n))
  const key = i => Buffer.from(c.keys?.[i] ?? '')
  const order = [...shares].sort((a, b) => b.rest.compare(a.rest) || (c.tie === 'key_order' ? Buffer.compare(key(a.i), key(b.i)) : 0) || a.i - b.i)
  order.slice(0, left).forEach(s => s.units++)
  return { expect: shares.map(s => String(new Q(total < 0n ? -s.units : s.units, 10n ** BigInt(digits)))) }
}

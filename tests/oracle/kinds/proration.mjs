// The oracle of proration: days are counted on Intl's clocks.
import { demand, fitsWide, larger, Q, ZERO } from '../fraction.mjs'
import { DAY, FIRST, instant, LAST, print, toWall, ZONES } from '../zones.mjs'

export function generate (r) {
  const timezone = r.pick(ZONES)
  const span = r.pick([40, 40, 40, 400, 1]) * 86400
  const start = instant(r, timezone, { to: LAST - 400 * DAY })
  const end = r.chance(0.02) ? start : start + r.int(1, span) * 1e6
  const inside = () => Math.max(FIRST, start + r.int(-3600, Math.floor((end - start) / 1e6) + 3600) * 1e6)
  const [from, to] = [inside(), inside()].sort((a, b) => a - b)
  const amount = r.chance(0.8) ? r.pick([r.decimal({ whole: 9, part: 18, negative: true }), '170141183460469231731', '0.01', '31.00']) : undefined
  return {
    mode: r.pick(['second', 'day', 'fixed_month_days']),
    timezone,
    period: { start: print(start), end: print(end) },
    from: print(r.chance(0.2) ? start : from),
    to: print(r.chance(0.2) ? end : to),
    fixed_days: r.pick([28, 30, 31]),
    ...(r.chance(0.4) && { from_day: r.pick(['floor', 'ceil']) }),
    ...(r.chance(0.4) && { to_day: r.pick(['floor', 'ceil']) }),
    ...(r.chance(0.3) && { fraction_digits: r.int(0, 18) }),
    ...(amount && { amount }),
    ...(r.chance(0.4) && { billed_amount: r.pick([() => '0', () => amount ?? '1', () => r.decimal({ whole: 9, part: 18, negative: true }), () => r.decimal({ whole: 2, part: 2 })])() }),
    ...(r.chance(0.8) && { round: r.int(-2, 18) })
  }
}

const read = text => Date.parse(text.slice(0, 19) + 'Z') * 1000 + Number((/\.(\d+)Z/.exec(text)?.[1] ?? '').padEnd(6, '0'))
const civil = day => new Date(day * 864e5)
const ofMonth = day => civil(day).getUTCFullYear() * 12 + civil(day).getUTCMonth()
const monthDays = day => new Date(Date.UTC(civil(day).getUTCFullYear(), civil(day).getUTCMonth() + 1, 0)).getUTCDate()

function dayFraction (c, period, from, to) {
  const edge = { floor: Math.floor, ceil: Math.ceil }
  const day = (t, how = 'floor') => edge[how](toWall(c.timezone, t) / DAY)
  const [low, high] = [day(period[0]), day(period[1])]
  demand(high > low, 'period')
  const first = Math.max(day(from, c.from_day), low)
  const last = Math.min(day(to, c.to_day), high)
  if (last <= first) return { days: 0, fraction: new Q(0n) }
  if (c.mode === 'day') return { days: last - first, fraction: new Q(BigInt(last - first), BigInt(high - low)) }
  const crossed = ofMonth(first) !== ofMonth(last)
  const days = Math.max(0, last - first - (crossed ? monthDays(first) - c.fixed_days : 0))
  return { days, fraction: new Q(BigInt(days), BigInt(c.fixed_days)) }
}

export function expected (c) {
  demand(c.billed_amount === undefined || c.amount !== undefined, 'amount')
  const period = [read(c.period.start), read(c.period.end)]
  demand(period[1] > period[0], 'period')
  const [from, to] = [read(c.from), read(c.to)]
  let days, fraction
  if (c.mode === 'second') {
    const part = Math.max(0, Math.min(to, period[1]) - Math.max(from, period[0]))
    fraction = new Q(BigInt(part), BigInt(period[1] - period[0]))
  } else {
    ({ days, fraction } = dayFraction(c, period, from, to))
  }
  const amount = c.amount && Q.of(c.amount).times(fraction).round(c.round ?? 18)
  if (amount) demand(fitsWide(Q.of(c.amount)) && fitsWide(amount, Math.max(c.round ?? 18, 0)), 'amount')
  const missing = c.billed_amount && larger(Q.of(c.amount).times(fraction).minus(Q.of(c.billed_amount)), ZERO).round(c.round ?? 18)
  if (missing) demand(fitsWide(missing, Math.max(c.round ?? 18, 0)), 'amount')
  return {
    expect: {
      fraction: `${fraction.n}/${fraction.d}`,
      ...(days !== undefined && { days: String(days) }),
      ...(c.fraction_digits !== undefined && { fraction_rounded: String(fraction.round(c.fraction_digits)) }),
      ...(amount && { amount: String(amount) }),
      ...(missing && { true_up: String(missing) })
    }
  }
}

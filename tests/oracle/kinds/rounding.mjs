// The oracle of rounding.
import { decimals, demand, fitsWide, Q } from '../fraction.mjs'

const CURRENCIES = { USD: 2, EUR: 2, JPY: 0, KRW: 0, VND: 0, CLP: 0, ISK: 0, KWD: 3, BHD: 3, TND: 3, CLF: 4, UYW: 4, INR: 2 }
const MOST = '170141183460469231731.687303715884105727'

export function generate (r) {
  const value = r.pick([
    () => r.decimal({ whole: 18, part: 18, negative: true }),
    () => r.decimal({ whole: 4, part: r.int(1, 18), negative: true }),
    () => r.pick([MOST, '-' + MOST, '170141183460469231731.687303715884105728', '0.000000000000000001', '0.0000000000000000001', '0', '-0.5'])
  ])()
  const where = r.chance(0.3) ? { currency: r.pick(Object.keys(CURRENCIES)) } : { digits: r.int(-22, 18) }
  return { mode: r.pick(['half_away', 'half_even', 'up', 'down']), value, ...where }
}

export function expected ({ mode, value, currency, digits = CURRENCIES[currency] }) {
  demand(fitsWide(Q.of(value)) && decimals(value) <= 18, 'value')
  return { expect: { value: String(Q.of(value).round(digits, mode)) } }
}

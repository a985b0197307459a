// Exact fractions of BigInts: the oracle's only arithmetic.

const gcd = (a, b) => { while (b) [a, b] = [b, a % b]; return a < 0n ? -a : a }

export class Q {
  constructor (n, d = 1n) {
    if (d < 0n) [n, d] = [-n, -d]
    const g = gcd(n, d) || 1n
    this.n = n / g
    this.d = d / g
  }

  static of (text) { // "-1.50", 3, 3n
    const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(text))
    const n = BigInt(whole + part)
    return new Q(sign ? -n : n, 10n ** BigInt(part.length))
  }

  plus (q) { return new Q(this.n * q.d + q.n * this.d, this.d * q.d) }
  minus (q) { return new Q(this.n * q.d - q.n * this.d, this.d * q.d) }
  times (q) { return new Q(this.n * q.n, this.d * q.d) }
  over (q) { return new Q(this.n * q.d, this.d * q.n) }
  compare (q) { const x = this.n * q.d - q.n * this.d; return x < 0n ? -1 : x > 0n ? 1 : 0 }
  get sign () { return this.n < 0n ? -1 : this.n > 0n ? 1 : 0 }

  floor () { return this.n >= 0n || this.n % this.d === 0n ? this.n / this.d : this.n / this.d - 1n }

  // The nearest integer of 10^-digits, by mode.
  units (digits, mode = 'half_away') {
    const scaled = digits >= 0 ? this.times(new Q(10n ** BigInt(digits))) : this.over(new Q(10n ** BigInt(-digits)))
    const low = scaled.floor()
    const rest = scaled.minus(new Q(low))
    if (rest.sign === 0) return low
    const half = rest.compare(new Q(1n, 2n))
    const up = {
      up: true,
      down: false,
      half_away: half > 0 || (half === 0 && this.sign > 0),
      half_even: half > 0 || (half === 0 && low % 2n !== 0n)
    }[mode]
    return up ? low + 1n : low
  }

  round (digits, mode) {
    const units = this.units(digits, mode)
    return digits >= 0 ? new Q(units, 10n ** BigInt(digits)) : new Q(units * 10n ** BigInt(-digits))
  }

  toString () { // exact where it ends; else 18 decimals
    let digits = 0
    while (digits < 18 && 10n ** BigInt(digits) % this.d !== 0n) digits++
    const units = this.units(digits)
    const text = String(units < 0n ? -units : units).padStart(digits + 1, '0')
    return (units < 0n ? '-' : '') + text.slice(0, text.length - digits) + (digits ? '.' + text.slice(-digits) : '')
  }
}

export const ZERO = new Q(0n)
export const sum = list => list.reduce((a, b) => a.plus(b), ZERO)
export const smaller = (a, b) => a.compare(b) <= 0 ? a : b
export const larger = (a, b) => a.compare(b) >= 0 ? a : b

const WIDE = (1n << 127n) - 1n
const magnitude = n => n < 0n ? -n : n

// Whether a value fits `digits` decimals in 128 bits, or a quantity or money in 64.
export const fitsWide = (q, digits = 18) => magnitude(q.units(digits)) <= WIDE
export const fitsLong = (q, digits) => q.units(digits) >= -(1n << 63n) && q.units(digits) < 1n << 63n
export const decimals = text => (/\.(\d*?)0*$/.exec(String(text))?.[1] ?? '').length

// Thrown where a case must be refused, with the field that is to be named.
export class Refused extends Error {
  constructor (field) { super(`refused at ${field}`); this.field = field }
}
export const demand = (holds, field) => { if (!holds) throw new Refused(field) }

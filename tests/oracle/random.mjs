// Random cases from a seed: the same seed gives the same cases everywhere.

import { mulberry32 } from '../lib/random.mjs'

export function random (seed) {
  const next = mulberry32(seed)
  const int = (least, most) => least + Math.floor(next() * (most - least + 1))
  const pick = list => list[int(0, list.length - 1)]
  const chance = p => next() < p
  const digits = n => Array.from({ length: n }, () => int(0, 9)).join('')
  const some = (least, most, make) => Array.from({ length: int(least, most) }, (_, i) => make(i))
  return { int, pick, chance, digits, some, decimal: options => decimal({ int, pick, chance, digits }, options) }
}

// A decimal string of at most `whole` digits before the point and `part` behind it; often a round
// number, a tie (…5) or the smallest step, as mistakes live there.
function decimal (r, { whole = 6, part = 6, negative = false }) {
  const sign = negative && r.chance(0.3) ? '-' : ''
  const size = r.int(1, whole)
  const head = r.pick([() => '0', () => String(BigInt(r.digits(size))), () => '9'.repeat(size), () => '1' + '0'.repeat(size - 1)])()
  const n = r.int(0, part)
  if (n === 0) return sign + head
  const tail = r.pick([() => r.digits(n), () => r.digits(n - 1) + '5', () => '0'.repeat(n - 1) + '1', () => '9'.repeat(n), () => '4'.repeat(n - 1) + '5'])()
  return `${sign}${head}.${tail}`
}

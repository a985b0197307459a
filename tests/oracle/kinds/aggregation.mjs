// The oracle of aggregation: each event looked at in turn, windows on Intl's clocks.
import { larger, Q, smaller, sum, ZERO } from '../fraction.mjs'
import { DAY, HOUR, instant, LAST, print, ZONES } from '../zones.mjs'
import { find } from './periods.mjs'

export function generate (r) {
  const timezone = r.pick(ZONES)
  const start = instant(r, timezone, { to: LAST - 40 * DAY })
  const end = start + r.pick([r.int(1, 31) * DAY, r.int(1, 7200) * 1e6])
  const aggregation = r.pick(['sum', 'count', 'max', 'min', 'latest', 'unique', 'weighted_sum'])
  const value = () => aggregation === 'unique' ? r.pick(['u1', 'u2', 'u3', '', 5, null])
    : r.pick([() => r.decimal({ whole: 5, part: 6, negative: true }), () => r.int(-5, 5), () => r.decimal({ whole: 15, part: 18, negative: true }), () => r.pick(['NaN', 'Infinity', 'n/a', '', null, true, '1e2'])])()
  const events = r.some(0, 9, () => ({
    at: print(r.pick([start, end, start - r.int(1, 9) * HOUR, start + r.int(0, Math.floor((end - start) / 1e6)) * 1e6, end - 1])),
    ...(r.chance(0.95) && { value: value() }),
    ...(r.chance(0.2) && { id: r.pick(['a', 'b', 1, '1']) }),
    ...(aggregation === 'unique' && r.chance(0.3) && { op: r.pick(['add', 'remove']) })
  }))
  return {
    aggregation, window: { start: print(start), end: print(end) }, events, timezone,
    ...(r.chance(0.3) && { recurring: true }),
    ...(r.chance(0.2) && { initial: r.decimal({ whole: 4, part: 3, negative: true }) }),
    ...(r.chance(0.2) && { negative: 'zero' }),
    ...(r.chance(0.5) && { round: r.int(0, 6), ...(r.chance(0.5) && { round_mode: r.pick(['up', 'down', 'half_even']) }) }),
    ...(r.chance(0.3) && { window_size: r.pick(['minute', 'hour', 'day', 'week', 'month']) })
  }
}

const read = text => Date.parse(text.slice(0, 19) + 'Z') * 1000 + Number((/\.(\d+)Z/.exec(text)?.[1] ?? '').padEnd(6, '0'))
const number = v => (typeof v === 'string' || typeof v === 'number') && /^-?\d+(\.\d+)?(e\d+)?$/.test(String(v))
  ? Q.of(/e/.test(String(v)) ? String(Number(v)) : v) : null

function matters (c, e) {
  if (c.aggregation === 'count') return true
  if (c.aggregation === 'unique') return typeof e.value === 'string' || typeof e.value === 'number'
  return number(e.value) !== null
}

// Events each once, those that matter, in time.
function ordered (c) {
  const seen = new Set()
  return c.events
    .filter(e => e.id === undefined || (!seen.has(String(e.id)) && seen.add(String(e.id))))
    .map(e => ({ ...e, t: read(e.at), n: number(e.value) }))
    .filter(e => matters(c, e))
    .sort((a, b) => a.t - b.t)
}

function aggregate (c, events, [start, end]) {
  const mine = events.filter(e => e.t < end && (c.recurring || e.t >= start))
  const initial = c.recurring && c.initial !== undefined ? Q.of(c.initial) : null
  const values = [...(initial ? [initial] : []), ...mine.map(e => e.n)]
  const value = {
    sum: () => sum(values),
    count: () => new Q(BigInt(mine.length)).plus(initial ?? ZERO),
    max: () => values.length ? values.reduce(larger) : ZERO,
    min: () => values.length ? values.reduce(smaller) : ZERO,
    latest: () => values.at(-1) ?? ZERO,
    unique: () => {
      const held = new Set()
      for (const e of mine) held[e.op === 'remove' ? 'delete' : 'add'](String(e.value))
      return new Q(BigInt(held.size)).plus(initial ?? ZERO)
    },
    weighted_sum: () => { // the running total, stretch by stretch
      let [total, area, from] = [initial ?? ZERO, ZERO, start]
      for (const e of mine) {
        const t = Math.max(e.t, start)
        area = area.plus(total.times(new Q(BigInt(t - from))));
        [total, from] = [total.plus(e.n), t]
      }
      return area.plus(total.times(new Q(BigInt(end - from)))).over(new Q(BigInt(end - start)))
    }
  }[c.aggregation]()
  const result = c.negative === 'zero' ? larger(value, ZERO) : value
  return String(result.round(c.round ?? 18, c.round_mode))
}

const windowOf = (c, t) => {
  const { start, end } = find({ mode: 'calendar', interval: { unit: c.window_size, count: 1 }, timezone: c.timezone }, t)
  return [start, end]
}

export function expected (c) {
  const whole = [read(c.window.start), read(c.window.end)]
  const events = ordered(c)
  const want = { expect: { value: aggregate(c, events, whole) } }
  if (!c.window_size) return want
  const windows = new Map(events.filter(e => e.t >= whole[0] && e.t < whole[1]).map(e => windowOf(c, e.t)).map(w => [w.join(), w]))
  want.expect.windows = [...windows.values()].map(([start, end]) => ({
    start: print(start), end: print(end), value: aggregate(c, events, [Math.max(start, whole[0]), Math.min(end, whole[1])])
  }))
  return want
}

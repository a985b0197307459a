// The oracle of periods: boundaries are listed around the instant, by Intl's clocks, and looked up.
import { changesNear, DAY, FIRST, fromWall, HOUR, instant, LAST, MINUTE, print, toWall, ZONES } from '../zones.mjs'

const MONTHS = { month: 1, quarter: 3, year: 12 }
const TIMES = { minute: MINUTE, hour: HOUR, day: DAY, week: 7 * DAY }
const Y2000 = Date.UTC(2000, 0, 1) * 1000
const MONDAY = Date.UTC(2000, 0, 3) * 1000

export function generate (r) {
  const timezone = r.pick(ZONES)
  const mode = r.pick(['anniversary', 'calendar'])
  const unit = r.pick([...Object.keys(MONTHS), ...Object.keys(TIMES)])
  const count = r.pick(mode === 'calendar' ? { minute: [1, 1, 15, 30], hour: [1, 1, 6, 12], month: [1, 1, 3, 6], quarter: [1, 2] }[unit] ?? [1] : { year: [1, 1, 2, 5], quarter: [1, 1, 2, 6] }[unit] ?? [1, 1, 2, 3, 5, 6, 30])
  const anchor = instant(r, timezone)
  const at = r.chance(0.3)
    ? Math.min(LAST, Math.max(FIRST, anchor + r.int(-100, 100) * (TIMES[unit] ?? 30 * DAY)))
    : instant(r, timezone, unit === 'minute' ? { from: Math.max(FIRST, anchor - 9 * DAY), to: Math.min(LAST, anchor + 9 * DAY) } : {})
  const c = { mode, anchor: print(anchor), interval: { unit, count }, timezone, at: print(at) }
  if (r.chance(0.4)) c.day_granular = true
  // Calendar minutes that do not divide a change of the clocks (6 in Kathmandu's 15) are read in two ways: see period.h.
  const most = mode === 'calendar' && unit === 'minute' ? 5 : 6
  if (r.chance(0.1)) return { ...c, interval: { unit, count: Math.min(count, most) }, count: r.int(1, 6) }
  if (r.chance(0.3)) c.started_at = print(Math.max(FIRST, at - r.int(0, 90) * (TIMES[unit] ?? 30 * DAY) - r.int(0, 86399) * 1e6))
  if (r.chance(0.2)) c.ended_at = print(at + r.int(0, 40 * 86400) * 1e6)
  if (r.chance(0.2)) c.which = 'previous'
  if (r.chance(0.02)) c.timezone = r.pick(['Mars/Olympus', '../Europe/Paris', '/Europe/Paris', 'Europe', ''])
  return c
}

const midnight = wall => Math.floor(wall / DAY) * DAY

function addMonths (wall, months) {
  const d = new Date(midnight(wall) / 1000)
  const last = new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + months + 1, 0)).getUTCDate()
  return Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + months, Math.min(d.getUTCDate(), last)) * 1000 + wall - midnight(wall)
}

const read = text => {
  const [, whole, part = ''] = /^(.{19})(?:\.(\d+))?Z$/.exec(text)
  return Date.parse(whole + 'Z') * 1000 + Number(part.padEnd(6, '0'))
}

// The boundaries near an instant, in order: [{ t, k }, …] with several on either side of it.
function around (c, t) {
  const { unit, count } = c.interval
  const zone = c.timezone
  const byClock = unit === 'minute' || unit === 'hour'
  const step = (TIMES[unit] ?? MONTHS[unit] * 30.436875 * DAY) * count
  if (c.mode === 'calendar' && byClock) return marks(zone, step, t)
  const calendar = c.mode === 'calendar'
  let origin = calendar ? (unit === 'week' ? MONDAY : Y2000) : toWall(zone, read(c.anchor))
  if (c.day_granular) origin = midnight(origin)
  const elapsed = calendar || c.day_granular ? fromWall(zone, origin) : read(c.anchor)
  const guess = Math.floor((t - (byClock ? elapsed : origin)) / step)
  return Array.from({ length: 13 }, (_, i) => {
    const k = guess - 6 + i
    if (byClock) return { k, t: elapsed + k * step }
    return { k, t: fromWall(zone, unit in MONTHS ? addMonths(origin, k * count * MONTHS[unit]) : origin + k * step) }
  })
}

// Every instant whose clocks show a whole hour (minute, …), and those that a gap swallowed, moved on by it.
function marks (zone, step, t) {
  const list = []
  const [low, high] = [t - 3 * step, t + 3 * step]
  const all = changesNear(zone, t, high - low)
  for (const [i, c] of all.entries()) {
    const end = all[i + 1]?.at ?? Infinity
    const gap = Math.max(0, (all[i + 1]?.offset ?? c.offset) - c.offset)
    const from = Math.max(c.at, low)
    const to = Math.min(end + gap, high)
    for (let wall = Math.ceil((from + c.offset) / step) * step; wall - c.offset < to; wall += step) list.push(wall - c.offset)
  }
  return [...new Set(list)].sort((a, b) => a - b).map(t => ({ t }))
}

// The period that holds an instant.
export function find (c, t) {
  const list = around(c, t)
  const i = list.findLastIndex(b => b.t <= t)
  return { start: list[i].t, end: list[i + 1].t, k: list[i].k }
}

function elapsed (c, since, at) {
  const [first, now] = [find(c, since), find(c, at)]
  if (first.k !== undefined) return Math.max(0, now.k - first.k)
  let n = 0
  for (let t = first.start; t < now.start; n++) t = find(c, t).end
  return n
}

export function expected (c) {
  if (!ZONES.includes(c.timezone)) return { refused: 'timezone' }
  const at = read(c.at)
  if (c.count) {
    const starts = []
    let next = find(c, at - 1).end
    for (; starts.length < c.count; next = find(c, next).end) starts.push(print(next))
    return { expect_starts: starts }
  }
  const here = find(c, at)
  const { start, end } = c.which === 'previous' ? find(c, here.start - 1) : here
  const days = (midnight(toWall(c.timezone, end)) - midnight(toWall(c.timezone, start))) / DAY
  let first = c.started_at ? read(c.started_at) : -Infinity
  const since = c.started_at ? first : read(c.anchor)
  if (c.started_at && c.day_granular) first = fromWall(c.timezone, midnight(toWall(c.timezone, first)))
  const short = c.mode === 'calendar' && ['minute', 'hour'].includes(c.interval.unit)
  return {
    expect: {
      start: print(Math.max(start, first)),
      end: print(c.ended_at ? Math.min(end, read(c.ended_at)) : end),
      days: String(days),
      ...(!(short && Math.abs(at - since) > 300 * TIMES[c.interval.unit]) && { elapsed: String(elapsed(c, since, at)) }) // listing them would take long
    }
  }
}

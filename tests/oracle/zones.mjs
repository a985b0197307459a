// Time zones by Intl (ICU's own tz data), in microseconds: the changes of each are searched once.

export const MINUTE = 60e6
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

// Two changes a year; half an hour; gaps at midnight; negative saving; a day left out; quarters; none.
export const ZONES = ['America/New_York', 'Europe/Paris', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Africa/Casablanca',
  'Pacific/Apia', 'Asia/Kathmandu', 'Asia/Kolkata', 'America/St_Johns', 'UTC']

export const FIRST = Date.UTC(1985, 0, 1) * 1000
export const LAST = Date.UTC(2060, 0, 1) * 1000

const formats = new Map()

function readOffset (zone, ms) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric'
    }))
  }
  const p = Object.fromEntries(formats.get(zone).formatToParts(ms).map(x => [x.type, Number(x.value)]))
  return (Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(ms / 1000) * 1000) * 1000
}

const tables = new Map()

// [{ at, offset }, …]: from each instant on, wall time less UTC.
export function changes (zone) {
  if (tables.has(zone)) return tables.get(zone)
  const start = Date.UTC(1970, 0, 1)
  const step = 2 * 864e5
  let before = readOffset(zone, start)
  const list = [{ at: -Infinity, offset: before }]
  for (let ms = start; ms < LAST / 1000 + 40 * 365 * 864e5; ms += step) {
    const after = readOffset(zone, ms + step)
    if (after === before) continue
    let [low, high] = [ms, ms + step]
    while (high - low > 1000) {
      const middle = low + Math.floor((high - low) / 2000) * 1000
      if (readOffset(zone, middle) === after) high = middle; else low = middle
    }
    list.push({ at: high * 1000, offset: after })
    before = after
  }
  tables.set(zone, list)
  return list
}

// The change that governs an instant, by its place in the list.
function indexAt (list, t) {
  let [low, high] = [0, list.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (list[middle].at <= t) low = middle; else high = middle
  }
  return low
}

export const offsetAt = (zone, t) => changes(zone)[indexAt(changes(zone), t)].offset

// The changes that govern the time around an instant.
export function changesNear (zone, t, span = 3 * DAY) {
  const list = changes(zone)
  return list.slice(Math.max(0, indexAt(list, t - span) - 1), indexAt(list, t + span) + 2)
}

export const toWall = (zone, t) => t + offsetAt(zone, t)

// The first instant whose clocks show this; in a gap, moved on by the gap.
export function fromWall (zone, wall) {
  const list = changesNear(zone, wall)
  const near = list.map((c, i) => ({ ...c, end: list[i + 1]?.at ?? Infinity }))
  for (const c of near) {
    const t = wall - c.offset
    if (t >= c.at && t < c.end) return t
  }
  for (const [i, c] of near.entries()) {
    const after = near[i + 1]
    if (after && wall >= c.end + c.offset && wall < c.end + after.offset) return wall - c.offset
  }
  throw new Error(`no instant for ${wall} in ${zone}`)
}

// ---- text ----

export function print (t) {
  const micros = ((t % 1e6) + 1e6) % 1e6
  const iso = new Date((t - micros) / 1000).toISOString()
  return iso.slice(0, 19) + (micros ? '.' + String(micros).padStart(6, '0').replace(/0+$/, '') : '') + 'Z'
}

// An instant worth trying: anywhere, at a change of clocks, a month's end, a midnight, 29 February.
export function instant (r, zone, { from = FIRST, to = LAST } = {}) {
  const anywhere = from + r.int(0, Math.floor((to - from) / 1e6)) * 1e6
  const at = r.pick([
    () => anywhere,
    () => anywhere + r.int(0, 999999),
    () => { const c = r.pick(changes(zone).slice(1)); return c ? c.at + r.pick([-HOUR, -30 * MINUTE, -1, 0, 1, 30 * MINUTE, HOUR, r.int(-DAY / 1e6, DAY / 1e6) * 1e6]) : anywhere },
    () => { const d = new Date(anywhere / 1000); return fromWall(zone, Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1, 0, r.pick([0, 0, 12, 23]), r.pick([0, 30])) * 1000) },
    () => fromWall(zone, Math.floor(toWall(zone, anywhere) / DAY) * DAY),
    () => fromWall(zone, Date.UTC(r.pick([1976, 1988, 2000, 2024, 2028]), 1, 29, r.pick([0, 2, 12])) * 1000)
  ])()
  return Math.min(Math.max(at, from), to)
}

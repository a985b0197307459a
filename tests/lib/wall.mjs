// Wall time by Intl, independent of our code: local dates, and the instants at which they begin.

import { DAY, HOUR, floorDiv } from './exact.mjs';

const formats = new Map();
function format(zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric',
      day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric', era: 'short' }));
  }
  return formats.get(zone);
}

/** The wall time of an instant, as if it were one in UTC: microseconds. */
export function wallOf(at, zone) {
  const seconds = floorDiv(at, 1_000_000n);
  const part = Object.fromEntries(format(zone).formatToParts(Number(seconds) * 1000).map(({ type, value }) => [type, Number(value)]));
  return BigInt(Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second)) * 1000n + at - seconds * 1_000_000n;
}

/** The first instant whose wall time is `wall` or later: what a gap skips begins when the gap ends. */
export function firstAt(wall, zone) {
  let [low, high] = [wall - DAY, wall + DAY];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (wallOf(middle, zone) >= wall) high = middle;
    else low = middle;
  }
  return high;
}

const civil = (wall) => new Date(Number(floorDiv(wall, 1000n)));

/** A wall time some months later, on the same day of the month or its last one. */
export function addMonths(wall, months) {
  const d = civil(wall);
  const first = Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + months, 1);
  const days = new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + months + 1, 0)).getUTCDate();
  const midnight = BigInt(first) * 1000n + BigInt(Math.min(d.getUTCDate(), days) - 1) * DAY;
  return midnight + (wall - floorDiv(wall, DAY) * DAY);
}

/** The billing period that holds `at`: of `months` from the wall time `anchor`, counted from it and never drifting. */
export function periodAt(at, anchor, months, zone) {
  const [a, w] = [civil(anchor), civil(wallOf(at, zone))];
  const apart = (w.getUTCFullYear() - a.getUTCFullYear()) * 12 + w.getUTCMonth() - a.getUTCMonth();
  for (let k = Math.floor(apart / months) + 2; ; k--) {
    const start = firstAt(addMonths(anchor, k * months), zone);
    if (start <= at) return { start, end: firstAt(addMonths(anchor, (k + 1) * months), zone) };
  }
}

/** The calendar day and month that hold `at`. */
export function dayAt(at, zone) {
  const day = floorDiv(wallOf(at, zone), DAY) * DAY;
  return { start: firstAt(day, zone), end: firstAt(day + DAY, zone) };
}

export function monthAt(at, zone) {
  const d = civil(wallOf(at, zone));
  const first = BigInt(Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), 1)) * 1000n;
  return { start: firstAt(first, zone), end: firstAt(addMonths(first, 1), zone) };
}

/** The calendar week that holds `at`: from Monday. */
export function weekAt(at, zone) {
  const day = floorDiv(wallOf(at, zone), DAY), monday = (day - (day + 3n) % 7n) * DAY; // day 0 was a Thursday
  return { start: firstAt(monday, zone), end: firstAt(monday + 7n * DAY, zone) };
}

/** The hour on the clock that holds `at`, where clocks change by whole hours: one that comes twice is two. */
export function hourAt(at, zone) {
  const start = at - wallOf(at, zone) % HOUR;
  return { start, end: start + HOUR };
}

/** The seven days from the wall time `anchor` on, again and again, that hold `at`. */
export function sevenDaysAt(at, anchor, zone) {
  const k = (wallOf(at, zone) - anchor) / (7n * DAY);
  return { start: firstAt(anchor + k * 7n * DAY, zone), end: firstAt(anchor + (k + 1n) * 7n * DAY, zone) };
}

export const hours = ({ start, end }) => Number((end - start) / HOUR);

// Exact values in tests: quantities are BigInt millionths, instants BigInt microseconds since 1970.

export const MILLION = 1_000_000n;
export const MINUTE = 60n * MILLION;
export const HOUR = 60n * MINUTE;
export const DAY = 24n * HOUR;

/** A JSON text in which every number is read as the string of its literal: 15.00 stays "15.00". */
export function literals(text) {
  return JSON.parse(text.replace(/("(?:[^"\\]|\\.)*")|(-?\d[-+.\deE]*)/g, (_, string, number) => string ?? `"${number}"`));
}

/** "12.345678" → 12345678n. */
export function toMicro(text) {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(text);
  const micro = BigInt(whole) * MILLION + BigInt(fraction.padEnd(6, '0'));
  return sign ? -micro : micro;
}

/** 12345678n → "12.345678", without zeros that say nothing. */
export function fromMicro(micro) {
  const size = micro < 0n ? -micro : micro;
  const fraction = String(size % MILLION).padStart(6, '0').replace(/0+$/, '');
  return `${micro < 0n ? '-' : ''}${size / MILLION}${fraction && '.'}${fraction}`;
}

/** "2026-01-15T16:45:00.25Z" → microseconds. */
export function toInstant(text) {
  const [, seconds, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/.exec(text);
  return BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

/** Microseconds → RFC 3339 in UTC, with no more digits than needed. */
export function fromInstant(micro) {
  const seconds = floorDiv(micro, MILLION);
  const fraction = String(micro - seconds * MILLION).padStart(6, '0').replace(/0+$/, '');
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction && '.'}${fraction}Z`;
}

export const floorDiv = (a, b) => (a - (((a % b) + b) % b)) / b;
export const floorTo = (a, width) => floorDiv(a, width) * width;
export const now = () => BigInt(Date.now()) * 1000n;

// Bad events as data: what is wrong, where an answer must point, and what its cause must say.
// They are meant for record, batch and CloudEvents alike; `cloud` is where the latter carries the same fault.

import { fromInstant, now } from './exact.mjs';

const DAY = 24n * 3_600_000_000n;
const MINUTE = 60_000_000n;
const nested = (levels) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const back = (micro) => fromInstant(now() - micro);

/** Faults of one member: `[name, member, its raw JSON, cause]`; the pointer is "/member". */
export const badMembers = () => [
  ['an unknown metric', 'metric_name', '"no_such_metric"', /no_such_metric/],
  ['a metric that is a number', 'metric_name', '7', /string/],
  ['an empty metric', 'metric_name', '""', /1 to 64/],
  ['a metric of 65 characters', 'metric_name', `"${'m'.repeat(65)}"`, /1 to 64/],
  ['a metric in capitals', 'metric_name', '"QUOTES_GENERATED"', /not a metric/],
  ['zero', 'quantity', '0', /greater than 0/],
  ['zero with decimals', 'quantity', '0.000000', /greater than 0/],
  ['minus zero', 'quantity', '-0', /greater than 0|decimal/],
  ['a negative quantity', 'quantity', '-1', /greater than 0/],
  ['7 decimals', 'quantity', '1.0000001', /6 (digits|decimals)/],
  ['7 decimals in a string', 'quantity', '"1.0000001"', /6 (digits|decimals)/],
  ['1e400', 'quantity', '1e400', /decimal|large/],
  ['1e-7', 'quantity', '1e-7', /6 (digits|decimals)/],
  ['2^63', 'quantity', '9223372036854775808', /too large/],
  ['2^63 millionths', 'quantity', '9223372036854.775808', /too large/],
  ['the string NaN', 'quantity', '"NaN"', /decimal/],
  ['the string Infinity', 'quantity', '"Infinity"', /decimal/],
  ['an empty string', 'quantity', '""', /decimal/],
  ['a quantity with a space', 'quantity', '" 1"', /decimal/],
  ['a quantity with a comma', 'quantity', '"1,5"', /decimal/],
  ['hexadecimal', 'quantity', '"0x10"', /decimal/],
  ['true for a quantity', 'quantity', 'true', /not true or false/],
  ['null for a quantity', 'quantity', 'null', /not null|required/],
  ['an array for a quantity', 'quantity', '[1]', /not an array/],
  ['metadata that is an array', 'metadata', '[1,2]', /object/],
  ['metadata that is a string', 'metadata', '"x"', /object/],
  ['metadata of 5 KiB', 'metadata', JSON.stringify({ note: 'x'.repeat(5120) }), /4096|4 KiB/],
  ['metadata a byte too long', 'metadata', JSON.stringify({ n: 'x'.repeat(4097 - 8) }), /4096|4 KiB/],
  ['30 February', 'recorded_at', '"2026-02-30T00:00:00Z"', /time like/],
  ['29 February of no leap year', 'recorded_at', '"2026-02-29T00:00:00Z"', /time like/],
  ['hour 24', 'recorded_at', '"2026-01-01T24:00:00Z"', /time like/],
  ['no zone', 'recorded_at', '"2026-01-01T00:00:00"', /time like/],
  ['a point without digits', 'recorded_at', '"2026-01-01T00:00:00.Z"', /time like/],
  ['a comma in a second', 'recorded_at', '"2026-01-01T00:00:00,5Z"', /time like/],
  ['a letter behind 9 digits', 'recorded_at', '"2026-01-01T00:00:00.123456789xZ"', /time like/],
  ['a number for a time', 'recorded_at', '1700000000', /RFC 3339/],
  ['36 days back', 'recorded_at', `"${back(36n * DAY)}"`, /35 days/],
  ['35 days and a minute back', 'recorded_at', `"${back(35n * DAY + MINUTE)}"`, /35 days/],
  ['15 minutes ahead', 'recorded_at', `"${back(-15n * MINUTE)}"`, /ahead/], // still more than 5 when a slow machine comes to it
  ['the year 9999', 'recorded_at', '"9999-12-31T23:59:59Z"', /ahead/],
  ['the year 0', 'recorded_at', '"0000-01-01T00:00:00Z"', /time like/],
  ['an empty resource', 'resource_id', '""', /1 to 255/],
  ['a resource of 256 characters', 'resource_id', `"${'r'.repeat(256)}"`, /1 to 255/],
  ['a resource of 256 kanji', 'resource_id', `"${'料'.repeat(256)}"`, /1 to 255/],
  ['a resource with a line break', 'resource_id', '"a\\nb"', /control/],
];

/** Bodies that are no good JSON at all: `[name, bytes around a base, cause]`. `body` is made of a good event's text. */
export const badTexts = [
  ['an empty body', () => '', /empty/],
  ['white space', () => ' \n\t ', /JSON|empty/],
  ['not JSON', () => 'metric_name=quotes_generated&quantity=1', /character|JSON/],
  ['text that breaks off', (event) => event.slice(0, -1), /JSON/],
  ['text behind the end', (event) => `${event} x`, /JSON|character/],
  ['a trailing comma', (event) => event.replace(/\}$/, ',}'), /JSON/],
  ['a comment', (event) => event.replace('{', '{/* */'), /JSON/],
  ['NaN', (event) => event.replace(/:1([,}])/, ':NaN$1'), /JSON/],
  ['Infinity', (event) => event.replace(/:1([,}])/, ':Infinity$1'), /JSON/],
  ['a number with a leading zero', (event) => event.replace(/:1([,}])/, ':01$1'), /number|JSON/],
  ['a number that ends in a point', (event) => event.replace(/:1([,}])/, ':1.$1'), /number|JSON/],
  ['a number with a plus', (event) => event.replace(/:1([,}])/, ':+1$1'), /number|JSON/],
  ['40 levels', (event) => event.replace(/\}$/, `,"x":${nested(40)}}`), /32 levels/],
  ['40,000 levels', () => '['.repeat(40_000), /32 levels/],
  ['bad UTF-8', (event) => Buffer.concat([Buffer.from(event.slice(0, -1)), Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])]), /UTF-8/],
  ['overlong UTF-8', (event) => Buffer.concat([Buffer.from(`${event.slice(0, -1)},"`), Buffer.from([0xc0, 0xaf]), Buffer.from('":1}')]), /UTF-8/],
  ['a surrogate in UTF-8', (event) => Buffer.concat([Buffer.from(`${event.slice(0, -1)},"`), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('":1}')]), /UTF-8/],
  ['a lone \\ud800', (event) => event.replace(/\}$/, ',"\\ud800":1}'), /JSON/],
  ['a NUL byte', (event) => event.replace('{', '{\0'), /character/],
  ['a NUL in a string', (event) => event.replace('"quotes', '"\0quotes'), /control|character/],
  ['\\u0000', (event) => event.replace('"quotes', '"\\u0000quotes'), /U\+0000/],
  ['a byte order mark', (event) => `\ufeff${event}`, /character|JSON/],
  ['a raw line break in a string', (event) => event.replace('"quotes', '"\nquotes'), /control/],
];

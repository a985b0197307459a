// Files damaged at random: pages zeroed, exchanged, torn, bits flipped. `check` and `backup` pass none that SQLite's own
// integrity check, or a comparison with the undamaged content, condemns; and name the page or the table.
//
//   DAMAGED=120 node --test tests/sqlite/damage-is-seen.test.mjs      how many (16); PENNYMETER_SEED=N  which

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileOf, query } from '../lib/database.mjs';
import { DAY, HOUR, fromInstant, now } from '../lib/exact.mjs';
import { applyPlans } from '../lib/plans.mjs';
import { randomness, seed } from '../lib/random.mjs';
import { build, startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

const PAGE = 4096, SECTOR = 512;
const many = Number(process.env.DAMAGED ?? 16);
const random = randomness(3);

let folder, base, pages, dump;

/** Tenants with keys, long metadata, distinct values and levels; and pages that nobody uses any more. */
async function record(server) {
  applyPlans(server, { 'metrics.json': (m) => ({ metrics: [...m.metrics, { name: 'readers', aggregation: 'unique', field: 'reader' }, { name: 'disk', aggregation: 'weighted_sum', signed: true }] }) });
  for (let t = 0; t < 3; t++) {
    const tenant = tenantOf(server, { plan: 'enterprise', name: `Tenant ${t}` });
    const event = (n) => ({
      metric_name: ['api_calls', 'readers', 'disk', 'quotes_generated'][n % 4], quantity: 1 + n % 7, idempotency_key: `${t}-${n}-${'k'.repeat(n % 60)}`,
      recorded_at: fromInstant(now() - BigInt(n % 9) * DAY - BigInt(n % 5) * HOUR), metadata: { reader: `r${n % 40}`, note: 'n'.repeat(n % 16 === 1 ? 3800 : n % 90) },
    });
    await tenant.load(Array.from({ length: 400 }, (_, n) => event(n)));
  }
  query(server.data, 'CREATE TABLE gone AS SELECT * FROM usage_events; DROP TABLE gone');
  await tenantOf(server, { plan: 'starter' }).use('api_calls', 1);
}

const sqlite = (file, ...args) => spawnSync('sqlite3', [file, ...args], { encoding: 'latin1', maxBuffer: 1 << 28 });
const pennymeter = (data, ...args) => spawnSync(path.join(build, 'bin/pennymeter'), [...args, '--json'], { encoding: 'utf8', env: { ...process.env, PENNYMETER_DATA: data } });

/** Which pages are what: { leaf, internal, overflow, free, first }. */
function kindsOf(file) {
  const rows = JSON.parse(sqlite(file, '-json', 'SELECT pageno, pagetype FROM dbstat').stdout);
  const used = new Map(rows.map((r) => [r.pageno, r.pagetype]));
  const of = (type) => [...used].filter(([, t]) => t === type).map(([n]) => n);
  const all = Array.from({ length: statSync(file).size / PAGE }, (_, i) => i + 1);
  return { leaf: of('leaf'), internal: of('internal'), overflow: of('overflow'), free: all.filter((n) => !used.has(n)), first: [1] };
}

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'pm-damage-'));
  const server = await startServer({ procs: 1, store: 'sqlite' });
  try {
    await record(server);
  } finally {
    await server.stop({ keep: true });
  }
  base = path.join(folder, 'base.db');
  const log = `${fileOf(server.data)}-wal`;
  assert.ok(!existsSync(log) || statSync(log).size === 0, 'who ends leaves all in the one file');
  copyFileSync(fileOf(server.data), base);
  rmSync(server.data, { recursive: true });
  const seen = path.join(folder, 'seen.db');
  copyFileSync(base, seen);
  pages = kindsOf(seen);
  dump = sqlite(seen, '.dump').stdout;
});
after(() => { if (folder) rmSync(folder, { recursive: true, force: true }); });

// ---- damage ----

const at = (n) => (n - 1) * PAGE;
const anyPage = () => random.pick(pages[random.pick(Object.keys(pages).filter((kind) => pages[kind].length))]);

const damages = {
  'a page zeroed': (file) => { const n = anyPage(); file.fill(0, at(n), at(n) + PAGE); return `page ${n}`; },
  'a sector zeroed': (file) => { const n = anyPage(), s = at(n) + SECTOR * random.below(PAGE / SECTOR); file.fill(0, s, s + SECTOR); return `page ${n}, byte ${s - at(n)}`; },
  'two pages exchanged': (file) => {
    const kind = random.pick(['leaf', 'leaf', 'overflow']), a = random.pick(pages[kind]), b = random.pick(pages[kind].filter((n) => n !== a));
    const kept = Buffer.from(file.subarray(at(a), at(a) + PAGE));
    file.copyWithin(at(a), at(b), at(b) + PAGE);
    kept.copy(file, at(b));
    return `pages ${a} and ${b}`;
  },
  'a page of before': (file) => { // as a write that was lost leaves it: right in itself, but another's
    const a = random.pick(pages.leaf), b = random.pick(pages.leaf);
    file.copyWithin(at(a), at(b), at(b) + PAGE);
    return `page ${b} over ${a}`;
  },
  'bits flipped': (file) => {
    const n = anyPage(), places = Array.from({ length: 1 + random.below(4) }, () => random.below(PAGE * 8));
    for (const bit of places) file[at(n) + (bit >> 3)] ^= 1 << (bit & 7);
    return `page ${n}, bits ${places.join(' ')}`;
  },
};

/** Does SQLite itself, or a look at all rows, tell it from the undamaged one? */
function condemnedBy(file) {
  const found = sqlite(file, 'PRAGMA integrity_check').stdout.trim();
  const rows = sqlite(file, '.dump');
  return found !== 'ok' ? `integrity_check: ${found.slice(0, 100)}` : rows.stdout !== dump || rows.status ? 'its rows are others' : null;
}

function judge(bytes, name) {
  const data = path.join(folder, name);
  mkdirSync(data);
  try {
    const seen = path.join(folder, `${name}.db`);
    writeFileSync(path.join(data, 'pennymeter.db'), bytes, { mode: 0o600 });
    writeFileSync(seen, bytes);
    const check = pennymeter(data, 'check');
    const backup = pennymeter(data, 'backup', path.join(folder, `${name}.backup`));
    return { check, backup, copied: existsSync(path.join(folder, `${name}.backup`)), why: condemnedBy(seen) };
  } finally {
    rmSync(data, { recursive: true });
  }
}

test('the undamaged file passes', () => {
  const { check, backup, why } = judge(readFileSync(base), 'good');
  assert.equal(why, null);
  assert.deepEqual([check.status, backup.status], [0, 0], check.stdout + check.stderr + backup.stderr);
  assert.deepEqual(Object.values(pages).map((list) => list.length > 0), [true, true, true, true, true], 'it has pages of every kind');
});

test(`of ${many} damaged files check and backup pass none that differs, and name where it is damaged`, (t) => {
  let condemned = 0, noted = 0;
  for (let i = 0; i < many; i++) {
    const kind = Object.keys(damages)[i % Object.keys(damages).length], bytes = readFileSync(base);
    const where = damages[kind](bytes);
    if (bytes.equals(readFileSync(base))) continue;
    const { check, backup, copied, why } = judge(bytes, `damaged-${i}`);
    const told = `${kind}: ${where}: ${why}\n${check.stdout}\n${check.stderr}\n${backup.stderr}`;
    noted += check.status !== 0;
    if (check.status === 0 && !why) continue;
    condemned += why !== null;
    if (why) assert.deepEqual([check.status, backup.status, copied], [1, 1, false], told);
    assert.match(check.stdout + check.stderr, /page \d+|tenants?\b|usage_\w+|tokens|plan_versions|subscriptions|schema|metrics/, told);
    assert.ok(!check.stdout || JSON.parse(check.stdout).ok === false, told);
  }
  t.diagnostic(`seed ${seed}: ${condemned} of ${many} differ by SQLite's check or their rows; check refused ${noted}`);
  assert.ok(condemned > many / 3, 'the damage was felt');
});

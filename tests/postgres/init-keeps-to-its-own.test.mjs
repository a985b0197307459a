// `pennymeter init` finds its tables wherever the search path led when they were made, never makes a second set, and
// changes nothing where another program's lie.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { applyPlans } from '../lib/plans.mjs';
import { sharedPostgres, startPgbouncer } from '../lib/postgres.mjs';
import { build, repo, startServer } from '../lib/server.mjs';
import { tenantOf } from '../lib/tenant.mjs';

let cluster, bouncer, data, name, count = 0;
before(async () => {
  cluster = await sharedPostgres();
  bouncer = await startPgbouncer(cluster);
  data = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-')));
});
after(async () => {
  await bouncer?.stop();
  if (data) rmSync(data, { recursive: true, force: true });
});
beforeEach(() => {
  name = `own_${process.pid}_${++count}`;
  cluster.createDatabase(name);
});
afterEach(() => cluster.dropDatabase(name));

function run(args, { through = cluster, options = '' } = {}) {
  const r = spawnSync(path.join(build, 'bin/pennymeter'), args, { encoding: 'utf8', cwd: repo, timeout: 60_000,
    env: { ...process.env, PENNYMETER_DATA: data, PENNYMETER_STORE: through.url(name), PGOPTIONS: options } });
  return { code: r.status, said: r.stdout + r.stderr };
}
function must(...args) {
  const { code, said } = run(args);
  assert.equal(code, 0, said);
  return said;
}
const sql = (text) => cluster.psql(name, text);
/** Everything that the database holds, rows and all, as lines; but the catalogue's generation, which each plan apply advances. */
const dump = () => spawnSync('/usr/lib/postgresql/15/bin/pg_dump', ['-d', cluster.url(name)], { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout
  .replace(/^(\\(un)?restrict .*|1\t\d+)$/gm, '').split('\n');
/** What is otherwise now: lines that came or went. */
function unchangedSince(before) {
  const now = dump();
  assert.ok(before.length > 10 && now.length > 10, 'it was dumped');
  assert.deepEqual([now.filter((line) => !before.includes(line)), before.filter((line) => !now.includes(line)), now.length], [[], [], before.length]);
}
/** Where there is a table of that name. */
const schemasOf = (table) => cluster.rows(name, `SELECT relnamespace::regnamespace::text AS name FROM pg_class WHERE relname = '${table}' ORDER BY 1`).map((r) => r.name);

const tenants = (options) => {
  const { code, said } = run(['tenant', 'list', '--json'], options);
  assert.equal(code, 0, said);
  return JSON.parse(said).tenants.map((t) => t.name);
};

describe('a schema named as the role, made after init', () => {
  beforeEach(() => {
    must('init');
    must('tenant', 'add', '--name', 'Acme', '--plan', 'starter');
    sql('CREATE SCHEMA pennymeter');
  });

  test('hides nothing, and a further init makes no second set', () => {
    const before = dump();
    must('init');
    assert.deepEqual(tenants(), ['Platform', 'Acme']);
    assert.deepEqual(schemasOf('tenants'), ['public']);
    unchangedSince(before);
    assert.match(must('doctor'), /in "public"/);
  });

  test('changes nothing for a pooler\'s sessions either', () => {
    assert.deepEqual(tenants({ through: bouncer }), ['Platform', 'Acme']);
    assert.equal(run(['init'], { through: bouncer }).code, 0);
    assert.equal(run(['tenant', 'add', '--name', 'Second'], { through: bouncer }).code, 0);
    assert.deepEqual(schemasOf('tenants'), ['public']);
    assert.deepEqual(tenants(), ['Platform', 'Acme', 'Second']);
  });

  test('does not lead partition.sql elsewhere, nor init after it', () => {
    cluster.script(name, path.join(repo, 'infra/postgres/partition.sql'), ['-v', 'partitions=2']);
    must('init');
    assert.deepEqual(schemasOf('tenants'), ['public']);
    assert.deepEqual(schemasOf('tenants_p1'), ['public']);
    assert.deepEqual(tenants(), ['Platform', 'Acme']);
  });

  test('with tables of another program in it whose names are as ours changes nothing', () => {
    sql('CREATE TABLE pennymeter.tenants (id INT); CREATE TABLE pennymeter.usage_events (id INT); CREATE TABLE pennymeter.schema_version (version BIGINT)');
    const before = dump();
    for (const through of [cluster, bouncer]) {
      assert.equal(run(['init'], { through }).code, 0);
      assert.deepEqual(tenants({ through }), ['Platform', 'Acme']);
      assert.equal(run(['check'], { through }).code, 0);
    }
    unchangedSince(before);
  });
});

test('of two sets the first on the search path is kept to, and doctor and init name the other', () => {
  must('init');
  must('tenant', 'add', '--name', 'Acme', '--plan', 'starter');
  sql(`CREATE SCHEMA older; ${['schema_version', 'tenants', 'usage_events'].map((table) => `CREATE TABLE older.${table} (LIKE public.${table} INCLUDING ALL)`).join(';')}`);
  const before = dump();
  for (const options of ['-c search_path=public,older', '']) {
    const { code, said } = run(['doctor'], { options });
    assert.equal(code, 1, said);
    assert.match(said, /in "public"/);
    assert.match(said, /BAD.*second set.*older/);
    assert.match(run(['init'], { options }).said, /older/);
    assert.deepEqual(tenants({ options }), ['Platform', 'Acme']);
  }
  unchangedSince(before);
});

test('a search path that leads elsewhere since makes no second set: init names the schema where the tables lie', () => {
  must('init');
  must('tenant', 'add', '--name', 'Acme', '--plan', 'starter');
  sql('CREATE SCHEMA app');
  const before = dump();
  for (const command of ['init', 'doctor']) {
    const { code, said } = run([command], { options: '-c search_path=app' });
    assert.equal(code, 1, said);
  }
  assert.match(run(['init'], { options: '-c search_path=app' }).said, /schema public already.*search_path/);
  unchangedSince(before);
  assert.deepEqual(tenants(), ['Platform', 'Acme']);
});

describe('move', () => {
  let home;
  beforeEach(() => {
    home = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-')));
    for (const args of [['init'], ['tenant', 'add', '--name', 'Mover', '--plan', 'starter']]) assert.equal(atHome(...args).code, 0);
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));
  function atHome(...args) {
    const r = spawnSync(path.join(build, 'bin/pennymeter'), args, { encoding: 'utf8', cwd: repo, timeout: 60_000, env: { ...process.env, PENNYMETER_DATA: home } });
    return { code: r.status, said: r.stdout + r.stderr };
  }

  test('into a database with a schema named as the role goes where init made the tables', () => {
    must('init');
    sql('CREATE SCHEMA pennymeter; CREATE TABLE pennymeter.tenants (id INT)');
    const { code, said } = atHome('move', '--to', cluster.url(name));
    assert.equal(code, 0, said);
    assert.deepEqual(tenants(), ['Platform', 'Mover']);
    assert.deepEqual(cluster.rows(name, 'SELECT name FROM public.tenants ORDER BY tenant_id').map((r) => r.name), ['Platform', 'Mover']);
  });

  test('into a database with another program\'s tables changes nothing, there or here', () => {
    sql('CREATE TABLE tokens (id INT)');
    const before = dump();
    const { code, said } = atHome('move', '--to', cluster.url(name));
    assert.equal(code, 1, said);
    assert.match(said, /tokens.*not of Pennymeter/);
    unchangedSince(before);
    assert.match(atHome('tenant', 'list').said, /Mover/);
  });
});

test('functions that run go on where they were when such a schema comes', async () => {
  const server = await startServer({ store: 'postgres', procs: 2 });
  const bouncing = await startServer({ store: 'postgres', through: bouncer, procs: 2 });
  try {
    for (const each of [server, bouncing]) {
      const tenant = tenantOf(each);
      await tenant.use('api_calls', 1);
      each.store.cluster.psql(each.store.name, `CREATE SCHEMA pennymeter; CREATE TABLE pennymeter.usage_events (LIKE public.usage_events);
        CREATE TABLE pennymeter.tenants (LIKE public.tenants)`);
      for (let i = 0; i < 6; i++) await tenant.use('api_calls', 1);
      applyPlans(each, {});
      assert.equal((await tenant.read('/api/usage/summary?metric_name=api_calls')).metrics[0].total_quantity, '7');
      assert.deepEqual(each.pennymeter(['check']).differences, []);
    }
  } finally {
    await server.stop();
    await bouncing.stop();
  }
});

describe('what another program has made', () => {
  const cases = [
    ['a schema_version with other columns', 'CREATE TABLE schema_version (version INT PRIMARY KEY, description TEXT, installed_on TIMESTAMP); INSERT INTO schema_version VALUES (4)', /schema_version.*another program/],
    ['a schema_version with ours and another kind of time', 'CREATE TABLE schema_version (version BIGINT, name TEXT, applied_at TIMESTAMPTZ); INSERT INTO schema_version VALUES (4, \'x\', now())', /schema_version.*another program/],
    ['a schema_version that is ours by its number alone', 'CREATE TABLE schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL); INSERT INTO schema_version VALUES (5, \'five\', 0)', /tenants/],
    ['the same with a number that is newer', 'CREATE TABLE schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL); INSERT INTO schema_version VALUES (2026, \'x\', 0)', /tenants/],
    ['a view schema_version', 'CREATE VIEW schema_version AS SELECT 4::BIGINT AS version, \'x\'::TEXT AS name, 0::BIGINT AS applied_at', /schema_version.*another program/],
    ['a table tenants', 'CREATE TABLE tenants (id INT PRIMARY KEY, name TEXT); INSERT INTO tenants VALUES (1, \'theirs\')', /tenants.*not of Pennymeter/],
    ['tables tokens and outbox', 'CREATE TABLE tokens (id INT); CREATE TABLE outbox (id INT)', /outbox, tokens.*not of Pennymeter/],
    ['a view usage_days', 'CREATE VIEW usage_days AS SELECT 1 AS one', /usage_days.*not of Pennymeter/],
    ['a type catalog', 'CREATE TYPE catalog AS ENUM (\'a\')', /catalog.*not of Pennymeter/],
    ['a function usage_record', 'CREATE FUNCTION usage_record(a INT) RETURNS INT LANGUAGE SQL AS \'SELECT 1\'', /usage_record.*not of Pennymeter/],
    ['a table where an index of ours would be', 'CREATE TABLE tokens_by_hash (id INT)', /tokens_by_hash.*not of Pennymeter/],
  ];
  for (const [what, made, why] of cases) {
    test(`${what}: init says so and changes nothing, doctor does not call it well`, () => {
      sql(made);
      const before = dump();
      for (const through of [cluster, bouncer]) {
        const { code, said } = run(['init'], { through });
        assert.equal(code, 1, said);
        assert.match(said, why);
        assert.equal(run(['doctor'], { through }).code, 1);
      }
      unchangedSince(before);
    });
  }

  test('beside our own names may be anything', () => {
    sql('CREATE TABLE plans (id INT); CREATE TABLE users (id INT); CREATE TABLE "Tenants" (id INT)');
    must('init');
    must('doctor');
  });
});

test('an init that is refused a part of what it makes leaves nothing of the rest', () => {
  cluster.asAdmin(name, `CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_class WHERE relname = 'usage_samples') THEN RAISE EXCEPTION 'no more room'; END IF; END $$;
    CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION refuse()`);
  const { code, said } = run(['init']);
  assert.equal(code, 1, said);
  assert.match(said, /0002_aggregations.*nothing was changed/);
  assert.deepEqual(schemasOf('schema_version'), []);
  cluster.asAdmin(name, 'DROP EVENT TRIGGER refuse');
  must('init');
  must('doctor');
});

test('tables that were lost are named by doctor and by init', () => {
  must('init');
  sql('DROP TABLE usage_levels');
  for (const command of ['init', 'doctor']) {
    const { code, said } = run([command]);
    assert.equal(code, 1, said);
    assert.match(said, /usage_levels/);
  }
});

test('a database of a newer program is left as it is by an older one\'s init', () => {
  must('init');
  sql("INSERT INTO schema_version (version, name, applied_at) VALUES (999, 'future', 0); DELETE FROM plan_versions");
  const before = dump();
  const { code, said } = run(['init']);
  assert.equal(code, 1, said);
  assert.match(said, /version 999, newer/);
  unchangedSince(before);
});

test('a schema whose name wants quotes serves as any other', () => {
  sql('CREATE SCHEMA "My ""Meter"', []);
  sql(`ALTER ROLE pennymeter IN DATABASE ${name} SET search_path = 'My "Meter'`);
  for (const through of [cluster, bouncer]) {
    assert.equal(run(['init'], { through }).code, 0);
    assert.equal(run(['tenant', 'add', '--name', 'Acme', '--plan', 'starter'], { through }).code, 0);
    assert.equal(run(['check'], { through }).code, 0);
  }
  cluster.script(name, path.join(repo, 'infra/postgres/partition.sql'), ['-v', 'partitions=2']);
  must('check');
  assert.deepEqual(schemasOf('tenants'), ['"My ""Meter"']);
});

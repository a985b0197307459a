// Which tests a change can break: for `tests/run --changed`. A row that is missing here is a test that does not run.

import { spawnSync } from 'node:child_process';
import { repo } from './places.mjs';

/** The first row that fits counts. What is run: parts, or files by their names under tests/. */
const rows = [
  [/^tests\/(\w+\/[^/]+)\.test\.mjs$/, (found) => [found[1]]],
  [/^tests\/unit\//, ['unit']],
  [/^tests\/oracle\//, ['rating']],
  [/^tests\/browser\//, ['browser']],
  [/^tests\/lib\/(suite|changes|watch|until|ports)\.mjs$/, ['servers/tests-end', 'sqlite', 'rating']],
  [/^tests\/lib\//, ['servers/tests-end', 'rating', 'api', 'sqlite', 'stores', 'postgres', 'crash']],
  [/^tests\/bench\/|\.md$|^LICENSE$|^\.gitignore$/, []],
  [/^shared\/store\/(combine|letter|lock)/, ['unit', 'crash/letter-box-may-go', 'crash/stopped-writers-cost-seconds', 'crash/survivors-go-on',
    'postgres/letter-box-may-go', 'postgres/writers-share-a-call']],
  [/^shared\/store\/(folder)/, ['unit', 'servers/neighbours-see-nothing', 'sqlite/doctor-sees']],
  [/^shared\/store\/(move\/|switch|aside)/, ['postgres/move-loses-nothing', 'postgres/move-never-ends-empty', 'postgres/move-survives-kills', 'postgres/move-takes-every-table',
    'postgres/operator-is-told']],
  [/^shared\/store\/(postgres)/, ['unit', 'stores', 'postgres', 'partitioned']],
  [/^shared\/store\/(sqlite|backup|restore|target)/, ['unit', 'sqlite', 'crash', 'api/store-comes-and-goes']],
  [/^shared\/store\//, ['unit', 'api', 'sqlite', 'stores', 'postgres', 'partitioned', 'crash', 'servers/costs-are-held']],
  [/^(functions\/jobs\/|functions\/clocks\/|shared\/account\/(job|outbox|tenant_clock)|shared\/(meter\/calls|api\/jobs|wire\/tick|base\/guard))/,
    ['unit', 'api/jobs-run-when-due', 'api/outbox-tells-what-is-sent', 'api/api-calls-are-metered', 'api/tenants-have-their-own-time', 'crash/jobs-survive-kills',
      'servers/ticks-come-after-replies', 'servers/costs-are-held']],
  [/^shared\/(base|exact|rate|shape)\//, ['unit', 'rating', 'api']],
  [/^shared\/account\//, ['unit', 'api/tokens-guard', 'api/resources-are-kept', 'api/imports-make-and-change', 'api/audit-proves-itself', 'postgres/requests-stay-with-their-tenant',
    'postgres/tenants-do-not-wait', 'stores']],
  [/^shared\/(catalog|meter|billing)\//, ['unit', 'rating', 'api', 'stores', 'postgres/totals-are-refused-alike', 'servers/costs-are-held']],
  [/^shared\/(wire|document|present|api)\//, ['api', 'servers/lighttpd', 'servers/apache-cgi', 'servers/told-to-end', 'servers/program-finds-its-data', 'servers/costs-are-held', 'stores']],
  [/^functions\//, ['api', 'stores', 'servers/routes', 'servers/openapi-tells-the-truth', 'servers/costs-are-held']],
  [/^plans\//, ['api', 'servers/run']],
  [/^infra\/command\//, ['api/command-answers', 'api/help-tells-the-truth', 'sqlite', 'postgres/operator-is-told', 'servers/launch']],
  [/^infra\/postgres\//, ['postgres/spreading-keeps-all', 'partitioned']],
  [/^infra\/(fn|skeleton)/, ['servers/fn-makes-what-builds']],
  [/^infra\/(routes|serve)/, ['servers']],
  [/^www\/errors/, ['servers']],
  [/^(www\/|infra\/www|infra\/generate\/(page|bundle)|package)/, ['browser', 'servers/lighttpd', 'servers/apache-cgi', 'servers/nginx', 'servers/shared-hosts']],
  [/^infra\/(run|setup|hosting|clients)/, ['servers/run', 'servers/own-machine-guide', 'servers/shared-hosts', 'browser/first-steps']],
  [/^infra\/(lint|notes|generate)/, ['unit']],
  [/./, ['unit', 'rating', 'api', 'sqlite', 'stores', 'postgres', 'servers']],
];

function git(...args) {
  const r = spawnSync('git', args, { cwd: repo, encoding: 'utf8' });
  if (r.status !== 0) throw new Error(`git ${args.join(' ')}: ${r.stderr}`);
  return r.stdout.split('\n').filter(Boolean);
}

function testsOf(file) {
  for (const [pattern, tests] of rows) {
    const found = pattern.exec(file);
    if (found) return typeof tests === 'function' ? tests(found) : tests;
  }
  return [];
}

/** Files that differ from a commit, those that git does not know yet with them. */
export const changedSince = (commit) => [...new Set([...git('diff', '--name-only', commit), ...git('ls-files', '--others', '--exclude-standard')])];

/** What is to be run for them: whole parts, and files as "api/limits-hold". */
export const testsFor = (files) => [...new Set(files.flatMap(testsOf))].sort();

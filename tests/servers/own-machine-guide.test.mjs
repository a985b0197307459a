// infra/hosting.md on a machine of one's own, word by word: its commands run in name spaces where /etc, /srv, /opt and the ports are a
// copy, and then it is asked whether Pennymeter serves, and as whom.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import { build, repo } from '../lib/server.mjs';

const may = process.getuid() === 0 && spawnSync('unshare', ['-mn', '--', 'true']).status === 0;
const skip = may ? false : 'NOT TRIED: users and mounts take root';
const guide = readFileSync(path.join(repo, 'infra/hosting.md'), 'utf8');

/** The commands of a section: its blocks in sh, or of another language. */
function blocks(heading, language = 'sh') {
  const start = guide.indexOf(`### ${heading}\n`), end = guide.indexOf('\n### ', start + 4);
  assert.ok(start >= 0, heading);
  return [...guide.slice(start, end).matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text);
}

const [users] = blocks('A machine of your own: user and folders');
const [alone, part] = blocks('lighttpd');
const [nginx] = blocks('nginx, or a web server that serves other sites too');
const [unit] = blocks('nginx, or a web server that serves other sites too', 'ini');
const setting = (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)[1];

/** What systemd does for the unit: its folder below /run, its user and groups, its variables. */
const service = `install -d -o ${setting('User')} -g ${setting('User')} -m 755 /run/${setting('RuntimeDirectory')}
setpriv --reuid ${setting('User')} --regid ${setting('User')} --groups ${setting('User')},${setting('SupplementaryGroups')} env ${setting('Environment')} ${setting('ExecStart')} &
`;

const asks = `
token=$(setpriv --reuid pennymeter --regid pennymeter --clear-groups env PENNYMETER_DATA=/srv/pennymeter /opt/pennymeter/bin/pennymeter tenant add --name Acme --plan starter --json | sed -n 's/.*"token" *: *"\\([^"]*\\)".*/\\1/p')
tries=0
until $curl "$at/api/health" 2>/dev/null; do tries=$((tries + 1)); test $tries -lt 100; sleep 0.1; done
$curl -X POST -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d '{"metric_name":"quotes_generated","quantity":1}' "$at/api/usage/record"
$curl -o /dev/null -w ' page %{http_code}\\n' "$at/usage"
for function in /proc/[0-9]*; do case $(readlink $function/exe) in *usage-record.fcgi) echo "runs as $(stat -c %U $function)" ;; esac; done
`;

const own = `
set -eu
PATH=$PATH:/usr/sbin:/sbin
mount --make-rprivate /
cp -a /etc "$scratch/etc"
mount --bind "$scratch/etc" /etc
for folder in /srv /opt /run /var/log /var/tmp; do mount -t tmpfs -o mode=$(stat -c %a $folder) tmpfs $folder; done
mkdir -p /var/log/nginx /var/log/lighttpd
chown www-data /var/log/lighttpd
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
ip link set lo up
curl="curl -sS -k --fail-with-body --max-time 20"
cd "$scratch/checkout"
trap 'kill 0' EXIT
`;

function follow(script) {
  const scratch = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'pm-guide-'))), checkout = path.join(scratch, 'checkout');
  spawnSync('mkdir', [checkout]);
  for (const name of ['plans', 'infra']) symlinkSync(path.join(repo, name), path.join(checkout, name));
  symlinkSync(build, path.join(checkout, 'build'));
  try {
    // Of process ids too: whatever was started ends with it.
    const r = spawnSync('unshare', ['-mnpf', '--mount-proc', '--kill-child', '--', 'setsid', 'sh', '-c', own + script], { encoding: 'utf8', timeout: 90_000, env: { ...process.env, scratch } });
    return `${r.stdout}\n${r.stderr}`;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function served(said) {
  assert.match(said, /"status":"ok"/, said);
  assert.match(said, /"id":"evt_/, said);
  assert.match(said, /page 200/, said);
  assert.match(said, /runs as pennymeter/, said);
}

describe('the guide for a machine of one\'s own', { skip }, () => {
  test('lighttpd by itself', () => {
    const [routes, launch] = [alone.slice(0, alone.indexOf('PENNYMETER_DATA=')), alone.slice(alone.indexOf('PENNYMETER_DATA='))];
    // In a container the user is the one that the container runs as, and port 80 is open to it.
    const as = 'setpriv --reuid pennymeter --regid pennymeter --clear-groups --inh-caps +net_bind_service --ambient-caps +net_bind_service env ';
    served(follow(`${users}${routes}\ninstall -d -o pennymeter /run/pennymeter\nat=http://127.0.0.1\n${as}${launch.trim()} &\n${asks}`));
  });

  test('lighttpd with other sites, as Debian sets it up', () => {
    served(follow(`${users}${part}\n${service}lighttpd -D -f /etc/lighttpd/lighttpd.conf &\nat=http://meter.example.org; curl="$curl --resolve meter.example.org:80:127.0.0.1"\n${asks}`));
  });

  test('nginx as Debian sets it up, beside its default site, by TLS', () => {
    const certificate = 'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /etc/ssl/private/meter.key -out /etc/ssl/meter.pem -days 2 -subj /CN=meter.example.org 2>/dev/null\n';
    const said = follow(`${users}${certificate}${nginx}\n${service}nginx -g 'daemon off;' &\nat=https://meter.example.org; curl="$curl --resolve meter.example.org:443:127.0.0.1 --resolve meter.example.org:80:127.0.0.1"\n${asks}
$curl -o /dev/null -w 'plain %{http_code} %{redirect_url}\\n' http://meter.example.org/usage
for worker in /proc/[0-9]*; do case $(tr '\\0' ' ' < $worker/cmdline) in 'nginx: worker'*) echo "worker $(stat -c %U $worker)" ;; esac; done`);
    served(said);
    assert.match(said, /plain 301 https:\/\/meter\.example\.org\/usage/);
    assert.match(said, /worker www-data/);
    assert.doesNotMatch(said, /worker root/);
  });
});

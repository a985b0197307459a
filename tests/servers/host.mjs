// A shared host in small: Apache as a hoster sets it up, and what a customer uploads to it as infra/hosting.md says, word by word.
//
//   const host = await startHost({ runs: 'fcgid', suexec: true });
//   await host.request('GET', '/api/health');
//   await host.stop();

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, lchownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, processesIn, repo, request } from '../lib/server.mjs';
import { freePort } from '../lib/ports.mjs';
import { soon, until } from '../lib/until.mjs';

export const asRoot = process.getuid() === 0;
export const CUSTOMER = 65534; // nobody: suEXEC runs nothing for users below 100
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

const guide = readFileSync(path.join(repo, 'infra/hosting.md'), 'utf8');
const section = guide.slice(guide.indexOf('### Apache on a shared host'), guide.indexOf('### nginx'));

/** The commands of step 1, as the guide has them. */
const layOut = /```sh\n([\s\S]*?)```/.exec(section)[1].replaceAll(/^ +/gm, '');
/** The lines for cron, with cron's own escape taken out: each the command of a line. */
export const cronLines = [...section.matchAll(/^ *(?:[\d*]+ ){5}(PENNYMETER_DATA=.*)$/gm)].map(([, line]) => line.replaceAll('\\%', '%'));

/** Where suEXEC lets programs be is one folder of the host, /var/www; elsewhere a host may lie anywhere. */
function makeHome(suexec) {
  const home = realpathSync(mkdtempSync(path.join(suexec ? '/var/www' : '/tmp', 'pm-host-')));
  chmodSync(home, 0o755);
  return home;
}

function give(name, owner) {
  lchownSync(name, owner, owner);
  for (const entry of readdirSync(name, { withFileTypes: true })) {
    const child = path.join(name, entry.name);
    if (entry.isDirectory()) give(child, owner);
    else lchownSync(child, owner, owner);
  }
}

/** What the guide has them do at home, in a checkout of its own. `base`: the variant for a folder of a site. */
function followTheGuide(home, { base, format }) {
  const checkout = path.join(home, 'checkout'), web = `upload/public_html${base}`;
  mkdirSync(checkout);
  for (const name of ['plans', 'infra']) symlinkSync(path.join(repo, name), path.join(checkout, name));
  symlinkSync(build, path.join(checkout, 'build'));
  let script = layOut.replaceAll('/home/you', home).replaceAll('upload/public_html', web).replaceAll('apache-fcgid', format);
  if (base) script = `${script.replace('--www build/www', `--base ${base} --www build/www`)}\nsed -i 's,"/,"${base}/,g' ${web}/404.html\n`;
  const said = execFileSync('sh', ['-eu', '-c', `umask 022\n${script}`], { cwd: checkout, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PENNYMETER_DATA: undefined } });
  for (const name of readdirSync(path.join(checkout, 'upload'))) cpSync(path.join(checkout, 'upload', name), path.join(home, name), { recursive: true });
  rmSync(checkout, { recursive: true });
  return /pm_\w+/.exec(said)[0];
}

/** Step 2: the modes that uploading loses. */
function setModes(home, web) {
  for (const folder of [path.join(web, 'fn'), path.join(home, 'bin')]) {
    chmodSync(folder, 0o755);
    for (const name of readdirSync(folder)) chmodSync(path.join(folder, name), /\.fcgi$|^pennymeter$/.test(name) ? 0o755 : 0o644);
  }
  chmodSync(path.join(home, 'pennymeter'), 0o700);
}

const runners = { fcgid: ['fcgid'], cgid: ['cgid'], php: ['proxy', 'proxy_fcgi'], none: [] };
const php = (home) => `<FilesMatch "\\.php$">\n\tSetHandler "proxy:unix:${home}/server/php.sock|fcgi://localhost"\n</FilesMatch>`;
const security = (home) => `LoadModule unique_id_module /usr/lib/apache2/modules/mod_unique_id.so
LoadModule security2_module /usr/lib/apache2/modules/mod_security2.so
SecDataDir "${home}/server"
Include /etc/modsecurity/modsecurity.conf-recommended
SecAuditEngine Off
SecTmpDir "${home}/server"
Include /usr/share/modsecurity-crs/owasp-crs.load
SecRuleEngine On`;

function configuration(home, { runs, suexec, override, options, modsecurity, port }) {
  const modules = ['mpm_event', 'unixd', 'authz_core', 'dir', 'mime', 'alias', 'env', 'setenvif', 'headers', 'rewrite', 'filter', 'deflate', ...runners[runs], ...(suexec ? ['suexec'] : [])]
    .filter((name) => existsSync(`/usr/lib/apache2/modules/mod_${name}.so`)); // what is built in has no file
  return `${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ServerRoot "${home}/server"
ServerName example.org
Listen 127.0.0.1:${port}
PidFile "${home}/server/apache.pid"
ErrorLog "${home}/server/error.log"
LogLevel warn
Mutex "file:${home}/server"
TypesConfig /etc/mime.types
DocumentRoot "${home}/public_html"
${asRoot ? 'User www-data\nGroup www-data' : ''}
${suexec ? 'SuexecUserGroup nobody nogroup' : ''}
${runs === 'fcgid' ? `FcgidIPCDir "${home}/server"\nFcgidProcessTableFile "${home}/server/fcgid.shm"` : ''}
${runs === 'cgid' ? `ScriptSock "${home}/server/cgid.sock"` : ''}
${runs === 'php' ? php(home) : ''}
${modsecurity ? security(home) : ''}
<Directory />
\tOptions ${options}
\tRequire all denied
</Directory>
<Directory "${home}/public_html">
\tAllowOverride ${override}
\tRequire all granted
</Directory>
`;
}

function startPhp(home) {
  writeFileSync(path.join(home, 'server/php.conf'), `[global]\nerror_log = ${home}/server/php.log\ndaemonize = no\n[www]\n${asRoot ? 'user = www-data\ngroup = www-data\nlisten.owner = www-data\n' : ''}listen = ${home}/server/php.sock\npm = ondemand\npm.max_children = 4\n`);
  writeFileSync(path.join(home, 'public_html/works.php'), '<?php echo "php works";');
  const child = spawn('php-fpm8.2', ['-n', '-F', '-y', path.join(home, 'server/php.conf')], { stdio: 'ignore' });
  running.add(child);
  return child;
}

/**
 * `runs`: what the host runs: fcgid, cgid, php or none. `suexec`: programs as the customer, which only root can set up.
 * `override`, `options`: what it allows. `base`: the folder of the site; `outer`: the .htaccess of the site above.
 */
export async function startHost({ runs = 'fcgid', format = 'apache-fcgid', suexec = false, override = 'All', options = 'FollowSymLinks', modsecurity = false, base = '', outer = '', prepare = () => {} } = {}) {
  const home = makeHome(suexec), port = await freePort(), url = `http://127.0.0.1:${port}`, web = path.join(home, `public_html${base}`);
  let token;
  try {
    token = followTheGuide(home, { base, format });
    setModes(home, web);
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
  mkdirSync(path.join(home, 'server'));
  if (outer) writeFileSync(path.join(home, 'public_html/.htaccess'), outer);
  writeFileSync(path.join(home, 'server/apache.conf'), configuration(home, { runs, suexec, override, options, modsecurity, port }));
  prepare({ home, web });
  const children = runs === 'php' ? [startPhp(home)] : [];
  if (asRoot) give(home, suexec ? CUSTOMER : 33);
  if (asRoot) give(path.join(home, 'server'), 33);
  const child = spawn('apache2', ['-d', path.join(home, 'server'), '-f', path.join(home, 'server/apache.conf'), '-DFOREGROUND'],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env: { PATH: process.env.PATH } });
  let said = '';
  child.stderr.on('data', (text) => { said += text; });
  running.add(child);
  children.push(child);
  const ended = new Promise((resolve) => { child.on('exit', () => { running.delete(child); resolve(); }); });
  const log = () => said + readFileSync(path.join(home, 'server/error.log'), 'utf8');
  const self = {
    url, home, web, token, base, log,
    request: (method, target, options) => request(url, method, base + target, options),
    whole: (method, target, options) => request(url, method, target, options),
    /** A line of the guide for cron, run as cron would, as whoever the programs run as. */
    cron(line) {
      const command = line.replaceAll('/home/you', home);
      const as = asRoot ? ['setpriv', '--reuid', suexec ? 'nobody' : 'www-data', '--regid', suexec ? 'nogroup' : 'www-data', '--clear-groups'] : ['env'];
      execFileSync(as[0], [...as.slice(1), 'env', '-i', 'PATH=/usr/bin:/bin', '/bin/sh', '-c', command], { cwd: '/', timeout: 60_000 });
    },
    file: (...names) => path.join(home, ...names),
    processes: () => processesIn(home).filter(({ args }) => args[0].endsWith('.fcgi')),
    async stop() {
      for (const one of children) one.kill('SIGTERM');
      await soon(ended, 'Apache to end');
      await until(() => processesIn(home).length === 0, { what: `all of ${home} to end` });
      rmSync(home, { recursive: true, force: true });
    },
  };
  const listens = async () => {
    if (child.exitCode !== null) throw new Error(`Apache ended: ${said}`);
    return request(url, 'GET', '/nothing-there').then(() => true, () => false);
  };
  try {
    await until(listens, { what: `Apache to listen at ${url}`, every: 50 });
    if (runs === 'php') await until(() => existsSync(path.join(home, 'server/php.sock')), { what: 'PHP to listen' });
  } catch (error) {
    await self.stop();
    throw error;
  }
  return self;
}

// What the bench found: printed as it is found, and kept with the targets for build/bench.md and RESULTS.md.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build, repo } from '../lib/server.mjs';
import { options } from './options.mjs';

const lines = [], targets = [], faults = [];

export const say = (line = '') => { console.log(line); lines.push(line); };

/** Progress, which no result is. */
export const note = (text) => console.error(`bench: ${text}`);

/** What must not be: the bench goes on, and ends with 1. */
export const fault = (text) => { note(`FAULT: ${text}`); faults.push(text); };

/** A heading of a part, with a sentence on what it tells. */
export const heading = (title, sentence) => { note(title); say(`\n## ${title}\n\n${sentence}\n`); };

/** A table in Markdown: names of columns, then rows; the first `left` columns are words. */
export function table(names, rows, left = 1) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  say(line(names));
  say(`|${names.map((_, i) => (i < left ? '---' : '--:')).join('|')}|`);
  for (const row of rows) say(line(row));
}

/** A figure beside what it should be: `most` or `least`. NaN: it could not be measured. `ceiling`: the figure of a program that does nothing. */
export function target(what, figure, { least, most, unit = '', digits = 2, ceiling = Infinity }) {
  const met = least === undefined ? figure <= most : figure >= least;
  const missed = ceiling < least ? `**no**: out of reach here, hello has ${ceiling.toFixed(digits)}` : '**no**';
  const shown = Number.isNaN(figure) ? 'not measured' : `${figure.toFixed(digits)}${unit}`;
  const wanted = least === undefined ? `≤ ${+most.toFixed(2)}${unit}` : `≥ ${least}${unit}`;
  targets.push([what, wanted, shown, Number.isNaN(figure) ? '-' : met ? 'yes' : missed]);
}

export const decimals = (n, digits = 2) => (Number.isFinite(n) ? n.toFixed(digits) : '-');

// ---- the whole ----

function machine() {
  const cpu = /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');
  return `${os.cpus().length} cores (${cpu}), Linux ${os.release()}, load ${load}`;
}

const before = machine();

function commit() {
  try {
    return execFileSync('git', ['-C', repo, 'describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'no commit';
  }
}

function document() {
  const { concurrency, ...others } = options;
  const how = Object.entries({ ...others, concurrency }).map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' ') || 'none' : value}`).join(', ');
  const head = ['# What the bench found', '',
    `${new Date().toISOString().slice(0, 10)}, ${commit()}, ${before} before and ${machine().replace(/.*load/, 'load')} after.`,
    'Machines are noisy: ratios within a run tell something, rates of different runs do not.', `Options: ${how}.`, '',
    '## Targets', '', '| what | wanted | found | met |', '|---|--:|--:|---|', ...targets.map((row) => `| ${row.join(' | ')} |`)];
  const bad = faults.length ? ['', '## Faults', '', ...faults.map((text) => `- ${text}`)] : [];
  return `${[...head, ...bad, ...lines].join('\n')}\n`;
}

/** Write the files and print the targets. Answers whether all went without a fault. */
export function finish() {
  const text = document(), files = [path.join(build, 'bench.md'), ...(options.results ? [path.join(repo, 'tests/bench/RESULTS.md')] : [])];
  for (const file of files) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  console.log(`\n${targets.map(([what, wanted, found, met]) => `${found.padStart(14)}  ${wanted.padStart(9)}  ${what}: ${met.replaceAll('*', '')}`).join('\n')}`);
  console.log(`\nWritten: ${files.map((file) => path.relative(repo, file)).join(', ')}`);
  return faults.length === 0;
}

// With a hundred functions more, of real shapes and statements, all that run of us once each was asked take 64 MiB together.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { askAll, buildHundred, oursOf } from '../lib/hundred.mjs';
import { pssOf } from '../lib/memory.mjs';
import { build, startServer } from '../lib/server.mjs';
import { mayTake } from '../lib/watch.mjs';

const MOST = 64; // MiB, proportional: what is shared counts once

mayTake(600);

let hundred;
before(() => { hundred = buildHundred(); });
after(() => hundred?.remove());

const programs = () => readdirSync(path.join(hundred.build, 'fn')).filter((name) => name !== 'pennymeter-all.fcgi').sort();

for (const server of ['lighttpd', 'nginx', 'apache-fcgid']) {
  describe(server, () => {
    let s;
    before(async () => { s = await startServer({ server, built: hundred.build, www: path.join(build, 'www') }); });
    after(() => s?.stop());

    test(`all asked once take at most ${MOST} MiB`, async () => {
      assert.ok(hundred.functions >= 100, `${hundred.functions} functions`);
      await askAll(hundred, s);
      const ours = oursOf(s);
      const ran = [...new Set(ours.map(({ args }) => path.basename(args[0])).filter((name) => name.endsWith('.fcgi')))].sort();
      assert.deepEqual(ran, programs(), 'each program runs');
      const most = pssOf(ours.map(({ pid }) => pid));
      assert.ok(most <= MOST, `${ours.length} processes take ${most.toFixed(1)} MiB`);
    });
  });
}

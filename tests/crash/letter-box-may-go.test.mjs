// Whatever becomes of the file in which writers leave their letters: nothing is lost, doubled or garbled, and no process ends of it.

import assert from 'node:assert/strict';
import { compiled } from '../lib/compile.mjs';
import { value } from '../lib/database.mjs';
import { boxMayGo } from '../lib/vandals.mjs';

boxMayGo({
  name: 'pennymeter.db.slots',
  env: { LD_PRELOAD: compiled('tests/bench/slow_sync.c', { shared: true }) }, // a sync of 2 ms more: there are always some under way
  prove: (server) => assert.equal(value(server.data, 'PRAGMA integrity_check'), 'ok'),
});

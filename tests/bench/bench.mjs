// What `make bench` runs: the product beside a FastCGI hello, SQLite's own commits and, where ../shared/bench is, its
// peers, all in one run and in turns; ratios are the result, beside their targets. Writes build/bench.md.
//
//   SECONDS=3            of each round           ROUNDS=3    of which the best counts
//   CONCURRENCY="1 8 64" connections             PROCS=4     processes of a function that reads, and of its hello
//   WRITERS=16           processes of a function that writes, and of its hello
//   SEEDED=100000        events before the rates
//   PEERS=auto           the peers of ../shared/bench: auto, none, or names
//   EVENTS="10000 1000000"   sizes for growth; the last is compared with the first. "10000 10000000" takes long to seed
//   MILLION=1000000      requests after which memory must be what it was after a hundredth of them
//   STARTS=7             cold starts, of which the median counts
//   PARTS="rates resources batches slow stores tenants growth cold memory hundred costs"   what to run
//   RESULTS=1            writes tests/bench/RESULTS.md too
//
// Exits 1 if an answer was an error, an answered record is not there, or `pennymeter check` fails; a missed target
// is only shown.
import { batches } from './batches.mjs';
import { coldStarts } from './cold.mjs';
import { costs } from './costs.mjs';
import { growth } from './growth.mjs';
import { memory } from './memory.mjs';
import { options } from './options.mjs';
import { rates } from './rates.mjs';
import { hundred } from './hundred.mjs';
import { finish } from './report.mjs';
import { resources } from './resources.mjs';
import { preparePeers } from './serve.mjs';
import { slowSyncs } from './slow.mjs';
import { stores } from './stores.mjs';
import { tenants } from './tenants.mjs';

const parts = { rates, resources, batches, slow: slowSyncs, stores, tenants, growth, cold: coldStarts, memory, hundred, costs };

preparePeers();
for (const name of options.parts) await parts[name]();
process.exit(finish() ? 0 : 1);

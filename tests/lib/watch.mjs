// Ends a test file that hangs, and says so. Loaded before each file by `node --test --import` (tests/run).
// Node's own --test-timeout counts a whole file, however many tests it has, and kills it with its servers still running;
// a file that is ended here ends them as it does at any exit.

const SECONDS = Number(process.env.PENNYMETER_TEST_SECONDS ?? 120);
const file = process.argv[1];
let timer;

function arm(seconds) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    console.error(`${file} was not done after ${seconds} s, and is ended. What it waits on: ${process.getActiveResourcesInfo().join(', ') || 'nothing'}`);
    process.exit(1);
  }, seconds * 1000);
  timer.unref();
}

/** For a file that takes longer than others: so many seconds in place of the usual ones, and in proportion where those are changed. */
export function mayTake(seconds) {
  if (timer) arm(seconds * Math.max(1, SECONDS / 120));
}

if (process.env.NODE_TEST_CONTEXT) arm(SECONDS);

/* Repeats one request politely: never two at once, not in a hidden tab, later after failures, and only as often as wished. */

const backOff = [30, 60, 120, 300];

/**
 * `task` is called at once and then every `interval` seconds; it throws when it fails.
 * `changed` is called with the poller's state whenever that changes.
 */
export function poller({ task, interval, paused = false, changed }) {
  const state = { interval, paused, failures: 0, error: null, updatedAt: null, nextAt: null, running: false };
  let timer = null;
  let stopped = false;

  const wait = () => {
    if (state.failures === 0) return state.interval * (0.9 + 0.1 * Math.random()); // clients do not march in step
    const seconds = backOff[Math.min(state.failures, backOff.length) - 1];
    return Math.max(seconds, state.error.retryAfter ?? 0);
  };

  function sleep() {
    clearTimeout(timer);
    if (stopped || state.paused || document.hidden) return;
    timer = setTimeout(run, Math.max(0, state.nextAt - Date.now()));
  }

  async function run() {
    if (state.running || stopped) return;
    clearTimeout(timer);
    state.running = true;
    try {
      await task();
      Object.assign(state, { failures: 0, error: null, updatedAt: Date.now() });
    } catch (error) {
      Object.assign(state, { failures: state.failures + 1, error });
    }
    state.running = false;
    state.nextAt = Date.now() + wait() * 1000;
    sleep();
    if (!stopped) changed(state);
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else if (state.nextAt !== null) sleep(); // what fell due while hidden is fetched at once
  });

  return {
    state,
    run,
    setPaused(value) {
      state.paused = value;
      if (value) clearTimeout(timer);
      else run();
      changed(state);
    },
    setInterval(seconds) {
      state.interval = seconds;
      if (state.nextAt !== null && state.failures === 0) state.nextAt = Date.now() + wait() * 1000;
      sleep();
      changed(state);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

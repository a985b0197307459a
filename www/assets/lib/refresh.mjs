/* The control of the automatic refresh: how old the figures are, pause, interval, and a badge while they are out of date. */

import { h, icon, setText, store } from './dom.mjs';
import { ago, clock, t } from './locale.mjs';
import { poller } from './poll.mjs';

const intervals = [30, 300];

/** Refresh by `task`; `bar` holds the control, `notice` the warning that figures are out of date. */
export function refreshControl({ bar, notice, task, failed }) {
  const saved = Number(store.read('pm.refresh'));
  const poll = poller({
    task, interval: intervals.includes(saved) ? saved : intervals[0], paused: store.read('pm.paused') !== null, changed: show,
  });

  const age = h('span', { class: 'muted', id: 'age' }, t('refresh.waiting'));
  const pause = h('button', { type: 'button', id: 'pause', onclick: () => setPaused(!poll.state.paused) });
  const choice = h('select', {
    id: 'interval',
    onchange: () => {
      if (choice.value === 'off') return setPaused(true);
      store.write('pm.refresh', choice.value);
      poll.setInterval(Number(choice.value));
      if (poll.state.paused) setPaused(false);
    },
  }, [...intervals, 'off'].map((name) => h('option', { value: String(name) }, t(`refresh.${name}`))));
  choice.setAttribute('aria-label', t('refresh.interval'));
  bar.replaceChildren(age, pause, choice);

  /** Paused and "off" are one state, which is kept. */
  function setPaused(paused) {
    store.write('pm.paused', paused ? 'yes' : null);
    poll.setPaused(paused);
  }

  const text = h('span');
  const retry = h('button', { type: 'button', onclick: () => poll.run() }, t('retry'));
  const badge = h('strong', { class: 'badge', dataset: { state: 'warning' } }, icon('warning'), t('refresh.stale'));
  notice.setAttribute('role', 'status');

  function showAge() {
    const { paused, updatedAt } = poll.state;
    if (updatedAt === null) return;
    setText(age, paused
      ? t('refresh.pausedAt', { time: clock(updatedAt) })
      : t('refresh.updated', { ago: ago(new Date(updatedAt).toISOString()) }));
  }

  function showPause() {
    const { paused } = poll.state;
    pause.replaceChildren(icon(paused ? 'play' : 'pause'), t(paused ? 'refresh.resume' : 'refresh.pause'));
    choice.value = paused ? 'off' : String(poll.state.interval);
  }

  function show({ error, updatedAt, nextAt, paused }) {
    showPause();
    showAge();
    if (error && updatedAt === null) return failed(error);
    if (!error) {
      if (notice.contains(document.activeElement)) pause.focus();
      return void notice.replaceChildren();
    }
    if (error.status === 401) return failed(error);
    const values = { cause: error.message, time: clock(updatedAt), next: clock(nextAt) };
    setText(text, t(paused ? 'refresh.stalePaused' : 'refresh.staleText', values));
    if (!badge.isConnected) notice.replaceChildren(badge, text, retry);
  }

  showPause();
  const ticking = setInterval(() => {
    if (!document.hidden && !poll.state.paused) showAge();
  }, 1000);

  return {
    start: () => poll.run(),
    stop() {
      clearInterval(ticking);
      poll.stop();
    },
  };
}

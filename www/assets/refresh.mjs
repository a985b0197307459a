/* The control of the automatic refresh: how old the figures are, pause, interval, and a badge while they are out of date. */

import { h, icon, setText, store } from './dom.mjs';
import { ago, clock, t } from './locale.mjs';
import { poller } from './poll.mjs';

const intervals = [30, 300];

/** Refresh by `task`; `bar` holds the control, `notice` the warning that figures are out of date. */
export function refreshControl({ bar, notice, task, failed }) {
  const saved = Number(store.read('pm.refresh'));
  const poll = poller({ task, interval: intervals.includes(saved) ? saved : intervals[0], changed: show });

  const age = h('span', { class: 'muted', id: 'age' }, t('refresh.waiting'));
  const pause = h('button', { type: 'button', id: 'pause', onclick: () => poll.setPaused(!poll.state.paused) });
  const choice = h('select', {
    id: 'interval',
    onchange: () => {
      store.write('pm.refresh', choice.value);
      poll.setInterval(Number(choice.value));
    },
  }, intervals.map((seconds) => h('option', { value: String(seconds), selected: seconds === poll.state.interval }, t(`refresh.${seconds}`))));
  choice.setAttribute('aria-label', t('refresh.interval'));
  bar.replaceChildren(age, pause, choice);

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
  }

  function show({ error, updatedAt, nextAt, paused }) {
    showPause();
    showAge();
    if (error && updatedAt === null) return failed(error);
    if (!error) return void notice.replaceChildren();
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

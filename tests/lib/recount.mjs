// An independent recount of usage: plain sums over the raw events, as they were sent.
// An event here is { metric, quantity, at, user }: millionths and microseconds as BigInt.

import { fromInstant, fromMicro } from './exact.mjs';

/** What an aggregation makes of the quantities of events, which stand in the order of their instants. */
const aggregations = {
  sum: (q) => q.reduce((a, b) => a + b, 0n),
  count: (q) => BigInt(q.length) * 1_000_000n,
  max: (q) => q.reduce((a, b) => (b > a ? b : a)),
  min: (q) => q.reduce((a, b) => (b < a ? b : a)),
  latest: (q) => q[q.length - 1],
};

/** Order by instant; events at one instant keep the order in which they were sent. */
export const byInstant = (events) => events.map((e, i) => [e, i])
  .sort(([a, i], [b, k]) => (a.at < b.at ? -1 : a.at > b.at ? 1 : i - k)).map(([e]) => e);

export const within = (events, start, end) => events.filter((e) => e.at >= start && e.at < end);

export const total = (events, aggregation = 'sum') => aggregations[aggregation](events.map((e) => e.quantity));

/** The `metrics` of a summary over start <= t < end, with numbers as literals, sorted by name. */
export function summary(events, start, end, { metric, user, aggregation = {} } = {}) {
  const chosen = within(events, start, end)
    .filter((e) => (!metric || e.metric === metric) && (!user || e.user === user));
  const names = [...new Set(chosen.map((e) => e.metric))].sort();
  return names.map((name) => {
    const of = byInstant(chosen.filter((e) => e.metric === name));
    return {
      metric_name: name,
      total_quantity: fromMicro(total(of, aggregation[name])),
      event_count: String(of.length),
      first_usage: fromInstant(of[0].at),
      last_usage: fromInstant(of[of.length - 1].at),
    };
  });
}

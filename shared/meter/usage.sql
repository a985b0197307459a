-- Usage, as it is read back.

-- Up to three of the windows that hold one instant; NULL: none. For an IN SQLite opens a temporary b-tree, which costs more than the look itself.
-- name: usage_balance_list (tenant, start, other_start, third_start)
SELECT metric, window_start, window_end,
  quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity, distinct_values
FROM usage_balances WHERE tenant_id = :tenant AND window_start = :start
UNION ALL
SELECT metric, window_start, window_end,
  quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity, distinct_values
FROM usage_balances WHERE tenant_id = :tenant AND window_start = :other_start
UNION ALL
SELECT metric, window_start, window_end,
  quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity, distinct_values
FROM usage_balances WHERE tenant_id = :tenant AND window_start = :third_start;

-- The windows that may hold something of a range: those that begin in it, or no earlier than the first that reaches in.
-- name: usage_balance_summary (tenant, metric, first_window, end)
SELECT metric, quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at
FROM usage_balances
WHERE tenant_id = :tenant AND window_start >= :first_window AND window_start < :end AND (:metric = '' OR metric = :metric);

-- name: usage_balance_forget (tenant)
DELETE FROM usage_balances WHERE tenant_id = :tenant;

-- name: usage_balance_all (tenant)
SELECT metric, window_start, window_end,
  quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity, distinct_values
FROM usage_balances WHERE tenant_id = :tenant;

-- A sum that does not fit is NULL; in SQLite, where a sum of integers that does not fit is an error, it is made of two.
-- Any range: whole days, hours beside them, and of the hours in which it begins and ends each row whose events all
-- lie inside. Raw events are read for the others alone, from the first such event on; where there is none, the MIN
-- is NULL and nothing is read, however many events the hour holds. IS TRUE: PostgreSQL looks each of them up in a hash,
-- and does not make a join of it whose size it cannot know.
-- part: usage_parts
SELECT metric, quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at
FROM usage_days WHERE tenant_id = :tenant AND day >= :first_day AND day < :last_day
  AND (:metric = '' OR metric = :metric) AND (:user = 0 OR user_id = :user)
UNION ALL
SELECT metric, quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at
FROM usage_hours
WHERE tenant_id = :tenant AND hour >= :start_hour AND hour < :first_day AND first_at >= :start AND last_at < :end
  AND (:metric = '' OR metric = :metric) AND (:user = 0 OR user_id = :user)
UNION ALL
SELECT metric, quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at
FROM usage_hours WHERE tenant_id = :tenant AND hour >= :last_day AND hour < :end AND last_at < :end
  AND (:metric = '' OR metric = :metric) AND (:user = 0 OR user_id = :user)
UNION ALL
SELECT e.metric, SUM(e.quantity / 1000000) * 1000000 + SUM(e.quantity % 1000000), COUNT(*), MIN(e.quantity), MAX(e.quantity), MIN(e.recorded_at), MAX(e.recorded_at)
FROM usage_events e
WHERE e.tenant_id = :tenant AND e.recorded_at < :first_hour AND e.recorded_at >= (
    SELECT MIN(CASE WHEN s.first_at < :start THEN :start ELSE s.first_at END) FROM usage_hours s
    WHERE s.tenant_id = :tenant AND s.hour >= :start_hour AND s.hour < :first_hour AND s.first_at < :end AND s.last_at >= :start
      AND (s.first_at < :start OR s.last_at >= :end)
      AND (:metric = '' OR s.metric = :metric) AND (:user = 0 OR s.user_id = :user))
  AND ((CASE WHEN e.recorded_at < :next_hour THEN CAST(:start_hour AS BIGINT) ELSE CAST(:next_hour AS BIGINT) END, e.metric, e.user_id) IN (
    SELECT h.hour, h.metric, h.user_id FROM usage_hours h
    WHERE h.tenant_id = :tenant AND h.hour >= :start_hour AND h.hour < :first_hour AND (h.first_at < :start OR h.last_at >= :end)
      AND (:metric = '' OR h.metric = :metric) AND (:user = 0 OR h.user_id = :user))) IS TRUE
GROUP BY e.metric
UNION ALL
SELECT e.metric, SUM(e.quantity / 1000000) * 1000000 + SUM(e.quantity % 1000000), COUNT(*), MIN(e.quantity), MAX(e.quantity), MIN(e.recorded_at), MAX(e.recorded_at)
FROM usage_events e
WHERE e.tenant_id = :tenant AND e.recorded_at < :end AND e.recorded_at >= (
    SELECT MIN(s.first_at) FROM usage_hours s
    WHERE s.tenant_id = :tenant AND s.hour >= :last_hour AND s.hour < :end AND s.first_at < :end AND s.last_at >= :end
      AND (:metric = '' OR s.metric = :metric) AND (:user = 0 OR s.user_id = :user))
  AND ((e.metric, e.user_id) IN (
    SELECT h.metric, h.user_id FROM usage_hours h
    WHERE h.tenant_id = :tenant AND h.hour >= :last_hour AND h.hour < :end AND h.first_at < :end AND h.last_at >= :end
      AND (:metric = '' OR h.metric = :metric) AND (:user = 0 OR h.user_id = :user))) IS TRUE
GROUP BY e.metric;

-- Their totals by metric. In SQLite the caller adds them up: to group them costs four times as much there as to read.
-- name: usage_summary (tenant, user, metric, start, start_hour, next_hour, first_hour, first_day, last_day, last_hour, end)
-- sqlite: usage_summary
@usage_parts;
-- postgres: usage_summary
SELECT metric,
  CASE WHEN SUM(quantity_sum) BETWEEN -9223372036854775807 AND 9223372036854775807 THEN CAST(SUM(quantity_sum) AS BIGINT) END,
  CAST(SUM(event_count) AS BIGINT), MIN(quantity_min), MAX(quantity_max),
  MIN(first_at), MAX(last_at)
FROM (@usage_parts) AS parts
GROUP BY metric;

-- The newest event of one metric in a range, for the aggregation `latest`. A row tells its newest; where that lies
-- past the end, raw events are read, from the latest instant on at which one is sure to be found.
-- name: usage_latest (tenant, user, metric, start, start_hour, first_day, last_day, end_hour, end)
SELECT last_quantity, last_at, last_event_id
FROM (
  SELECT user_id, last_quantity, last_at, last_event_id
  FROM usage_days WHERE tenant_id = :tenant AND day >= :first_day AND day < :last_day AND metric = :metric
  UNION ALL
  SELECT user_id, last_quantity, last_at, last_event_id
  FROM usage_hours
  WHERE tenant_id = :tenant AND hour >= :start_hour AND hour < :first_day AND metric = :metric AND last_at >= :start AND last_at < :end
  UNION ALL
  SELECT user_id, last_quantity, last_at, last_event_id
  FROM usage_hours WHERE tenant_id = :tenant AND hour >= :last_day AND hour < :end AND metric = :metric AND last_at < :end
  UNION ALL
  SELECT user_id, quantity, recorded_at, event_id
  FROM usage_events
  WHERE tenant_id = :tenant AND metric = :metric AND recorded_at < :end AND recorded_at >= (
    SELECT MAX(CASE WHEN s.first_at < :start THEN :start ELSE s.first_at END) FROM usage_hours s
    WHERE s.tenant_id = :tenant AND s.hour >= :end_hour AND s.hour < :end AND s.metric = :metric
      AND s.first_at < :end AND s.last_at >= :end AND (:user = 0 OR s.user_id = :user))
) AS parts
WHERE (:user = 0 OR user_id = :user)
ORDER BY last_at DESC, last_event_id DESC
LIMIT 1;

-- The days of each metric. In SQLite the caller adds its users up, for the same reason.
-- name: usage_day_list (tenant, first_day, last_day)
-- sqlite: usage_day_list
SELECT day, metric, quantity_sum, event_count, quantity_min, quantity_max
FROM usage_days
WHERE tenant_id = :tenant AND day >= :first_day AND day < :last_day;
-- postgres: usage_day_list
SELECT day, metric,
  CASE WHEN SUM(quantity_sum) BETWEEN -9223372036854775807 AND 9223372036854775807 THEN CAST(SUM(quantity_sum) AS BIGINT) END,
  CAST(SUM(event_count) AS BIGINT), MIN(quantity_min), MAX(quantity_max)
FROM usage_days
WHERE tenant_id = :tenant AND day >= :first_day AND day < :last_day
GROUP BY day, metric;

-- What stood last on each day, of every user; the newest of a day comes last.
-- name: usage_day_latest (tenant, metric, first_day, last_day)
SELECT day, last_quantity
FROM usage_days
WHERE tenant_id = :tenant AND day >= :first_day AND day < :last_day AND metric = :metric
ORDER BY day, last_at, last_event_id;

-- What the days of one metric came to, or of all how many events they hold: sums of all need not fit, and mean nothing.
-- In SQLite a day comes in parts, which the caller adds up.
-- name: usage_day_totals (tenant, metric, first_day, end)
-- sqlite: usage_day_totals
SELECT day, CASE WHEN :metric = '' THEN 0 ELSE quantity_sum END, event_count, quantity_min, quantity_max, first_at, last_at
FROM usage_days
WHERE tenant_id = :tenant AND day >= :first_day AND day < :end AND (:metric = '' OR metric = :metric)
ORDER BY day;
-- postgres: usage_day_totals
SELECT day, CASE WHEN :metric = '' THEN 0
    WHEN SUM(quantity_sum) BETWEEN -9223372036854775807 AND 9223372036854775807 THEN CAST(SUM(quantity_sum) AS BIGINT) END, CAST(SUM(event_count) AS BIGINT),
  MIN(quantity_min), MAX(quantity_max), MIN(first_at), MAX(last_at)
FROM usage_days
WHERE tenant_id = :tenant AND day >= :first_day AND day < :end AND (:metric = '' OR metric = :metric)
GROUP BY day
ORDER BY day;

-- The same of hours, newest first: where a page of history begins.
-- name: usage_hour_totals (tenant, metric, start, end)
-- sqlite: usage_hour_totals
SELECT hour, CASE WHEN :metric = '' THEN 0 ELSE quantity_sum END, event_count, quantity_min, quantity_max, first_at, last_at
FROM usage_hours
WHERE tenant_id = :tenant AND hour >= :start AND hour < :end AND (:metric = '' OR metric = :metric)
ORDER BY hour DESC;
-- postgres: usage_hour_totals
SELECT hour, CASE WHEN :metric = '' THEN 0
    WHEN SUM(quantity_sum) BETWEEN -9223372036854775807 AND 9223372036854775807 THEN CAST(SUM(quantity_sum) AS BIGINT) END, CAST(SUM(event_count) AS BIGINT),
  MIN(quantity_min), MAX(quantity_max), MIN(first_at), MAX(last_at)
FROM usage_hours
WHERE tenant_id = :tenant AND hour >= :start AND hour < :end AND (:metric = '' OR metric = :metric)
GROUP BY hour
ORDER BY hour DESC;

-- The same of events, within the hour in which a range ends: many, so no more is asked than is wanted.
-- name: usage_event_totals (tenant, metric, start, end)
SELECT event_count, CASE WHEN total BETWEEN -9223372036854775807 AND 9223372036854775807 THEN CAST(total AS BIGINT) END,
  lowest, highest
FROM (
  SELECT COUNT(*) AS event_count, SUM(quantity / 1000000) * 1000000 + SUM(quantity % 1000000) AS total, MIN(quantity) AS lowest,
    MAX(quantity) AS highest
  FROM usage_events
  WHERE tenant_id = :tenant AND recorded_at >= :start AND recorded_at < :end AND metric = :metric
) AS sums;

-- name: usage_event_count (tenant, metric, start, end)
SELECT COUNT(*) FROM usage_events
WHERE tenant_id = :tenant AND recorded_at >= :start AND recorded_at < :end AND (:metric = '' OR metric = :metric);

-- name: usage_event_page (tenant, metric, start, end, skip, take)
SELECT recorded_at, event_id, metric, quantity, resource_id, metadata
FROM usage_events
WHERE tenant_id = :tenant AND recorded_at >= :start AND recorded_at < :end AND (:metric = '' OR metric = :metric)
ORDER BY recorded_at DESC, event_id DESC
LIMIT :take OFFSET :skip;

-- The rows of an export before (older than) one event, by key: no long read transaction.
-- name: usage_event_before (tenant, metric, start, before_at, before_event, take)
SELECT recorded_at, event_id, metric, quantity, resource_id, metadata
FROM usage_events
WHERE tenant_id = :tenant AND recorded_at >= :start AND recorded_at <= :before_at
  AND (recorded_at < :before_at OR event_id < :before_event) AND (:metric = '' OR metric = :metric)
ORDER BY recorded_at DESC, event_id DESC
LIMIT :take;

-- name: usage_first_event (tenant)
SELECT COALESCE(MIN(first_at), 0), COALESCE(MAX(last_at), 0) FROM usage_days WHERE tenant_id = :tenant;

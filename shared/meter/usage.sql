-- Usage: the recording transaction, and what is read back.

-- All of a request's events in one round trip; what it does stands in schema/0003_record_call.sql.
-- name: usage_record (tenant, generation, again, events) writes
-- postgres: usage_record
SELECT out_status, out_repeat, out_recorded_at, out_event, out_used
FROM usage_record(:tenant, :generation, :again, CAST(:events AS JSONB))
ORDER BY out_position;

-- name: usage_key_take (tenant, key, recorded_at, event, fingerprint)
INSERT INTO usage_keys (tenant_id, idempotency_key, recorded_at, event_id, fingerprint)
VALUES (:tenant, :key, :recorded_at, :event, :fingerprint)
ON CONFLICT (tenant_id, idempotency_key) DO NOTHING;

-- name: usage_key_find (tenant, key)
SELECT recorded_at, event_id, fingerprint FROM usage_keys
WHERE tenant_id = :tenant AND idempotency_key = :key;

-- name: usage_batch_find (tenant, key)
SELECT taken, rejected FROM usage_batches WHERE tenant_id = :tenant AND idempotency_key = :key;

-- name: usage_batch_keep (tenant, key, taken, rejected)
INSERT INTO usage_batches (tenant_id, idempotency_key, taken, rejected) VALUES (:tenant, :key, :taken, :rejected);

-- name: usage_event_insert (tenant, recorded_at, event, metric, quantity, user, resource, metadata)
INSERT INTO usage_events (tenant_id, recorded_at, event_id, metric, quantity, user_id, resource_id, metadata)
VALUES (:tenant, :recorded_at, :event, :metric, :quantity, :user, :resource, :metadata)
ON CONFLICT (tenant_id, recorded_at, event_id) DO NOTHING;

-- What an event adds to the roll-up r that there is.
-- part: add_to_rollup
  quantity_sum = r.quantity_sum + excluded.quantity_sum,
  event_count = r.event_count + excluded.event_count,
  quantity_min = CASE WHEN excluded.quantity_min < r.quantity_min THEN excluded.quantity_min ELSE r.quantity_min END,
  quantity_max = CASE WHEN excluded.quantity_max > r.quantity_max THEN excluded.quantity_max ELSE r.quantity_max END,
  first_at = CASE WHEN excluded.first_at < r.first_at THEN excluded.first_at ELSE r.first_at END,
  last_at = CASE WHEN excluded.last_at > r.last_at THEN excluded.last_at ELSE r.last_at END,
  last_event_id = CASE WHEN excluded.last_at > r.last_at OR (excluded.last_at = r.last_at AND excluded.last_event_id > r.last_event_id)
    THEN excluded.last_event_id ELSE r.last_event_id END,
  last_quantity = CASE WHEN excluded.last_at > r.last_at OR (excluded.last_at = r.last_at AND excluded.last_event_id > r.last_event_id)
    THEN excluded.last_quantity ELSE r.last_quantity END;

-- name: usage_hour_add (tenant, hour, metric, user, sum, count, min, max, first_at, last_at, last_event, last_quantity)
INSERT INTO usage_hours AS r (tenant_id, hour, metric, user_id, quantity_sum, event_count, quantity_min, quantity_max,
  first_at, last_at, last_event_id, last_quantity)
VALUES (:tenant, :hour, :metric, :user, :sum, :count, :min, :max, :first_at, :last_at, :last_event, :last_quantity)
ON CONFLICT (tenant_id, hour, metric, user_id) DO UPDATE SET
@add_to_rollup;

-- name: usage_day_add (tenant, day, metric, user, sum, count, min, max, first_at, last_at, last_event, last_quantity)
INSERT INTO usage_days AS r (tenant_id, day, metric, user_id, quantity_sum, event_count, quantity_min, quantity_max,
  first_at, last_at, last_event_id, last_quantity)
VALUES (:tenant, :day, :metric, :user, :sum, :count, :min, :max, :first_at, :last_at, :last_event, :last_quantity)
ON CONFLICT (tenant_id, day, metric, user_id) DO UPDATE SET
@add_to_rollup;

-- name: usage_balance_put (tenant, window_start, metric, window_end, sum, count, min, max, first_at, last_at, last_event, last_quantity, distinct)
INSERT INTO usage_balances (tenant_id, window_start, metric, window_end, quantity_sum, event_count, quantity_min, quantity_max,
  first_at, last_at, last_event_id, last_quantity, distinct_values)
VALUES (:tenant, :window_start, :metric, :window_end, :sum, :count, :min, :max, :first_at, :last_at, :last_event, :last_quantity,
  :distinct)
ON CONFLICT (tenant_id, window_start, metric, window_end) DO UPDATE SET
  quantity_sum = excluded.quantity_sum, event_count = excluded.event_count,
  quantity_min = excluded.quantity_min, quantity_max = excluded.quantity_max,
  first_at = excluded.first_at, last_at = excluded.last_at,
  last_event_id = excluded.last_event_id, last_quantity = excluded.last_quantity,
  distinct_values = excluded.distinct_values;
-- In a table that has its key alone REPLACE writes the row without a look at what stood there.
-- sqlite: usage_balance_put
REPLACE INTO usage_balances (tenant_id, window_start, metric, window_end, quantity_sum, event_count, quantity_min, quantity_max,
  first_at, last_at, last_event_id, last_quantity, distinct_values)
VALUES (:tenant, :window_start, :metric, :window_end, :sum, :count, :min, :max, :first_at, :last_at, :last_event, :last_quantity,
  :distinct);

-- name: usage_balance_find (tenant, window_start, metric, window_end)
SELECT quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity, distinct_values
FROM usage_balances
WHERE tenant_id = :tenant AND window_start = :window_start AND metric = :metric AND window_end = :window_end;

-- All the windows that hold one instant: the period, the month and the day. Rows of two that begin together come
-- twice. For an IN SQLite opens a temporary b-tree, which costs more than the look itself.
-- name: usage_balance_list (tenant, period_start, month_start, day_start)
SELECT metric, window_start, window_end,
  quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity, distinct_values
FROM usage_balances WHERE tenant_id = :tenant AND window_start = :period_start
UNION ALL
SELECT metric, window_start, window_end,
  quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity, distinct_values
FROM usage_balances WHERE tenant_id = :tenant AND window_start = :month_start
UNION ALL
SELECT metric, window_start, window_end,
  quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity, distinct_values
FROM usage_balances WHERE tenant_id = :tenant AND window_start = :day_start;

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

-- name: usage_event_find (tenant, recorded_at, event)
SELECT metric, quantity FROM usage_events
WHERE tenant_id = :tenant AND recorded_at = :recorded_at AND event_id = :event;

-- name: proof_event_span (tenant)
SELECT COALESCE(MIN(recorded_at), 0), COALESCE(MAX(recorded_at), 0) FROM usage_events WHERE tenant_id = :tenant;

-- name: usage_first_event (tenant)
SELECT COALESCE(MIN(first_at), 0), COALESCE(MAX(last_at), 0) FROM usage_days WHERE tenant_id = :tenant;

-- Roll-ups are made anew: of the events in their order, some at a time.
-- name: usage_hour_forget (tenant)
DELETE FROM usage_hours WHERE tenant_id = :tenant;

-- name: usage_day_forget (tenant)
DELETE FROM usage_days WHERE tenant_id = :tenant;

-- name: usage_event_after (tenant, after_at, after_event, take)
SELECT recorded_at, event_id, metric, user_id, quantity FROM usage_events
WHERE tenant_id = :tenant AND recorded_at >= :after_at AND (recorded_at > :after_at OR event_id > :after_event)
ORDER BY recorded_at, event_id
LIMIT :take;

-- Roll-ups against events, one row where they differ: in a stretch of days that are each `width` long from `origin` on, and so
-- are its hours.
-- name: usage_hour_differences (tenant, first, last, origin, width)
SELECT hour, metric FROM (
  SELECT hour, metric, user_id, quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity
  FROM usage_hours WHERE tenant_id = :tenant AND hour >= :first AND hour <= :last
  UNION ALL
  SELECT e.hour, e.metric, e.user_id, e.quantity_sum, e.event_count, e.quantity_min, e.quantity_max, e.first_at, e.last_at,
    (SELECT MAX(l.event_id) FROM usage_events l WHERE l.tenant_id = :tenant AND l.recorded_at = e.last_at
       AND l.metric = e.metric AND l.user_id = e.user_id),
    (SELECT l.quantity FROM usage_events l WHERE l.tenant_id = :tenant AND l.recorded_at = e.last_at
       AND l.metric = e.metric AND l.user_id = e.user_id ORDER BY l.event_id DESC LIMIT 1)
  FROM (
    SELECT CAST(:origin AS BIGINT) + (recorded_at - CAST(:origin AS BIGINT)) / CAST(:width AS BIGINT) * CAST(:width AS BIGINT) AS hour, metric, user_id, SUM(quantity) AS quantity_sum, COUNT(*) AS event_count,
      MIN(quantity) AS quantity_min, MAX(quantity) AS quantity_max, MIN(recorded_at) AS first_at, MAX(recorded_at) AS last_at
    FROM usage_events WHERE tenant_id = :tenant AND recorded_at >= :first AND recorded_at <= :last GROUP BY 1, 2, 3
  ) AS e
) AS both_sides
GROUP BY hour, metric, user_id, quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity
HAVING COUNT(*) <> 2
LIMIT 20;

-- name: usage_day_differences (tenant, first, last, origin, width)
SELECT day, metric FROM (
  SELECT day, metric, user_id, quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity
  FROM usage_days WHERE tenant_id = :tenant AND day >= :first AND day <= :last
  UNION ALL
  SELECT h.day, h.metric, h.user_id, h.quantity_sum, h.event_count, h.quantity_min, h.quantity_max, h.first_at, h.last_at,
    (SELECT l.last_event_id FROM usage_hours l WHERE l.tenant_id = :tenant AND l.metric = h.metric AND l.user_id = h.user_id
       AND l.hour >= h.day AND l.hour < h.day + CAST(:width AS BIGINT) ORDER BY l.hour DESC LIMIT 1),
    (SELECT l.last_quantity FROM usage_hours l WHERE l.tenant_id = :tenant AND l.metric = h.metric AND l.user_id = h.user_id
       AND l.hour >= h.day AND l.hour < h.day + CAST(:width AS BIGINT) ORDER BY l.hour DESC LIMIT 1)
  FROM (
    SELECT CAST(:origin AS BIGINT) + (hour - CAST(:origin AS BIGINT)) / CAST(:width AS BIGINT) * CAST(:width AS BIGINT) AS day, metric, user_id, SUM(quantity_sum) AS quantity_sum, SUM(event_count) AS event_count,
      MIN(quantity_min) AS quantity_min, MAX(quantity_max) AS quantity_max, MIN(first_at) AS first_at, MAX(last_at) AS last_at
    FROM usage_hours WHERE tenant_id = :tenant AND hour >= :first AND hour <= :last GROUP BY 1, 2, 3
  ) AS h
) AS both_sides
GROUP BY day, metric, user_id, quantity_sum, event_count, quantity_min, quantity_max, first_at, last_at, last_event_id, last_quantity
HAVING COUNT(*) <> 2
LIMIT 20;

-- name: usage_alert_fire (tenant, window_start, metric, threshold, used, included, fired_at)
INSERT INTO usage_alerts (tenant_id, window_start, metric, threshold_percent, used, included, fired_at)
VALUES (:tenant, :window_start, :metric, :threshold, :used, :included, :fired_at)
ON CONFLICT (tenant_id, window_start, metric, threshold_percent) DO NOTHING;

-- A number that is taken gives way to the next free one: a batch may raise many alerts at once.
-- name: outbox_add (tenant, outbox, kind, payload, created_at)
INSERT INTO outbox (tenant_id, outbox_id, kind, payload, created_at, due_at)
VALUES (:tenant,
  (SELECT CASE WHEN MAX(outbox_id) >= :outbox THEN MAX(outbox_id) + 1 ELSE :outbox END FROM outbox WHERE tenant_id = :tenant),
  :kind, :payload, :created_at, :created_at);

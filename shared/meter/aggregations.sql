-- What unique and weighted_sum keep beside the roll-ups, what they read back, and its proofs.

-- name: sample_insert (tenant, metric, recorded_at, event, user, quantity, value)
INSERT INTO usage_samples (tenant_id, metric, recorded_at, event_id, user_id, quantity, value)
VALUES (:tenant, :metric, :recorded_at, :event, :user, :quantity, :value);

-- Has the metric any event? One of them is enough to know.
-- name: metric_seen (tenant, metric)
SELECT 1 FROM usage_days WHERE tenant_id = :tenant AND metric = :metric LIMIT 1;

-- Does the metric have an event just before a range, and just after it: within the hours in which it begins and ends?
-- name: sample_beside (tenant, metric, start_hour, start, end, end_hour)
SELECT CASE WHEN EXISTS (SELECT 1 FROM usage_samples
    WHERE tenant_id = :tenant AND metric = :metric AND recorded_at >= :start_hour AND recorded_at < :start) THEN 1 ELSE 0 END,
  CASE WHEN EXISTS (SELECT 1 FROM usage_samples
    WHERE tenant_id = :tenant AND metric = :metric AND recorded_at >= :end AND recorded_at < :end_hour) THEN 1 ELSE 0 END;

-- ---- unique ----

-- name: value_put (tenant, metric, width, start, value, user)
INSERT INTO usage_values (tenant_id, metric, width, start, value, user_id)
VALUES (:tenant, :metric, :width, :start, :value, :user)
ON CONFLICT (tenant_id, metric, width, start, value, user_id) DO NOTHING;

-- It is put in if the value is new in its window.
-- name: window_value_put (tenant, metric, window_start, window_end, value)
INSERT INTO usage_window_values (tenant_id, metric, window_start, window_end, value)
VALUES (:tenant, :metric, :window_start, :window_end, :value)
ON CONFLICT (tenant_id, metric, window_start, window_end, value) DO NOTHING;

-- name: window_value_forget (tenant)
DELETE FROM usage_window_values WHERE tenant_id = :tenant;

-- name: window_value_fill (tenant, metric, window_start, window_end, counted_from)
INSERT INTO usage_window_values (tenant_id, metric, window_start, window_end, value)
SELECT DISTINCT tenant_id, metric, CAST(:window_start AS BIGINT), CAST(:window_end AS BIGINT), value
FROM usage_samples
WHERE tenant_id = :tenant AND metric = :metric AND recorded_at >= :counted_from AND recorded_at < :window_end
  AND value IS NOT NULL;

-- Any range, as usage_summary: days, hours beside them, samples at the edges.
-- name: value_count (tenant, user, metric, hour, day, start, first_hour, first_day, last_day, last_hour, end)
SELECT COUNT(DISTINCT value)
FROM (
  SELECT value, user_id FROM usage_values
  WHERE tenant_id = :tenant AND metric = :metric AND width = :day AND start >= :first_day AND start < :last_day
  UNION ALL
  SELECT value, user_id FROM usage_values
  WHERE tenant_id = :tenant AND metric = :metric AND width = :hour AND start >= :first_hour AND start < :first_day
  UNION ALL
  SELECT value, user_id FROM usage_values
  WHERE tenant_id = :tenant AND metric = :metric AND width = :hour AND start >= :last_day AND start < :last_hour
  UNION ALL
  SELECT value, user_id FROM usage_samples
  WHERE tenant_id = :tenant AND metric = :metric AND recorded_at >= :start AND recorded_at < :first_hour
  UNION ALL
  SELECT value, user_id FROM usage_samples
  WHERE tenant_id = :tenant AND metric = :metric AND recorded_at >= :last_hour AND recorded_at < :end
) AS parts
WHERE (:user = 0 OR user_id = :user);

-- name: value_days (tenant, metric, width, first, last)
SELECT start, COUNT(DISTINCT value) FROM usage_values
WHERE tenant_id = :tenant AND metric = :metric AND width = :width AND start >= :first AND start < :last
GROUP BY start
ORDER BY start;

-- ---- weighted_sum ----

-- name: moment_find (tenant, metric, width, start, user)
SELECT quantity_sum, moment FROM usage_moments
WHERE tenant_id = :tenant AND metric = :metric AND width = :width AND start = :start AND user_id = :user;

-- name: moment_put (tenant, metric, width, start, user, sum, moment)
INSERT INTO usage_moments (tenant_id, metric, width, start, user_id, quantity_sum, moment)
VALUES (:tenant, :metric, :width, :start, :user, :sum, :moment)
ON CONFLICT (tenant_id, metric, width, start, user_id) DO UPDATE SET
  quantity_sum = excluded.quantity_sum, moment = excluded.moment;

-- A day's level begins as that of the day before it.
-- name: level_open (tenant, metric, user, day)
INSERT INTO usage_levels (tenant_id, metric, user_id, day, closing)
VALUES (:tenant, :metric, :user, :day, COALESCE((SELECT p.closing FROM usage_levels p
  WHERE p.tenant_id = :tenant AND p.metric = :metric AND p.user_id = :user AND p.day < :day
  ORDER BY p.day DESC LIMIT 1), 0))
ON CONFLICT (tenant_id, metric, user_id, day) DO NOTHING;

-- A late event moves the days after its own too.
-- name: level_move (tenant, metric, user, all, day, quantity)
UPDATE usage_levels SET closing = closing + :quantity
WHERE tenant_id = :tenant AND metric = :metric AND user_id IN (:user, :all) AND day >= :day;

-- name: level_before (tenant, metric, user, day)
SELECT closing FROM usage_levels
WHERE tenant_id = :tenant AND metric = :metric AND user_id = :user AND day < :day
ORDER BY day DESC
LIMIT 1;

-- The quantities of a range and of what lies before it on its first day, in buckets where it can be.
-- name: moment_list (tenant, user, metric, hour, day, day_start, hour_start, first_hour, first_day, last_day, last_hour, end)
SELECT start, quantity_sum, moment
FROM (
  SELECT user_id, start, quantity_sum, moment FROM usage_moments
  WHERE tenant_id = :tenant AND metric = :metric AND width = :day AND start >= :first_day AND start < :last_day
  UNION ALL
  SELECT user_id, start, quantity_sum, moment FROM usage_moments
  WHERE tenant_id = :tenant AND metric = :metric AND width = :hour AND start >= :day_start AND start < :hour_start
  UNION ALL
  SELECT user_id, start, quantity_sum, moment FROM usage_moments
  WHERE tenant_id = :tenant AND metric = :metric AND width = :hour AND start >= :first_hour AND start < :first_day
  UNION ALL
  SELECT user_id, start, quantity_sum, moment FROM usage_moments
  WHERE tenant_id = :tenant AND metric = :metric AND width = :hour AND start >= :last_day AND start < :last_hour
  UNION ALL
  SELECT user_id, recorded_at, quantity, '0' FROM usage_samples
  WHERE tenant_id = :tenant AND metric = :metric AND recorded_at >= :hour_start AND recorded_at < :first_hour
  UNION ALL
  SELECT user_id, recorded_at, quantity, '0' FROM usage_samples
  WHERE tenant_id = :tenant AND metric = :metric AND recorded_at >= :last_hour AND recorded_at < :end
) AS parts
WHERE (:user = 0 OR user_id = :user);

-- name: moment_days (tenant, metric, width, first, last)
SELECT start, quantity_sum, moment FROM usage_moments
WHERE tenant_id = :tenant AND metric = :metric AND width = :width AND start >= :first AND start < :last
ORDER BY start;

-- ---- made anew ----

-- name: value_forget (tenant, metric)
DELETE FROM usage_values WHERE tenant_id = :tenant AND metric = :metric;

-- name: moment_forget (tenant, metric)
DELETE FROM usage_moments WHERE tenant_id = :tenant AND metric = :metric;

-- name: level_forget (tenant, metric)
DELETE FROM usage_levels WHERE tenant_id = :tenant AND metric = :metric;

-- name: sample_after (tenant, metric, after_at, after_event, take)
SELECT recorded_at, event_id, user_id, quantity, value FROM usage_samples
WHERE tenant_id = :tenant AND metric = :metric AND recorded_at >= :after_at AND (recorded_at > :after_at OR event_id > :after_event)
ORDER BY recorded_at, event_id
LIMIT :take;

-- ---- proofs: a row where what is kept differs from what it is kept of ----

-- name: sample_differences (tenant, metric)
SELECT recorded_at FROM (
  SELECT recorded_at, event_id, user_id, quantity FROM usage_samples WHERE tenant_id = :tenant AND metric = :metric
  UNION ALL
  SELECT recorded_at, event_id, user_id, quantity FROM usage_events WHERE tenant_id = :tenant AND metric = :metric
) AS both_sides
GROUP BY recorded_at, event_id, user_id, quantity
HAVING COUNT(*) <> 2
LIMIT 20;

-- name: sample_metadata (tenant, metric)
SELECT s.recorded_at, s.value, e.metadata
FROM usage_samples s
JOIN usage_events e ON e.tenant_id = :tenant AND e.recorded_at = s.recorded_at AND e.event_id = s.event_id
WHERE s.tenant_id = :tenant AND s.metric = :metric;

-- Buckets of a stretch of days: from `origin` on each is `length` long, and its rows say `width`.
-- name: value_differences (tenant, metric, width, first, last, origin, length)
SELECT start FROM (
  SELECT start, value, user_id FROM usage_values WHERE tenant_id = :tenant AND metric = :metric AND width = :width
    AND start >= :first AND start <= :last
  UNION ALL
  SELECT DISTINCT CAST(:origin AS BIGINT) + (recorded_at - CAST(:origin AS BIGINT)) / CAST(:length AS BIGINT) * CAST(:length AS BIGINT), value, user_id
  FROM usage_samples WHERE tenant_id = :tenant AND metric = :metric AND recorded_at >= :first AND recorded_at <= :last
) AS both_sides
GROUP BY start, value, user_id
HAVING COUNT(*) <> 2
LIMIT 20;

-- Windows of which something is kept.
-- name: window_value_windows (tenant, metric)
SELECT window_start, window_end FROM usage_window_values WHERE tenant_id = :tenant AND metric = :metric
UNION
SELECT window_start, window_end FROM usage_balances WHERE tenant_id = :tenant AND metric = :metric;

-- Before the start of its subscription nothing of a tenant counts.
-- name: window_value_differences (tenant, metric, window_start, window_end)
SELECT value FROM (
  SELECT value FROM usage_window_values
  WHERE tenant_id = :tenant AND metric = :metric AND window_start = :window_start AND window_end = :window_end
  UNION ALL
  SELECT DISTINCT value FROM usage_samples
  WHERE tenant_id = :tenant AND metric = :metric AND recorded_at >= :window_start AND recorded_at < :window_end
    AND recorded_at >= COALESCE((SELECT anchor FROM subscriptions WHERE tenant_id = :tenant AND ended_at IS NULL
      ORDER BY subscription_id DESC LIMIT 1), recorded_at)
) AS both_sides
GROUP BY value
HAVING COUNT(*) <> 2
LIMIT 20;

-- name: moment_differences (tenant, metric, width, first, last, origin, length)
SELECT start FROM (
  SELECT start, user_id, quantity_sum FROM usage_moments WHERE tenant_id = :tenant AND metric = :metric AND width = :width
    AND start >= :first AND start <= :last
  UNION ALL
  SELECT CAST(:origin AS BIGINT) + (recorded_at - CAST(:origin AS BIGINT)) / CAST(:length AS BIGINT) * CAST(:length AS BIGINT), user_id, SUM(quantity)
  FROM usage_samples WHERE tenant_id = :tenant AND metric = :metric AND recorded_at >= :first AND recorded_at <= :last GROUP BY 1, 2
) AS both_sides
GROUP BY start, user_id, quantity_sum
HAVING COUNT(*) <> 2
LIMIT 20;

-- Each bucket's moment beside the samples it is made of, bucket by bucket.
-- name: moment_samples (tenant, metric, width, first, last, length)
SELECT m.start, m.user_id, m.moment, s.recorded_at, s.quantity
FROM usage_moments m
JOIN usage_samples s ON s.tenant_id = :tenant AND s.metric = m.metric AND s.user_id = m.user_id
  AND s.recorded_at >= m.start AND s.recorded_at < m.start + CAST(:length AS BIGINT) AND s.recorded_at <= :last
WHERE m.tenant_id = :tenant AND m.metric = :metric AND m.width = :width AND m.start >= :first AND m.start <= :last
ORDER BY m.start, m.user_id;

-- name: level_differences (tenant, metric, day, all)
SELECT day FROM (
  SELECT user_id, day, closing FROM usage_levels WHERE tenant_id = :tenant AND metric = :metric
  UNION ALL
  SELECT m.user_id, m.start, (SELECT SUM(b.quantity_sum) FROM usage_moments b
    WHERE b.tenant_id = :tenant AND b.metric = :metric AND b.width = :day AND b.start <= m.start AND b.user_id = m.user_id)
  FROM usage_moments m WHERE m.tenant_id = :tenant AND m.metric = :metric AND m.width = :day
  UNION ALL
  SELECT DISTINCT CAST(:all AS BIGINT), m.start, (SELECT SUM(b.quantity_sum) FROM usage_moments b
    WHERE b.tenant_id = :tenant AND b.metric = :metric AND b.width = :day AND b.start <= m.start)
  FROM usage_moments m WHERE m.tenant_id = :tenant AND m.metric = :metric AND m.width = :day
) AS both_sides
GROUP BY user_id, day, closing
HAVING COUNT(*) <> 2
LIMIT 20;

-- Proofs of a tenant, beside those of usage.sql and aggregations.sql: a row where something is wrong.

-- name: proof_next_tenant (after)
SELECT tenant_id FROM tenants WHERE tenant_id > :after ORDER BY tenant_id LIMIT 1;

-- name: proof_unknown_metrics (tenant)
SELECT what, metric FROM (
  SELECT DISTINCT 'usage_days' AS what, metric FROM usage_days WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_balances', metric FROM usage_balances WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_alerts', metric FROM usage_alerts WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_samples', metric FROM usage_samples WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_values', metric FROM usage_values WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_window_values', metric FROM usage_window_values WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_moments', metric FROM usage_moments WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_levels', metric FROM usage_levels WHERE tenant_id = :tenant
) AS named
WHERE metric NOT IN (SELECT metric FROM metrics)
ORDER BY what, metric
LIMIT 20;

-- name: proof_balance_counts (tenant)
SELECT metric, CAST(SUM(in_balances) AS BIGINT), CAST(SUM(in_days) AS BIGINT) FROM (
  SELECT metric, event_count AS in_balances, 0 AS in_days FROM usage_balances WHERE tenant_id = :tenant
  UNION ALL
  SELECT metric, 0, event_count FROM usage_days WHERE tenant_id = :tenant
) AS both_sides
GROUP BY metric
HAVING SUM(in_balances) <> SUM(in_days)
ORDER BY metric
LIMIT 20;

-- Each key beside its event; the event's columns are NULL where it is gone.
-- name: proof_keys (tenant)
SELECT k.idempotency_key, k.recorded_at, k.fingerprint, e.metric, e.quantity, e.resource_id, e.metadata,
  CASE WHEN k.event_id = 0 THEN (SELECT COUNT(*) FROM usage_batches b WHERE b.tenant_id = :tenant AND b.idempotency_key = k.idempotency_key)
    + (SELECT COUNT(*) FROM work_keys w WHERE w.tenant_id = :tenant AND w.idempotency_key = k.idempotency_key)
    ELSE 0 END
FROM usage_keys k
LEFT JOIN usage_events e ON e.tenant_id = :tenant AND e.recorded_at = k.recorded_at AND e.event_id = k.event_id
WHERE k.tenant_id = :tenant;

-- name: proof_keys_together (tenant)
SELECT recorded_at, MIN(idempotency_key), COUNT(*) FROM usage_keys
WHERE tenant_id = :tenant AND event_id <> 0
GROUP BY recorded_at, event_id
HAVING COUNT(*) > 1
ORDER BY recorded_at
LIMIT 20;

-- What a batch was answered, and what another call made, stands under its key.
-- name: proof_answers (tenant)
SELECT a.idempotency_key FROM (
  SELECT idempotency_key FROM usage_batches WHERE tenant_id = :tenant
  UNION ALL
  SELECT idempotency_key FROM work_keys WHERE tenant_id = :tenant
) AS a
LEFT JOIN usage_keys k ON k.tenant_id = :tenant AND k.idempotency_key = a.idempotency_key AND k.event_id = 0
WHERE k.idempotency_key IS NULL
LIMIT 20;

-- name: proof_alerts (tenant)
SELECT metric, window_start, threshold_percent, used, included FROM usage_alerts WHERE tenant_id = :tenant;

-- name: proof_event_span (tenant)
SELECT COALESCE(MIN(recorded_at), 0), COALESCE(MAX(recorded_at), 0) FROM usage_events WHERE tenant_id = :tenant;

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

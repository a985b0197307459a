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

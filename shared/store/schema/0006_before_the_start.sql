-- Before a subscription's start nothing counts: what balances have of that time is taken out of them. A window that
-- ended before the start goes; one that began before it keeps what came since, and so its newest event.
DELETE FROM usage_balances WHERE last_at < (
  SELECT s.anchor FROM subscriptions s WHERE s.tenant_id = usage_balances.tenant_id AND s.ended_at IS NULL);

UPDATE usage_balances SET (quantity_sum, event_count, quantity_min, quantity_max, first_at) = (
  SELECT SUM(e.quantity), COUNT(*), MIN(e.quantity), MAX(e.quantity), MIN(e.recorded_at)
  FROM usage_events e JOIN subscriptions s ON s.tenant_id = e.tenant_id AND s.ended_at IS NULL
  WHERE e.tenant_id = usage_balances.tenant_id AND e.metric = usage_balances.metric
    AND e.recorded_at >= s.anchor AND e.recorded_at < usage_balances.window_end),
  distinct_values = (
  SELECT COUNT(DISTINCT v.value)
  FROM usage_samples v JOIN subscriptions s ON s.tenant_id = v.tenant_id AND s.ended_at IS NULL
  WHERE v.tenant_id = usage_balances.tenant_id AND v.metric = usage_balances.metric
    AND v.recorded_at >= s.anchor AND v.recorded_at < usage_balances.window_end)
WHERE first_at < (
  SELECT s.anchor FROM subscriptions s WHERE s.tenant_id = usage_balances.tenant_id AND s.ended_at IS NULL);

DELETE FROM usage_window_values WHERE EXISTS (
    SELECT 1 FROM subscriptions s
    WHERE s.tenant_id = usage_window_values.tenant_id AND s.ended_at IS NULL AND s.anchor > usage_window_values.window_start)
  AND NOT EXISTS (
    SELECT 1 FROM usage_samples v JOIN subscriptions s ON s.tenant_id = v.tenant_id AND s.ended_at IS NULL
    WHERE v.tenant_id = usage_window_values.tenant_id AND v.metric = usage_window_values.metric
      AND v.value = usage_window_values.value AND v.recorded_at >= s.anchor
      AND v.recorded_at >= usage_window_values.window_start AND v.recorded_at < usage_window_values.window_end);

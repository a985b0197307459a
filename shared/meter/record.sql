-- Recording: what its transaction reads and writes.

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

-- name: usage_event_find (tenant, recorded_at, event)
SELECT metric, quantity FROM usage_events
WHERE tenant_id = :tenant AND recorded_at = :recorded_at AND event_id = :event;

-- name: usage_alert_fire (tenant, window_start, metric, threshold, used, included, fired_at)
INSERT INTO usage_alerts (tenant_id, window_start, metric, threshold_percent, used, included, fired_at)
VALUES (:tenant, :window_start, :metric, :threshold, :used, :included, :fired_at)
ON CONFLICT (tenant_id, window_start, metric, threshold_percent) DO NOTHING;

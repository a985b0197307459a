-- Counted API calls: how many of a file's are recorded.

-- name: calls_counted (tenant, epoch)
SELECT counted FROM call_counts WHERE tenant_id = :tenant AND epoch = :epoch;

-- name: calls_keep (tenant, epoch, counted, at)
INSERT INTO call_counts (tenant_id, epoch, counted, counted_at) VALUES (:tenant, :epoch, :counted, :at)
ON CONFLICT (tenant_id, epoch) DO UPDATE SET counted = excluded.counted, counted_at = excluded.counted_at;

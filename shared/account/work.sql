-- The door for changes: numbers and keys.

-- What was planned while a table was empty reads all of a tenant's rows once it is not.
-- name: work_plan_anew ()
-- postgres: work_plan_anew
SELECT set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: number_next (tenant, kind, count)
-- postgres: number_next
INSERT INTO numbers (tenant_id, kind, last) VALUES (:tenant, :kind, :count)
ON CONFLICT (tenant_id, kind) DO UPDATE SET last = numbers.last + :count
RETURNING last;

-- SQLite makes a database in memory for what is RETURNING; its writers are alone, and two statements cost half.
-- name: number_last (tenant, kind)
-- sqlite: number_last
SELECT last FROM numbers WHERE tenant_id = :tenant AND kind = :kind;

-- name: number_keep (tenant, kind, last)
-- sqlite: number_keep
INSERT INTO numbers (tenant_id, kind, last) VALUES (:tenant, :kind, :last)
ON CONFLICT (tenant_id, kind) DO UPDATE SET last = excluded.last;

-- name: number_return (tenant, kind, last)
UPDATE numbers SET last = :last WHERE tenant_id = :tenant AND kind = :kind;

-- name: work_key_take (tenant, key, recorded_at, fingerprint)
INSERT INTO usage_keys (tenant_id, idempotency_key, recorded_at, event_id, fingerprint)
VALUES (:tenant, :key, :recorded_at, 0, :fingerprint)
ON CONFLICT (tenant_id, idempotency_key) DO NOTHING;

-- name: work_key_find (tenant, key)
SELECT k.fingerprint, w.kind, w.object_id, a.answer
FROM usage_keys k
LEFT JOIN work_keys w ON w.tenant_id = :tenant AND w.idempotency_key = k.idempotency_key
LEFT JOIN work_answers a ON a.tenant_id = :tenant AND a.idempotency_key = k.idempotency_key
WHERE k.tenant_id = :tenant AND k.idempotency_key = :key;

-- Its own row of the audit, if it was carried out within the minute before.
-- name: work_own (tenant, from, request)
SELECT body FROM audit_log
WHERE tenant_id = :tenant AND replace(body, :request, '') <> body
  AND seq > COALESCE((SELECT seq FROM audit_log WHERE tenant_id = :tenant AND at < :from ORDER BY seq DESC LIMIT 1), 0)
LIMIT 1;

-- name: work_key_keep (tenant, key, kind, object)
INSERT INTO work_keys (tenant_id, idempotency_key, kind, object_id) VALUES (:tenant, :key, :kind, :object);

-- name: work_answer_keep (tenant, key, answer)
INSERT INTO work_answers (tenant_id, idempotency_key, answer) VALUES (:tenant, :key, :answer);

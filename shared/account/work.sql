-- The door for changes: numbers and keys.

-- name: number_next (tenant, kind)
INSERT INTO numbers (tenant_id, kind, last) VALUES (:tenant, :kind, 1)
ON CONFLICT (tenant_id, kind) DO UPDATE SET last = numbers.last + 1
RETURNING last;

-- name: number_take (tenant, kind, count)
INSERT INTO numbers (tenant_id, kind, last) VALUES (:tenant, :kind, :count)
ON CONFLICT (tenant_id, kind) DO UPDATE SET last = numbers.last + :count
RETURNING last;

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

-- name: work_key_keep (tenant, key, kind, object)
INSERT INTO work_keys (tenant_id, idempotency_key, kind, object_id) VALUES (:tenant, :key, :kind, :object);

-- name: work_answer_keep (tenant, key, answer)
INSERT INTO work_answers (tenant_id, idempotency_key, answer) VALUES (:tenant, :key, :answer);

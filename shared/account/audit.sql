-- The audit: one chain a tenant.

-- name: audit_hash (tenant, seq)
SELECT hash FROM audit_log WHERE tenant_id = :tenant AND seq = :seq;

-- name: audit_insert (tenant, seq, at, body, hash, salt, detail)
INSERT INTO audit_log (tenant_id, seq, at, body, hash, salt, detail)
VALUES (:tenant, :seq, :at, :body, :hash, :salt, :detail);

-- name: audit_all (tenant)
SELECT seq, body, hash, salt, detail, at FROM audit_log WHERE tenant_id = :tenant ORDER BY seq;

-- name: audit_last (tenant)
SELECT last FROM numbers WHERE tenant_id = :tenant AND kind = 'audit';

-- Newest first. What the body must hold is its JSON: "action":"customers.create".
-- name: audit_page (tenant, before, from, to, action, actor, limit)
SELECT seq, body, hash, salt, detail FROM audit_log
WHERE tenant_id = :tenant AND seq < :before AND at >= :from AND at < :to
  AND (:action = '' OR replace(body, :action, '') <> body) AND (:actor = '' OR replace(body, :actor, '') <> body)
ORDER BY seq DESC
LIMIT :limit;

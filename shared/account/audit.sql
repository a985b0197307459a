-- The audit: one chain a tenant.

-- name: audit_hash (tenant, seq)
SELECT hash FROM audit_log WHERE tenant_id = :tenant AND seq = :seq;

-- name: audit_insert (tenant, seq, body, hash, salt, detail)
INSERT INTO audit_log (tenant_id, seq, body, hash, salt, detail) VALUES (:tenant, :seq, :body, :hash, :salt, :detail);

-- name: audit_all (tenant)
SELECT seq, body, hash, salt, detail FROM audit_log WHERE tenant_id = :tenant ORDER BY seq;

-- name: audit_last (tenant)
SELECT last FROM numbers WHERE tenant_id = :tenant AND kind = 'audit';

-- Newest first. Instants are compared as whole seconds of their texts.
-- name: audit_page (tenant, before, action, actor, limit)
SELECT seq, body, hash, salt, detail FROM audit_log
WHERE tenant_id = :tenant AND seq < :before
  AND (:action = '' OR replace(body, :action, '') <> body) AND (:actor = '' OR replace(body, :actor, '') <> body)
ORDER BY seq DESC
LIMIT :limit;

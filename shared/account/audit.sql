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

-- Of the rows between two numbers those that are old enough, and the last of them.
-- name: audit_old (tenant, position, most, before)
SELECT COUNT(*), COALESCE(MAX(seq), 0) FROM audit_log
WHERE tenant_id = :tenant AND seq > :position AND seq <= :most AND at < :before;

-- name: audit_erase (tenant, position, last)
UPDATE audit_log SET detail = NULL, salt = NULL WHERE tenant_id = :tenant AND seq > :position AND seq <= :last;

-- name: audit_oldest (tenant, position)
SELECT at FROM audit_log WHERE tenant_id = :tenant AND seq > :position ORDER BY seq LIMIT 1;

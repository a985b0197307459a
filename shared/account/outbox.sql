-- The outbox: what is to be sent once the transaction that caused it is safe.

-- name: outbox_insert (tenant, id, kind, payload, created_at, due_at)
INSERT INTO outbox (tenant_id, outbox_id, kind, payload, created_at, due_at)
VALUES (:tenant, :id, :kind, :payload, :created_at, :due_at);

-- name: outbox_find (tenant, id)
SELECT tenant_id, outbox_id, kind, payload, created_at, due_at, attempts, done_at FROM outbox
WHERE tenant_id = :tenant AND outbox_id = :id;

-- name: outbox_of (tenant, limit)
SELECT tenant_id, outbox_id, kind, payload, created_at, due_at, attempts, done_at FROM outbox
WHERE tenant_id = :tenant ORDER BY outbox_id DESC LIMIT :limit;

-- For the operator: of all tenants.
-- name: outbox_latest (limit)
SELECT tenant_id, outbox_id, kind, payload, created_at, due_at, attempts, done_at FROM outbox
ORDER BY created_at DESC, tenant_id, outbox_id DESC LIMIT :limit;

-- Whose is the message of that number? Another tenant has one of the same.
-- name: outbox_tenants (id)
SELECT tenant_id FROM outbox WHERE outbox_id = :id ORDER BY tenant_id LIMIT 2;

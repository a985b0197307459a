-- Statements of the store itself: schema, counts, proofs.

-- name: schema_version ()
SELECT COALESCE(MAX(version), 0) FROM schema_version;

-- name: schema_note (version, name, applied_at)
INSERT INTO schema_version (version, name, applied_at) VALUES (:version, :name, :applied_at);

-- Two that migrate at once take turns.
-- name: schema_hold ()
-- postgres: schema_hold
SELECT pg_advisory_xact_lock(8026746105);

-- Who serves the connection, and how it keeps its promises.
-- name: session_facts ()
-- postgres: session_facts
SELECT pg_backend_pid(), current_setting('synchronous_commit'), current_setting('fsync'), current_setting('server_version'),
  current_setting('server_encoding');

-- Writers take turns: those of one tenant, and those of what all tenants share. On SQLite a lock
-- beside the file sees to that for all of them.

-- name: tenant_hold (tenant)
-- postgres: tenant_hold
SELECT 1 FROM tenants WHERE tenant_id = :tenant FOR NO KEY UPDATE;

-- name: catalog_hold ()
-- postgres: catalog_hold
SELECT 1 FROM catalog FOR UPDATE;

-- The operator's own look at the whole database: no tenant's request reaches these.
-- across tenants: care_count_events

-- name: care_count_events ()
SELECT COUNT(*) FROM usage_events;

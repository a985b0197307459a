-- Statements of the store itself: schema, counts, proofs.

-- name: schema_version ()
SELECT COALESCE(MAX(version), 0) FROM schema_version;

-- name: schema_note (version, name, applied_at)
INSERT INTO schema_version (version, name, applied_at) VALUES (:version, :name, :applied_at);

-- The operator's own look at the whole database: no tenant's request reaches these.
-- across tenants: care_count_events

-- name: care_count_events ()
SELECT COUNT(*) FROM usage_events;

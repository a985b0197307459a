-- The one door: who waits for whom, and what tells other processes that what they keep is stale.

-- Writers take turns: those of one tenant, and those of what all tenants share. On SQLite a lock
-- beside the file sees to that for all of them. Who holds the catalogue delays nobody who holds a tenant.

-- name: tenant_hold (tenant)
-- postgres: tenant_hold
SELECT 1 FROM tenants WHERE tenant_id = :tenant FOR NO KEY UPDATE;

-- name: catalog_hold ()
-- postgres: catalog_hold
SELECT 1 FROM catalog FOR UPDATE;

-- name: catalog_advance ()
UPDATE catalog SET generation = generation + 1 RETURNING generation;

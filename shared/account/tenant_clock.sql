-- A tenant's own clock.

-- name: tenant_clock (tenant)
SELECT clock FROM tenants WHERE tenant_id = :tenant;

-- name: tenant_clock_begin (tenant, at)
UPDATE tenants SET clock = :at WHERE tenant_id = :tenant;

-- Never back.
-- name: tenant_clock_set (tenant, to)
UPDATE tenants SET clock = :to WHERE tenant_id = :tenant AND clock <= :to RETURNING tenant_id;

-- name: tenant_next_job (tenant, by)
SELECT due_at FROM jobs WHERE tenant_id = :tenant AND due_at <= :by ORDER BY due_at LIMIT 1;

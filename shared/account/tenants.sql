-- Tenants, their tokens and subscriptions.

-- Tenants are the operator's objects. One that came back by a restore may have a number that is not counted here.
-- name: tenant_next ()
INSERT INTO numbers (tenant_id, kind, last)
SELECT 1, 'tenants', COALESCE(MAX(tenant_id), 0) + 1 FROM tenants WHERE TRUE
ON CONFLICT (tenant_id, kind) DO UPDATE
SET last = CASE WHEN numbers.last < excluded.last THEN excluded.last ELSE numbers.last + 1 END
RETURNING last;

-- name: tenant_outside_utc (after)
SELECT tenant_id FROM tenants WHERE tenant_id > :after AND timezone <> 'UTC' ORDER BY tenant_id LIMIT 1;

-- name: tenant_insert (tenant, name, currency, timezone, created_at)
INSERT INTO tenants (tenant_id, name, currency, timezone, created_at)
VALUES (:tenant, :name, :currency, :timezone, :created_at);

-- name: tenant_list (after)
SELECT t.tenant_id, t.name, t.currency, t.timezone, t.created_at, p.code, p.version, s.subscription_id, s.billing_cycle, s.usage_cycle, s.anchor
FROM tenants t
LEFT JOIN subscriptions s ON s.tenant_id = t.tenant_id AND s.ended_at IS NULL
LEFT JOIN plan_versions p ON p.plan_version_id = s.plan_version_id
WHERE t.tenant_id > :after
ORDER BY t.tenant_id;

-- name: tenant_exists (tenant)
SELECT 1 FROM tenants WHERE tenant_id = :tenant;

-- name: subscription_insert (tenant, subscription, plan_version, cycle, usage_cycle, anchor, created_at)
INSERT INTO subscriptions (tenant_id, subscription_id, plan_version_id, billing_cycle, usage_cycle, anchor, created_at)
VALUES (:tenant, :subscription, :plan_version, :cycle, :usage_cycle, :anchor, :created_at);

-- The generation of all that an account is read of; it only grows. In a file a change of the catalogue advances each
-- tenant's, so that one row tells. On a server that would wait for the writers of each, and the two are added up.
-- part: generation_of
t.generation
-- postgres: generation_of
t.generation + (SELECT generation FROM catalog)

-- One look tells who calls, what it may do, and by which plan it is billed.
-- name: account_by_token (tenant, hash)
SELECT k.token_id, k.scopes, k.user_id, t.name, t.currency, t.timezone,
  s.subscription_id, s.plan_version_id, s.billing_cycle, s.usage_cycle, s.anchor,
  @generation_of, (SELECT generation FROM catalog), t.clock
FROM tokens k
JOIN tenants t ON t.tenant_id = k.tenant_id
LEFT JOIN subscriptions s ON s.tenant_id = k.tenant_id AND s.ended_at IS NULL
WHERE k.tenant_id = :tenant AND k.hash = :hash AND k.revoked_at IS NULL
ORDER BY s.subscription_id DESC
LIMIT 1;

-- name: account_by_tenant (tenant)
SELECT 0, '', 0, t.name, t.currency, t.timezone,
  s.subscription_id, s.plan_version_id, s.billing_cycle, s.usage_cycle, s.anchor,
  @generation_of, (SELECT generation FROM catalog), t.clock
FROM tenants t
LEFT JOIN subscriptions s ON s.tenant_id = t.tenant_id AND s.ended_at IS NULL
WHERE t.tenant_id = :tenant
ORDER BY s.subscription_id DESC
LIMIT 1;

-- name: account_generation (tenant)
SELECT @generation_of FROM tenants t WHERE t.tenant_id = :tenant;

-- name: account_advance_all ()
-- sqlite: account_advance_all
UPDATE tenants SET generation = generation + 1;

-- What is known of a tenant, its tokens or its subscription is stale from here on.
-- name: account_advance (tenant)
UPDATE tenants SET generation = generation + 1 WHERE tenant_id = :tenant;

-- name: token_insert (tenant, token, hash, prefix, name, scopes, user, created_at)
INSERT INTO tokens (tenant_id, token_id, hash, prefix, name, scopes, user_id, created_at)
VALUES (:tenant, :token, :hash, :prefix, :name, :scopes, :user, :created_at);

-- name: token_list (tenant)
SELECT token_id, prefix, name, scopes, user_id, created_at, revoked_at
FROM tokens WHERE tenant_id = :tenant ORDER BY token_id;

-- name: token_revoke (tenant, token, revoked_at)
UPDATE tokens SET revoked_at = COALESCE(revoked_at, :revoked_at)
WHERE tenant_id = :tenant AND token_id = :token
RETURNING token_id;

-- Tenants, their tokens and subscriptions.

-- name: tenant_next ()
SELECT COALESCE(MAX(tenant_id), 0) + 1 FROM tenants;

-- name: tenant_outside_utc (after)
SELECT tenant_id FROM tenants WHERE tenant_id > :after AND timezone <> 'UTC' ORDER BY tenant_id LIMIT 1;

-- name: tenant_insert (tenant, name, currency, timezone, created_at)
INSERT INTO tenants (tenant_id, name, currency, timezone, created_at)
VALUES (:tenant, :name, :currency, :timezone, :created_at);

-- name: tenant_list (after)
SELECT t.tenant_id, t.name, t.currency, t.timezone, t.created_at, p.code, p.version, s.subscription_id, s.cycle, s.anchor
FROM tenants t
LEFT JOIN subscriptions s ON s.tenant_id = t.tenant_id AND s.ended_at IS NULL
LEFT JOIN plan_versions p ON p.plan_version_id = s.plan_version_id
WHERE t.tenant_id > :after
ORDER BY t.tenant_id;

-- name: tenant_exists (tenant)
SELECT 1 FROM tenants WHERE tenant_id = :tenant;

-- name: subscription_insert (tenant, subscription, plan_version, cycle, anchor, created_at)
INSERT INTO subscriptions (tenant_id, subscription_id, plan_version_id, cycle, anchor, created_at)
VALUES (:tenant, :subscription, :plan_version, :cycle, :anchor, :created_at);

-- One look tells who calls, what it may do, and by which plan it is billed.
-- name: account_by_token (tenant, hash)
SELECT k.token_id, k.scopes, k.user_id, t.name, t.currency, t.timezone,
  s.subscription_id, s.plan_version_id, s.cycle, s.anchor,
  (SELECT generation FROM catalog)
FROM tokens k
JOIN tenants t ON t.tenant_id = k.tenant_id
LEFT JOIN subscriptions s ON s.tenant_id = k.tenant_id AND s.ended_at IS NULL
WHERE k.tenant_id = :tenant AND k.hash = :hash AND k.revoked_at IS NULL
ORDER BY s.subscription_id DESC
LIMIT 1;

-- name: account_by_tenant (tenant)
SELECT 0, '', 0, t.name, t.currency, t.timezone,
  s.subscription_id, s.plan_version_id, s.cycle, s.anchor,
  (SELECT generation FROM catalog)
FROM tenants t
LEFT JOIN subscriptions s ON s.tenant_id = t.tenant_id AND s.ended_at IS NULL
WHERE t.tenant_id = :tenant
ORDER BY s.subscription_id DESC
LIMIT 1;

-- name: token_next (tenant)
SELECT COALESCE(MAX(token_id), 0) + 1 FROM tokens WHERE tenant_id = :tenant;

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

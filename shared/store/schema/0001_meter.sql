-- The meter: tenants and their tokens, plans, subscriptions, usage and what is kept beside it.
-- Instants are microseconds since 1970 in UTC; quantities are millionths.
-- Tables of a tenant lead their primary key with tenant_id, so that they can be spread by it.

CREATE TABLE tenants (
  tenant_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  currency TEXT NOT NULL,
  timezone TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
  tenant_id INTEGER NOT NULL REFERENCES tenants (tenant_id),
  token_id INTEGER NOT NULL,
  hash TEXT NOT NULL,
  prefix TEXT NOT NULL,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  user_id INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER,
  PRIMARY KEY (tenant_id, token_id)
) STRICT;
CREATE UNIQUE INDEX tokens_by_hash ON tokens (tenant_id, hash);

CREATE TABLE metrics (
  metric TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  document TEXT NOT NULL
) STRICT;

-- One row: a number that grows with each change of metrics or plans, so that what
-- a process keeps of them is known to be stale at the next request.
CREATE TABLE catalog (
  catalog_id INTEGER PRIMARY KEY CHECK (catalog_id = 1),
  generation INTEGER NOT NULL
) STRICT;
INSERT INTO catalog (catalog_id, generation) VALUES (1, 1);

CREATE TABLE plan_versions (
  plan_version_id INTEGER PRIMARY KEY,
  code TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  applied_at INTEGER NOT NULL,
  UNIQUE (code, version)
) STRICT;

CREATE TABLE subscriptions (
  tenant_id INTEGER NOT NULL REFERENCES tenants (tenant_id),
  subscription_id INTEGER NOT NULL,
  plan_version_id INTEGER NOT NULL REFERENCES plan_versions (plan_version_id),
  cycle TEXT NOT NULL CHECK (cycle IN ('monthly', 'yearly')),
  anchor INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  PRIMARY KEY (tenant_id, subscription_id)
) STRICT;

CREATE TABLE usage_events (
  tenant_id INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  event_id INTEGER NOT NULL,
  metric TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  resource_id TEXT,
  metadata TEXT,
  PRIMARY KEY (tenant_id, recorded_at, event_id)
) STRICT, WITHOUT ROWID;

-- Idempotency keys outlive their events: a key is unique for ever.
CREATE TABLE usage_keys (
  tenant_id INTEGER NOT NULL,
  idempotency_key TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  event_id INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (tenant_id, idempotency_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_hours (
  tenant_id INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  metric TEXT NOT NULL,
  user_id INTEGER NOT NULL,
  quantity_sum INTEGER NOT NULL,
  event_count INTEGER NOT NULL,
  quantity_min INTEGER NOT NULL,
  quantity_max INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  last_event_id INTEGER NOT NULL,
  last_quantity INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, hour, metric, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_days (
  tenant_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  metric TEXT NOT NULL,
  user_id INTEGER NOT NULL,
  quantity_sum INTEGER NOT NULL,
  event_count INTEGER NOT NULL,
  quantity_min INTEGER NOT NULL,
  quantity_max INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  last_event_id INTEGER NOT NULL,
  last_quantity INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, day, metric, user_id)
) STRICT, WITHOUT ROWID;

-- What is used so far in each limit window of the tenant's subscription: a limit is
-- decided, and the current period is read, by looking at one row a metric.
CREATE TABLE usage_balances (
  tenant_id INTEGER NOT NULL,
  window_start INTEGER NOT NULL,
  metric TEXT NOT NULL,
  window_end INTEGER NOT NULL,
  quantity_sum INTEGER NOT NULL,
  event_count INTEGER NOT NULL,
  quantity_min INTEGER NOT NULL,
  quantity_max INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  last_event_id INTEGER NOT NULL,
  last_quantity INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, window_start, metric, window_end)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_alerts (
  tenant_id INTEGER NOT NULL,
  window_start INTEGER NOT NULL,
  metric TEXT NOT NULL,
  threshold_percent INTEGER NOT NULL,
  used INTEGER NOT NULL,
  included INTEGER NOT NULL,
  fired_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, window_start, metric, threshold_percent)
) STRICT, WITHOUT ROWID;

-- What is to be sent once the causing transaction is safe: e-mail and webhooks.
CREATE TABLE outbox (
  tenant_id INTEGER NOT NULL,
  outbox_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  done_at INTEGER,
  PRIMARY KEY (tenant_id, outbox_id)
) STRICT, WITHOUT ROWID;

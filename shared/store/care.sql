-- Statements of the store itself: schema, counts, proofs.

-- name: schema_version ()
SELECT COALESCE(MAX(version), 0) FROM schema_version;

-- name: schema_note (version, name, applied_at)
INSERT INTO schema_version (version, name, applied_at) VALUES (:version, :name, :applied_at);

-- How many columns the table of versions has (0: there is none), and how many of them are as ours.
-- name: schema_columns ()
-- sqlite: schema_columns
SELECT COUNT(*), COUNT(*) FILTER (WHERE name || ' ' || type IN ('version INTEGER', 'name TEXT', 'applied_at INTEGER'))
FROM pragma_table_info('schema_version');
-- postgres: schema_columns
SELECT COUNT(*), COUNT(*) FILTER (WHERE c.relkind IN ('r', 'p')
  AND (a.attname, format_type(a.atttypid, -1)) IN (('version', 'bigint'), ('name', 'text'), ('applied_at', 'bigint')))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = CAST(quote_ident(current_schema()) AS regnamespace) AND c.relname = 'schema_version';

-- Which of these names (a JSON array) are taken: by tables, indexes, functions, whatever would stand in the way.
-- name: schema_names (names)
-- sqlite: schema_names
SELECT j.value, EXISTS (SELECT 1 FROM sqlite_schema s WHERE lower(s.name) = j.value) FROM json_each(:names) j ORDER BY 1;
-- postgres: schema_names
SELECT j.name, CASE WHEN EXISTS (SELECT 1 FROM pg_class c WHERE c.relname = j.name AND c.relnamespace = h.home)
    OR EXISTS (SELECT 1 FROM pg_type t WHERE t.typname = j.name AND t.typnamespace = h.home)
    OR EXISTS (SELECT 1 FROM pg_proc p WHERE p.proname = j.name AND p.pronamespace = h.home) THEN 1 ELSE 0 END
FROM json_array_elements_text(CAST(:names AS JSON)) AS j (name),
  (SELECT CAST(quote_ident(current_schema()) AS regnamespace) AS home) AS h
ORDER BY 1;

-- Two that migrate at once take turns.
-- name: schema_hold ()
-- postgres: schema_hold
SELECT pg_advisory_xact_lock(8026746105);

-- Who serves the connection, how it keeps its promises, and where our tables lie: in the first schema of the search path
-- that has them, or will have them if none has. All that follows keeps to that one, so that a schema that is made
-- later changes nothing. Told are also further schemas with such tables, on the path or of our role. The path is set for the session, or where that is a pooler's, for this statement alone.
-- Whatever the role is set to be told of, a commit's warning is never to be missed.
-- name: session_facts (process)
-- postgres: session_facts
WITH sets AS (
  SELECT n.nspname AS name, p.place, 2 = (SELECT COUNT(*) FROM pg_class t
      WHERE t.relnamespace = n.oid AND t.relname IN ('tenants', 'usage_events') AND t.relkind IN ('r', 'p')
        AND (p.place IS NOT NULL OR pg_has_role(t.relowner, 'USAGE'))) AS filled
  FROM pg_class v
  JOIN pg_namespace n ON n.oid = v.relnamespace
  LEFT JOIN unnest(current_schemas(false)) WITH ORDINALITY AS p (name, place) ON p.name = n.nspname
  WHERE v.relname = 'schema_version' AND v.relkind IN ('r', 'p')
    AND 3 = (SELECT COUNT(*) FROM pg_attribute a WHERE a.attrelid = v.oid
      AND (a.attname, format_type(a.atttypid, -1)) IN (('version', 'bigint'), ('name', 'text'), ('applied_at', 'bigint')))
), home AS (
  SELECT COALESCE((SELECT name FROM sets WHERE place IS NOT NULL ORDER BY filled DESC, place LIMIT 1), current_schema(), '') AS name
)
SELECT pg_backend_pid(), current_setting('synchronous_commit'), current_setting('fsync'), current_setting('server_version'),
  current_setting('server_encoding'), h.name, h.path,
  COALESCE((SELECT string_agg(s.name, ', ' ORDER BY s.place, s.name) FROM sets s WHERE s.name <> h.name AND s.filled), ''),
  set_config('search_path', h.path, pg_backend_pid() <> CAST(:process AS BIGINT)),
  set_config('client_min_messages', 'warning', pg_backend_pid() <> CAST(:process AS BIGINT))
FROM (SELECT name, CASE WHEN name = '' THEN '""' ELSE quote_ident(name) END || ', pg_temp' AS path FROM home OFFSET 0) AS h;

-- The same of one transaction.
-- name: session_schema (path)
-- postgres: session_schema
SELECT set_config('search_path', :path, true), set_config('client_min_messages', 'warning', true);

-- A row written as it is, to see whether one can be.
-- name: care_touch ()
UPDATE catalog SET generation = generation;

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

-- ---- SQLite's file ----

-- How many pages it has, as SQLite sees it; its look at the trees; rows that name rows which are not there.
-- name: care_page_count ()
-- sqlite: care_page_count
SELECT page_count FROM pragma_page_count;

-- name: care_integrity ()
-- sqlite: care_integrity
SELECT integrity_check FROM pragma_integrity_check;

-- name: care_references ()
-- sqlite: care_references
SELECT DISTINCT "table", parent FROM pragma_foreign_key_check;

-- Which page belongs to what; of one page; of the root of a tree.
-- name: care_pages ()
-- sqlite: care_pages
SELECT pageno, name FROM dbstat;

-- name: care_page (page)
-- sqlite: care_page
SELECT name FROM dbstat WHERE pageno = :page;

-- name: care_root (page)
-- sqlite: care_root
SELECT name FROM sqlite_schema WHERE rootpage = :page;

-- ---- every table, by the database's own catalogue ----

-- One row a table: its name; the texts that count its rows, and, where they belong to tenants, find those of none.
-- name: care_tables ()
-- sqlite: care_tables
SELECT m.name, 'SELECT COUNT(*) FROM "' || m.name || '"',
  CASE WHEN m.name <> 'tenants' AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) c WHERE c.name = 'tenant_id') THEN
    'SELECT t.tenant_id, COUNT(*) FROM "' || m.name || '" AS t WHERE NOT EXISTS (SELECT 1 FROM tenants AS o '
    || 'WHERE o.tenant_id = t.tenant_id) GROUP BY t.tenant_id ORDER BY t.tenant_id LIMIT 20' END
FROM sqlite_schema m
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'move%'
ORDER BY m.name;
-- postgres: care_tables
SELECT c.relname, format('SELECT COUNT(*) FROM %I', c.relname),
  CASE WHEN c.relname <> 'tenants' AND EXISTS (SELECT 1 FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) THEN
    format('SELECT t.tenant_id, COUNT(*) FROM %I AS t WHERE NOT EXISTS (SELECT 1 FROM tenants AS o '
      || 'WHERE o.tenant_id = t.tenant_id) GROUP BY t.tenant_id ORDER BY t.tenant_id LIMIT 20', c.relname) END
FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = CAST(quote_ident(current_schema()) AS regnamespace)
ORDER BY c.relname;

-- ---- proofs of a tenant, beside those of usage.sql and aggregations.sql: a row where something is wrong ----

-- name: proof_next_tenant (after)
SELECT tenant_id FROM tenants WHERE tenant_id > :after ORDER BY tenant_id LIMIT 1;

-- name: proof_unknown_metrics (tenant)
SELECT what, metric FROM (
  SELECT DISTINCT 'usage_days' AS what, metric FROM usage_days WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_balances', metric FROM usage_balances WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_alerts', metric FROM usage_alerts WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_samples', metric FROM usage_samples WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_values', metric FROM usage_values WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_window_values', metric FROM usage_window_values WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_moments', metric FROM usage_moments WHERE tenant_id = :tenant
  UNION SELECT DISTINCT 'usage_levels', metric FROM usage_levels WHERE tenant_id = :tenant
) AS named
WHERE metric NOT IN (SELECT metric FROM metrics)
ORDER BY what, metric
LIMIT 20;

-- name: proof_balance_counts (tenant)
SELECT metric, CAST(SUM(in_balances) AS BIGINT), CAST(SUM(in_days) AS BIGINT) FROM (
  SELECT metric, event_count AS in_balances, 0 AS in_days FROM usage_balances WHERE tenant_id = :tenant
  UNION ALL
  SELECT metric, 0, event_count FROM usage_days WHERE tenant_id = :tenant
) AS both_sides
GROUP BY metric
HAVING SUM(in_balances) <> SUM(in_days)
ORDER BY metric
LIMIT 20;

-- Each key beside its event; the event's columns are NULL where it is gone.
-- name: proof_keys (tenant)
SELECT k.idempotency_key, k.recorded_at, k.fingerprint, e.metric, e.quantity, e.resource_id, e.metadata,
  CASE WHEN k.event_id = 0 THEN (SELECT COUNT(*) FROM usage_batches b WHERE b.tenant_id = :tenant AND b.idempotency_key = k.idempotency_key)
    + (SELECT COUNT(*) FROM work_keys w WHERE w.tenant_id = :tenant AND w.idempotency_key = k.idempotency_key)
    ELSE 0 END
FROM usage_keys k
LEFT JOIN usage_events e ON e.tenant_id = :tenant AND e.recorded_at = k.recorded_at AND e.event_id = k.event_id
WHERE k.tenant_id = :tenant;

-- name: proof_keys_together (tenant)
SELECT recorded_at, MIN(idempotency_key), COUNT(*) FROM usage_keys
WHERE tenant_id = :tenant AND event_id <> 0
GROUP BY recorded_at, event_id
HAVING COUNT(*) > 1
ORDER BY recorded_at
LIMIT 20;

-- What a batch was answered, and what another call made, stands under its key.
-- name: proof_batches (tenant)
SELECT b.idempotency_key FROM (
  SELECT idempotency_key FROM usage_batches WHERE tenant_id = :tenant
  UNION ALL
  SELECT idempotency_key FROM work_keys WHERE tenant_id = :tenant
) AS b
LEFT JOIN usage_keys k ON k.tenant_id = :tenant AND k.idempotency_key = b.idempotency_key AND k.event_id = 0
WHERE k.idempotency_key IS NULL
LIMIT 20;

-- name: proof_alerts (tenant)
SELECT metric, window_start, threshold_percent, used, included FROM usage_alerts WHERE tenant_id = :tenant;

-- ---- putting a copy back: it is attached as `restored` ----

-- name: care_attach (file)
-- sqlite: care_attach
ATTACH DATABASE :file AS restored;

-- Texts, for while it is, of one tenant ?1, or of all (0):
--   1 how many events are here alone, when the newest was used, and how many tenants; 2 tenants and events that came
--   3 is the tenant there; 4 plans, 5 metrics that it refers to and the live store has not, or has otherwise
--   6 the first tenant, which tells installations apart, or this one, where it was made at another time: number, then, and names here and there
--   7 how many tokens are revoked here and valid there, and how many are valid here and unknown there
--   8 what was revoked here stays revoked in the copy that takes its place
-- name: restore_texts ()
-- sqlite: restore_texts
SELECT
  'SELECT COUNT(*), COALESCE(MAX(e.recorded_at), 0),
    (SELECT COUNT(*) FROM main.tenants WHERE ?1 = 0 AND tenant_id NOT IN (SELECT tenant_id FROM restored.tenants))
  FROM main.usage_events AS e
  WHERE (?1 = 0 OR e.tenant_id = ?1) AND NOT EXISTS (SELECT 1 FROM restored.usage_events AS r
    WHERE r.tenant_id = e.tenant_id AND r.recorded_at = e.recorded_at AND r.event_id = e.event_id)',
  'SELECT (SELECT COUNT(*) FROM restored.tenants WHERE ?1 = 0 OR tenant_id = ?1),
    (SELECT COUNT(*) FROM restored.usage_events WHERE ?1 = 0 OR tenant_id = ?1), 0',
  'SELECT 1, 0, 0 FROM restored.tenants WHERE tenant_id = ?1',
  'SELECT DISTINCT p.code || '', version '' || p.version
  FROM restored.subscriptions AS s
  JOIN restored.plan_versions AS p ON p.plan_version_id = s.plan_version_id
  WHERE s.tenant_id = ?1 AND NOT EXISTS (SELECT 1 FROM main.plan_versions AS o
    WHERE o.plan_version_id = p.plan_version_id AND o.code = p.code AND o.version = p.version AND o.document = p.document)
  ORDER BY 1
  LIMIT 8',
  'SELECT DISTINCT metric FROM restored.usage_days
  WHERE tenant_id = ?1 AND metric NOT IN (SELECT metric FROM main.metrics)
  ORDER BY metric
  LIMIT 8',
  'SELECT o.tenant_id = (SELECT MIN(tenant_id) FROM main.tenants), o.created_at, r.created_at, o.name, r.name
  FROM main.tenants AS o
  JOIN restored.tenants AS r ON r.tenant_id = o.tenant_id
  WHERE (o.tenant_id = ?1 OR o.tenant_id = (SELECT MIN(tenant_id) FROM main.tenants)) AND o.created_at <> r.created_at
  ORDER BY o.tenant_id
  LIMIT 1',
  'SELECT COUNT(*) FILTER (WHERE o.revoked_at IS NOT NULL AND r.token_id IS NOT NULL AND r.revoked_at IS NULL),
    COUNT(*) FILTER (WHERE o.revoked_at IS NULL AND r.token_id IS NULL), 0
  FROM main.tokens AS o
  LEFT JOIN restored.tokens AS r ON r.tenant_id = o.tenant_id AND r.hash = o.hash
  WHERE ?1 = 0 OR o.tenant_id = ?1',
  'UPDATE restored.tokens AS r
  SET revoked_at = (SELECT o.revoked_at FROM main.tokens AS o WHERE o.tenant_id = r.tenant_id AND o.hash = r.hash)
  WHERE r.revoked_at IS NULL AND (?1 = 0 OR r.tenant_id = ?1)';

-- Of each table of tenants: the texts that forget one's rows, and that bring those of the copy. Who may come in is not put back: tokens stay
-- as they are, those that the copy alone has come, behind all others where their number was given anew, and what either revoked is revoked.
-- name: restore_tables ()
-- sqlite: restore_tables
SELECT CASE m.name WHEN 'tokens' THEN
    'UPDATE main.tokens AS o SET revoked_at = COALESCE(o.revoked_at,
      (SELECT r.revoked_at FROM restored.tokens AS r WHERE r.tenant_id = ?1 AND r.hash = o.hash))
    WHERE o.tenant_id = ?1'
  ELSE 'DELETE FROM main."' || m.name || '" WHERE tenant_id = ?1' END,
  CASE m.name WHEN 'tokens' THEN
    'INSERT INTO main.tokens (' || c.names || ') SELECT ' || replace(c.names, '"token_id"', 'CASE
      WHEN token_id IN (SELECT token_id FROM main.tokens WHERE tenant_id = ?1) THEN token_id
        + (SELECT MAX(token_id) FROM main.tokens WHERE tenant_id = ?1) + (SELECT MAX(token_id) FROM restored.tokens WHERE tenant_id = ?1)
      ELSE token_id END') || ' FROM restored.tokens
    WHERE tenant_id = ?1 AND hash NOT IN (SELECT hash FROM main.tokens WHERE tenant_id = ?1)'
  ELSE
    'INSERT INTO main."' || m.name || '" (' || c.names || ') SELECT ' || c.names || ' FROM restored."' || m.name || '" WHERE tenant_id = ?1' END
FROM main.sqlite_schema AS m
JOIN (SELECT t.name AS name, (SELECT group_concat('"' || i.name || '"', ', ') FROM pragma_table_info(t.name) AS i) AS names
  FROM main.sqlite_schema AS t WHERE t.type = 'table') AS c ON c.name = m.name
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'move%'
  AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) AS i WHERE i.name = 'tenant_id')
ORDER BY m.name;

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

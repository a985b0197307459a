-- What a PostgreSQL session is asked before anything else.

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

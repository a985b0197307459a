-- The schema: its version, and whose it is.

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

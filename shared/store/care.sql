-- The whole database, by its own catalogue and by counts.

-- A row written as it is, to see whether one can be.
-- name: care_touch ()
UPDATE catalog SET generation = generation;

-- The operator's own look at the whole database: no tenant's request reaches these.
-- across tenants: care_count_events

-- name: care_count_events ()
SELECT COUNT(*) FROM usage_events;

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

-- Moving from SQLite to PostgreSQL. Tables are taken from the catalogues of both databases, so that one
-- which a later migration adds is moved too; rows travel as JSON objects. The keys of what is changed
-- meanwhile are noted by triggers, in a table move_T beside each table T, and carried over before the switch.
-- across tenants: all of these; only the operator's `pennymeter move` reaches them.

-- One row a table, those that others refer to first: its name, whether others refer to it, and the texts that
--   1 count its rows
--   2 read a page of them behind one (?1: that row, or '' for the first page; ?2: how many)
--   3 make its table of changed keys and its triggers, 4 drop them
--   5 tell how many changes there are, and the numbers of the oldest and the newest
--   6 read what has become of the rows that changed, up to a number ?1, 7 the keys of those that are gone
--   8 forget the changes up to a number ?1
-- name: move_tables ()
-- sqlite: move_tables
WITH facts AS (
  SELECT m.name AS name,
    (SELECT group_concat('''' || c.name || ''', ' || c.name, ', ') FROM pragma_table_info(m.name) c) AS pairs,
    (SELECT group_concat('''' || k.name || ''', ' || k.name, ', ') FROM pragma_table_info(m.name) k WHERE k.pk > 0) AS key_pairs,
    (SELECT group_concat(k.name, ', ') FROM (SELECT name FROM pragma_table_info(m.name) WHERE pk > 0 ORDER BY pk) k) AS keys,
    (SELECT group_concat('NEW.' || k.name, ', ') FROM (SELECT name FROM pragma_table_info(m.name) WHERE pk > 0 ORDER BY pk) k)
      AS new_keys,
    (SELECT group_concat('OLD.' || k.name, ', ') FROM (SELECT name FROM pragma_table_info(m.name) WHERE pk > 0 ORDER BY pk) k)
      AS old_keys,
    (SELECT k.name FROM pragma_table_info(m.name) k WHERE k.pk = 1) AS first_key,
    EXISTS (SELECT 1 FROM sqlite_schema o, pragma_foreign_key_list(o.name) f WHERE o.type = 'table' AND f."table" = m.name) AS referred,
    (SELECT group_concat('COALESCE(json_extract(NULLIF(?1, ''''), ''$.' || k.name || '''), ' ||
        CASE k.type WHEN 'TEXT' THEN '''''' ELSE '-9223372036854775808' END || ')', ', ')
      FROM (SELECT name, type FROM pragma_table_info(m.name) WHERE pk > 0 ORDER BY pk) k) AS behind
  FROM sqlite_schema m
  WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'move%' AND m.name <> 'schema_version'
)
SELECT name, referred,
  'SELECT COUNT(*) FROM ' || name,
  'SELECT json_object(' || pairs || ') FROM ' || name || ' WHERE (' || keys || ') > (' || behind || ') ORDER BY ' || keys
    || ' LIMIT ?2',
  'CREATE TABLE move_' || name || ' (seq INTEGER PRIMARY KEY, ' || keys || ');'
    || 'CREATE TRIGGER move_' || name || '_insert AFTER INSERT ON ' || name
    || ' BEGIN INSERT INTO move_' || name || ' (' || keys || ') VALUES (' || new_keys || '); END;'
    || 'CREATE TRIGGER move_' || name || '_update AFTER UPDATE ON ' || name
    || ' BEGIN INSERT INTO move_' || name || ' (' || keys || ') VALUES (' || new_keys || '); END;'
    || 'CREATE TRIGGER move_' || name || '_delete AFTER DELETE ON ' || name
    || ' BEGIN INSERT INTO move_' || name || ' (' || keys || ') VALUES (' || old_keys || '); END;',
  'DROP TRIGGER IF EXISTS move_' || name || '_insert; DROP TRIGGER IF EXISTS move_' || name || '_update;'
    || 'DROP TRIGGER IF EXISTS move_' || name || '_delete; DROP TABLE IF EXISTS move_' || name || ';',
  'SELECT COUNT(*), COALESCE(MIN(seq), 0), COALESCE(MAX(seq), 0) FROM move_' || name,
  'SELECT json_object(' || pairs || ') FROM (SELECT DISTINCT ' || keys || ' FROM move_' || name || ' WHERE seq <= ?1) AS changed'
    || ' JOIN ' || name || ' USING (' || keys || ')',
  'SELECT json_object(' || key_pairs || ') FROM (SELECT DISTINCT ' || keys || ' FROM move_' || name || ' WHERE seq <= ?1) AS changed'
    || ' LEFT JOIN ' || name || ' AS t USING (' || keys || ') WHERE t.' || first_key || ' IS NULL',
  'DELETE FROM move_' || name || ' WHERE seq <= ?1'
FROM facts
ORDER BY referred DESC, name;

-- Of one table on the server: the texts that put rows there and that take rows away (both given as a JSON array).
-- name: move_texts (table)
-- postgres: move_texts
SELECT format('INSERT INTO %I SELECT * FROM jsonb_populate_recordset(CAST(NULL AS %I), CAST($1 AS JSONB)) ON CONFLICT (%s) %s',
    f.name, f.name, f.keys,
    CASE WHEN f.others IS NULL THEN 'DO NOTHING' ELSE format('DO UPDATE SET (%s) = ROW(%s)', f.others, f.excluded) END),
  format('DELETE FROM %I AS t USING jsonb_populate_recordset(CAST(NULL AS %I), CAST($1 AS JSONB)) AS r WHERE %s',
    f.name, f.name, f.same)
FROM (
  SELECT t.relname AS name,
    string_agg(format('%I', a.attname), ', ') FILTER (WHERE a.attnum = ANY (i.indkey)) AS keys,
    string_agg(format('t.%I = r.%I', a.attname, a.attname), ' AND ') FILTER (WHERE a.attnum = ANY (i.indkey)) AS same,
    string_agg(format('%I', a.attname), ', ') FILTER (WHERE a.attnum <> ALL (i.indkey)) AS others,
    string_agg(format('excluded.%I', a.attname), ', ') FILTER (WHERE a.attnum <> ALL (i.indkey)) AS excluded
  FROM pg_class t
  JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE t.relname = :table AND t.relnamespace = CAST(quote_ident(current_schema()) AS regnamespace)
  GROUP BY t.relname
) AS f;

-- ---- where a move stands, in the database that is left ----

-- How many of its triggers there are.
-- name: move_triggers ()
-- sqlite: move_triggers
SELECT COUNT(*) FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'move%';

-- name: move_progress (table)
-- sqlite: move_progress
SELECT behind, copied, done FROM move_progress WHERE name = :table;

-- name: move_progress_put (table, behind, copied, done)
-- sqlite: move_progress_put
INSERT INTO move_progress (name, behind, copied, done) VALUES (:table, :behind, :copied, :done)
ON CONFLICT (name) DO UPDATE SET behind = excluded.behind, copied = excluded.copied, done = excluded.done;

-- name: move_progress_forget ()
-- sqlite: move_progress_forget
DELETE FROM move_progress;

-- ---- comparing ----

-- name: move_usage ()
SELECT tenant_id, metric, recorded_at - recorded_at % 86400000000, COUNT(*), CAST(SUM(quantity) AS BIGINT)
FROM usage_events
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3;

-- name: move_rollups ()
SELECT tenant_id, metric, day, CAST(SUM(event_count) AS BIGINT), CAST(SUM(quantity_sum) AS BIGINT)
FROM usage_days
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3;

-- name: move_tenants ()
SELECT COUNT(*) FROM tenants;

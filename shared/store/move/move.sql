-- Moving from SQLite to PostgreSQL. Tables are taken from the catalogues of both databases, so that one
-- which a later migration adds is moved too. Rows travel as JSON objects (bytes in them as "\x" and hexadecimal
-- digits), and are compared as texts that both databases write alike. The keys of what is changed meanwhile are
-- noted by triggers, in a table move_T beside each table T, and carried over before the switch.
-- across tenants: all of these; only the operator's `pennymeter move` reaches them.

-- One row a table, those that others refer to before these: its name, and the texts that
--   1 tell its columns by name: of what kind they are (i, t, x: a number, text, bytes), and their place in the key
--   2 count its rows
--   3 read rows, each with its key (?2 of them; ?1 is ''), 4 behind a key ?1
--   5 read rows as plain texts, each with its key as such a text and as JSON (as 3), 6 behind a key ?1
--   7 make its table of changed keys and its triggers, 8 drop them
--   9 tell how many changes there are, and the number of the newest
--  10 read what has become of the rows that changed, up to a number ?1, by key: row, plain text; 11 the keys of those that are gone
--  12 forget the changes up to a number ?1
--  13 count the changes of a key ?1
-- Texts in keys are sorted byte by byte, and bytes as their digits are.
-- name: move_tables ()
-- sqlite: move_tables
WITH RECURSIVE tabs AS (
  SELECT m.name AS tab FROM sqlite_schema m
  WHERE m.type = 'table' AND substr(m.name, 1, 7) <> 'sqlite_' AND m.name NOT IN ('schema_version', 'move_progress')
    AND NOT EXISTS (SELECT 1 FROM sqlite_schema o WHERE o.type = 'table' AND m.name = 'move_' || o.name)
), refers AS (
  SELECT t.tab AS child, o.tab AS parent
  FROM tabs t, pragma_foreign_key_list(t.tab) f JOIN tabs o ON o.tab = f."table" COLLATE NOCASE
  WHERE o.tab <> t.tab
), depths AS (
  SELECT tab, 0 AS depth FROM tabs
  UNION SELECT r.child, d.depth + 1 FROM depths d JOIN refers r ON r.parent = d.tab WHERE d.depth < 40
), kinds AS MATERIALIZED (
  SELECT t.tab AS tab, c.name AS col, c.pk AS pk, printf('"%w"', c.name) AS id,
    CASE WHEN c.type LIKE '%INT%' THEN 'i' WHEN c.type LIKE '%TEXT%' OR c.type LIKE '%CHAR%' THEN 't' WHEN c.type LIKE '%BLOB%' THEN 'x'
      ELSE '?' || c.type END AS kind
  FROM tabs t, pragma_table_info(t.tab) c
), parts AS MATERIALIZED (
  SELECT tab, col, pk, id, col || ' ' || kind || CASE pk WHEN 0 THEN '' ELSE ' key ' || pk END AS shape,
    printf('%Q || ', json_quote(col) || ':') || CASE kind
      WHEN 'x' THEN printf('CASE WHEN t.%s IS NULL THEN ''null'' ELSE ''"\\x'' || hex(t.%s) || ''"'' END', id, id)
      ELSE printf('json_quote(t.%s)', id) END AS json,
    CASE kind
      WHEN 'i' THEN printf('COALESCE(''i'' || t.%s || '' '', ''n '')', id)
      WHEN 't' THEN printf('COALESCE(''t'' || length(CAST(t.%s AS BLOB)) || '' '' || t.%s, ''n '')', id, id)
      ELSE printf('COALESCE(''x'' || (2 * length(t.%s)) || '' '' || hex(t.%s), ''n '')', id, id) END AS plain,
    CASE kind WHEN 'x' THEN printf('hex(%s)', id) ELSE id END AS near,
    printf(CASE kind WHEN 'x' THEN 'substr(json_extract(?1, ''$.%s''), 3)' ELSE 'json_extract(?1, ''$.%s'')' END, id) AS far
  FROM kinds
), keyed AS MATERIALIZED (
  SELECT * FROM parts WHERE pk > 0
), facts AS (
  SELECT t.tab AS tab, printf('"%w"', t.tab) AS id, printf('"move_%w"', t.tab) AS notes,
    (SELECT MAX(d.depth) FROM depths d WHERE d.tab = t.tab) AS depth,
    (SELECT group_concat(shape, ', ') FROM (SELECT shape FROM parts p WHERE p.tab = t.tab ORDER BY col)) AS shape,
    (SELECT group_concat(json, ' || '','' || ') FROM (SELECT json FROM parts p WHERE p.tab = t.tab ORDER BY col)) AS json,
    (SELECT group_concat(plain, ' || ') FROM (SELECT plain FROM parts p WHERE p.tab = t.tab ORDER BY col)) AS plain,
    (SELECT group_concat(json, ' || '','' || ') FROM (SELECT json FROM keyed k WHERE k.tab = t.tab ORDER BY pk)) AS key_json,
    (SELECT group_concat(plain, ' || ') FROM (SELECT plain FROM keyed k WHERE k.tab = t.tab ORDER BY pk)) AS key_plain,
    (SELECT group_concat(id, ', ') FROM (SELECT id FROM keyed k WHERE k.tab = t.tab ORDER BY pk)) AS keys,
    (SELECT group_concat('t.' || id || ' = n.' || id, ' AND ') FROM (SELECT id FROM keyed k WHERE k.tab = t.tab ORDER BY pk)) AS same,
    (SELECT group_concat('NEW.' || id, ', ') FROM (SELECT id FROM keyed k WHERE k.tab = t.tab ORDER BY pk)) AS new_keys,
    (SELECT group_concat('OLD.' || id, ', ') FROM (SELECT id FROM keyed k WHERE k.tab = t.tab ORDER BY pk)) AS old_keys,
    (SELECT group_concat(near, ', ') FROM (SELECT near FROM keyed k WHERE k.tab = t.tab ORDER BY pk)) AS near,
    (SELECT group_concat(far, ', ') FROM (SELECT far FROM keyed k WHERE k.tab = t.tab ORDER BY pk)) AS far
  FROM tabs t
), lists AS (
  SELECT *, '''{'' || ' || json || ' || ''}'', ''{'' || ' || key_json || ' || ''}'' FROM ' || id || ' AS t WHERE ' AS rows,
    plain || ', ' || key_plain || ', ''{'' || ' || key_json || ' || ''}'' FROM ' || id || ' AS t WHERE ' AS plains,
    ' ORDER BY ' || keys || ' LIMIT ?2' AS by_key, '(' || near || ') > (' || far || ')' AS behind,
    '(SELECT DISTINCT ' || keys || ' FROM ' || notes || ' WHERE "move seq" <= ?1 ORDER BY ' || keys || ' LIMIT -1) AS ' AS noted
  FROM facts
)
SELECT tab, shape,
  'SELECT COUNT(*) FROM ' || id,
  'SELECT ' || rows || '?1 = ''''' || by_key, 'SELECT ' || rows || behind || by_key,
  'SELECT ' || plains || '?1 = ''''' || by_key, 'SELECT ' || plains || behind || by_key,
  'CREATE TABLE ' || notes || ' ("move seq" INTEGER PRIMARY KEY, ' || keys || ');'
    || printf('CREATE TRIGGER "move_%w_insert" AFTER INSERT ON %s', tab, id)
    || ' BEGIN INSERT INTO ' || notes || ' (' || keys || ') VALUES (' || new_keys || '); END;'
    || printf('CREATE TRIGGER "move_%w_update" AFTER UPDATE ON %s', tab, id)
    || ' BEGIN INSERT INTO ' || notes || ' (' || keys || ') VALUES (' || new_keys || ');'
    || ' INSERT INTO ' || notes || ' (' || keys || ') SELECT ' || old_keys || ' WHERE (' || old_keys || ') <> (' || new_keys || '); END;'
    || printf('CREATE TRIGGER "move_%w_delete" AFTER DELETE ON %s', tab, id)
    || ' BEGIN INSERT INTO ' || notes || ' (' || keys || ') VALUES (' || old_keys || '); END;',
  printf('DROP TRIGGER IF EXISTS "move_%w_insert"; DROP TRIGGER IF EXISTS "move_%w_update";'
    || 'DROP TRIGGER IF EXISTS "move_%w_delete"; DROP TABLE IF EXISTS "move_%w";', tab, tab, tab, tab),
  'SELECT COUNT(*), COALESCE(MAX("move seq"), 0) FROM ' || notes,
  'SELECT ''{'' || ' || json || ' || ''}'', ' || plain || ' FROM ' || noted || 'n CROSS JOIN ' || id || ' AS t ON ' || same,
  'SELECT ''{'' || ' || key_json || ' || ''}'', '''' FROM ' || noted || 't WHERE NOT EXISTS (SELECT 1 FROM ' || id || ' AS n WHERE ' || same || ')',
  'DELETE FROM ' || notes || ' WHERE "move seq" <= ?1',
  'SELECT COUNT(*) FROM ' || notes || ' WHERE (' || near || ') = (' || far || ')'
FROM lists
ORDER BY depth, tab;

-- Of one table on the server: its columns as above, and the texts that count its rows, read plain texts as above (5, 6;
-- how many comes first), put rows there and take rows away (both given as a JSON array), read the plain texts
-- of rows so given, and empty it.
-- name: move_texts (table)
-- postgres: move_texts
SELECT f.shape, format('SELECT COUNT(*) FROM %s', f.id),
  format('SELECT %s, %s, %s FROM %s AS t WHERE $1 = '''' ORDER BY %s LIMIT $2', f.plain, f.key_plain, f.key_json, f.id, f.sorted),
  format('SELECT %s, %s, %s FROM %s AS t WHERE (%s) > (%s) ORDER BY %s LIMIT $2', f.plain, f.key_plain, f.key_json, f.id, f.sorted, f.far,
    f.sorted),
  format('INSERT INTO %s (%s) SELECT %s FROM jsonb_populate_recordset(CAST(NULL AS %s), CAST($1 AS JSONB)) ON CONFLICT (%s) %s',
    f.id, f.every, f.every, f.id, f.keys,
    CASE WHEN f.others IS NULL THEN 'DO NOTHING' ELSE format('DO UPDATE SET (%s) = ROW(%s)', f.others, f.excluded) END),
  format('DELETE FROM %s AS t USING jsonb_populate_recordset(CAST(NULL AS %s), CAST($1 AS JSONB)) AS r WHERE %s', f.id, f.id, f.same),
  format('SELECT %s FROM %s AS t JOIN jsonb_populate_recordset(CAST(NULL AS %s), CAST($1 AS JSONB)) AS r ON %s ORDER BY %s',
    f.plain, f.id, f.id, f.same, f.sorted),
  format('DELETE FROM %s', f.id)
FROM (
  SELECT c.id,
    string_agg(c.col || ' ' || c.kind || CASE WHEN c.pk IS NULL THEN '' ELSE ' key ' || c.pk END, ', ' ORDER BY c.col COLLATE "C") AS shape,
    string_agg(c.name, ', ') AS every,
    string_agg(c.name, ', ' ORDER BY c.pk) FILTER (WHERE c.pk > 0) AS keys,
    string_agg(c.name, ', ' ORDER BY c.col) FILTER (WHERE c.pk IS NULL) AS others,
    string_agg('excluded.' || c.name, ', ' ORDER BY c.col) FILTER (WHERE c.pk IS NULL) AS excluded,
    string_agg(format('t.%s = r.%s', c.name, c.name), ' AND ') FILTER (WHERE c.pk > 0) AS same,
    string_agg('t.' || c.name || c.bytewise, ', ' ORDER BY c.pk) FILTER (WHERE c.pk > 0) AS sorted,
    string_agg(format('CAST(CAST($1 AS JSONB) ->> %L AS %s)', c.col, c.type), ', ' ORDER BY c.pk) FILTER (WHERE c.pk > 0) AS far,
    string_agg(c.plain, ' || ' ORDER BY c.col COLLATE "C") AS plain,
    string_agg(c.plain, ' || ' ORDER BY c.pk) FILTER (WHERE c.pk > 0) AS key_plain,
    '''{'' || ' || string_agg(c.json, ' || '','' || ' ORDER BY c.pk) FILTER (WHERE c.pk > 0) || ' || ''}''' AS key_json
  FROM (
    SELECT k.*, CASE k.kind WHEN 't' THEN ' COLLATE "C"' ELSE '' END AS bytewise,
      CASE k.kind
        WHEN 'i' THEN format('COALESCE(''i'' || t.%s || '' '', ''n '')', k.name)
        WHEN 't' THEN format('COALESCE(''t'' || octet_length(t.%s) || '' '' || t.%s, ''n '')', k.name, k.name)
        ELSE format('COALESCE(''x'' || (2 * octet_length(t.%s)) || '' '' || upper(encode(t.%s, ''hex'')), ''n '')', k.name, k.name) END AS plain,
      format('%L || %s', CAST(to_json(k.col) AS TEXT) || ':', CASE k.kind
        WHEN 'i' THEN format('CAST(t.%s AS TEXT)', k.name)
        WHEN 't' THEN format('CAST(to_json(t.%s) AS TEXT)', k.name)
        ELSE format('''"\\x'' || upper(encode(t.%s, ''hex'')) || ''"''', k.name) END) AS json
    FROM (
      SELECT CAST(a.attname AS TEXT) AS col, format('%I', a.attname) AS name, format('%I.%I', n.nspname, t.relname) AS id,
        format_type(a.atttypid, a.atttypmod) AS type, array_position(CAST(i.indkey AS SMALLINT[]), a.attnum) + 1 AS pk,
        CASE WHEN a.atttypid = CAST('bigint' AS regtype) THEN 'i'
          WHEN a.atttypid = CAST('bytea' AS regtype) THEN 'x'
          WHEN a.atttypid IN (CAST('text' AS regtype), CAST('varchar' AS regtype)) THEN 't'
          ELSE '?' || format_type(a.atttypid, a.atttypmod) END AS kind
      FROM pg_class t
      JOIN pg_namespace n ON n.oid = t.relnamespace
      LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      WHERE t.oid = to_regclass(format('%I', CAST(:table AS TEXT))) AND t.relkind IN ('r', 'p')
    ) AS k
  ) AS c
  GROUP BY c.id
) AS f;

-- ---- where a move stands, in the database that is left ----

-- Whether one has begun, and how many of its triggers there are that write what is read above.
-- name: move_begun ()
-- sqlite: move_begun
SELECT COUNT(*) FROM sqlite_schema
WHERE type = 'trigger' AND name IN ('move_' || tbl_name || '_insert', 'move_' || tbl_name || '_update', 'move_' || tbl_name || '_delete');

-- name: move_triggers ()
-- sqlite: move_triggers
SELECT COUNT(*) FROM sqlite_schema t
WHERE t.type = 'trigger' AND t.name IN ('move_' || t.tbl_name || '_insert', 'move_' || t.tbl_name || '_update', 'move_' || t.tbl_name || '_delete')
  AND EXISTS (SELECT 1 FROM pragma_table_info('move_' || t.tbl_name) c WHERE c.name = 'move seq');

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

-- name: move_tenants ()
SELECT COUNT(*) FROM tenants;

-- When each was made, by which the one database is known to be a copy of the other.
-- name: move_tenants_made ()
SELECT tenant_id, created_at FROM tenants ORDER BY tenant_id;

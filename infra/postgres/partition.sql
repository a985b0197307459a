-- Spreads the tables of a Pennymeter database on plain PostgreSQL over partitions by a hash of the tenant.
--
--   psql -d DATABASE -f infra/postgres/partition.sql                     8 partitions a table
--   psql -d DATABASE -f infra/postgres/partition.sql -v partitions=32    or as many as one likes
--
-- Every table whose primary key begins with tenant_id is taken, whatever migration made it, in one
-- transaction: columns, defaults, checks, indexes, foreign keys, owners and rights, rows. A table that is
-- partitioned already stays as it is, so that a second run changes nothing, and a run after an upgrade
-- takes what the upgrade added. Meanwhile nobody can write; stop the jobs, and take a backup before.

\set ON_ERROR_STOP on
\if :{?partitions}
\else
	\set partitions 8
\endif

BEGIN;
SET LOCAL client_min_messages = warning;

-- In the schema that Pennymeter keeps to: the first on the search path that holds its tables.
SELECT set_config('search_path', quote_ident(name) || ', ' || current_setting('search_path'), true) AS home
FROM unnest(current_schemas(false)) WITH ORDINALITY AS p (name, place)
WHERE to_regclass(format('%I.schema_version', name)) IS NOT NULL AND to_regclass(format('%I.usage_events', name)) IS NOT NULL
ORDER BY place LIMIT 1 \gset
\if :{?home}
\else
	DO $$ BEGIN RAISE EXCEPTION 'no schema on the search path holds a Pennymeter database: run `pennymeter init` first'; END $$;
\endif
SELECT set_config('pennymeter.partitions', :'partitions', true) AS partitions \gset

-- Tables by name, in this schema, that are whole and lead their key with the tenant.
CREATE TEMPORARY TABLE spread ON COMMIT DROP AS
SELECT c.oid AS old, c.relname::text AS name, pg_get_userbyid(c.relowner) AS owner,
	COALESCE(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '') AS options
FROM pg_class c
JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
WHERE c.relkind = 'r' AND NOT c.relispartition AND c.relnamespace = quote_ident(current_schema())::regnamespace AND a.attname = 'tenant_id';

-- What has to be made again once the tables are: definitions as PostgreSQL itself writes them.
CREATE TEMPORARY TABLE again (step integer, command text NOT NULL) ON COMMIT DROP;

DO $$
DECLARE
	row record;
BEGIN
	FOR row IN SELECT format('%I', name) AS name FROM spread ORDER BY 1 LOOP
		EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', row.name);
	END LOOP;
END
$$;

-- Foreign keys of these tables and to them: they go first and come last.
INSERT INTO again
SELECT 3, format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint
WHERE contype = 'f' AND conparentid = 0 AND (conrelid IN (SELECT old FROM spread) OR confrelid IN (SELECT old FROM spread));

-- Primary and unique keys keep their names; so do indexes that no constraint made.
INSERT INTO again
SELECT 1, format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint
WHERE contype IN ('p', 'u', 'x') AND conrelid IN (SELECT old FROM spread);

INSERT INTO again
SELECT 2, pg_get_indexdef(i.indexrelid)
FROM pg_index i
WHERE i.indrelid IN (SELECT old FROM spread) AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid);

-- Rights that were given beyond the owner's own.
INSERT INTO again
SELECT 4, format('GRANT %s ON %s TO %s%s', g.privilege_type, c.oid::regclass,
	CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
	CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_class c, aclexplode(c.relacl) g
WHERE c.oid IN (SELECT old FROM spread) AND g.grantee <> c.relowner;

DO $$
DECLARE
	row record;
	command text;
	parts integer := current_setting('pennymeter.partitions');
	counted bigint;
	copied bigint;
BEGIN
	IF parts < 1 THEN
		RAISE EXCEPTION 'partitions: want 1 or more, not %', parts;
	END IF;
	FOR row IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
		WHERE contype = 'f' AND conparentid = 0 AND (conrelid IN (SELECT old FROM spread) OR confrelid IN (SELECT old FROM spread)) LOOP
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', row.place, row.conname);
	END LOOP;

	FOR row IN SELECT * FROM spread ORDER BY name LOOP
		EXECUTE format('ALTER TABLE %I RENAME TO %I', row.name, row.name || '_whole');
		EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS'
			' INCLUDING STORAGE INCLUDING GENERATED INCLUDING IDENTITY) PARTITION BY HASH (tenant_id)', row.name, row.name || '_whole');
		FOR part IN 0 .. parts - 1 LOOP
			EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s)%s',
				row.name || '_p' || part, row.name, parts, part, row.options);
		END LOOP;
		EXECUTE format('INSERT INTO %I SELECT * FROM %I', row.name, row.name || '_whole');
		GET DIAGNOSTICS copied = ROW_COUNT;
		EXECUTE format('SELECT COUNT(*) FROM %I', row.name || '_whole') INTO counted;
		IF copied <> counted THEN
			RAISE EXCEPTION '%: % rows of % were copied', row.name, copied, counted;
		END IF;
		EXECUTE format('DROP TABLE %I', row.name || '_whole');
	END LOOP;

	FOR command IN SELECT a.command FROM again a ORDER BY a.step LOOP
		EXECUTE command;
	END LOOP;
	FOR row IN SELECT name, owner FROM spread LOOP
		EXECUTE format('ANALYZE %I', row.name);
		EXECUTE format('ALTER TABLE %I OWNER TO %I', row.name, row.owner);
		FOR part IN 0 .. parts - 1 LOOP
			EXECUTE format('ALTER TABLE %I OWNER TO %I', row.name || '_p' || part, row.owner);
		END LOOP;
	END LOOP;
END
$$;

COMMIT;

-- Spreads the tables of a Pennymeter database over the nodes of a Citus cluster, by tenant.
--
--   psql -d DATABASE -f infra/postgres/citus.sql
--
-- Every table whose primary key begins with tenant_id is distributed by it, next to `tenants`; every other
-- one is copied to each node; each function whose first argument is p_tenant runs on its tenant's node. What
-- is spread already stays as it is, so that a run after an upgrade takes what the upgrade added. It is this or
-- partition.sql, not both.
--
-- Citus is not in Debian: the tests hold this script to the calls it makes, by functions that stand in for
-- Citus's own. That Citus carries them out, and what it costs, they cannot tell.

\set ON_ERROR_STOP on

BEGIN;
-- Foreign keys to copied tables want one connection a node.
SET LOCAL citus.multi_shard_modify_mode = 'sequential';

-- In the schema that Pennymeter keeps to: the first on the search path that holds its tables.
SELECT set_config('search_path', quote_ident(name) || ', ' || current_setting('search_path'), true) AS home
FROM unnest(current_schemas(false)) WITH ORDINALITY AS p (name, place)
WHERE to_regclass(format('%I.schema_version', name)) IS NOT NULL AND to_regclass(format('%I.usage_events', name)) IS NOT NULL
ORDER BY place LIMIT 1 \gset
\if :{?home}
\else
	DO $$ BEGIN RAISE EXCEPTION 'no schema on the search path holds a Pennymeter database: run `pennymeter init` first'; END $$;
\endif

DO $$
DECLARE
	row record;
BEGIN
	IF EXISTS (SELECT 1 FROM pg_partitioned_table t JOIN pg_class c ON c.oid = t.partrelid
		WHERE c.relnamespace = quote_ident(current_schema())::regnamespace) THEN
		RAISE EXCEPTION 'the tables are partitioned already: Citus wants whole ones';
	END IF;
	CREATE TEMPORARY TABLE found ON COMMIT DROP AS
	SELECT c.oid::regclass AS place, c.relname::text AS name,
		COALESCE(a.attname = 'tenant_id', false) AS is_tenants
	FROM pg_class c
	LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
	LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
	WHERE c.relkind = 'r' AND c.relnamespace = quote_ident(current_schema())::regnamespace
		AND c.oid NOT IN (SELECT logicalrelid FROM pg_dist_partition);

	-- What others refer to comes first: copied tables, then tenants.
	FOR row IN SELECT * FROM found WHERE NOT is_tenants ORDER BY name LOOP
		PERFORM create_reference_table(row.place);
	END LOOP;
	FOR row IN SELECT * FROM found WHERE is_tenants ORDER BY name <> 'tenants', name LOOP
		IF row.name = 'tenants' THEN
			PERFORM create_distributed_table(row.place, 'tenant_id', colocate_with => 'none');
		ELSE
			PERFORM create_distributed_table(row.place, 'tenant_id', colocate_with => 'tenants');
		END IF;
	END LOOP;
	FOR row IN SELECT oid::regprocedure AS call FROM pg_proc
		WHERE pronamespace = quote_ident(current_schema())::regnamespace AND proargnames[1] = 'p_tenant' ORDER BY proname LOOP
		PERFORM create_distributed_function(row.call, '$1', colocate_with => 'tenants');
	END LOOP;
END
$$;

COMMIT;

-- A generation of each tenant beside the catalogue's, so that what a process keeps of one is not stale by what happens to
-- another; and numbers of tenants and tokens that are never given twice: those of tenants are the operator's, tenant 1's.

ALTER TABLE tenants ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;

INSERT INTO numbers (tenant_id, kind, last) SELECT 1, 'tenants', MAX(tenant_id) FROM tenants HAVING COUNT(*) > 0;
INSERT INTO numbers (tenant_id, kind, last) SELECT tenant_id, 'tokens', MAX(token_id) FROM tokens GROUP BY tenant_id;

-- usage_record() as it stands, but that it looks at both generations, of which it is told the sum (account/tenants.sql).
-- postgres:
DO $edit$
DECLARE
  was TEXT := pg_get_functiondef(to_regproc('usage_record'));
  old CONSTANT TEXT := '(SELECT generation FROM catalog)';
  new CONSTANT TEXT := '(SELECT t.generation + c.generation FROM tenants t, catalog c WHERE t.tenant_id = p_tenant)';
BEGIN
  IF strpos(was, old) = 0 THEN
    RAISE EXCEPTION 'usage_record() is not as the migrations before this one left it';
  END IF;
  EXECUTE replace(was, old, new);
END
$edit$;
-- end

-- Putting a copy back: it is attached as `restored`.

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

-- name: restore_generation (tenant)
-- sqlite: restore_generation
SELECT COALESCE(MAX(generation), 0) FROM tenants WHERE tenant_id = :tenant;

-- What processes keep of the tenant is stale, whichever generation came back with it.
-- name: restore_advance (tenant, generation)
-- sqlite: restore_advance
UPDATE tenants SET generation = MAX(generation, :generation) + 1 WHERE tenant_id = :tenant;

-- Tokens that came behind all others have been given numbers too.
-- name: restore_token_numbers (tenant)
-- sqlite: restore_token_numbers
INSERT INTO numbers (tenant_id, kind, last)
SELECT :tenant, 'tokens', MAX(token_id) FROM tokens WHERE tenant_id = :tenant HAVING COUNT(*) > 0
ON CONFLICT (tenant_id, kind) DO UPDATE SET last = MAX(last, excluded.last);

-- Of each table of tenants: the texts that forget one's rows, and that bring those of the copy. Who may come in is not put back: tokens stay
-- as they are, those that the copy alone has come, behind all others where their number was given anew, and what either revoked is revoked.
-- Numbers that were given since are not given again.
-- name: restore_tables ()
-- sqlite: restore_tables
SELECT CASE m.name WHEN 'tokens' THEN
    'UPDATE main.tokens AS o SET revoked_at = COALESCE(o.revoked_at,
      (SELECT r.revoked_at FROM restored.tokens AS r WHERE r.tenant_id = ?1 AND r.hash = o.hash))
    WHERE o.tenant_id = ?1'
  WHEN 'numbers' THEN 'SELECT ?1'
  ELSE 'DELETE FROM main."' || m.name || '" WHERE tenant_id = ?1' END,
  CASE m.name WHEN 'tokens' THEN
    'INSERT INTO main.tokens (' || c.names || ') SELECT ' || replace(c.names, '"token_id"', 'CASE
      WHEN token_id IN (SELECT token_id FROM main.tokens WHERE tenant_id = ?1) THEN token_id
        + (SELECT MAX(token_id) FROM main.tokens WHERE tenant_id = ?1) + (SELECT MAX(token_id) FROM restored.tokens WHERE tenant_id = ?1)
      ELSE token_id END') || ' FROM restored.tokens
    WHERE tenant_id = ?1 AND hash NOT IN (SELECT hash FROM main.tokens WHERE tenant_id = ?1)'
  WHEN 'numbers' THEN
    'INSERT INTO main.numbers (' || c.names || ') SELECT ' || c.names || ' FROM restored.numbers WHERE tenant_id = ?1
    ON CONFLICT (tenant_id, kind) DO UPDATE SET last = MAX(last, excluded.last)'
  ELSE
    'INSERT INTO main."' || m.name || '" (' || c.names || ') SELECT ' || c.names || ' FROM restored."' || m.name || '" WHERE tenant_id = ?1' END
FROM main.sqlite_schema AS m
JOIN (SELECT t.name AS name, (SELECT group_concat('"' || i.name || '"', ', ') FROM pragma_table_info(t.name) AS i) AS names
  FROM main.sqlite_schema AS t WHERE t.type = 'table') AS c ON c.name = m.name
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'move%'
  AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) AS i WHERE i.name = 'tenant_id')
ORDER BY m.name;

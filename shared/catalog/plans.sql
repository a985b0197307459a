-- Metrics and plan versions: the operator's own, shared by all tenants.

-- name: metric_list ()
SELECT metric, document FROM metrics ORDER BY position, metric;

-- name: metric_put (metric, position, document)
INSERT INTO metrics (metric, position, document) VALUES (:metric, :position, :document)
ON CONFLICT (metric) DO UPDATE SET position = excluded.position, document = excluded.document;

-- name: plan_latest (code)
SELECT plan_version_id, version, document FROM plan_versions
WHERE code = :code ORDER BY version DESC LIMIT 1;

-- name: plan_by_version (plan_version)
SELECT code, version, document FROM plan_versions WHERE plan_version_id = :plan_version;

-- name: plan_next ()
SELECT COALESCE(MAX(plan_version_id), 0) + 1 FROM plan_versions;

-- name: plan_insert (plan_version, code, version, name, document, applied_at)
INSERT INTO plan_versions (plan_version_id, code, version, name, document, applied_at)
VALUES (:plan_version, :code, :version, :name, :document, :applied_at);

-- name: plan_list ()
SELECT p.plan_version_id, p.code, p.version, p.name, p.applied_at
FROM plan_versions p ORDER BY p.code, p.version;

-- name: catalog_generation ()
SELECT generation FROM catalog;

-- name: plan_name (code)
SELECT name FROM plan_versions WHERE code = :code ORDER BY version DESC LIMIT 1;

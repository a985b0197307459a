-- Taxes.

-- table: taxes (tax_id) tag, archived
-- columns: name* rate category reason archived
(:tag = '' OR replace(tags, :tag, '') <> tags) AND (:archived < 0 OR archived = :archived);

-- Does a customer or a product name it? Lists of ids are kept as [1,2].
-- name: tax_used (tenant, first, middle, last, only)
SELECT 1 FROM customers WHERE tenant_id = :tenant
  AND (taxes = :only OR taxes LIKE :first OR taxes LIKE :middle OR taxes LIKE :last)
UNION ALL
SELECT 1 FROM products WHERE tenant_id = :tenant
  AND (taxes = :only OR taxes LIKE :first OR taxes LIKE :middle OR taxes LIKE :last)
LIMIT 1;

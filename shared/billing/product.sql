-- Products.

-- table: products (product_id) tag, archived
-- columns: name* sku*! description unit currency unit_price taxes archived
(:tag = '' OR replace(tags, :tag, '') <> tags) AND (:archived < 0 OR archived = :archived);

-- Customers.

-- table: customers (customer_id) tag, country, archived
-- columns: name* code*! email phone legal_id contacts addresses tax_numbers currency locale terms_days prices taxes
-- columns: buyer_reference notes archived
(:tag = '' OR replace(tags, :tag, '') <> tags) AND (:country = '' OR replace(addresses, :country, '') <> addresses)
  AND (:archived < 0 OR archived = :archived);

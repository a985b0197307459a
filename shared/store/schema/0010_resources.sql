-- What tenants make: numbers that are never given twice, keys of their POSTs, the audit, customers, products, taxes.

CREATE TABLE numbers (
  tenant_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, kind)
) STRICT, WITHOUT ROWID;

-- What a key of usage_keys made that is no event: it stands there with event 0.
CREATE TABLE work_keys (
  tenant_id INTEGER NOT NULL,
  idempotency_key TEXT NOT NULL,
  kind TEXT NOT NULL,
  object_id INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, idempotency_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_log (
  tenant_id INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  hash TEXT NOT NULL,
  salt TEXT,
  detail TEXT,
  PRIMARY KEY (tenant_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE taxes (
  tenant_id INTEGER NOT NULL,
  tax_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  token_id INTEGER NOT NULL,
  search TEXT NOT NULL,
  tags TEXT,
  custom TEXT,
  name TEXT NOT NULL,
  rate TEXT NOT NULL,
  category TEXT NOT NULL,
  reason TEXT,
  archived INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, tax_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE customers (
  tenant_id INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  token_id INTEGER NOT NULL,
  search TEXT NOT NULL,
  tags TEXT,
  custom TEXT,
  name TEXT NOT NULL,
  code TEXT,
  email TEXT,
  phone TEXT,
  legal_id TEXT,
  contacts TEXT,
  addresses TEXT,
  tax_numbers TEXT,
  currency TEXT,
  locale TEXT,
  terms_days INTEGER,
  prices TEXT,
  taxes TEXT,
  buyer_reference TEXT,
  notes TEXT,
  archived INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, customer_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX customers_by_code ON customers (tenant_id, code);

CREATE TABLE products (
  tenant_id INTEGER NOT NULL,
  product_id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  token_id INTEGER NOT NULL,
  search TEXT NOT NULL,
  tags TEXT,
  custom TEXT,
  name TEXT NOT NULL,
  sku TEXT,
  description TEXT,
  unit TEXT,
  currency TEXT,
  unit_price TEXT,
  taxes TEXT,
  archived INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, product_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX products_by_sku ON products (tenant_id, sku);

-- The orders of lists, so that a page costs what it shows.
CREATE INDEX taxes_in_order_of_updated_at ON taxes (tenant_id, updated_at, tax_id);
CREATE INDEX taxes_in_order_of_name ON taxes (tenant_id, (COALESCE(name, '')), tax_id);
CREATE INDEX customers_in_order_of_updated_at ON customers (tenant_id, updated_at, customer_id);
CREATE INDEX customers_in_order_of_name ON customers (tenant_id, (COALESCE(name, '')), customer_id);
CREATE INDEX customers_in_order_of_code ON customers (tenant_id, (COALESCE(code, '')), customer_id);
CREATE INDEX products_in_order_of_updated_at ON products (tenant_id, updated_at, product_id);
CREATE INDEX products_in_order_of_name ON products (tenant_id, (COALESCE(name, '')), product_id);
CREATE INDEX products_in_order_of_sku ON products (tenant_id, (COALESCE(sku, '')), product_id);

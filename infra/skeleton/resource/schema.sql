-- Widgets.

CREATE TABLE widgets (
  tenant_id INTEGER NOT NULL,
  widget_id INTEGER NOT NULL,
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
  notes TEXT,
  archived INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, widget_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX widgets_by_code ON widgets (tenant_id, code);

-- The orders of lists, so that a page costs what it shows: one for each column with * in widget.sql.
CREATE INDEX widgets_in_order_of_updated_at ON widgets (tenant_id, updated_at, widget_id);
CREATE INDEX widgets_in_order_of_name ON widgets (tenant_id, (COALESCE(name, '')), widget_id);
CREATE INDEX widgets_in_order_of_code ON widgets (tenant_id, (COALESCE(code, '')), widget_id);

-- Widgets.

-- The columns beside those that all tables have, in the shape's order: * sorts lists, ! stands once a tenant.
-- table: widgets (widget_id) tag, archived
-- columns: name* code*! notes archived
(:tag = '' OR replace(tags, :tag, '') <> tags) AND (:archived < 0 OR archived = :archived);

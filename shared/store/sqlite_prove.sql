-- SQLite's file, by SQLite's own look at it.

-- How many pages it has, as SQLite sees it; its look at the trees; rows that name rows which are not there.
-- name: care_page_count ()
-- sqlite: care_page_count
SELECT page_count FROM pragma_page_count;

-- name: care_integrity ()
-- sqlite: care_integrity
SELECT integrity_check FROM pragma_integrity_check;

-- name: care_references ()
-- sqlite: care_references
SELECT DISTINCT "table", parent FROM pragma_foreign_key_check;

-- Which page belongs to what; of one page; of the root of a tree.
-- name: care_pages ()
-- sqlite: care_pages
SELECT pageno, name FROM dbstat;

-- name: care_page (page)
-- sqlite: care_page
SELECT name FROM dbstat WHERE pageno = :page;

-- name: care_root (page)
-- sqlite: care_root
SELECT name FROM sqlite_schema WHERE rootpage = :page;

# Turns shared/store/schema/NNNN_name.sql into a table of numbered migrations, a text for each dialect.
#
# The files are in SQLite's dialect. For PostgreSQL an INTEGER is a BIGINT and tables are neither STRICT nor
# WITHOUT ROWID, and texts are ordered byte by byte as in SQLite. What stands between "-- postgres:" or "-- sqlite:" and "-- end" is for that one alone.
#
# With each go, as JSON arrays, the tables that it makes and that no later one drops, and every name that it takes.

function quoted(line) { gsub(/\\/, "\\\\", line); gsub(/"/, "\\\"", line); return "\t  \"" line "\\n\"\n" }

# A word of a statement, behind what is matched at its head.
function word(line) { line = substr(line, RLENGTH + 1); sub(/[^a-z0-9_].*/, "", line); return line }

function note_names(dialect, line,   i, name) {
	if (match(line, /^CREATE TABLE (IF NOT EXISTS )?/)) tables[dialect, total] = tables[dialect, total] " " word(line)
	if (match(line, /^CREATE (TABLE (IF NOT EXISTS )?|(UNIQUE )?INDEX |FUNCTION )/)) names[dialect, total] = names[dialect, total] " " word(line)
	if (!match(line, /^DROP TABLE (IF EXISTS )?/)) return
	name = word(line)
	for (i = 1; i < total; i++) { sub(" " name "$", "", tables[dialect, i]); sub(" " name " ", " ", tables[dialect, i]) }
}

function array(list,   n, i, part, text) {
	n = split(list, part, " ")
	for (i = 1; i <= n; i++) text = text (i > 1 ? "," : "") "\\\"" part[i] "\\\""
	return "\"[" text "]\""
}

function finish() {
	if (only != "") { print file ": \"-- " only ":\" has no \"-- end\"" > "/dev/stderr"; exit 1 }
	if (total) texts[total] = substr(file, 1, 4) + 0 ", \"" file "\", {\n\t  \"\"\n" lite "\t  ,\n\t  \"\"\n" post "\t}"
	lite = post = ""
}

function to_postgres(line) {
	gsub(/ INTEGER/, " BIGINT", line)
	gsub(/ TEXT/, " TEXT COLLATE \"C\"", line)
	sub(/\) STRICT(, WITHOUT ROWID)?;/, ");", line)
	return line
}

FNR == 1 {
	finish()
	last = file; file = FILENAME; sub(/.*\//, "", file)
	if (file <= last) { print "migrations out of order: " file > "/dev/stderr"; exit 1 }
	total++
}
/^-- (postgres|sqlite):$/ { only = substr($2, 1, length($2) - 1); next }
/^-- end$/ { only = ""; next }
/^--/ { next }
only != "postgres" { lite = lite quoted($0); note_names("sqlite", $0) }
only != "sqlite" { post = post quoted(only == "" ? to_postgres($0) : $0); note_names("postgres", $0) }
END {
	finish()
	print "/* Generated from shared/store/schema by infra/generate/migrations.awk. */\n#include \"store/migrate.h\"\n\nconst struct migration migrations[] = {"
	for (i = 1; i <= total; i++)
		print "\t{ " texts[i] ",\n\t  { " array(tables["sqlite", i]) ", " array(tables["postgres", i]) " },\n\t  { " array(names["sqlite", i]) ", " array(names["postgres", i]) " } },"
	print "\t{ 0 }\n};"
}

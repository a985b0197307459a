# Turns shared/store/schema/NNNN_name.sql into a table of numbered migrations, a text for each dialect.
#
# The files are in SQLite's dialect. For PostgreSQL an INTEGER is a BIGINT and tables are neither STRICT nor
# WITHOUT ROWID, and texts are ordered byte by byte as in SQLite. What stands between "-- postgres:" or "-- sqlite:" and "-- end" is for that one alone.

function quoted(line) { gsub(/\\/, "\\\\", line); gsub(/"/, "\\\"", line); return "\t  \"" line "\\n\"\n" }

function finish() {
	if (only != "") { print file ": \"-- " only ":\" has no \"-- end\"" > "/dev/stderr"; exit 1 }
	if (total) printf "\t{ %d, \"%s\", {\n\t  \"\"\n%s\t  ,\n\t  \"\"\n%s\t} },\n", substr(file, 1, 4) + 0, file, lite, post
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
	if (!total++) print "/* Generated from shared/store/schema by infra/generate/migrations.awk. */\n#include \"store/migrate.h\"\n\nconst struct migration migrations[] = {"
}
/^-- (postgres|sqlite):$/ { only = substr($2, 1, length($2) - 1); next }
/^-- end$/ { only = ""; next }
/^--/ { next }
only != "postgres" { lite = lite quoted($0) }
only != "sqlite" { post = post quoted(only == "" ? to_postgres($0) : $0) }
END { finish(); print "\t{ 0, NULL, { NULL, NULL } }\n};" }

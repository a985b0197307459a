# Turns shared/store/schema/NNNN_name.sql into a table of numbered migrations.

FNR == 1 {
	file = FILENAME; sub(/.*\//, "", file)
	if (total && file <= last) { print "migrations out of order: " file > "/dev/stderr"; exit 1 }
	if (total) print "\" },"
	else print "/* Generated from shared/store/schema by infra/generate/migrations.awk. */\n#include \"store/migrate.h\"\n\nconst struct migration migrations[] = {"
	last = file; total++
	printf "\t{ %d, \"%s\", \"\"\n", substr(file, 1, 4) + 0, file
	printf "\t\""
}
/^--/ { next }
{ gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); printf "%s\\n\"\n\t\"", $0 }
END { print "\" },\n\t{ 0, NULL, NULL }\n};" }

# Turns the .sql files of shared/, but for the schema, into an enum and a table of prepared texts.
#
# A statement:
#   -- name: usage_insert_event (tenant, recorded_at, id)
#   INSERT … VALUES (:tenant, :recorded_at, :id);
#
# Behind the name stand its parameters in the order they are bound. A block
# "-- sqlite: NAME" or "-- postgres: NAME" is a variant for one driver. A statement
# without a text for both has none on the driver that lacks a variant. A block "-- part: NAME" is no
# statement: those after it take it in as @NAME.

function fail(why) { print FILENAME ":" FNR ": " why > "/dev/stderr"; failed = 1; exit 1 }

function flush_statement(   text, part) {
	if (name == "") return
	text = body
	sub(/[ \t\n]*;[ \t\n]*$/, "", text)
	if (dialect == "part") { parts[name] = text; name = ""; body = ""; return }
	while (match(text, /@[a-z_]+/)) {
		part = substr(text, RSTART + 1, RLENGTH - 1)
		if (!(part in parts)) fail(name ": there is no part " part " before it")
		text = substr(text, 1, RSTART - 1) parts[part] substr(text, RSTART + RLENGTH)
	}
	if (text != "") texts[dialect, name] = numbered(text)
	else if (dialect != "any") fail("the " dialect " variant of " name " has no text")
	name = ""; body = ""
}

# :name becomes ?N for SQLite and $N for PostgreSQL, N by the declared order.
function numbered(text,   out, word, n, i) {
	gsub(/[ \t\n]+/, " ", text)
	out = ""
	while (match(text, /:[a-z_][a-z0-9_]*/)) {
		if (RSTART > 1 && substr(text, RSTART - 1, 1) == ":") fail(name ": :: is a cast of one dialect; use CAST")
		word = substr(text, RSTART + 1, RLENGTH - 1)
		n = 0
		for (i = 1; i <= count[name]; i++) if (params[name, i] == word) n = i
		if (!n) fail(name ": parameter :" word " is not declared")
		used[name, n] = 1
		out = out substr(text, 1, RSTART - 1) "\001" n
		text = substr(text, RSTART + RLENGTH)
	}
	return out text
}

function text_of(driver, n,   text) {
	text = ((driver, n) in texts) ? texts[driver, n] : texts["any", n]
	if (text == "") return "NULL"
	gsub(/\001/, driver == "sqlite" ? "?" : "$", text)
	return quoted(text)
}

function quoted(text) { gsub(/\\/, "&&", text); gsub(/"/, "\\\"", text); return "\"" text "\"" }

/^-- name: / {
	flush_statement()
	if (!match($0, /^-- name: [a-z0-9_]+ \(.*\)$/)) fail("want: -- name: NAME (PARAMETER, …)")
	name = $3
	if (name in count) fail("two statements are named " name)
	list = $0; sub(/^[^(]*\(/, "", list); sub(/\).*$/, "", list)
	count[name] = split(list, part, /, */)
	if (list == "") count[name] = 0
	for (i = 1; i <= count[name]; i++) params[name, i] = part[i]
	order[++total] = name
	dialect = "any"
	next
}
/^-- part: / {
	flush_statement()
	name = $3
	dialect = "part"
	next
}
/^-- (sqlite|postgres): / {
	flush_statement()
	dialect = ($2 == "sqlite:") ? "sqlite" : "postgres"
	name = $3
	if (!(name in count)) fail("variant of an unknown statement " name)
	next
}
/^--/ { next }
{ if (name != "") body = body $0 "\n" }

END {
	if (failed) exit 1
	flush_statement()
	print "/* Generated from the .sql files of shared/ by infra/generate/statements.awk. */" > header
	print "#ifndef GEN_STATEMENTS_H\n#define GEN_STATEMENTS_H\n" > header
	print "enum dialect { SQLITE, POSTGRES, DIALECT__MAX };\n" > header
	print "enum sql {" > header
	for (i = 1; i <= total; i++) print "\tSQL_" toupper(order[i]) "," > header
	print "\tSQL__MAX\n};\n" > header
	print "/* One statement: its name, its text in each dialect (NULL: not offered there), how many values it binds. */" > header
	print "struct statement {\n\tconst char *name, *text[DIALECT__MAX];\n\tunsigned params;\n};\n" > header
	print "extern const struct statement statements[SQL__MAX];\n\n#endif" > header
	print "/* Generated from the .sql files of shared/ by infra/generate/statements.awk. */" > source
	print "#include \"statements.h\"\n\n#include <stddef.h>\n\nconst struct statement statements[SQL__MAX] = {" > source
	for (i = 1; i <= total; i++) {
		n = order[i]
		for (k = 1; k <= count[n]; k++) if (!used[n, k]) { print n ": parameter " params[n, k] " is not used" > "/dev/stderr"; exit 1 }
		lite = text_of("sqlite", n)
		post = text_of("postgres", n)
		if (lite == "NULL" && post == "NULL") { print n ": no text for any dialect" > "/dev/stderr"; exit 1 }
		printf "\t[SQL_%s] = { \"%s\",\n\t\t{ %s,\n\t\t%s }, %d },\n", toupper(n), n, lite, post, count[n] > source
	}
	print "};" > source
}

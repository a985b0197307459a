# Turns one .sql file of shared/, as tables.awk leaves it, into a header that declares its statements and a source that holds their texts.
#
# A statement:
#   -- name: usage_insert_event (tenant, recorded_at, id)
#   INSERT … VALUES (:tenant, :recorded_at, :id);
#
# Behind the name stand its parameters in the order they are bound. A block
# "-- sqlite: NAME" or "-- postgres: NAME" is a variant for one driver. A statement
# without a text for both has none on the driver that lacks a variant. A block "-- part: NAME" is no
# statement: those after it take it in as @NAME; it may have variants too. What stands behind "--h " and "--c " goes to the header and the source.
#
# A statement is told to write if a text of it inserts, updates, deletes or locks rows; one that does so through
# a function of the database says it behind its parameters: -- name: usage_record (…) writes
#
# The header is left alone where nothing in it changes, so that another text recompiles no user of it.
#   -v header=FILE -v source=FILE

BEGIN {
	while ((getline line < "shared/store/statement.h") > 0)
		if (match(line, /STATEMENT_VALUES = [0-9]+/)) most = substr(line, RSTART + 19, RLENGTH - 19) + 0
}

function fail(why) { print FILENAME ":" FNR ": " why > "/dev/stderr"; failed = 1; exit 1 }

# With its parts taken in, as a driver has them.
function whole(text, driver,   part) {
	while (match(text, /@[a-z_]+/)) {
		part = substr(text, RSTART + 1, RLENGTH - 1)
		if (!(("any", part) in parts)) fail(name ": there is no part " part " before it")
		part = ((driver, part) in parts) ? parts[driver, part] : parts["any", part]
		text = substr(text, 1, RSTART - 1) part substr(text, RSTART + RLENGTH)
	}
	return text
}

function keep(driver, text) { texts[driver, name] = numbered(text); if (changes(text)) writes[name] = 1 }

function flush_statement(   text) {
	if (name == "") return
	text = body
	sub(/[ \t\n]*;[ \t\n]*$/, "", text)
	if (of_part) parts[dialect, name] = text
	else if (text == "") { if (dialect != "any") fail("the " dialect " variant of " name " has no text") }
	else if (dialect != "any") keep(dialect, whole(text, dialect))
	else { keep("sqlite", whole(text, "sqlite")); keep("postgres", whole(text, "postgres")) }
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

# What stands in a literal is another statement's text.
function changes(text) {
	gsub(/'[^']*'/, "", text)
	return text ~ /(^|[ (\n])(INSERT|UPDATE|DELETE|SHARE)($|[ \n])/
}

function text_of(driver, n,   text) {
	text = texts[driver, n]
	if (text == "") return "NULL"
	gsub(/\001/, driver == "sqlite" ? "?" : "$", text)
	return quoted(text)
}

function quoted(text) { gsub(/\\/, "&&", text); gsub(/"/, "\\\"", text); return "\"" text "\"" }

/^-- name: / {
	flush_statement()
	if (!match($0, /^-- name: [a-z0-9_]+ \(.*\)( writes)?$/)) fail("want: -- name: NAME (PARAMETER, …)")
	name = $3
	if (/ writes$/) writes[name] = 1
	if (name in count) fail("two statements are named " name)
	list = $0; sub(/^[^(]*\(/, "", list); sub(/\).*$/, "", list)
	count[name] = split(list, part, /, */)
	if (list == "") count[name] = 0
	if (count[name] > most) fail(name ": binds " count[name] " values, and a statement at most " most " (store/statement.h)")
	lists[name] = list
	for (i = 1; i <= count[name]; i++) params[name, i] = part[i]
	order[++total] = name
	dialect = "any"
	of_part = 0
	next
}
/^-- part: / {
	flush_statement()
	name = $3
	dialect = "any"
	of_part = 1
	next
}
/^-- (sqlite|postgres): / {
	flush_statement()
	dialect = ($2 == "sqlite:") ? "sqlite" : "postgres"
	name = $3
	of_part = ("any", name) in parts
	if (!(name in count) && !of_part) fail("variant of an unknown statement " name)
	next
}
/^--h / { more_header = more_header substr($0, 5) "\n"; next }
/^--c / { more_source = more_source substr($0, 5) "\n"; next }
/^--/ { next }
{ if (name != "") body = body $0 "\n" }

function declarations(file,   guard, text, i, n) {
	guard = toupper(file)
	gsub(/[^A-Z0-9]/, "_", guard)
	text = "/* Generated from shared/" file " by infra/generate/statements.awk. */\n"
	text = text "#ifndef GEN_" guard "_H\n#define GEN_" guard "_H\n\n#include \"store/statement.h\"\n\n"
	for (i = 1; i <= total; i++) {
		n = order[i]
		text = text "extern const union sql_" count[n] " SQL_" toupper(n) "[1];" (count[n] ? " /* " lists[n] " */" : "") "\n"
	}
	return text (more_header ? "\nstruct table;\n" more_header : "") "\n#endif\n"
}

function definition(n, number,   lite, post) {
	lite = text_of("sqlite", n)
	post = text_of("postgres", n)
	if (lite == "NULL" && post == "NULL") fail(n ": no text for any dialect")
	return sprintf("const union sql_%d SQL_%s[1] = { { .is = { \"%s\", %s, %d, %s,\n\t{ %s,\n\t%s } } } };\n",
		count[n], toupper(n), n, number, count[n], (n in writes) ? "true" : "false", lite, post)
}

function read_whole(file,   text, line) {
	while ((getline line < file) > 0) text = text line "\n"
	close(file)
	return text
}

END {
	if (failed) exit 1
	flush_statement()
	file = FILENAME; sub(/^.*\/sql\//, "", file)
	place = "SQL_AT_" toupper(file); sub(/\.SQL$/, "", place); gsub(/[^A-Z0-9]/, "_", place)
	for (i = 1; i <= total; i++)
		for (k = 1; k <= count[order[i]]; k++)
			if (!used[order[i], k]) fail(order[i] ": parameter " params[order[i], k] " is not used")
	text = declarations(file)
	if (text != read_whole(header)) printf "%s", text > header
	print "/* Generated from shared/" file " by infra/generate/statements.awk. */" > source
	print "#include \"" file ".h\"\n#include \"store/statement_places.h\"\n" > source
	if (total) print "_Static_assert(" total " <= SQL_PLACES, \"a .sql file holds more statements than it has places\");\n" > source
	for (i = 1; i <= total; i++) printf "%s", definition(order[i], place " + " (i - 1)) > source
	if (more_source) printf "\n#include \"store/table.h\"\n\n%s", more_source > source
}

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
#
# A table of a kind of objects, of which the statements are all alike, is declared in place of them:
#   -- table: customers (customer_id) tag, archived
#   -- columns: name* code*! email archived
#   (:tag = '' OR …) AND (:archived < 0 OR archived = :archived);
#
# Behind the key stand the parameters of the condition below, which filters a list. A column with * sorts lists, one with ! is
# unique where it is not NULL. Every such table has version, created_at, updated_at, tags and custom too, the folded text that
# `q` searches, and who made the row. What comes of it is a struct table (store/table.h) by the table's name.

function fail(why) { print FILENAME ":" FNR ": " why > "/dev/stderr"; failed = 1; exit 1 }

function flush_statement(   text, part) {
	if (name == "") return
	text = body
	sub(/[ \t\n]*;[ \t\n]*$/, "", text)
	if (dialect == "table") { make_table(name, text); name = ""; body = ""; return }
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

# Declare a statement and its one text.
function add(n, list, text,   i, part) {
	if (n in count) fail("two statements are named " n)
	lists[n] = list
	count[n] = split(list, part, /, */)
	for (i = 1; i <= count[n]; i++) params[n, i] = part[i]
	order[++total] = n
	name = n
	texts["any", n] = numbered(text)
}

# What a list's page is read by: behind (key, after) in the order of a column, or of the key alone, up or down.
function add_order(t, label, column, kind,   down, place, list) {
	list = "tenant, q" (filters[t] == "" ? "" : ", " filters[t]) (kind == "KEY_ID" ? "" : ", key") ", after, limit"
	place = kind == "KEY_ID" ? key[t] : "(" column ", " key[t] ")"
	for (down = 0; down < 2; down++)
		add(t "_by_" label (down ? "_down" : ""), list, "SELECT " every[t] " FROM " t " WHERE tenant_id = :tenant" \
			" AND (:q = '' OR replace(search, :q, '') <> search) AND " conditions[t] \
			" AND " place (down ? " < " : " > ") (kind == "KEY_ID" ? ":after" : "(:key, :after)") \
			" ORDER BY " (kind == "KEY_ID" ? "" : column (down ? " DESC, " : ", ")) key[t] (down ? " DESC" : "") " LIMIT :limit")
	orders[t] = orders[t] "\t\t{ \"" label "\", " kind ", SQL_" toupper(t "_by_" label) ", SQL_" toupper(t "_by_" label "_down") " },\n"
}

function make_table(t, condition,   n, i, part, marks, values, sets, list) {
	conditions[t] = condition
	n = split("version created_at updated_at tags custom" columns[t], part, " ")
	every[t] = key[t]; list = "tenant, user, token, search, " key[t]; values = ":tenant, :user, :token, :search, :" key[t]
	for (i = 1; i <= n; i++) {
		marks[i] = part[i]; gsub(/[a-z_0-9]/, "", marks[i]); gsub(/[*!]/, "", part[i])
		every[t] = every[t] ", " part[i]; list = list ", " part[i]; values = values ", :" part[i]
		sets = sets ", " part[i] " = :" part[i]
	}
	add(t "_find", "tenant, id", "SELECT " every[t] " FROM " t " WHERE tenant_id = :tenant AND " key[t] " = :id")
	add(t "_insert", list, "INSERT INTO " t " (tenant_id, user_id, token_id, search, " every[t] ") VALUES (" values ")")
	sub(/user, token, /, "", list)
	add(t "_update", list, "UPDATE " t " SET search = :search" sets " WHERE tenant_id = :tenant AND " key[t] " = :" key[t])
	add(t "_remove", "tenant, id", "DELETE FROM " t " WHERE tenant_id = :tenant AND " key[t] " = :id")
	add_order(t, "id", "", "KEY_ID")
	add_order(t, "updated_at", "updated_at", "KEY_NUMBER")
	for (i = 1; i <= n; i++) {
		if (marks[i] ~ /\*/) add_order(t, part[i], "COALESCE(" part[i] ", '')", "KEY_TEXT")
		if (marks[i] !~ /!/) continue
		unique[t] = part[i]
		add(t "_taken", "tenant, value", "SELECT " key[t] " FROM " t " WHERE tenant_id = :tenant AND " part[i] " = :value")
	}
	tables[++table_count] = t
}

# In the source: the table itself.
function table_of(t,   u) {
	u = toupper(t)
	return "const struct table table_" t " = { \"" t "\", \"" every[t] "\", \"" filters[t] "\",\n\tSQL_" u "_FIND, SQL_" u "_INSERT, SQL_" u \
		"_UPDATE, SQL_" u "_REMOVE,\n\t" (t in unique ? "\"" unique[t] "\", SQL_" u "_TAKEN" : "NULL, SQL__MAX") ",\n\t{\n" orders[t] "\t\t{ 0 } } };\n"
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
	lists[name] = list
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
/^-- table: / {
	flush_statement()
	if (!match($0, /^-- table: [a-z0-9_]+ \([a-z0-9_]+\)[a-z0-9_, ]*$/)) fail("want: -- table: NAME (KEY) FILTER, …")
	name = $3
	key[name] = substr($4, 2, length($4) - 2)
	filters[name] = $0; sub(/^[^)]*\) */, "", filters[name])
	dialect = "table"
	next
}
/^-- columns: / {
	if (dialect != "table") fail("columns of no table")
	sub(/^-- columns: */, "")
	columns[name] = columns[name] " " $0
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
	print "extern const struct statement statements[SQL__MAX];\n" > header
	for (i = 1; i <= table_count; i++) print "extern const struct table table_" tables[i] ";" > header
	print "\n#endif" > header
	print "/* Generated from the .sql files of shared/ by infra/generate/statements.awk. */" > source
	print "#include \"store/table.h\"" > source
	print "#include \"statements.h\"\n\n#include <stddef.h>\n\nconst struct statement statements[SQL__MAX] = {" > source
	for (i = 1; i <= total; i++) {
		n = order[i]
		for (k = 1; k <= count[n]; k++) if (!used[n, k]) { print n ": parameter " params[n, k] " is not used" > "/dev/stderr"; exit 1 }
		lite = text_of("sqlite", n)
		post = text_of("postgres", n)
		if (lite == "NULL" && post == "NULL") { print n ": no text for any dialect" > "/dev/stderr"; exit 1 }
		printf "\t/* %s */\n\t[SQL_%s] = { \"%s\",\n\t\t{ %s,\n\t\t%s }, %d },\n", lists[n], toupper(n), n, lite, post, count[n] > source
	}
	print "};\n" > source
	for (i = 1; i <= table_count; i++) print table_of(tables[i]) > source
}

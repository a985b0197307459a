# Writes the statements of tables that are all alike: a file of shared/ comes out as it is, but for its declared tables.
#
#   -- table: customers (customer_id) tag, archived
#   -- columns: name* code*! email archived
#   (:tag = '' OR …) AND (:archived < 0 OR archived = :archived);
#
# Behind the key stand the parameters of the condition, which filters a list. A column with * sorts lists, one with ! is
# unique where it is not NULL. Every such table has version, created_at, updated_at, tags and custom too, the folded text
# that `q` searches, and who made the row. What comes of it are statements, and a struct table (store/table.h) for them:
# lines that begin with "--h " and "--c " go to the header and to the source as they stand.

function fail(why) { print FILENAME ":" FNR ": " why > "/dev/stderr"; exit 1 }

function add(name, list, text) { print "-- name: " name " (" list ")\n" text ";\n" }

# The row of a value. To PostgreSQL every index of the table looks alike where it knows nothing of the tenant yet, and by most of them it
# would read all that the tenant has; the order, of one row, is there in the right one alone.
function only_one(column, value) {
	return "\nWHERE tenant_id = :tenant AND " column " BETWEEN " value " AND " value "\nORDER BY " column
}

# A page of a list: what comes behind a place in the order of a column, or of the key alone, up or down.
function add_order(label, column, kind,   down, list, sign, place, order) {
	list = "tenant, q" (filters == "" ? "" : ", " filters) (column == "" ? "" : ", sort_key") ", after, limit"
	for (down = 0; down < 2; down++) {
		sign = down ? " < " : " > "
		place = column == "" ? key sign ":after" : column substr(sign, 1, 2) "= :sort_key\n  AND (" column ", " key ")" sign \
			"(:sort_key, :after)" # the first half is for SQLite, which seeks by no pair with an expression
		order = (column == "" ? "" : column (down ? " DESC, " : ", ")) key (down ? " DESC" : "")
		add(table "_by_" label (down ? "_down" : ""), list, "SELECT " every "\nFROM " table "\nWHERE tenant_id = :tenant" \
			" AND (:q = '' OR replace(search, :q, '') <> search)\n  AND " condition "\n  AND " place \
			"\nORDER BY " order "\nLIMIT :limit")
	}
	orders = orders "--c \t\t{ \"" label "\", " kind ", &SQL_" toupper(table "_by_" label) "->is, &SQL_" \
		toupper(table "_by_" label) "_DOWN->is },\n"
}

function add_all(   n, i, column, marks, list, values, sets) {
	n = split("version created_at updated_at tags custom" columns, column, " ")
	every = list = key; values = ":" key; unique = orders = ""
	for (i = 1; i <= n; i++) {
		marks[i] = column[i]; gsub(/[a-z_0-9]/, "", marks[i]); gsub(/[*!]/, "", column[i])
		every = every ", " column[i]; values = values ", :" column[i]
		sets = sets ", " column[i] " = :" column[i]
	}
	add(table "_find", "tenant, id", "SELECT " every "\nFROM " table only_one(key, ":id"))
	add(table "_insert", "tenant, user, token, search, " every, "INSERT INTO " table " (tenant_id, user_id, token_id, search, " \
		every ")\nVALUES (:tenant, :user, :token, :search, " values ")")
	add(table "_update", "tenant, search, " every, "UPDATE " table " SET search = :search" sets \
		"\nWHERE tenant_id = :tenant AND " key " = :" key)
	add(table "_remove", "tenant, id", "DELETE FROM " table " WHERE tenant_id = :tenant AND " key " = :id")
	add_order("id", "", "KEY_ID")
	add_order("updated_at", "updated_at", "KEY_NUMBER")
	for (i = 1; i <= n; i++) {
		if (marks[i] ~ /\*/) add_order(column[i], "COALESCE(" column[i] ", '')", "KEY_TEXT")
		if (marks[i] !~ /!/) continue
		unique = column[i]
		add(table "_taken", "tenant, value", "SELECT " key " FROM " table only_one(unique, ":value"))
	}
}

function tell_table(   name) {
	name = "&SQL_" toupper(table)
	print "--h extern const struct table table_" table ";"
	print "--c const struct table table_" table " = {\n--c \t\"" table "\", \"" every "\",\n--c \t" \
		name "_FIND->is, " name "_INSERT->is, " name "_UPDATE->is, " name "_REMOVE->is,\n--c \t" \
		(unique == "" ? "NULL, NULL" : "\"" unique "\", " name "_TAKEN->is") ",\n--c \t{\n" orders "--c \t},\n--c };\n"
}

/^-- table: / {
	if (!match($0, /^-- table: [a-z0-9_]+ \([a-z0-9_]+\)[a-z0-9_, ]*$/)) fail("want: -- table: NAME (KEY) FILTER, …")
	table = $3
	key = substr($4, 2, length($4) - 2)
	filters = $0; sub(/^[^)]*\) */, "", filters)
	columns = condition = ""
	next
}
table == "" { print; next }
/^-- columns: / { sub(/^-- columns:/, ""); columns = columns $0; next }
{ condition = condition (condition == "" ? "" : "\n") $0 }
/; *$/ {
	sub(/; *$/, "", condition)
	add_all()
	tell_table()
	table = ""
}
END { if (table != "") fail("the table " table " has no end") }

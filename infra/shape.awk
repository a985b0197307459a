# The shape of C files, for infra/lint: FILE:LINE: why, for functions that are too long or that branch too often, and files
# that are too long. With -v wide=1, in place of that: how many lines of each file go beyond 120 columns, a tab being 4.
#
# A function branches once, and once more at each if, for, while, case, &&, || and ?, as compilers count it.

function close_file() {
	if (wide && beyond) print beyond, file
	if (!wide && lines > 550) print file ":550: at most 550 lines a file"
	beyond = open = note = 0
}

# The line without texts, characters and comments.
function code(line) {
	gsub(/"([^"\\]|\\.)*"|'([^'\\]|\\.)*'/, "", line)
	if (note && !sub(/^.*\*\//, "", line)) return ""
	note = 0
	gsub(/\/\*([^*]|\*[^\/])*\*\//, "", line)
	if (sub(/\/\*.*/, "", line)) note = 1
	return line
}

function columns(line) {
	gsub(/\t/, "    ", line)
	gsub(/[\200-\277]/, "", line) # what follows in a character of several bytes
	return length(line)
}

FNR == 1 { close_file(); file = FILENAME; longest = file ~ /^tests\// ? 100 : 40 }
{ lines = FNR }
wide { beyond += columns($0) > 120; next }
/^{/ { open = FNR; branches = 1 }
open {
	text = code($0)
	branches += gsub(/&&|\|\||\?/, "", text)
	gsub(/[^A-Za-z0-9_]/, "& &", text) # so that one word's end is not another's beginning
	text = " " text
	branches += gsub(/[^A-Za-z0-9_](if|for|while|case)[^A-Za-z0-9_]/, "", text)
}
/^}/ && open {
	if (FNR - open - 1 > longest) print file ":" open ": a function of more than " longest " lines"
	if (branches > 18) print file ":" open ": a function that branches " branches " times: at most 18"
	open = 0
}
END { close_file() }

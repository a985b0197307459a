# Fills www/frame.html with a page of www/pages: what stands above the page's first empty line goes to {head}, the rest to {main}.
#
#   awk -v page=usage/history -f infra/generate/page.awk www/frame.html www/pages/usage/history.html
#
# {page} is the page's name, and {root} leads from it to the site's folder, so that the site may be a folder of another; the page
# for what is missing is shown at every depth, so it names the root itself. The frame's link to the page is marked as its own.

BEGIN {
	depth = split(page, part, "/")
	root = page == "404" ? "/" : depth == 1 ? "./" : ""
	for (i = 1; i < depth && root != "/"; i++) root = root "../"
}

function filled(line,   own, at) {
	own = "href=\"" root page "\""
	gsub(/[{]root[}]/, root, line)
	gsub(/[{]page[}]/, page, line)
	at = index(line, own)
	return at ? substr(line, 1, at + length(own) - 1) " aria-current=\"page\"" substr(line, at + length(own)) : line
}

# The page's lines, as deep as the marker stands that they replace.
function put(lines, count, indent,   i) {
	for (i = 1; i <= count; i++) print (lines[i] == "" ? "" : indent lines[i])
}

NR == FNR { frame[++frames] = $0; next }
$0 == "" && !below { below = 1; next }
{ gsub(/[{]root[}]/, root); if (below) main[++mains] = $0; else head[++heads] = $0 }

END {
	if (!heads || !mains) { print FILENAME ": wants a head, an empty line, and what is in <main>" > "/dev/stderr"; exit 1 }
	for (i = 1; i <= frames; i++) {
		indent = frame[i]
		sub(/[^ ].*/, "", indent)
		if (frame[i] == indent "{head}") put(head, heads, indent)
		else if (frame[i] == indent "{main}") put(main, mains, indent)
		else print filled(frame[i])
	}
}

/* The configuration of lighttpd, for functions that wait at their sockets, or that it starts itself. */
#include <string.h>

#include "routes.h"

static void print_server(FILE *out, const struct site *site)
{
	fprintf(out,
	        "# Pennymeter behind lighttpd. Written by `routes lighttpd`; change the declarations, not this.\n"
	        "server.modules = ( \"mod_setenv\", \"mod_redirect\", \"mod_rewrite\", \"mod_alias\", \"mod_fastcgi\", \"mod_deflate\" )\n"
	        "server.document-root = \"%s\"\n"
	        "server.bind = \"%s\"\n"
	        "server.port = %u\n"
	        "server.errorlog = \"%s\"\n"
	        "server.tag = \"\"\n"
	        "server.max-request-size = 5120\n"
	        "server.upload-dirs = ( \"%s\" )\n"
	        "index-file.names = ( \"index.html\" )\n",
	        site->www, site->address, site->port, site->log, site->run);
	if (has_error_page(site))
		fprintf(out, "server.errorfile-prefix = \"%s/\"\n", site->www);
	if (site->demo)
		fprintf(out, "alias.url = ( \"/demo.json\" => \"%s/demo.json\" )\n", site->data);
}

static void print_types(FILE *out)
{
	fputs("\nmimetype.assign = (\n", out);
	for (const struct pair *t = file_types; t->name; t++)
		fprintf(out, "\t\".%s\" => \"%s%s\",\n", t->name, t->value,
		        strncmp(t->value, "text/", 5) ? "" : "; charset=utf-8");
	fputs(")\ndeflate.allowed-encodings = ( \"gzip\" )\n"
	      "deflate.mimetypes = ( \"application/json\", \"application/problem+json\", \"text/\", \"image/svg+xml\" )\n", out);
}

/* The other addresses become the one below /api; the functions still see the address that was asked for. */
static void print_rewrites(FILE *out, const struct addresses *list)
{
	fputs("\nurl.rewrite-once = (\n\t\"^/api/v1/(.*)$\" => \"/api/$1\",\n", out);
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i].kind == AT_ALSO)
			fprintf(out, "\t\"^%s((?:[/?].*)?)$\" => \"/api/%s$1\",\n", list->at[i].path, list->at[i].entry->path);
	fputs(")\n# A page's address has no suffix, nor a slash at its end.\n"
	      "url.rewrite-if-not-file = ( \"^/([a-z0-9-]+(?:/[a-z0-9-]+)*)(\\?.*)?$\" => \"/$1.html$2\" )\n"
	      "$HTTP[\"url\"] !~ \"^/api/\" {\n"
	      "\turl.redirect = ( \"^/([a-z0-9-]+(?:/[a-z0-9-]+)*)/$\" => \"/$1\" )\n}\n", out);
}

static void print_header_list(FILE *out, const char *indent, bool secure)
{
	fprintf(out, "%ssetenv.set-response-header = (\n", indent);
	for (const struct pair *h = page_headers; h->name; h++)
		fprintf(out, "%s\t\"%s\" => \"%s\",\n", indent, h->name, h->value);
	if (secure)
		fprintf(out, "%s\t\"Strict-Transport-Security\" => \"" HSTS "\",\n", indent);
	fprintf(out, "%s)\n", indent);
}

/* A list in an inner condition replaces the outer one, so it stands there whole. */
static void print_page_headers(FILE *out, const struct addresses *list)
{
	fputs("\n# Functions send their own headers; these are for pages.\n$HTTP[\"url\"] !~ \"^(?:/api/", out);
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i].kind == AT_ALSO)
			fprintf(out, "|%s", list->at[i].path);
	fputs(")\" {\n", out);
	print_header_list(out, "\t", false);
	fputs("\t$HTTP[\"scheme\"] == \"https\" {\n", out);
	print_header_list(out, "\t\t", true);
	fputs("\t}\n\tsetenv.add-response-header = ( \"Cache-Control\" => \"" CACHE_PAGE "\" )\n"
	      "\t$HTTP[\"url\"] =~ \"" HASHED_NAME "\" {\n"
	      "\t\tsetenv.add-response-header = ( \"Cache-Control\" => \"" CACHE_HASHED "\" )\n\t}\n}\n", out);
}

/* Without min-procs lighttpd starts four, and one more a second while there is a queue. */
static void print_program(FILE *out, const struct site *site, const struct fn_entry *table, const char *prefix, const char *program)
{
	const unsigned procs = procs_of(site, table, program);
	fprintf(out, "\t\"%s\" => (( \"socket\" => \"%s/%s.sock\", \"check-local\" => \"disable\"", prefix, site->run, program);
	if (site->fn)
		fprintf(out, ",\n\t\t\"bin-path\" => \"%s/%s.fcgi\", \"min-procs\" => %u, \"max-procs\" => %u,\n"
		             "\t\t\"bin-environment\" => ( \"PENNYMETER_DATA\" => \"%s\" )",
		        site->fn, program, procs, procs, site->data);
	fputs(" )),\n", out);
}

int print_lighttpd(FILE *out, const struct site *site, const struct fn_entry *table)
{
	static struct addresses list;
	if (site->fn && strpbrk(site->fn, " \t")) {
		fprintf(stderr, "routes: lighttpd cannot start programs in a folder with spaces: %s\n", site->fn);
		return 1;
	}
	if (!addresses_list(&list, table, site->all))
		return 1;
	addresses_deepest_first(&list);
	print_server(out, site);
	print_types(out);
	print_rewrites(out, &list);
	print_page_headers(out, &list);
	fputs("\n# The first prefix that fits is taken; what none has goes to the last, which answers 404.\nfastcgi.server = (\n", out);
	for (size_t i = 0; i < list.count; i++)
		if (!site->all && list.at[i].kind == AT_API && strcmp(list.at[i].program, catch_all(site)))
			print_program(out, site, table, list.at[i].path, list.at[i].program);
	print_program(out, site, table, "/api/", catch_all(site));
	fputs(")\n", out);
	return 0;
}

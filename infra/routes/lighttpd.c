/* The configuration of lighttpd, for functions that wait at their sockets, or that it starts itself. */
#include <string.h>

#include "routes.h"

#define PAGE "([a-z0-9-]+(?:/[a-z0-9-]+)*)"

/* ---- what stands once for a whole server ---- */

static const char modules[] =
	"\"mod_setenv\", \"mod_redirect\", \"mod_alias\", \"mod_rewrite\", \"mod_fastcgi\", \"mod_deflate\"";

/* Who takes a place and says nothing is hung up on; sooner, where places are few. */
static unsigned read_idle(const struct site *site)
{
	return site->connections < FEW_CONNECTIONS ? READ_IDLE_OF_FEW : READ_IDLE;
}

/* Answers go out as they come, and what a client is too slow for waits on disk: 1. */
static void print_server(FILE *out, const struct site *site)
{
	fprintf(out, "server.modules = ( %s%s )\n", modules, site->cert ? ", \"mod_openssl\"" : "");
	fprintf(out,
	        "server.document-root = \"%s\"\nserver.bind = \"%s\"\nserver.port = %u\nserver.errorlog = \"%s\"\nserver.tag = \"\"\n",
	        site->www, site->address, site->port, site->log);
	fprintf(out,
	        "# What strangers send, and what a slow client has not fetched yet, waits on disk.\n"
	        "server.upload-dirs = ( \"%s\" )\n"
	        "server.max-connections = %u\n"
	        "server.max-fds = %u\n"
	        "server.max-read-idle = %u\n",
	        site->spool, site->connections, 3 * site->connections, read_idle(site));
	if (site->cert)
		fprintf(out, "ssl.engine = \"enable\"\nssl.pemfile = \"%s\"\nssl.privkey = \"%s\"\n", site->cert, site->key);
}

/* The last condition that fits decides. */
static void end_server(FILE *out, const struct site *site)
{
	if (site->cert && site->port == 443)
		fprintf(out, "$SERVER[\"socket\"] == \"%s:80\" {\n\tssl.engine = \"disable\"\n"
		             "\turl.redirect = ( \"\" => \"https://${url.authority}${url.path}${qsa}\" )\n}\n",
		        site->address);
}

/* With whatever port, in whatever letters. */
static void print_host(FILE *out, const char *name)
{
	fputs("$HTTP[\"host\"] =~ \"(?i)^", out);
	for (const char *p = name; *p; p++)
		fprintf(out, *p == '.' ? "[%c]" : "%c", *p);
	fputs("(?::[0-9]+)?$\" {\n", out);
}

static void begin_part(FILE *out, const struct site *site)
{
	fprintf(out, "# It needs lighttpd's modules setenv, redirect, alias, rewrite, fastcgi and deflate; one that is named twice is loaded once.\n"
	             "server.modules += ( %s )\n", modules);
	fprintf(out, "# For the whole server, where nothing says so yet:\n#   server.upload-dirs = ( \"%s\" )\n"
	             "#   server.max-connections = %u\n#   server.max-fds = %u\n#   server.max-read-idle = %u\n",
	        site->spool, site->connections, 3 * site->connections, read_idle(site));
	if (site->name)
		print_host(out, site->name);
	if (*site->base)
		fprintf(out, "$HTTP[\"url\"] =~ \"^%s(?:[/?]|$)\" {\n", site->base);
	else
		fprintf(out, "server.document-root = \"%s\"\n", site->www);
}

static void end_part(FILE *out, const struct site *site)
{
	fprintf(out, "%s%s", site->name ? "}\n" : "", *site->base ? "}\n" : "");
}

/* ---- pages ---- */

static void print_pages(FILE *out, const struct site *site)
{
	fputs("server.stream-response-body = 1\nindex-file.names = ( \"index.html\" )\n", out);
	if (has_error_page(site))
		fprintf(out, "server.errorfile-prefix = \"%s/\"\n", site->www);
	if (site->demo || *site->base)
		fputs("alias.url = (\n", out);
	if (site->demo)
		fprintf(out, "\t\"%s/demo.json\" => \"%s/demo.json\",\n", site->base, site->data);
	if (*site->base)
		fprintf(out, "\t\"%s/\" => \"%s/\",\n", site->base, site->www);
	if (site->demo || *site->base)
		fputs(")\n", out);
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
static void print_rewrites(FILE *out, const struct site *site, const struct addresses *list)
{
	const char *base = site->base;
	fprintf(out, "\nurl.rewrite-once = (\n\t\"^%s/api/v1/(.*)$\" => \"%s/api/$1\",\n", base, base);
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i].kind == AT_ALSO)
			fprintf(out, "\t\"^%s%s((?:[/?].*)?)$\" => \"%s/api/%s$1\",\n", base, list->at[i].prefix, base, list->at[i].entry->path);
	/* Under a folder's name the file is not where lighttpd would look for it. */
	if (*base)
		fprintf(out, "\t\"^%s/(?!api(?:/|$))" PAGE "(\\?.*)?$\" => \"%s/$1.html$2\",\n", base, base);
	fputs(")\n# A page's address has no suffix, nor a slash at its end.\n", out);
	if (!*base)
		fputs("url.rewrite-if-not-file = ( \"^/" PAGE "(\\?.*)?$\" => \"/$1.html$2\" )\n", out);
	fprintf(out, "$HTTP[\"url\"] !~ \"^%s/api/\" {\n\turl.redirect = ( \"^%s/" PAGE "/$\" => \"%s/$1\"", base, base, base);
	if (*base)
		fprintf(out, ", \"^%s$\" => \"%s/\"", base, base);
	fputs(" )\n}\n", out);
}

/* What functions answer, at all their addresses; the pattern is left open. */
static void print_api(FILE *out, const struct site *site, const struct addresses *list)
{
	fprintf(out, "\"^%s(?:/api/", site->base);
	for (size_t i = 0; i < list->count; i++)
		if (list->at[i].kind == AT_ALSO)
			fprintf(out, "|%s(?:[/?]|$)", list->at[i].prefix);
	fputs(")\"", out);
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
static void print_page_headers(FILE *out, const struct site *site, const struct addresses *list)
{
	fputs("\n# Functions send their own headers; these are for pages.\n$HTTP[\"url\"] !~ ", out);
	print_api(out, site, list);
	fputs(" {\n", out);
	print_header_list(out, "\t", false);
	fputs("\t$HTTP[\"scheme\"] == \"https\" {\n", out);
	print_header_list(out, "\t\t", true);
	fputs("\t}\n\tsetenv.add-response-header = ( \"Cache-Control\" => \"" CACHE_PAGE "\" )\n"
	      "\t$HTTP[\"url\"] =~ \"" HASHED_NAME "\" {\n"
	      "\t\tsetenv.add-response-header = ( \"Cache-Control\" => \"" CACHE_HASHED "\" )\n\t}\n}\n", out);
}

/* ---- functions ---- */

/* In units of 1,024 bytes. */
static void print_larger(FILE *out, const struct site *site, size_t cap, const char *paths)
{
	fprintf(out, "$HTTP[\"url\"] =~ \"^%s/api/(?:v1/)?(?:%s)(?:[/?]|$)\" {\n\tserver.max-request-size = %zu\n}\n", site->base, paths, cap >> 10);
}

static void print_caps(FILE *out, const struct site *site, const struct addresses *list)
{
	fprintf(out, "\n# Bodies of strangers, in KiB; a few functions take more. What the server refuses by itself it says as a function would.\n"
	             "server.max-request-size = %d\n", BODY_CAP >> 10);
	large_bodies_each(out, site, list, print_larger);
	if (has_error_page(site)) {
		fputs("$HTTP[\"url\"] =~ ", out);
		print_api(out, site, list);
		fprintf(out, " {\n\tserver.errorfile-prefix = \"%s/errors/api-\"\n"
		             "\tmimetype.assign = ( \".html\" => \"application/problem+json\" )\n}\n", site->www);
	}
	fprintf(out, "setenv.add-environment = ( \"PENNYMETER_BASE_PATH\" => \"%s\" )\n", site->base);
}

/* Without min-procs lighttpd starts four, and one more a second while there is a queue. */
static void print_program(FILE *out, const struct site *site, const char *prefix, const struct program *p)
{
	fprintf(out, "\t\"%s/api/%s\" => (( \"socket\" => \"%s/%s.sock\", \"check-local\" => \"disable\"", site->base, prefix, site->run, p->name);
	if (site->fn)
		fprintf(out, ",\n\t\t\"bin-path\" => \"%s/%s.fcgi\", \"min-procs\" => %u, \"max-procs\" => %u,\n"
		             "\t\t\"bin-environment\" => ( \"PENNYMETER_DATA\" => \"%s\" )",
		        site->fn, p->name, p->procs, p->procs, site->data);
	fputs(" )),\n", out);
}

static void print_functions(FILE *out, const struct site *site, const struct programs *programs)
{
	const struct program *others = NULL;
	fputs("\n# The first prefix that fits is taken; what none has goes to the last, which answers 404.\nfastcgi.server = (\n", out);
	for (size_t i = 0; i < programs->count; i++)
		if (strcmp(programs->at[i].name, catch_all(site)))
			print_program(out, site, programs->at[i].prefix, &programs->at[i]);
		else
			others = &programs->at[i];
	if (others)
		print_program(out, site, "", others);
	fputs(")\n", out);
}

/* ---- the whole ---- */

static bool refused(const struct site *site)
{
	if (site->fn && strpbrk(site->fn, " \t")) {
		fprintf(stderr, "routes: lighttpd cannot start programs in a folder with spaces: %s\n", site->fn);
		return true;
	}
	if (site->part && !site->name && !*site->base)
		fputs("routes: --part wants --name or --base: what of the server's requests is for Pennymeter?\n", stderr);
	return site->part && !site->name && !*site->base;
}

int print_lighttpd(FILE *out, const struct site *site, const struct fn_entry *table)
{
	static struct addresses list;
	static struct programs programs;
	if (refused(site) || !addresses_list(&list, table, site->all) || !programs_list(&programs, site, table))
		return 1;
	addresses_by_prefix(&list);
	fputs("# Pennymeter behind lighttpd. Written by `routes lighttpd`; change the declarations, not this.\n", out);
	(site->part ? begin_part : print_server)(out, site);
	print_pages(out, site);
	print_types(out);
	print_rewrites(out, site, &list);
	print_page_headers(out, site, &list);
	print_caps(out, site, &list);
	print_functions(out, site, &programs);
	(site->part ? end_part : end_server)(out, site);
	return 0;
}

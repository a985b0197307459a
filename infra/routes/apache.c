/* The .htaccess of a folder that holds pages and functions: all that a shared host lets a user say. */
#include <string.h>

#include "routes.h"

#define DENIED "Require all denied"

/* Where nothing would run a program, Apache would send it as a file, with 200: and whoever posted an event would take it for recorded. */
static const char handler_fcgid[] =
	"# FastCGI where the host has mod_fcgid, plain CGI where it has not: the functions are both. Where it has neither, nothing is answered.\n"
	"<FilesMatch \"\\.fcgi$\">\n"
	"\t<IfModule mod_fcgid.c>\n\t\tSetHandler fcgid-script\n\t</IfModule>\n"
	"\t<IfModule !mod_fcgid.c>\n\t\tSetHandler cgi-script\n"
	"\t\t<IfModule !mod_cgid.c>\n\t\t\t<IfModule !mod_cgi.c>\n\t\t\t\t" DENIED "\n\t\t\t</IfModule>\n\t\t</IfModule>\n"
	"\t</IfModule>\n"
	"</FilesMatch>\n";

static const char handler_cgi[] =
	"<FilesMatch \"\\.fcgi$\">\n\tSetHandler cgi-script\n"
	"\t<IfModule !mod_cgid.c>\n\t\t<IfModule !mod_cgi.c>\n\t\t\t" DENIED "\n\t\t</IfModule>\n\t</IfModule>\n"
	"</FilesMatch>\n";

static void print_start(FILE *out, const struct site *site, const char *format, const char *handler)
{
	fprintf(out, "# Pennymeter behind Apache. Written by `routes %s`; change the declarations, not this.\n\n%s"
	             "<FilesMatch \"^data\\.path$\">\n\t" DENIED "\n</FilesMatch>\n\n", format, handler);
	fprintf(out, "<IfModule mod_env.c>\n\tSetEnv PENNYMETER_DATA \"%s\"\n</IfModule>\n", site->data);
	fputs("<IfModule mod_setenvif.c>\n"
	      "\t# Apache keeps this header from programs unless told otherwise.\n"
	      "\tSetEnvIf Authorization \"(.+)\" HTTP_AUTHORIZATION=$1\n"
	      "\tSetEnvIf Request_URI \"\\.fcgi$\" PENNYMETER_FUNCTION\n"
	      "</IfModule>\n\n", out);
}

static void print_pages(FILE *out, const struct site *site)
{
	fputs("<IfModule mod_dir.c>\n\tDirectoryIndex index.html\n\tDirectorySlash Off\n</IfModule>\n", out);
	if (*site->base)
		fprintf(out, "<IfModule mod_alias.c>\n\tRedirectMatch 301 \"^%s$\" \"%s/\"\n</IfModule>\n", site->base, site->base);
	if (has_error_page(site))
		fprintf(out, "ErrorDocument 404 %s/404.html\n"
		             "# In the words of a function: clients then know to send less.\n"
		             "ErrorDocument 401 %s/errors/api-401.html\n"
		             "ErrorDocument 413 %s/errors/api-413.html\n"
		             "<FilesMatch \"^api-[0-9]+\\.html$\">\n\tForceType application/problem+json\n</FilesMatch>\n", site->base, site->base, site->base);
	fputs("<IfModule mod_mime.c>\n", out);
	for (const struct pair *t = file_types; t->name; t++)
		fprintf(out, "\tAddType %s .%s\n", t->value, t->name);
	fputs("\tAddCharset utf-8 .html .css .js .mjs .txt\n</IfModule>\n"
	      "<IfModule mod_deflate.c>\n\t<IfModule mod_filter.c>\n"
	      "\t\tAddOutputFilterByType DEFLATE application/json application/problem+json text/html text/css text/javascript image/svg+xml\n"
	      "\t</IfModule>\n</IfModule>\n\n", out);
}

/* Scripts and styles stand compressed beside themselves: for hosts without mod_deflate, and to compress them once. */
static void print_compressed(FILE *out)
{
	static const struct pair types[] = { { "css", "text/css" }, { "m?js", "text/javascript" }, { 0 } };
	for (const struct pair *t = types; t->name; t++)
		fprintf(out, "<FilesMatch \"\\.%s\\.gz$\">\n\tForceType \"%s; charset=utf-8\"\n"
		             "\t<IfModule mod_mime.c>\n\t\tAddEncoding gzip .gz\n\t</IfModule>\n</FilesMatch>\n", t->name, t->value);
	fputc('\n', out);
}

static void print_headers(FILE *out)
{
	fputs("<IfModule mod_headers.c>\n\t# Functions send their own.\n", out);
	for (const struct pair *h = page_headers; h->name; h++)
		fprintf(out, "\tHeader always set %s \"%s\" env=!PENNYMETER_FUNCTION\n", h->name, h->value);
	fputs("\tHeader always set Cache-Control \"" CACHE_PAGE "\" env=!PENNYMETER_FUNCTION\n"
	      "\t<FilesMatch \"" HASHED_NAME "\">\n"
	      "\t\tHeader always set Cache-Control \"" CACHE_HASHED "\"\n\t\tHeader merge Vary Accept-Encoding\n\t</FilesMatch>\n"
	      "\tHeader always set Strict-Transport-Security \"" HSTS "\" \"expr=%{HTTPS} == 'on'\"\n"
	      "\tHeader always set WWW-Authenticate \"Bearer realm=\\\"Pennymeter\\\"\" \"expr=%{REQUEST_STATUS} == 401 && -z reqenv('PENNYMETER_FUNCTION')\"\n"
	      "\t# mod_deflate marks entity tags and does not know its own mark when it comes back.\n"
	      "\tRequestHeader edit If-None-Match '^((?:W/)?\"[^\"]+)-(gzip|br)\"$' '$1\", $1-$2\"'\n"
	      "</IfModule>\n\n", out);
}

/* ---- rules ---- */

enum { FCGID_CAP = 128 << 10 }; /* what mod_fcgid takes if nobody told it otherwise; it answers more than that with 500 */

static void print_cap(FILE *out, const char *indent, size_t cap, const char *paths)
{
	fprintf(out, "%sRewriteCond expr \"%%{HTTP:Content-Length} -gt %zu\"\n"
	             "%sRewriteRule ^api/(?:v1/)?(?:%s)(?:/|$) - [R=413,L]\n", indent, cap, indent, paths);
}

static void print_larger(FILE *out, const struct site *site, size_t cap, const char *paths)
{
	const size_t fcgid = site->large || cap < FCGID_CAP ? cap : FCGID_CAP;
	if (fcgid == cap) {
		print_cap(out, "\t", cap, paths);
		return;
	}
	fputs("\t<IfModule mod_fcgid.c>\n", out);
	print_cap(out, "\t\t", fcgid, paths);
	fputs("\t</IfModule>\n\t<IfModule !mod_fcgid.c>\n", out);
	print_cap(out, "\t\t", cap, paths);
	fputs("\t</IfModule>\n", out);
}

static void print_usual(FILE *out, const struct site *site, size_t cap, const char *paths)
{
	(void)site, (void)cap;
	fprintf(out, "|%s", paths);
}

/* Before a program sees it: mod_fcgid would spool it, and answer what is too much for it with 500. */
static void print_caps(FILE *out, const struct site *site, const struct addresses *list)
{
	large_bodies_each(out, site, list, print_larger);
	fprintf(out, "\tRewriteCond expr \"%%{HTTP:Content-Length} -gt %d\"\n\tRewriteRule ^(?!errors/|api/(?:v1/)?(?:-", BODY_CAP);
	large_bodies_each(out, site, list, print_usual);
	fputs(")(?:/|$)) - [R=413,L]\n", out);
	fprintf(out, "\t# Who has no token is told so before a large body is read.\n"
	             "\tRewriteCond expr \"%%{HTTP:Content-Length} -gt %d && -z %%{HTTP:Authorization} && -z %%{HTTP:X-Api-Key}\"\n"
	             "\tRewriteRule ^api/ - [R=401,L]\n", BODY_CAP);
}

/* The first rule that fits ends the search. */
static void print_programs(FILE *out, const struct site *site, const struct addresses *list,
                           const struct programs *programs)
{
	for (const struct address *a = list->at; a < list->at + list->count; a++)
		if (a->kind == AT_ALSO)
			fprintf(out, "\tRewriteRule ^%s(?:/|$) %s/%s.fcgi [END]\n", a->prefix + 1, site->fn, a->program);
	for (const struct program *p = programs->at; p < programs->at + programs->count && !site->all; p++)
		fprintf(out, "\tRewriteRule ^api/(?:v1/)?%s(?:/|$) %s/%s.fcgi [END]\n", p->prefix, site->fn, p->name);
	fprintf(out, "\tRewriteRule ^api/ %s/%s.fcgi [END]\n", site->fn, catch_all(site));
}

/* No Options here: where a host forbids that, one word of it makes every answer of the site a 500. */
static void print_rules(FILE *out, const struct site *site, const struct addresses *list,
                        const struct programs *programs)
{
	fprintf(out, "<IfModule mod_rewrite.c>\n\tRewriteEngine On\n\tRewriteBase %s/\n"
	             "\tRewriteRule ^%s(?:/|$) - [R=404,L]\n"
	             "\tRewriteRule (?:^|/)\\.(?!well-known/) - [R=404,L]\n", site->base, site->fn);
	print_caps(out, site, list);
	print_programs(out, site, list, programs);
	fprintf(out, "\t# What is compressed already is sent so; mod_mime then tells.\n"
	             "\t<IfModule mod_mime.c>\n"
	             "\t\tRewriteCond %%{HTTP:Accept-Encoding} \\bgzip\\b\n"
	             "\t\tRewriteCond %%{REQUEST_FILENAME}.gz -f\n"
	             "\t\tRewriteRule ^assets/.+\\.(?:css|m?js)$ $0.gz [END]\n"
	             "\t</IfModule>\n"
	             "\t# A page's address has no suffix, nor a slash at its end.\n"
	             "\tRewriteCond %%{REQUEST_FILENAME}.html -f\n"
	             "\tRewriteRule ^([a-z0-9-]+(?:/[a-z0-9-]+)*)$ $1.html [END]\n"
	             "\tRewriteCond %%{DOCUMENT_ROOT}%s/$1.html -f\n"
	             "\tRewriteRule ^([a-z0-9-]+(?:/[a-z0-9-]+)*)/$ %s/$1 [R=301,END]\n"
	             "\t# No folder is listed.\n"
	             "\tRewriteCond %%{REQUEST_FILENAME} -d\n"
	             "\tRewriteRule . - [R=404,L]\n"
	             "</IfModule>\n", site->base, site->base);
}

static int print(FILE *out, const struct site *site, const struct fn_entry *table, const char *format, const char *handler)
{
	static struct addresses list;
	static struct programs programs;
	if (!addresses_list(&list, table, site->all) || !programs_list(&programs, site, table))
		return 1;
	addresses_by_prefix(&list);
	print_start(out, site, format, handler);
	print_pages(out, site);
	print_compressed(out);
	print_headers(out);
	print_rules(out, site, &list, &programs);
	return 0;
}

int print_apache_fcgid(FILE *out, const struct site *site, const struct fn_entry *table)
{
	return print(out, site, table, "apache-fcgid", handler_fcgid);
}

int print_apache_cgi(FILE *out, const struct site *site, const struct fn_entry *table)
{
	return print(out, site, table, "apache-cgi", handler_cgi);
}

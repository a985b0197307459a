/* The .htaccess of a folder that holds pages and functions: all that a shared host lets a user say. */
#include <string.h>

#include "routes.h"

static const char handler_fcgid[] =
	"# FastCGI where the host has mod_fcgid, plain CGI where it has not: the functions are both.\n"
	"<FilesMatch \"\\.fcgi$\">\n"
	"\t<IfModule mod_fcgid.c>\n\t\tSetHandler fcgid-script\n\t</IfModule>\n"
	"\t<IfModule !mod_fcgid.c>\n\t\tSetHandler cgi-script\n\t</IfModule>\n"
	"</FilesMatch>\n";

static const char handler_cgi[] =
	"<FilesMatch \"\\.fcgi$\">\n\tSetHandler cgi-script\n</FilesMatch>\n";

static void print_start(FILE *out, const struct site *site, const char *format, const char *handler)
{
	fprintf(out, "# Pennymeter behind Apache. Written by `routes %s`; change the declarations, not this.\n"
	             "Options -Indexes +ExecCGI +SymLinksIfOwnerMatch\n\n%s\n", format, handler);
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
	if (has_error_page(site))
		fputs("ErrorDocument 404 /404.html\n", out);
	fputs("<IfModule mod_mime.c>\n", out);
	for (const struct pair *t = file_types; t->name; t++)
		fprintf(out, "\tAddType %s .%s\n", t->value, t->name);
	fputs("\tAddCharset utf-8 .html .css .js .mjs .txt\n</IfModule>\n"
	      "<IfModule mod_deflate.c>\n\t<IfModule mod_filter.c>\n"
	      "\t\tAddOutputFilterByType DEFLATE application/json application/problem+json text/html text/css text/javascript image/svg+xml\n"
	      "\t</IfModule>\n</IfModule>\n\n", out);
}

static void print_headers(FILE *out)
{
	fputs("<IfModule mod_headers.c>\n\t# Functions send their own.\n", out);
	for (const struct pair *h = page_headers; h->name; h++)
		fprintf(out, "\tHeader always set %s \"%s\" env=!PENNYMETER_FUNCTION\n", h->name, h->value);
	fputs("\tHeader always set Cache-Control \"" CACHE_PAGE "\" env=!PENNYMETER_FUNCTION\n"
	      "\t<FilesMatch \"" HASHED_NAME "\">\n"
	      "\t\tHeader always set Cache-Control \"" CACHE_HASHED "\"\n\t</FilesMatch>\n"
	      "\tHeader always set Strict-Transport-Security \"" HSTS "\" \"expr=%{HTTPS} == 'on'\"\n"
	      "\t# mod_deflate marks entity tags and does not know its own mark when it comes back.\n"
	      "\tRequestHeader edit If-None-Match '^((?:W/)?\"[^\"]+)-(gzip|br)\"$' '$1\", $1-$2\"'\n"
	      "</IfModule>\n\n", out);
}

static void print_rules(FILE *out, const struct site *site, const struct addresses *list)
{
	fprintf(out, "<IfModule mod_rewrite.c>\n\tRewriteEngine On\n"
	             "\tRewriteRule ^%s(?:/|$) - [R=404,L]\n"
	             "\tRewriteRule (?:^|/)\\.(?!well-known/) - [R=404,L]\n", site->fn);
	for (size_t i = 0; i < list->count; i++) {
		const struct address *a = &list->at[i];
		if (a->kind == AT_ALSO)
			fprintf(out, "\tRewriteRule ^%s(?:/|$) %s/%s.fcgi [END]\n", a->path + 1, site->fn, a->program);
		else if (a->kind == AT_API && !site->all)
			fprintf(out, "\tRewriteRule ^api/(?:v1/)?%s(?:/|$) %s/%s.fcgi [END]\n", a->entry->path, site->fn, a->program);
	}
	fprintf(out, "\tRewriteRule ^api/ %s/%s.fcgi [END]\n"
	             "\t# A page's address has no suffix, nor a slash at its end.\n"
	             "\tRewriteCond %%{REQUEST_FILENAME}.html -f\n"
	             "\tRewriteRule ^([a-z0-9-]+(?:/[a-z0-9-]+)*)$ $1.html [END]\n"
	             "\tRewriteCond %%{DOCUMENT_ROOT}/$1.html -f\n"
	             "\tRewriteRule ^([a-z0-9-]+(?:/[a-z0-9-]+)*)/$ /$1 [R=301,END]\n"
	             "</IfModule>\n", site->fn, catch_all(site));
}

static int print(FILE *out, const struct site *site, const struct fn_entry *table, const char *format, const char *handler)
{
	static struct addresses list;
	if (!addresses_list(&list, table, site->all))
		return 1;
	addresses_deepest_first(&list);
	print_start(out, site, format, handler);
	print_pages(out, site);
	print_headers(out);
	print_rules(out, site, &list);
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

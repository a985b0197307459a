/* The configuration of nginx. */
#include <string.h>

#include "routes.h"

#define PAGE "([a-z0-9-]+(?:/[a-z0-9-]+)*)"

static void print_maps(FILE *out)
{
	fputs("# Pennymeter behind nginx: a file for conf.d/. Written by `routes nginx`; change the declarations, not this.\n"
	      "map $https $pennymeter_hsts {\n\tdefault \"\";\n\ton \"" HSTS "\";\n}\n"
	      "map $uri $pennymeter_cache {\n\tdefault \"" CACHE_PAGE "\";\n"
	      "\t\"~" HASHED_NAME "\" \"" CACHE_HASHED "\";\n}\n\n", out);
}

static void print_name(FILE *out, const struct site *site)
{
	if (site->name)
		fprintf(out, "\tserver_name %s;\n", site->name);
}

static void print_listen(FILE *out, const struct site *site)
{
	if (site->cert && site->port == 443) {
		fprintf(out, "server {\n\tlisten %s:80;\n", site->address);
		print_name(out, site);
		fputs("\treturn 301 https://$host$request_uri;\n}\n\n", out);
	}
	fprintf(out, "server {\n\tlisten %s:%u%s;\n", site->address, site->port, site->cert ? " ssl" : "");
	print_name(out, site);
	if (site->cert)
		fprintf(out, "\tssl_certificate \"%s\";\n\tssl_certificate_key \"%s\";\n", site->cert, site->key);
}

static void print_server(FILE *out, const struct site *site)
{
	fprintf(out, "\troot \"%s\";\n\tindex index.html;\n"
	             "\tserver_tokens off;\n\tcharset utf-8;\n\tcharset_types text/css text/javascript;\n"
	             "\tabsolute_redirect off;\n\tgzip on;\n\tgzip_static on;\n\tgzip_vary on;\n\tgzip_min_length 512;\n"
	             "\tgzip_types application/json application/problem+json text/css text/javascript image/svg+xml;\n"
	             "\t# Bodies of strangers; a few functions take more, below. They wait on disk, as answers do for slow clients.\n"
	             "\tclient_max_body_size %dk;\n\tclient_header_timeout %us;\n\tclient_body_timeout %us;\n",
	        site->www, BODY_CAP >> 10, READ_IDLE, READ_IDLE);
	if (has_error_page(site))
		fprintf(out, "\terror_page 404 %s/404.html;\n", site->base);
	fputs("\ttypes {\n", out);
	for (const struct pair *t = file_types; t->name; t++)
		fprintf(out, "\t\t%s %s;\n", t->value, t->name);
	fputs("\t}\n\n", out);
}

static void print_params(FILE *out, const struct site *site)
{
	static const struct pair params[] = {
		{ "REQUEST_METHOD", "$request_method" }, { "REQUEST_URI", "$request_uri" },
		{ "QUERY_STRING", "$query_string" },     { "CONTENT_TYPE", "$content_type" },
		{ "CONTENT_LENGTH", "$content_length" }, { "SCRIPT_NAME", "$document_uri" },
		{ "SERVER_PROTOCOL", "$server_protocol" }, { "SERVER_NAME", "$server_name" },
		{ "SERVER_PORT", "$server_port" },       { "REMOTE_ADDR", "$remote_addr" },
		{ "GATEWAY_INTERFACE", "CGI/1.1" },      { 0 }
	};
	for (const struct pair *p = params; p->name; p++)
		fprintf(out, "\tfastcgi_param %s %s;\n", p->name, p->value);
	fprintf(out, "\tfastcgi_param HTTPS $https if_not_empty;\n\tfastcgi_param PENNYMETER_DATA \"%s\";\n"
	             "\tfastcgi_param PENNYMETER_BASE_PATH \"%s\";\n\n", site->data, site->base);
}

/* What nginx refuses by itself below /api/ it says as a function would. */
static void print_errors(FILE *out, const struct site *site)
{
	static const unsigned errors[] = { 413, 500, 502, 503, 504, 0 };
	for (const unsigned *e = errors; has_error_page(site) && *e; e++)
		fprintf(out, "\t\terror_page %u /errors/api-%u.html;\n", *e, *e);
}

static void print_cap(FILE *out, const struct address *a)
{
	if (a->body_cap > BODY_CAP)
		fprintf(out, " client_max_body_size %zuk;", a->body_cap >> 10);
}

static bool takes_more(const struct address *a)
{
	return a->kind != AT_ALSO && a->body_cap > BODY_CAP;
}

static void print_larger(FILE *out, const struct site *site, const struct addresses *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct address *a = &list->at[i];
		if (!takes_more(a))
			continue;
		fprintf(out, "\t\tlocation ^~ %s%s { fastcgi_pass \"unix:%s/%s.sock\";", site->base, a->prefix, site->run, a->program);
		print_cap(out, a);
		fputs(" }\n", out);
	}
}

/* Has a function that takes more the very same prefix? Its location stands for both. */
static bool has_location(const struct addresses *list, const char *prefix)
{
	for (size_t i = 0; i < list->count; i++)
		if (takes_more(&list->at[i]) && !strcmp(list->at[i].prefix, prefix))
			return true;
	return false;
}

static void print_program(FILE *out, const struct site *site, const struct addresses *list, const char *below,
                          const struct program *p)
{
	char prefix[sizeof list->at->prefix];
	snprintf(prefix, sizeof prefix, "%s%s", below, p->prefix);
	if (!has_location(list, prefix))
		fprintf(out, "\t\tlocation ^~ %s%s { fastcgi_pass \"unix:%s/%s.sock\"; }\n", site->base, prefix, site->run,
		        p->name);
}

/* The longest prefix that fits is taken. */
static void print_below(FILE *out, const struct site *site, const struct addresses *list,
                        const struct programs *programs)
{
	fprintf(out, "\tlocation ^~ %s/api/ {\n\t\tfastcgi_pass \"unix:%s/%s.sock\";\n", site->base, site->run, catch_all(site));
	print_errors(out, site);
	print_larger(out, site, list);
	for (size_t i = 0; i < programs->count && !site->all; i++) {
		print_program(out, site, list, "/api/", &programs->at[i]);
		print_program(out, site, list, "/api/v1/", &programs->at[i]);
	}
	fputs("\t}\n", out);
}

static void print_beside(FILE *out, const struct site *site, const struct addresses *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct address *a = &list->at[i];
		if (a->kind != AT_ALSO)
			continue;
		fprintf(out, "\tlocation ^~ %s%s {\n\t\tfastcgi_pass \"unix:%s/%s.sock\";", site->base, a->prefix, site->run, a->program);
		print_cap(out, a);
		fputs("\n", out);
		print_errors(out, site);
		fputs("\t}\n", out);
	}
	if (has_error_page(site))
		fputs("\tlocation ^~ /errors/ {\n\t\tinternal;\n\t\ttypes { }\n\t\tdefault_type application/problem+json;\n\t}\n", out);
}

static void print_pages(FILE *out, const struct site *site)
{
	const char *base = site->base;
	if (site->demo)
		fprintf(out, "\tlocation = %s/demo.json { alias \"%s/demo.json\"; }\n", base, site->data);
	if (*base)
		fprintf(out, "\tlocation = %s { return 301 %s/; }\n", base, base);
	fprintf(out, "\n\tlocation %s/ {\n\t\trewrite ^%s/" PAGE "/$ %s/$1 permanent;\n", base, base, base);
	if (*base)
		fprintf(out, "\t\trewrite ^%s(/.*)$ $1 break;\n", base);
	fputs("\t\ttry_files $uri $uri.html $uri/index.html =404;\n", out);
	for (const struct pair *h = page_headers; h->name; h++)
		fprintf(out, "\t\tadd_header %s \"%s\" always;\n", h->name, h->value);
	fputs("\t\tadd_header Cache-Control $pennymeter_cache always;\n"
	      "\t\tadd_header Strict-Transport-Security $pennymeter_hsts always;\n\t}\n}\n", out);
}

int print_nginx(FILE *out, const struct site *site, const struct fn_entry *table)
{
	static struct addresses list;
	static struct programs programs;
	if (!addresses_list(&list, table, site->all) || !programs_list(&programs, site, table))
		return 1;
	addresses_by_prefix(&list);
	print_maps(out);
	print_listen(out, site);
	print_server(out, site);
	print_params(out, site);
	print_below(out, site, &list, &programs);
	print_beside(out, site, &list);
	print_pages(out, site);
	return 0;
}

/* The configuration of nginx. */

#include "routes.h"

static void print_maps(FILE *out)
{
	fputs("# Pennymeter behind nginx: a file for conf.d/. Written by `routes nginx`; change the declarations, not this.\n"
	      "map $https $pennymeter_hsts {\n\tdefault \"\";\n\ton \"" HSTS "\";\n}\n"
	      "map $uri $pennymeter_cache {\n\tdefault \"" CACHE_PAGE "\";\n"
	      "\t\"~" HASHED_NAME "\" \"" CACHE_HASHED "\";\n}\n\n", out);
}

static void print_server(FILE *out, const struct site *site)
{
	fprintf(out, "server {\n\tlisten %s:%u;\n\troot \"%s\";\n\tindex index.html;\n"
	             "\tserver_tokens off;\n\tclient_max_body_size 5m;\n\tcharset utf-8;\n\tcharset_types text/css text/javascript;\n"
	             "\tabsolute_redirect off;\n\tgzip on;\n\tgzip_min_length 512;\n"
	             "\tgzip_types application/json application/problem+json text/css text/javascript image/svg+xml;\n",
	        site->address, site->port, site->www);
	if (has_error_page(site))
		fputs("\terror_page 404 /404.html;\n", out);
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
	fprintf(out, "\tfastcgi_param HTTPS $https if_not_empty;\n\tfastcgi_param PENNYMETER_DATA \"%s\";\n\n", site->data);
}

static void print_locations(FILE *out, const struct site *site, const struct addresses *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!site->all || list->at[i].kind == AT_ALSO)
			fprintf(out, "\tlocation ^~ %s { fastcgi_pass \"unix:%s/%s.sock\"; }\n", list->at[i].path, site->run,
			        list->at[i].program);
	fprintf(out, "\tlocation ^~ /api/ { fastcgi_pass \"unix:%s/%s.sock\"; }\n", site->run, catch_all(site));
	if (site->demo)
		fprintf(out, "\tlocation = /demo.json { alias \"%s/demo.json\"; }\n", site->data);
	fputs("\n\tlocation / {\n"
	      "\t\trewrite ^/([a-z0-9-]+(?:/[a-z0-9-]+)*)/$ /$1 permanent;\n"
	      "\t\ttry_files $uri $uri.html $uri/index.html =404;\n", out);
	for (const struct pair *h = page_headers; h->name; h++)
		fprintf(out, "\t\tadd_header %s \"%s\" always;\n", h->name, h->value);
	fputs("\t\tadd_header Cache-Control $pennymeter_cache always;\n"
	      "\t\tadd_header Strict-Transport-Security $pennymeter_hsts always;\n\t}\n}\n", out);
}

int print_nginx(FILE *out, const struct site *site, const struct fn_entry *table)
{
	static struct addresses list;
	if (!addresses_list(&list, table, site->all))
		return 1;
	print_maps(out);
	print_server(out, site);
	print_params(out, site);
	print_locations(out, site, &list);
	return 0;
}

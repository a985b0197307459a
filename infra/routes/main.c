/* routes: prints every artefact that depends on the declarations of the functions. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "routes.h"

static const struct format {
	const char *name, *what;
	int (*print)(FILE *out, const struct site *site, const struct fn_entry *table);
	const char *root; /* where the functions lie if nobody says */
} formats[] = {
	{ "lighttpd", "configuration of lighttpd, for functions that `pennymeter launch` starts, or itself with --root", print_lighttpd },
	{ "apache-fcgid", ".htaccess for Apache with mod_fcgid (or CGI where it is absent)", print_apache_fcgid, "fn" },
	{ "apache-cgi", ".htaccess for Apache with plain CGI", print_apache_cgi, "fn" },
	{ "nginx", "configuration of nginx, for conf.d/ and functions that `pennymeter launch` or spawn-fcgi starts", print_nginx },
	{ "spawn", "script that starts and stops the functions with spawn-fcgi", print_spawn, "build/fn" },
	{ "problem", "what a web server answers by itself below /api/ with --status, for www/errors", print_problem },
	{ "openapi", "openapi.json", print_openapi },
	{ "routes", "routes.txt: method, address, scope", print_routes },
	{ "check", "nothing, if the declarations are complete" },
};

struct option {
	const char *name;
	const char **text; /* one of the three */
	unsigned *number;
	bool *flag;
	const char *what;
};

static int print_usage(FILE *out, const struct option *options, int code)
{
	fputs("usage: routes FORMAT [OPTION …]\n\nformats\n", out);
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		fprintf(out, "  %-14s %s\n", formats[i].name, formats[i].what);
	fputs("\noptions\n", out);
	for (const struct option *o = options; o->name; o++)
		fprintf(out, "  --%-12s %s\n", o->name, o->what);
	return code;
}

/* Names are written into configurations of four servers: what any of them would expand is refused. */
static bool plain(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || strchr("\"\\$%#", *p)) {
			fprintf(stderr, "routes: a folder or address must not hold \" \\ $ %% # or control characters: %s\n", text);
			return false;
		}
	return true;
}

/* They stand in regular expressions of four kinds, too. */
static bool is_name(const char *text)
{
	const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	return *text && !text[strspn(text, letters)];
}

static bool is_base(const char *text)
{
	const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/";
	const size_t size = strlen(text);
	return !size || (*text == '/' && size > 1 && text[size - 1] != '/' && !strstr(text, "//") && !text[strspn(text, letters)]);
}

static bool sound(const struct site *site)
{
	if (site->name && !is_name(site->name))
		fprintf(stderr, "routes: --name must be a host's name, as example.org, not \"%s\"\n", site->name);
	else if (!is_base(site->base))
		fprintf(stderr, "routes: --base must be as /meter, of letters, digits, - and _, not \"%s\"\n", site->base);
	else if (!site->cert != !site->key)
		fputs("routes: --cert and --key go together\n", stderr);
	else
		return true;
	return false;
}

static bool take_number(unsigned *number, const char *name, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);
	if (*end || end == value || *value == '-' || !n || n > 65535) {
		fprintf(stderr, "routes: --%s must be a whole number from 1 to 65535, not \"%s\"\n", name, value);
		return false;
	}
	*number = (unsigned)n;
	return true;
}

static bool take_options(const struct option *options, char **arguments)
{
	for (char **a = arguments; *a; a++) {
		const struct option *o = options;
		while (o->name && (strncmp(*a, "--", 2) || strcmp(*a + 2, o->name)))
			o++;
		if (!o->name || (!o->flag && !a[1])) {
			fprintf(stderr, "routes: %s %s\n", *a, o->name ? "wants a value" : "is not an option");
			return false;
		}
		if (o->flag) {
			*o->flag = true;
			continue;
		}
		a++;
		if (o->number ? !take_number(o->number, o->name, *a) : !plain(*a))
			return false;
		if (o->text)
			*o->text = *a;
	}
	return true;
}

static bool make_absolute(struct arena *arena, const char **path)
{
	char here[4096];
	if (!*path) {
		fputs("routes: out of memory\n", stderr);
		return false;
	}
	if (**path == '/')
		return true;
	if (!getcwd(here, sizeof here) || !plain(here)) {
		fputs("routes: the working folder cannot be named\n", stderr);
		return false;
	}
	*path = arena_format(arena, "%s/%s", here, *path);
	return *path != NULL;
}

/* What depends on another option when it is not given. */
static bool complete(struct site *site, const struct format *format, struct arena *arena)
{
	const bool below = format->root && !strcmp(format->root, "fn"); /* under Apache an address, not a folder */
	if (!site->fn)
		site->fn = format->root;
	if (site->fn && !below && !make_absolute(arena, &site->fn))
		return false;
	if (!make_absolute(arena, &site->data) || !make_absolute(arena, &site->www))
		return false;
	if (!site->run)
		site->run = arena_format(arena, "%s/run", site->data);
	if (!site->log)
		site->log = arena_format(arena, "%s/server.log", site->data);
	if (site->cert && (!make_absolute(arena, &site->cert) || !make_absolute(arena, &site->key)))
		return false;
	return make_absolute(arena, &site->run) && make_absolute(arena, &site->log) && make_absolute(arena, &site->spool);
}

static int print(const struct format *format, struct site *site)
{
	struct arena *arena;
	if (arena_open(&arena, 1 << 20))
		return 1;
	bool ready = complete(site, format, arena);
	int failed = ready ? format->print(stdout, site, fn_table) : 1;
	arena_close(arena);
	return fflush(stdout) || failed;
}

static int run(const struct format *format, struct site *site)
{
	unsigned faults = check_functions(stderr, fn_table);
	if (faults)
		fprintf(stderr, "routes: %u fault%s in the declarations\n", faults, faults == 1 ? "" : "s");
	return faults ? 1 : format->print ? print(format, site) : 0;
}

int main(int argc, char **argv)
{
	struct site site = { .www = "build/www", .data = "var", .spool = "/var/tmp", .base = "", .address = "127.0.0.1", .port = 8080, .procs = 2,
		.connections = CONNECTIONS };
	const struct option options[] = {
		{ "root", &site.fn, NULL, NULL, "folder of the functions: below the .htaccess (fn), of spawn-fcgi's (build/fn), or for lighttpd to start them itself" },
		{ "data", &site.data, NULL, NULL, "data folder (var)" },
		{ "www", &site.www, NULL, NULL, "folder of the pages (build/www)" },
		{ "run", &site.run, NULL, NULL, "folder of sockets (run in the data folder)" },
		{ "log", &site.log, NULL, NULL, "file of messages (server.log in the data folder)" },
		{ "spool", &site.spool, NULL, NULL, "folder on disk where lighttpd keeps bodies that come and answers that wait (/var/tmp)" },
		{ "base", &site.base, NULL, NULL, "folder of another site that holds pages and API: /meter" },
		{ "name", &site.name, NULL, NULL, "name of the site, where lighttpd or nginx serves others too: example.org" },
		{ "part", NULL, NULL, &site.part, "a file to include in the configuration of a lighttpd that has other sites; with --name or --base" },
		{ "cert", &site.cert, NULL, NULL, "file of the certificate: lighttpd and nginx then speak TLS, and from port 443 send port 80 there" },
		{ "key", &site.key, NULL, NULL, "file of its key" },
		{ "large", NULL, NULL, &site.large, "Apache: FcgidMaxRequestLen is 4194304 or more" },
		{ "address", &site.address, NULL, NULL, "address to listen at (127.0.0.1)" },
		{ "port", NULL, &site.port, NULL, "port to listen at (8080)" },
		{ "connections", NULL, &site.connections, NULL, "connections that lighttpd has at a time (4096): it opens up to three files for each" },
		{ "status", NULL, &site.status, NULL, "status of the problem" },
		{ "procs", NULL, &site.procs, NULL, "processes of each function (2), where lighttpd or spawn-fcgi starts them" },
		{ "writers", NULL, &site.writers, NULL, "processes of a function that writes (as --procs): they share a sync, so many are fast" },
		{ "all", NULL, NULL, &site.all, "send every address to pennymeter-all.fcgi" },
		{ "demo", NULL, NULL, &site.demo, "serve demo.json of the data folder" },
		{ 0 }
	};
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")))
		return print_usage(stdout, options, 0);
	for (size_t i = 0; argc > 1 && i < sizeof formats / sizeof *formats; i++)
		if (!strcmp(argv[1], formats[i].name))
			return take_options(options, argv + 2) && sound(&site) ? run(&formats[i], &site) : 2;
	return print_usage(stderr, options, 2);
}

/* pennymeter: the operator's command. One table of subcommands; help comes from it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf_check.h"
#include "base/log.h"
#include "calc.h"
#include "command.h"

static const struct option_row none[] = { { 0 } };
static const struct option_row init_options[] = {
	{ "plans", "DIR", "the folder of metrics.json and plans to apply" }, { 0 },
};
static const struct option_row tenant_options[] = {
	{ "name", "NAME", "what the tenant is called" },
	{ "plan", "CODE", "its plan: free, starter, …" },
	{ "start", "DATE", "when its subscription starts, the anchor of its periods; today if absent" },
	{ "cycle", "CYCLE", "monthly (default) or yearly" },
	{ "currency", "CODE", "ISO 4217; as configured if absent" },
	{ "timezone", "ZONE", "IANA name of its billing time zone; as configured if absent" },
	{ 0 },
};
static const struct option_row token_options[] = {
	{ "tenant", "N", "whose token" },
	{ "name", "NAME", "what it is for" },
	{ "scopes", "LIST", "usage:read, usage:write, or * for all (default)" },
	{ "user", "N", "the user that it acts for" },
	{ 0 },
};
static const struct option_row of_tenant[] = { { "tenant", "N", "whose tokens" }, { 0 } };
static const struct option_row revoke_options[] = {
	{ "tenant", "N", "whose token" }, { "token", "N", "its number in `token list`" }, { 0 },
};
static const struct option_row check_options[] = {
	{ "tenant", "N", "only this tenant; all if absent" },
	{ "accept", NULL, "after another program wrote to the file: take its pages as they are" },
	{ 0 },
};
static const struct option_row restore_options[] = {
	{ "tenant", "N", "put back this tenant alone, while the others go on; the whole database if absent" }, { 0 },
};
static const struct option_row move_options[] = {
	{ "to", "URL", "postgresql://user@host/database: an empty one, or the one a move was interrupted with" },
	{ "cancel", NULL, "give up a move that was interrupted" },
	{ 0 },
};

static const struct option_row launch_options[] = {
	{ "root", "DIR", "the folder of the functions; fn beside the folder of this program if absent" },
	{ "run", "DIR", "the folder for their sockets; run in the data folder if absent" },
	{ "procs", "N", "processes that a function may have (2)" },
	{ "writers", "N", "of one that writes (as --procs): they share a sync, so many are fast" },
	{ "all", NULL, "all functions in one program, pennymeter-all.fcgi" },
	{ "group", "NAME", "who may connect beside this user: the web server's group" },
	{ "idle", "SECONDS", "a function that did nothing for so long has its processes ended (600)" },
	{ 0 },
};

static const struct command commands[] = {
	{ "init", NULL, NULL, "make the data folder and its database, or bring them up to date", init_options, command_init },
	{ "doctor", NULL, NULL, "look for what is wrong with this installation", none, command_doctor },
	{ "tenant", "add", NULL, "add a tenant; prints its first token, once", tenant_options, command_tenant_add },
	{ "tenant", "list", NULL, "list the tenants and their plans", none, command_tenant_list },
	{ "token", "add", NULL, "add a token; prints it, once", token_options, command_token_add },
	{ "token", "list", NULL, "list a tenant's tokens", of_tenant, command_token_list },
	{ "token", "revoke", NULL, "revoke a token, from its next request on", revoke_options, command_token_revoke },
	{ "plan", "apply", "DIR", "apply metrics.json and plans; a changed plan makes a new version", none, command_plan_apply },
	{ "plan", "list", NULL, "list the plans and their versions", none, command_plan_list },
	{ "check", NULL, NULL, "prove the file, and that keys, roll-ups and balances equal the events", check_options, command_check },
	{ "backup", NULL, "FILE", "write a verified copy of the database", none, command_backup },
	{ "restore", NULL, "FILE", "put such a copy in the database's place; what was there is kept beside it", restore_options, command_restore },
	{ "move", NULL, NULL, "move everything to a PostgreSQL server while usage is recorded", move_options, command_move },
	{ "demo", NULL, NULL, "add a demo tenant with 90 days of usage", none, command_demo },
	{ "launch", NULL, "[-- SERVER]", "start functions when they are asked for, and the web server before them", launch_options, command_launch },
	{ 0 },
};

/* ---- help ---- */

static void print_heading(FILE *to, const struct command *c)
{
	char title[64];
	snprintf(title, sizeof title, "%s%s%s%s%s", c->name, c->sub ? " " : "", c->sub ? c->sub : "", c->words ? " " : "",
	         c->words ? c->words : "");
	fprintf(to, "  %-20s %s\n", title, c->help);
}

static void print_help(FILE *to)
{
	fputs("usage: pennymeter COMMAND [OPTION…]\n\n", to);
	for (const struct command *c = commands; c->name; c++)
		print_heading(to, c);
	fputs("  calc KIND            rate JSON Lines: price, plan_overage, periods, proration, allocation, tax,\n"
	      "                       aggregation, alerts, rounding\n\n"
	      "  --json               print JSON\n"
	      "  --help               this, or the options of a command\n"
	      "  --version            the version\n\n"
	      "Everything lies in the folder $PENNYMETER_DATA (default: var). Exit: 0 success, 1 failure, 2 bad usage.\n", to);
}

static void print_command_help(FILE *to, const struct command *c)
{
	fprintf(to, "usage: pennymeter %s%s%s [OPTION…]%s%s\n\n", c->name, c->sub ? " " : "", c->sub ? c->sub : "", c->words ? " " : "",
	        c->words ? c->words : "");
	fprintf(to, "  %s\n\n", c->help);
	for (const struct option_row *o = c->options; o->name; o++) {
		char title[32];
		snprintf(title, sizeof title, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
		fprintf(to, "  %-18s %s\n", title, o->help);
	}
	fputs("  --json             print JSON\n", to);
}

/* ---- reading the command line ---- */

static int take_option(struct run *r, const char *name, const char *next)
{
	const struct option_row *rows = r->command->options;
	size_t size = strcspn(name, "=");
	for (unsigned i = 0; rows[i].name; i++) {
		if (strlen(rows[i].name) != size || memcmp(rows[i].name, name, size))
			continue;
		const char *value = !rows[i].value ? "" : name[size] ? name + size + 1 : next;
		if (r->option[i] || !value) {
			fprintf(stderr, "pennymeter: --%s %s\n", rows[i].name, value ? "stands twice" : "wants a value");
			return -1;
		}
		r->option[i] = value;
		return rows[i].value && !name[size] ? 2 : 1;
	}
	fprintf(stderr, "pennymeter: unknown option --%s; `pennymeter %s%s%s --help` lists them\n", name, r->command->name,
	        r->command->sub ? " " : "", r->command->sub ? r->command->sub : "");
	return -1;
}

/* Returns: EXIT_FINE; EXIT_USAGE; -1: help was printed. */
static int read_arguments(struct run *r, int count, char **args)
{
	const bool tail = r->command->words && *r->command->words == '[';
	for (int i = 0, used = 1; i < count && !r->rest; i += used, used = 1) {
		if (!strcmp(args[i], "--json")) {
			r->json = true;
		} else if (!strcmp(args[i], "--help")) {
			print_command_help(stdout, r->command);
			return -1;
		} else if (!strcmp(args[i], "--") && tail && args[i + 1]) {
			r->rest = args + i + 1;
		} else if (!strncmp(args[i], "--", 2)) {
			used = take_option(r, args[i] + 2, i + 1 < count ? args[i + 1] : NULL);
			if (used < 0)
				return EXIT_USAGE;
		} else if (r->words < WORDS_CAP) {
			r->word[r->words++] = args[i];
		}
	}
	unsigned wanted = r->command->words && !tail ? 1 : 0;
	if (r->words != wanted) {
		print_command_help(stderr, r->command);
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

/* ---- running ---- */

enum { SHORT_WORK = 30, LONG_WORK = 1800 };

static void print_failure(const struct run *r, enum st st)
{
	static const char *const words[ST__MAX] = {
		[ST_BUSY] = "the store is busy, or did not answer in time; nothing was changed: try it again",
		[ST_STORE] = "the store cannot be used; what is printed above says why, or `pennymeter doctor`",
		[ST_IO] = "the store did not confirm it: it may be done or not. Look (`tenant list`, `token list`, `plan list`) before it is repeated",
	};
	for (unsigned i = 0; i < r->faults.count; i++)
		fprintf(stderr, "pennymeter: %s%s%s\n", r->faults.item[i].pointer, *r->faults.item[i].pointer ? ": " : "",
		        r->faults.item[i].detail);
	if (!r->faults.count)
		fprintf(stderr, "pennymeter: failed: %s\n", words[st] ? words[st] : st_name(st));
}

/* Seconds that one answer of a server may take: to what a person waits for, and to what may work on all there is. */
static unsigned patience_of(const struct command *c)
{
	static enum st (*const long_work[])(struct run *) = { command_init, command_plan_apply, command_check, command_move, command_demo };
	for (size_t i = 0; i < sizeof long_work / sizeof *long_work; i++)
		if (c->run == long_work[i])
			return LONG_WORK;
	return SHORT_WORK;
}

/* Is it an option's value that was refused? Of `move` the value may be good, and what lies there not. */
static bool is_misuse(const struct run *r, enum st st)
{
	if (st != ST_INVALID || r->command->run == command_move)
		return false;
	for (unsigned i = 0; i < r->faults.count; i++)
		if (!strncmp(r->faults.item[i].pointer, "--", 2))
			return true;
	return false;
}

static int run_command(struct run *r)
{
	driver_patience(patience_of(r->command));
	enum st st = conf_load(&r->conf, &r->faults, r->arena);
	if (!st)
		st = conf_check(&r->conf, &r->faults);
	if (!st)
		st = r->command->run(r);
	if (st)
		print_failure(r, st);
	if (r->json && r->out.size)
		puts(r->out.bytes);
	return !st ? EXIT_FINE : is_misuse(r, st) ? EXIT_USAGE : EXIT_FAILED;
}

static const struct command *find_command(int argc, char **argv, int *used)
{
	for (const struct command *c = commands; c->name; c++) {
		if (argc < 2 || strcmp(c->name, argv[1]))
			continue;
		if (!c->sub || (argc > 2 && !strcmp(c->sub, argv[2]))) {
			*used = c->sub ? 3 : 2;
			return c;
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const mode_t umask_before = umask(077);
	int used = 0;
	log_name("command");
	if (argc > 1 && !strcmp(argv[1], "calc"))
		return calc_command(argc - 1, argv + 1);
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))) {
		print_help(stdout);
		return EXIT_FINE;
	}
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts(PM_VERSION);
		return EXIT_FINE;
	}
	struct run r = { .command = find_command(argc, argv, &used), .now = clock_now(), .umask_before = umask_before };
	if (!r.command) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	int code = read_arguments(&r, argc - used, argv + used);
	if (code != EXIT_FINE)
		return code < 0 ? EXIT_FINE : code;
	if (arena_open(&r.arena, 256 << 20))
		return EXIT_FAILED;
	r.faults.arena = r.arena;
	r.out = text_new(r.arena, 16 << 20);
	r.w = jw_new(&r.out);
	code = run_command(&r);
	store_leave(r.store); /* so that whoever uploads the one file has it all */
	store_close(r.store);
	arena_close(r.arena);
	return code;
}

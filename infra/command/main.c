/* pennymeter: the operator's command. One table of subcommands; help, the reading of the command line and its tests come from it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "exact/clock.h"
#include "shape/conf_check.h"
#include "base/log.h"
#include "calc/calc.h"
#include "help.h"

static const struct option_row none[] = { { 0 } };
static const struct option_row init_options[] = {
	{ "plans", "DIR", "the folder of metrics.json and plans to apply" }, { 0 },
};
static const struct option_row tenant_options[] = {
	{ "name", "NAME", "what the tenant is called" },
	{ "plan", "CODE", "its plan: free, starter, …" },
	{ "start", "DATE", "when its subscription starts, the anchor of its periods; today if absent" },
	{ "cycle", "CYCLE", "weekly, monthly, quarterly, half_yearly or yearly, as the plan offers it (monthly)" },
	{ "currency", "CODE", "ISO 4217; as configured if absent" },
	{ "timezone", "ZONE", "IANA name of its billing time zone; as configured if absent" },
	{ "clock", "INSTANT", "for tests: it has a time of its own, for good, which stands there until `clock advance`" },
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

static const struct option_row job_options[] = {
	{ "due", NULL, "all that are due, in place of one NAME" },
	{ "at", "INSTANT", "what is due by then; now if absent. One to come wants `test_clocks = on`" },
	{ "tenant", "N", "only this tenant's; all if absent" },
	{ 0 },
};
static const struct option_row clock_options[] = {
	{ "tenant", "N", "whose clock" }, { "to", "INSTANT", "how far: not before where it stands" }, { 0 },
};
static const struct option_row outbox_options[] = {
	{ "tenant", "N", "only this tenant's; all if absent" },
	{ "limit", "N", "how many at the most (100)" },
	{ 0 },
};
static const struct option_row message_options[] = {
	{ "tenant", "N", "whose message; needed where several have one of that number" }, { 0 },
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

/* A kind of calc, with a case of it by standard input; quotes of JSON need none of the shell's. */
#define CALC(name, help, line) \
	{ "calc", #name, NULL, help, none, .example = "echo '" line "' | @pennymeter calc " #name, .kind = calc_##name }

static const struct command commands[] = {
	{ "init", NULL, NULL, "make the data folder and its database, or bring them up to date", init_options, command_init,
	  .example = "@pennymeter init --plans plans" },
	{ "doctor", NULL, NULL, "look for what is wrong with this installation", none, command_doctor,
	  .example = "@pennymeter doctor" },
	{ "tenant", "add", NULL, "add a tenant; prints its first token, once", tenant_options, command_tenant_add,
	  .example = "@pennymeter tenant add --name 'Acme Boxes' --plan starter --currency USD --timezone Europe/Berlin", .needs = "name" },
	{ "tenant", "list", NULL, "list the tenants and their plans", none, command_tenant_list,
	  .example = "@pennymeter tenant list" },
	{ "token", "add", NULL, "add a token; prints it, once", token_options, command_token_add,
	  .example = "@pennymeter token add --tenant 2 --name 'usage page' --scopes usage:read", .needs = "tenant" },
	{ "token", "list", NULL, "list a tenant's tokens", of_tenant, command_token_list,
	  .example = "@pennymeter token list --tenant 2", .needs = "tenant" },
	{ "token", "revoke", NULL, "revoke a token, from its next request on", revoke_options, command_token_revoke,
	  .example = "@pennymeter token revoke --tenant 2 --token 1", .needs = "tenant token" },
	{ "plan", "apply", "DIR", "apply metrics.json and plans; a changed plan makes a new version", none, command_plan_apply,
	  .example = "@pennymeter plan apply plans" },
	{ "plan", "list", NULL, "list the plans and their versions", none, command_plan_list,
	  .example = "@pennymeter plan list" },
	{ "check", NULL, NULL, "prove the file, and that keys, roll-ups and balances equal the events", check_options, command_check,
	  .example = "@pennymeter check --tenant 2" },
	{ "backup", NULL, "FILE", "write a verified copy of the database", none, command_backup,
	  .example = "mkdir -p backups && @pennymeter backup backups/meter-$(date +%F).db" },
	{ "restore", NULL, "FILE", "put such a copy in the database's place; what was there is kept beside it", restore_options, command_restore,
	  .example = "@pennymeter restore backups/meter-$(date +%F).db" },
	{ "move", NULL, NULL, "move everything to a PostgreSQL server while usage is recorded", move_options, command_move,
	  .example = "@pennymeter move --to postgresql:///meter" },
	{ "job", "run", "NAME|--due", "run a job, or all that are due: the line for cron", job_options, command_job_run,
	  .example = "@pennymeter job run --due" },
	{ "job", "list", NULL, "list the jobs: when each ran, and when it is due", none, command_job_list,
	  .example = "@pennymeter job list" },
	{ "clock", "advance", NULL, "advance a tenant's own clock; each of its jobs runs at its time", clock_options,
	  command_clock_advance,
	  .example = "TENANT=$(@pennymeter tenant add --name 'Time traveller' --clock 2026-01-31 --json | sed 's/[^0-9]*\\([0-9]*\\).*/\\1/')\n"
	             "@pennymeter clock advance --tenant \"$TENANT\" --to 2026-03-01T12:00:00Z",
	  .needs = "tenant to" },
	{ "demo", NULL, NULL, "add a demo tenant with 90 days of usage", none, command_demo,
	  .example = "@pennymeter demo" },
	{ "outbox", "list", NULL, "list the messages to be sent, newest first", outbox_options, command_outbox_list,
	  .example = "@pennymeter outbox list --tenant 2" },
	{ "outbox", "show", "ID", "show a message", message_options, command_outbox_show,
	  .example = "@pennymeter outbox show 1" },
	{ "launch", NULL, "[-- SERVER]", "start functions when they are asked for, and the web server before them", launch_options, command_launch,
	  .example = "@pennymeter init\n"
	             "@routes lighttpd --data \"${PENNYMETER_DATA:-var}\" --www build/www --port 8080 > lighttpd.conf\n"
	             "@pennymeter launch -- lighttpd -D -f lighttpd.conf" },
	CALC(price, "what a quantity costs by a price",
	     "{\"price\":{\"model\":\"per_unit\",\"unit_amount\":\"0.02\"},\"quantity\":\"150\"}"),
	CALC(plan_overage, "what use beyond a plan's included quantities costs",
	     "{\"lines\":[{\"metric\":\"storage_gb\",\"quantity\":\"12\",\"included\":\"10\","
	     "\"overage_unit_amount\":\"0.08\"}]}"),
	CALC(periods, "the billing period that holds an instant",
	     "{\"mode\":\"anniversary\",\"anchor\":\"2026-01-31T00:00:00Z\","
	     "\"interval\":{\"unit\":\"month\",\"count\":1},\"at\":\"2026-03-01T00:00:00Z\"}"),
	CALC(proration, "the part of a period that a range is",
	     "{\"mode\":\"day\",\"period\":{\"start\":\"2026-06-01T00:00:00Z\","
	     "\"end\":\"2026-07-01T00:00:00Z\"},\"from\":\"2026-06-16T00:00:00Z\","
	     "\"to\":\"2026-07-01T00:00:00Z\"}"),
	CALC(allocation, "a total split by weights, to the last cent",
	     "{\"mode\":\"largest_remainder\",\"tie\":\"first\",\"total\":\"1.00\","
	     "\"currency\":\"USD\",\"weights\":[\"1\",\"1\",\"1\"]}"),
	CALC(tax, "an invoice's taxes and totals",
	     "{\"tax\":\"exclusive\",\"rounding\":[\"line\"],\"currency\":\"EUR\","
	     "\"lines\":[{\"amount\":\"19.99\",\"tax_rates\":[\"19\"]}]}"),
	CALC(aggregation, "events to one value by sum, max, unique and others",
	     "{\"aggregation\":\"max\",\"window\":{\"start\":\"2026-01-01T00:00:00Z\","
	     "\"end\":\"2026-02-01T00:00:00Z\"},\"events\":[{\"at\":\"2026-01-05T00:00:00Z\","
	     "\"value\":\"3\"}]}"),
	CALC(alerts, "which thresholds fire as use goes up",
	     "{\"mode\":\"reached\",\"thresholds\":[\"80\",\"100\"],\"steps\":[[\"79\",\"81\"]]}"),
	CALC(rounding, "a value rounded to digits, or to a currency's",
	     "{\"mode\":\"half_even\",\"value\":\"2.5\",\"digits\":0}"),
	{ 0 },
};

/* ---- running ---- */

enum { SHORT_WORK = 30, LONG_WORK = 1800 };

static const char *failure_word(enum st st)
{
	static const char *const words[ST__MAX] = {
		[ST_BUSY] = "the store is busy, or did not answer in time; nothing was changed: try it again",
		[ST_STORE] = "the store cannot be used; what is printed above says why, or `pennymeter doctor`",
		[ST_IO] = "the store did not confirm it: it may be done or not. Look (`tenant list`, `token list`, `plan list`) before it is repeated",
	};
	return words[st] ? words[st] : st_name(st);
}

static void print_failure(const struct run *r, enum st st)
{
	for (unsigned i = 0; i < r->faults.count; i++)
		fprintf(stderr, "pennymeter: %s%s%s\n", r->faults.item[i].pointer, *r->faults.item[i].pointer ? ": " : "",
		        r->faults.item[i].detail);
	if (!r->faults.count)
		fprintf(stderr, "pennymeter: failed: %s\n", failure_word(st));
}

/* A report that says of itself that not all is well, as that of `check`, stands as the answer. */
static bool is_report(const struct run *r)
{
	return !r->w.depth && !r->out.failed && r->out.size && strstr(r->out.bytes, "\"ok\":false");
}

/* Of any failure: what a program reads in place of the answer. */
static void write_failure(struct run *r, enum st st)
{
	text_clear(&r->out);
	r->w = jw_new(&r->out);
	jw_object(&r->w, NULL);
	jw_bool(&r->w, "ok", false);
	jw_array(&r->w, "errors");
	for (unsigned i = 0; i < r->faults.count || !i; i++) {
		jw_object(&r->w, NULL);
		jw_string(&r->w, "pointer", r->faults.count ? r->faults.item[i].pointer : "");
		jw_string(&r->w, "detail", r->faults.count ? r->faults.item[i].detail : failure_word(st));
		jw_end(&r->w);
	}
	jw_end(&r->w);
	jw_end(&r->w);
}

/* Returns: the code to exit with. */
static int end_with(struct run *r, enum st st, bool misused)
{
	if (st)
		print_failure(r, st);
	if (misused && r->command)
		fprintf(stderr, "`pennymeter %s%s%s --help` has the options and an example.\n", r->command->name, r->command->sub ? " " : "",
		        r->command->sub ? r->command->sub : "");
	if (st && r->json && !is_report(r))
		write_failure(r, st);
	if (r->json && r->out.size)
		puts(r->out.bytes);
	return !st ? EXIT_FINE : misused ? EXIT_USAGE : EXIT_FAILED;
}

/* Is it an option's value that was refused? Of `move` and `restore` the value may be good, and what lies there not. */
static bool is_misuse(const struct run *r, enum st st)
{
	if (st != ST_INVALID || r->command->run == command_move || r->command->run == command_restore)
		return r->misused;
	for (unsigned i = 0; i < r->faults.count; i++)
		if (!strncmp(r->faults.item[i].pointer, "--", 2))
			return true;
	return r->misused;
}

/* Seconds that one answer of a server may take: to what a person waits for, and to what may work on all there is. */
static unsigned patience_of(const struct command *c)
{
	static enum st (*const long_work[])(struct run *) = {
		command_init, command_plan_apply, command_check, command_move, command_demo, command_job_run,
	};
	for (size_t i = 0; i < sizeof long_work / sizeof *long_work; i++)
		if (c->run == long_work[i])
			return LONG_WORK;
	return SHORT_WORK;
}

static int run_command(struct run *r)
{
	driver_patience(patience_of(r->command));
	enum st st = conf_load(&r->conf, &r->faults, r->arena);
	if (!st)
		st = conf_check(&r->conf, &r->faults);
	if (!st)
		st = r->command->run(r);
	return end_with(r, st, is_misuse(r, st));
}

static void print_help(const struct run *r, const struct asked *asked, const char *program)
{
	const struct help help = { commands, program };
	if (r->command)
		help_command(&help, r->command);
	else if (asked->group)
		help_group(&help, asked->group);
	else
		help_all(&help);
}

static int act(struct run *r, int argc, char **argv)
{
	struct asked asked = { 0 };
	enum st st = arguments_read(r, &asked, commands, argc, argv);
	if (st)
		return end_with(r, st, true);
	if (asked.version)
		puts(PM_VERSION);
	else if (asked.help)
		print_help(r, &asked, argv[0]);
	else
		return r->command->kind ? calc_filter(r->command->kind) : run_command(r);
	return EXIT_FINE;
}

int main(int argc, char **argv)
{
	struct run r = { .umask_before = umask(077) };
	r.now = clock_now();
	log_name("command");
	if (arena_open(&r.arena, 256 << 20)) {
		fputs("pennymeter: there is not enough memory\n", stderr);
		return EXIT_FAILED;
	}
	r.faults.arena = r.arena;
	r.out = text_new(r.arena, 16 << 20);
	r.w = jw_new(&r.out);
	const int code = act(&r, argc, argv);
	store_leave(r.store); /* so that whoever uploads the one file has it all */
	store_close(r.store);
	arena_close(r.arena);
	return code;
}

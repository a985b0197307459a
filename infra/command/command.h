/* The operator's command: what its subcommands share. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <sys/types.h>

#include "base/conf.h"
#include "exact/instant.h"
#include "base/json.h"
#include "calc/kind.h"
#include "store/store.h"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/** One option of a subcommand: "--name VALUE", or a flag. */
struct option_row {
	const char *name;   /* without the dashes */
	const char *value;  /* what its value is called in the help; NULL: a flag */
	const char *help;
};

enum { OPTIONS_CAP = 12, WORDS_CAP = 4 };

struct command;

/** What a subcommand works with. */
struct run {
	const struct command *command;
	struct arena *arena;
	struct conf conf;
	struct faults faults;
	struct store *store;             /* opened by run_store() */
	instant now;
	mode_t umask_before;             /* the caller's: for what is not ours to close */
	bool json;
	const char *option[OPTIONS_CAP]; /* values by the row's index; "" of a flag that is set */
	const char *word[WORDS_CAP];     /* what stands without an option */
	unsigned words;
	char **rest;                     /* what stands behind "--", ended by NULL; NULL: nothing */
	bool misused;                    /* a value was refused by itself, whatever the store holds: exit 2 */
	struct text out;
	struct jwriter w;                /* writes to `out`: printed with --json */
};

struct command {
	const char *name, *sub; /* "tenant", "add"; sub NULL: none */
	const char *words;      /* "FILE": what stands without an option; "NAME|--due": or that option in its place; "[-- …": what
	                         * may stand behind "--"; NULL: nothing */
	const char *help;
	const struct option_row *options; /* ended by a row without a name */
	enum st (*run)(struct run *run);  /* ST_OK; a failure: faults say why */
	const char *example;    /* for a shell, as it stands; "@" before a program: where it lies */
	const char *needs;      /* names of options that must be there, a blank between */
	calc_kind *kind;        /* of `calc`, in place of `run` */
};

/** An option's value by name, or NULL. */
const char *run_option(const struct run *run, const char *name);

/** A whole number from 1 from an option. Returns: ST_OK; ST_INVALID with a fault; 0 if it is absent. */
enum st run_number(int64_t *number, struct run *run, const char *name) MUST_USE;

/** The same, at most `most`. */
enum st run_number_to(int64_t *number, struct run *run, const char *name, int64_t most) MUST_USE;

/** An instant from an option that is there; a date is its midnight in UTC. Returns: ST_OK; ST_INVALID with a fault. */
enum st run_instant(instant *at, struct run *run, const char *name) MUST_USE;

/** Note that an option's value is no good by itself. Returns: ST_INVALID. */
enum st misuse(struct run *run, const char *option, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Note that the tenant of --tenant does not exist. Returns: ST_NOT_FOUND. */
enum st no_tenant(struct run *run, int64_t tenant) MUST_USE;

/** Open the store. Returns: as store_open(). */
enum st run_store(struct run *run, enum store_mode mode) MUST_USE;

/** Say something to a person; nothing with --json. */
void say(const struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Read a whole file of at most `cap` bytes into the arena, ended by NUL. NULL with a fault. */
char *run_read_file(struct run *run, const char *path, size_t cap);

/** Write a small file at once: to a temporary name, then renamed. Mode 0600. */
enum st write_file(struct run *run, const char *path, const char *text) MUST_USE;

/* The subcommands. */
enum st command_init(struct run *run);
enum st command_doctor(struct run *run);
enum st command_tenant_add(struct run *run);
enum st command_tenant_list(struct run *run);
enum st command_token_add(struct run *run);
enum st command_token_list(struct run *run);
enum st command_token_revoke(struct run *run);
enum st command_plan_apply(struct run *run);
enum st command_plan_list(struct run *run);
enum st command_check(struct run *run);
enum st command_backup(struct run *run);
enum st command_restore(struct run *run);
enum st command_move(struct run *run);
enum st command_demo(struct run *run);
enum st command_launch(struct run *run);
enum st command_job_run(struct run *run);
enum st command_job_list(struct run *run);
enum st command_clock_advance(struct run *run);
enum st command_outbox_list(struct run *run);
enum st command_outbox_show(struct run *run);

/** Apply the plans of a folder. Out: counts into run->w */
enum st apply_folder(struct run *run, const char *folder) MUST_USE;

/** The folder of plans to use when none is named: "plans" here, or beside the program. NULL: none. */
const char *default_plans(struct run *run);

#endif

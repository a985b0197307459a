/* Finds the command that was typed, its options and words; what is unknown is answered with the nearest that is known. */
#include "arguments.h"

#include <string.h>

#include "nearest.h"

struct line {
	char **args; /* what is still to be read */
	int left;
};

static bool is_help(const char *arg)
{
	return !strcmp(arg, "--help") || !strcmp(arg, "-h");
}

/* "--json" may stand anywhere; it is known before anything can be wrong. */
static bool wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

static void skip_json(struct line *l)
{
	for (; l->left && !strcmp(*l->args, "--json"); l->args++)
		l->left--;
}

/* In: path   the words that it stands behind, each with a blank: "tenant "; ""
 *     shown  what the nearest is called, where it is not found: NULL */
static enum st unknown_word(struct run *r, const char *path, const char *typed, const char *shown)
{
	const char *kind = *typed == '-' ? "option" : "command", *before = *typed == '-' ? "" : path;
	if (!shown)
		return fault_add(&r->faults, "", "unknown %s \"%s%s\"; `pennymeter %s--help` lists them", kind, before, typed, path);
	return fault_add(&r->faults, "", "unknown %s \"%s%s\"; did you mean \"%s\"?", kind, before, typed, shown);
}

static enum st unknown_option(struct run *r, const char *path, const char *typed, const struct option_row *rows)
{
	struct nearest n = { .typed = typed };
	for (const struct option_row *o = rows; o && o->name; o++)
		nearest_offer(&n, o->name, o->name);
	for (const char *const *o = (const char *const[]){ "json", "help", rows ? NULL : "version", NULL }; *o; o++)
		nearest_offer(&n, *o, *o);
	return unknown_word(r, path, typed, n.best ? arena_format(r->arena, "--%s", n.best) : NULL);
}

/* ---- which command ---- */

/* A word of the second place counts as well, where the first knows nothing nearer: "apply". */
static enum st unknown_name(struct run *r, const struct command *all, const char *typed)
{
	struct nearest n = { .typed = typed };
	if (*typed == '-')
		return unknown_option(r, "", typed, NULL);
	nearest_offer(&n, "help", "help");
	for (const struct command *c = all; c->name; c++)
		nearest_offer(&n, c->name, c->name);
	for (const struct command *c = all; c->name; c++)
		if (c->sub)
			nearest_offer(&n, c->sub, arena_format(r->arena, "%s %s", c->name, c->sub));
	return unknown_word(r, "", typed, n.best);
}

static enum st unknown_sub(struct run *r, const struct command *group, const char *typed)
{
	struct nearest n = { .typed = typed };
	const char *path = arena_format(r->arena, "%s ", group->name);
	if (*typed == '-')
		return unknown_option(r, path, typed, NULL);
	for (const struct command *c = group; c->name; c++)
		if (!strcmp(c->name, group->name))
			nearest_offer(&n, c->sub, c->sub);
	return unknown_word(r, path, typed, n.best ? arena_format(r->arena, "%s%s", path, n.best) : NULL);
}

static enum st no_sub(struct run *r, const struct command *group)
{
	struct text list = text_new(r->arena, 1024);
	for (const struct command *c = group; c->name; c++)
		if (!strcmp(c->name, group->name))
			text_addf(&list, "%s%s", list.size ? ", " : "", c->sub);
	return fault_add(&r->faults, "", "%s wants one of: %s", group->name, list.failed ? "" : list.bytes);
}

/* The group's name is read; in `help tenant` nothing need follow. */
static enum st find_sub(struct run *r, struct asked *asked, const struct command *group, struct line *l)
{
	skip_json(l);
	if (!l->left && !asked->help)
		return no_sub(r, group);
	if (!l->left || is_help(*l->args)) {
		asked->help = true;
		asked->group = group->name;
		return ST_OK;
	}
	for (const struct command *c = group; c->name && !r->command; c++)
		if (!strcmp(c->name, group->name) && !strcmp(c->sub, *l->args))
			r->command = c;
	if (!r->command)
		return unknown_sub(r, group, *l->args);
	l->args++;
	l->left--;
	return ST_OK;
}

static enum st find_command(struct run *r, struct asked *asked, const struct command *all, struct line *l)
{
	const struct command *c = all;
	while (c->name && strcmp(c->name, *l->args))
		c++;
	if (!c->name)
		return unknown_name(r, all, *l->args);
	l->args++;
	l->left--;
	if (c->sub)
		return find_sub(r, asked, c, l);
	r->command = c;
	return ST_OK;
}

/* ---- its options and words ---- */

/* Which of the command's options it is; -1: none. A single dash is no way to write one. */
static int option_index(const struct run *r, const char *arg)
{
	const size_t size = strcspn(arg + 2, "=");
	for (int i = 0; arg[1] == '-' && r->command->options[i].name; i++)
		if (strlen(r->command->options[i].name) == size && !memcmp(r->command->options[i].name, arg + 2, size))
			return i;
	return -1;
}

/* What begins with two dashes is the next option and no value; `--name=--x` says otherwise. */
static enum st take_option(struct run *r, struct line *l)
{
	const char *arg = *l->args++, *is = strchr(arg, '=');
	const int i = (l->left--, option_index(r, arg));
	if (i < 0)
		return unknown_option(r, arena_format(r->arena, "%s %s%s", r->command->name, r->command->sub ? r->command->sub : "", r->command->sub ? " " : ""),
		                      arg, r->command->options);
	const struct option_row *row = &r->command->options[i];
	const char *name = arena_format(r->arena, "--%s", row->name);
	if (r->option[i])
		return fault_add(&r->faults, name, "stands twice");
	if (!row->value && is)
		return fault_add(&r->faults, name, "takes no value");
	if (row->value && !is && (!l->left || !strncmp(*l->args, "--", 2)))
		return fault_add(&r->faults, name, "wants a value, %s", row->value);
	r->option[i] = !row->value ? "" : is ? is + 1 : *l->args;
	if (row->value && !is)
		l->args++, l->left--;
	if (row->value && !*r->option[i])
		return fault_add(&r->faults, name, "must not be empty: leave it out, or give it a value, %s", row->value);
	return ST_OK;
}

static bool takes_tail(const struct command *c)
{
	return c->words && *c->words == '[';
}

static enum st take_word(struct run *r, struct line *l)
{
	const char *word = *l->args++, *wanted = takes_tail(r->command) ? NULL : r->command->words;
	l->left--;
	if (!wanted)
		return fault_add(&r->faults, "", "\"%s\" is one word too many%s", word,
		                 r->command->kind         ? ": the cases come by standard input"
		                 : takes_tail(r->command) ? ": the web server's command stands behind \"--\""
		                                          : "");
	if (!*word)
		return fault_add(&r->faults, "", "%s must not be empty", wanted);
	if (r->words)
		return fault_add(&r->faults, "", "\"%s\" is one word too many: there is one %s", word, wanted);
	r->word[r->words++] = word;
	return ST_OK;
}

static enum st take_tail(struct run *r, struct line *l)
{
	if (l->left < 2)
		return fault_add(&r->faults, "--", "wants the web server's command behind it");
	r->rest = l->args + 1;
	l->left = 0;
	return ST_OK;
}

/* The option that may stand in the place of the word: "NAME|--due". */
static const char *stand_in(const struct command *c)
{
	const char *bar = c->words ? strstr(c->words, "|--") : NULL;
	return bar ? bar + 3 : NULL;
}

/* Is what has to be there there? */
static enum st check_needs(struct run *r)
{
	const struct command *c = r->command;
	for (const char *at = c->needs; at && *at;) {
		const size_t size = strcspn(at, " ");
		const char *name = arena_copy(r->arena, at, size);
		if (name && !run_option(r, name))
			fault_add(&r->faults, arena_format(r->arena, "--%s", name), "is required");
		at += size + (at[size] == ' ');
	}
	const char *other = stand_in(c);
	const bool stands_in = other && run_option(r, other);
	if (c->words && !takes_tail(c) && !r->words && !stands_in)
		fault_add(&r->faults, "", "%s is required", c->words);
	if (r->words && stands_in)
		fault_add(&r->faults, "", "\"%s\" and --%s exclude each other", r->word[0], other);
	return r->faults.count ? ST_INVALID : ST_OK;
}

static enum st read_rest(struct run *r, struct asked *asked, struct line *l)
{
	enum st st = ST_OK;
	for (skip_json(l); l->left && !st; skip_json(l)) {
		if (is_help(*l->args)) {
			asked->help = true;
			return ST_OK;
		}
		if (!strcmp(*l->args, "--") && takes_tail(r->command))
			st = take_tail(r, l);
		else if (**l->args == '-' && l->args[0][1])
			st = take_option(r, l);
		else
			st = take_word(r, l);
	}
	return st ? st : check_needs(r);
}

enum st arguments_read(struct run *r, struct asked *asked, const struct command *commands, int argc, char **argv)
{
	struct line l = { argv + 1, argc - 1 };
	r->json = wants_json(argc, argv);
	skip_json(&l);
	if (l.left && !strcmp(*l.args, "help")) {
		asked->help = true;
		l.args++;
		l.left--;
	} else if (l.left && (is_help(*l.args) || !strcmp(*l.args, "--version"))) {
		asked->help = is_help(*l.args);
		asked->version = !asked->help;
		return ST_OK;
	}
	if (!l.left)
		return asked->help ? ST_OK : fault_add(&r->faults, "", "a command is required; `pennymeter --help` lists them");
	enum st st = find_command(r, asked, commands, &l);
	if (st || !r->command || asked->help)
		return st;
	return read_rest(r, asked, &l);
}

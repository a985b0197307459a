/* Prints help from the declarations: of the whole, of a group, of a command; each with an example that runs as it stands. */
#include "help.h"

#include <string.h>

static const struct option_row common[] = {
	{ "json", NULL, "print JSON, of a failure too" },
	{ "help", NULL, "print this" },
	{ 0 },
};

/* ---- examples ---- */

/* "@" stands for where the programs are: "build/bin/" if this one was called so. What a shell would read otherwise is left out. */
static void print_example(const struct help *h, const char *example)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+,";
	const char *slash = strrchr(h->program, '/');
	const int size = slash && strspn(h->program, plain) == strlen(h->program) ? (int)(slash - h->program + 1) : 0;
	fputs("  ", stdout);
	for (const char *p = example; *p; p++) {
		if (*p == '@')
			printf("%.*s", size, h->program);
		else
			putchar(*p);
		if (*p == '\n')
			fputs("  ", stdout);
	}
	putchar('\n');
}

static void print_first_steps(const struct help *h)
{
	puts("\nexample: the first steps\n");
	print_example(h, "@pennymeter init\n"
	                 "@pennymeter tenant add --name 'Acme Boxes' --plan starter\n"
	                 "@pennymeter doctor");
}

/* ---- commands ---- */

bool command_is_first(const struct command *commands, const struct command *command)
{
	while (strcmp(commands->name, command->name))
		commands++;
	return commands == command;
}

static void print_title(const struct command *c)
{
	char title[64];
	snprintf(title, sizeof title, "%s%s%s%s%s", c->name, c->sub ? " " : "", c->sub ? c->sub : "", c->words ? " " : "",
	         c->words ? c->words : "");
	printf("  %-20s %s\n", title, c->help);
}

/* Kinds of calculation are many and of one shape: a line for all. */
static void print_kinds(const struct command *c)
{
	unsigned column = 0;
	fputs("  calc KIND            rate JSON Lines:", stdout);
	for (; c->name && c->kind; c++) {
		const bool last = !c[1].name || !c[1].kind;
		if (column > 42)
			column = 0, fputs("\n                      ", stdout);
		column += (unsigned)printf(" %s%s", c->sub, last ? "\n" : ",");
	}
}

void help_all(const struct help *h)
{
	puts("usage: pennymeter COMMAND [OPTION…]\n");
	for (const struct command *c = h->commands; c->name; c++) {
		if (!c->kind)
			print_title(c);
		else if (command_is_first(h->commands, c))
			print_kinds(c);
	}
	puts("\n  --json               print JSON, of a failure too: {\"ok\":false,\"errors\":[…]}\n"
	     "  --help               this; behind a command, its options and an example\n"
	     "  --version            the version\n\n"
	     "Everything lies in the folder $PENNYMETER_DATA (default: var). Exit: 0 success, 1 failure, 2 bad usage.");
	print_first_steps(h);
}

void help_group(const struct help *h, const char *group)
{
	const struct command *first = NULL;
	printf("usage: pennymeter %s COMMAND [OPTION…]\n\n", group);
	for (const struct command *c = h->commands; c->name; c++) {
		if (strcmp(c->name, group))
			continue;
		first = first ? first : c;
		print_title(c);
	}
	printf("\n  `pennymeter %s %s --help` has the options of one.\n\nexample\n\n", group, first->sub);
	print_example(h, first->example);
}

/* ---- one command ---- */

static bool is_needed(const struct command *c, const char *name)
{
	const size_t size = strlen(name);
	for (const char *at = c->needs; at && (at = strstr(at, name)); at += size)
		if ((at == c->needs || at[-1] == ' ') && (!at[size] || at[size] == ' '))
			return true;
	return false;
}

static void print_options(const struct command *c, const struct option_row *rows)
{
	for (const struct option_row *o = rows; o->name; o++) {
		char title[32];
		snprintf(title, sizeof title, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
		printf("  %-18s %s%s\n", title, o->help, is_needed(c, o->name) ? "; required" : "");
	}
}

void help_command(const struct help *h, const struct command *c)
{
	const bool tail = c->words && *c->words == '[';
	printf("usage: pennymeter %s%s%s%s%s [OPTION…]%s%s%s\n\n", c->name, c->sub ? " " : "", c->sub ? c->sub : "", !tail && c->words ? " " : "",
	       !tail && c->words ? c->words : "", tail ? " " : "", tail ? c->words : "", c->kind ? " < CASES" : "");
	printf("  %s\n\n", c->help);
	print_options(c, c->options);
	print_options(c, c->kind ? common + 1 : common);
	puts("\nexample\n");
	print_example(h, c->example);
}

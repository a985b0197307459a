/* The script that starts the functions by spawn-fcgi, for nginx where nothing may stay in the foreground. */
#include <string.h>

#include "routes.h"

static const char script[] =
	"'\n\n"
	"# Ask every process of a function to end, and make those that do not.\n"
	"stop() {\n"
	"\tfor signal in TERM KILL; do\n"
	"\t\talive=\n"
	"\t\tfor name in $names; do\n"
	"\t\t\tname=${name%:*}\n"
	"\t\t\ttest -s \"$run/$name.pid\" || continue\n"
	"\t\t\twhile read -r pid || test -n \"$pid\"; do\n"
	"\t\t\t\tgrep -qs \"$name.fcgi\" \"/proc/$pid/cmdline\" && kill -s $signal \"$pid\" 2>/dev/null && alive=yes\n"
	"\t\t\tdone < \"$run/$name.pid\"\n"
	"\t\tdone\n"
	"\t\ttest -z \"$alive\" || sleep 0.5\n"
	"\tdone\n"
	"\tfor name in $names; do rm -f \"$run/${name%:*}.pid\" \"$run/${name%:*}.sock\"; done\n"
	"}\n\n"
	"# $PENNYMETER_SPAWN: more options, such as -u pennymeter -G www-data -M 0660\n"
	"start() {\n"
	"\ttest -d \"$run\" || mkdir -p -m 711 \"$run\"\n"
	"\tfor name in $names; do\n"
	"\t\tprocs=${name#*:} name=${name%:*}\n"
	"\t\t# shellcheck disable=SC2086,SC2016\n"
	"\t\tspawn-fcgi -M 0600 ${PENNYMETER_SPAWN:-} -s \"$run/$name.sock\" -F \"$procs\" -P \"$run/$name.pid\" -- \\\n"
	"\t\t\t/bin/sh -c 'exec \"$0\" 2>>\"$1\"' \"$fn/$name.fcgi\" \"$log\" >/dev/null\n"
	"\tdone\n"
	"}\n\n"
	"case ${1:-} in\n"
	"start) stop; start ;;\n"
	"stop) stop ;;\n"
	"*) echo \"usage: $0 start|stop\" >&2; exit 2 ;;\n"
	"esac\n";

int print_spawn(FILE *out, const struct site *site, const struct fn_entry *table)
{
	static struct programs programs;
	if (!programs_list(&programs, site, table))
		return 1;
	if (strchr(site->run, '\'') || strchr(site->fn, '\'') || strchr(site->data, '\'') || strchr(site->log, '\'')) {
		fputs("routes: a folder's name holds an apostrophe\n", stderr);
		return 1;
	}
	fprintf(out, "#!/bin/sh\n# Starts and stops the functions for nginx. Written by `routes spawn`; change the declarations, not this.\n"
	             "set -eu\numask 077\nfn='%s'\nrun='%s'\nlog='%s'\nPENNYMETER_DATA='%s'\nexport PENNYMETER_DATA\n# Each with how many processes it gets.\nnames='",
	        site->fn, site->run, site->log, site->data);
	for (size_t i = 0; i < programs.count; i++)
		fprintf(out, " %s:%u", programs.at[i].name, programs.at[i].procs);
	fputs(script, out);
	return 0;
}

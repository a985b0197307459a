/* The log on standard error. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static const char *program = "?";

void log_name(const char *name)
{
	program = name;
}

void log_error(const char *format, ...)
{
	char line[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < 0x20)
			*p = ' '; /* one event stays one line, whatever it quotes */
	fprintf(stderr, "pennymeter %s: %s\n", program, line);
}

/* Faults: collected in the arena of the request or file they speak of. */
#include "base/fault.h"

#include <string.h>

#include "base/utf8.h"

enum st fault_add(struct faults *f, const char *pointer, const char *format, ...)
{
	if (f->count == FAULTS_CAP)
		return ST_INVALID;
	va_list args;
	va_start(args, format);
	char *at = arena_copy(f->arena, pointer, strlen(pointer));
	char *detail = arena_vformat(f->arena, format, args);
	va_end(args);
	if (at)
		utf8_repair(at);
	if (detail)
		utf8_repair(detail); /* a quoted input may have been cut within a character */
	f->item[f->count++] = (struct fault){ at ? at : "", detail ? detail : "invalid" };
	return ST_INVALID;
}

/* Faults: collected in the arena of the request or file they speak of. */
#include "base/fault.h"

#include <string.h>

enum st fault_add(struct faults *f, const char *pointer, const char *format, ...)
{
	if (f->count == FAULTS_CAP)
		return ST_INVALID;
	va_list args;
	va_start(args, format);
	const char *at = arena_copy(f->arena, pointer, strlen(pointer));
	const char *detail = arena_vformat(f->arena, format, args);
	va_end(args);
	f->item[f->count++] = (struct fault){ at ? at : "", detail ? detail : "invalid" };
	return ST_INVALID;
}

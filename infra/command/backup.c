/* pennymeter backup FILE: a proved copy of the database. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "command.h"

enum st command_backup(struct run *r)
{
	const struct copy_proof proof = { check_tell, check_copy, r };
	const char *file = r->word[0];
	struct stat info;
	enum st st = run_store(r, STORE_READ);
	jw_object(&r->w, NULL);
	jw_array(&r->w, "differences");
	if (!st)
		st = store_backup(r->store, &r->conf, file, &proof, &r->faults);
	jw_end(&r->w);
	jw_end(&r->w);
	if (!st && stat(file, &info))
		st = fault_add(&r->faults, file, "%s", strerror(errno));
	if (st)
		return st;
	check_begin_answer(r);
	jw_string(&r->w, "file", file);
	jw_int(&r->w, "bytes", info.st_size);
	jw_end(&r->w);
	say(r, "%s: %lld bytes, verified.\n", file, (long long)info.st_size);
	return ST_OK;
}

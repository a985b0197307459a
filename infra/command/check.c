/* pennymeter check: proofs of the database's file and of what it holds. */
#include <string.h>

#include "base/utf8.h"
#include "check.h"
#include "command.h"

/* What lies in a damaged name must not reach a terminal or a JSON text as it is. */
void check_tell(void *context, const char *text)
{
	struct run *r = context;
	char *clean = arena_copy(r->arena, text, strlen(text));
	if (!clean)
		return;
	utf8_repair(clean);
	for (char *p = clean; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	jw_string(&r->w, NULL, clean);
	say(r, "%s\n", clean);
}

enum st check_begin(int64_t *tenant, struct run *r)
{
	enum st st = run_number(tenant, r, "tenant");
	if (st)
		return st;
	jw_object(&r->w, NULL);
	jw_array(&r->w, "differences");
	return ST_OK;
}

void check_begin_answer(struct run *r)
{
	text_clear(&r->out);
	r->w = jw_new(&r->out);
	jw_object(&r->w, NULL);
}

enum st check_copy(unsigned *differences, struct store *copy, void *context)
{
	const struct proof_view view = { check_tell, context };
	struct proof_result result;
	enum st st = proof_of_store(&result, copy, 0, &view);
	*differences = result.differences;
	return st;
}

static void say_right(struct run *r, const struct file_facts *file, const struct proof_result *result)
{
	if (file->pages)
		say(r, "%lld pages of the file are sound.\n", (long long)file->pages);
	if (file->accepted)
		say(r, "%u pages that differed from their checksums were accepted as they are.\n", file->accepted);
	if (file->pages && !file->sealed)
		say(r, "They carry no checksums, as an earlier version made the file: a backup of it does, and `pennymeter restore` puts that in place.\n");
	else if (file->bare)
		say(r, "%lld of them carry no checksum of their own: another program has brought the log into the file.\n", (long long)file->bare);
	say(r, "Keys, roll-ups, balances and alerts of %u tenants equal their events.\n", result->tenants);
}

static enum st prove(struct run *r, int64_t tenant, struct file_facts *file, struct proof_result *result)
{
	const struct proof_view view = { check_tell, r };
	const struct prove_view file_view = { check_tell, r, run_option(r, "accept") };
	enum st st = tenant ? ST_DONE : store_prove(&r->conf, &file_view, file, &r->faults);
	if (st && st != ST_DONE)
		file->differences = 0;
	if (r->faults.count)
		return st;
	st = run_store(r, STORE_READ);
	if (!st)
		st = proof_of_store(result, r->store, tenant, &view);
	return st;
}

enum st command_check(struct run *r)
{
	struct file_facts file = { 0 };
	struct proof_result result = { 0 };
	int64_t tenant;
	enum st st = check_begin(&tenant, r);
	if (st)
		return st;
	st = prove(r, tenant, &file, &result);
	const unsigned differences = file.differences + result.differences;
	jw_end(&r->w);
	jw_bool(&r->w, "ok", !st && !differences);
	jw_int(&r->w, "tenants", result.tenants);
	jw_end(&r->w);
	if (st && !differences)
		text_clear(&r->out); /* nothing was proved: what failed is the answer */
	if (st == ST_NOT_FOUND)
		return no_tenant(r, tenant);
	if (!st && !differences)
		say_right(r, &file, &result);
	return differences ? fault_add(&r->faults, "check", "%u differences", differences) : st;
}

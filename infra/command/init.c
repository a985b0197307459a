/* pennymeter init: the data folder, its configuration, the database, the plans. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account/tenant.h"
#include "command.h"
#include "store/folder.h"

static enum st make_folder(struct run *r)
{
	if (!mkdir(r->conf.data, 0700) || errno == EEXIST)
		return ST_OK;
	fault_add(&r->faults, r->conf.data, "cannot make the data folder: %s", strerror(errno));
	return ST_IO;
}

struct closing {
	struct run *run;
	struct jwriter list;
};

static void note_closed(void *context, const char *path, unsigned before)
{
	struct closing *c = context;
	jw_string(&c->list, NULL, path);
	say(c->run, "%s had mode %04o: it is closed to other users now.\n", path, before);
}

/* One that was there before may have been made by anything, and what is in it by SQLite, for everybody to read. */
static enum st close_to_others(struct run *r, struct text *closed)
{
	struct closing c = { .run = r, .list = jw_new(closed) };
	jw_array(&c.list, NULL);
	folder_close(r->conf.data, note_closed, &c);
	jw_end(&c.list);
	enum st st = closed->failed ? ST_MEMORY : folder_judge(r->conf.data, NULL, &r->faults);
	return st ? st : folder_judge_entries(r->conf.data, &r->faults);
}

/* A template with every key at its default, as comments: it changes nothing. */
static enum st make_configuration(struct run *r)
{
	const char *path = conf_path(&r->conf, r->arena, "pennymeter.conf");
	struct text t = text_new(r->arena, 16 << 10);
	if (!path)
		return ST_MEMORY;
	if (!access(path, F_OK))
		return ST_OK;
	text_adds(&t, "# Pennymeter. Each key can also be set in the environment as PENNYMETER_KEY.\n");
	for (unsigned k = 0; k < CONF__MAX; k++)
		text_addf(&t, "\n# %s\n# %s = %s\n", conf_rows[k].help, conf_rows[k].name, conf_rows[k].fallback);
	return t.failed ? ST_MEMORY : write_file(r, path, t.bytes);
}

/* Which of a server's schemas is used, and what else lies there. */
static void tell_home(struct run *r)
{
	const char *others, *home = store_home(r->store, &others);
	jw_string(&r->w, "schema_name", home);
	if (others)
		say(r, "A second set of tables lies in %s and is not used; that in %s is: drop the wrong one.\n", others, home);
}

enum st command_init(struct run *r)
{
	const char *plans = run_option(r, "plans"), *durability;
	struct text closed = text_new(r->arena, 1 << 20);
	bool sound;
	enum st st = plans && access(plans, R_OK | X_OK) ? misuse(r, "--plans", "%s: %s", plans, strerror(errno)) : make_folder(r);
	if (!st)
		st = close_to_others(r, &closed);
	if (!st)
		st = make_configuration(r);
	if (!st)
		st = run_store(r, STORE_CREATE);
	if (!st)
		st = tenant_platform(r->store, &r->conf, r->now);
	if (st)
		return st;
	jw_object(&r->w, NULL);
	jw_string(&r->w, "data", r->conf.data);
	jw_int(&r->w, "schema", store_schema_wanted());
	durability = store_durability(r->store, &sound);
	jw_string(&r->w, "store", durability);
	jw_raw(&r->w, "closed_to_others", closed.bytes);
	tell_home(r);
	plans = plans ? plans : default_plans(r);
	if (plans)
		st = apply_folder(r, plans);
	jw_end(&r->w);
	say(r, "The data folder %s is ready: schema %lld, %s.\n", r->conf.data, (long long)store_schema_wanted(),
	    durability);
	if (!plans)
		say(r, "No plans were found: run `pennymeter plan apply DIR`.\n");
	return st;
}

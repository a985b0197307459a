/* pennymeter doctor: what may be wrong with an installation. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "command.h"

struct finding {
	struct run *run;
	unsigned bad;
};

static void find(struct finding *f, const char *what, bool good, const char *detail)
{
	jw_object(&f->run->w, NULL);
	jw_string(&f->run->w, "what", what);
	jw_bool(&f->run->w, "ok", good);
	jw_string(&f->run->w, "detail", detail);
	jw_end(&f->run->w);
	say(f->run, "%s  %-12s %s\n", good ? "ok " : "BAD", what, detail);
	f->bad += !good;
}

static void examine_folder(struct finding *f)
{
	struct run *r = f->run;
	struct stat info;
	struct statvfs disk;
	char detail[256];
	if (stat(r->conf.data, &info)) {
		snprintf(detail, sizeof detail, "%s: %s; run `pennymeter init`", r->conf.data, strerror(errno));
		find(f, "data folder", false, detail);
		return;
	}
	snprintf(detail, sizeof detail, "%s has mode %04o%s", r->conf.data, info.st_mode & 07777u,
	         info.st_mode & 077 ? ": others can look into it; chmod 0700" : "");
	find(f, "data folder", !(info.st_mode & 077), detail);
	find(f, "owner", info.st_uid == geteuid(),
	     info.st_uid == geteuid() ? "the folder is yours" : "the folder belongs to another user than runs this");
	if (!statvfs(r->conf.data, &disk)) {
		unsigned long long free_mib = (unsigned long long)disk.f_bavail * disk.f_frsize >> 20;
		snprintf(detail, sizeof detail, "%llu MiB free", free_mib);
		find(f, "disk", free_mib >= 64, detail);
	}
}

static void examine_store(struct finding *f)
{
	struct run *r = f->run;
	char detail[512];
	if (run_store(r, STORE_WRITE)) {
		find(f, "database", false, r->faults.count ? r->faults.item[0].detail : "cannot be opened");
		r->faults.count = 0;
		return;
	}
	if (store_judge_schema(r->store, &r->faults)) {
		find(f, "database", false, r->faults.count ? r->faults.item[0].detail : "its schema cannot be read");
		r->faults.count = 0;
		return;
	}
	const char *others, *home = store_home(r->store, &others);
	snprintf(detail, sizeof detail, "schema %lld%s%.160s%s", (long long)store_schema_wanted(), home ? ", in \"" : "", home ? home : "", home ? "\"" : "");
	find(f, "database", true, detail);
	snprintf(detail, sizeof detail, "a second set of tables lies in %.160s: it is not used; which is the right one? Drop the other", others ? others : "");
	if (others)
		find(f, "second set", false, detail);
	bool sound;
	const char *durability = store_durability(r->store, &sound);
	find(f, "durability", sound, durability);
	struct rows rows = { 0 };
	enum st st = store_rows(r->store, &rows, SQL_PLAN_LIST, NULL, 0);
	if (!st)
		st = rows_next(&rows);
	rows_end(&rows);
	find(f, "plans", !st, st ? "none; run `pennymeter plan apply plans/`" : "there are some");
}

enum st command_doctor(struct run *r)
{
	struct finding f = { .run = r };
	char now[INSTANT_ROOM];
	jw_object(&r->w, NULL);
	jw_array(&r->w, "findings");
	examine_folder(&f);
	examine_store(&f);
	find(&f, "clock", r->now > 1750000000LL * SECOND, instant_print(now, r->now));
	jw_end(&r->w);
	jw_bool(&r->w, "ok", !f.bad);
	jw_end(&r->w);
	return f.bad ? fault_add(&r->faults, "doctor", "%u findings to mend", f.bad) : ST_OK;
}

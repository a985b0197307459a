/* pennymeter doctor: what may be wrong with an installation. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "catalog/plan.h"
#include "command.h"
#include "site.h"
#include "store/care.h"
#include "store/network.h"

enum { LEAST_MIB = 64, LEAST_INODES = 1000, OLD_DAYS = 7, OTHERS_ROOM = 32 };

/* Bad makes the command fail; a warning does not. */
enum verdict { GOOD, WARNING, BAD };

struct finding {
	struct run *run;
	unsigned bad;
};

static void find(struct finding *f, const char *what, enum verdict verdict, const char *detail)
{
	static const char *const words[] = { [GOOD] = "ok ", [WARNING] = "!  ", [BAD] = "BAD" };
	jw_object(&f->run->w, NULL);
	jw_string(&f->run->w, "what", what);
	jw_bool(&f->run->w, "ok", verdict != BAD);
	if (verdict == WARNING)
		jw_bool(&f->run->w, "warning", true);
	jw_string(&f->run->w, "detail", detail);
	jw_end(&f->run->w);
	say(f->run, "%s  %-12s %s\n", words[verdict], what, detail);
	f->bad += verdict == BAD;
}

/* ---- the data folder ---- */

/* What of the files in the folder strikes: how many of them, and one by name. */
struct noticed {
	unsigned open, foreign, left;
	char open_one[256], foreign_one[256], left_one[256];
};

static void notice(unsigned *count, char *one, const char *name)
{
	if (!(*count)++)
		snprintf(one, 256, "%.255s", name);
}

/* Files that a command or a move that was broken off left, or that nobody wants any more. */
static bool is_left(const char *name)
{
	return strstr(name, ".part") || strstr(name, ".restore.") || strstr(name, ".before-restore-") || strstr(name, ".moved");
}

static void look_at(struct noticed *n, const char *folder, const char *name)
{
	char path[4096 + 256];
	struct stat info;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (lstat(path, &info) || !S_ISREG(info.st_mode))
		return;
	if (info.st_mode & 077)
		notice(&n->open, n->open_one, name);
	if (info.st_uid != geteuid())
		notice(&n->foreign, n->foreign_one, name);
	if (is_left(name))
		notice(&n->left, n->left_one, name);
}

/* Behind the one that is named. */
static const char *others(char out[OTHERS_ROOM], unsigned count)
{
	*out = '\0';
	if (count > 1)
		snprintf(out, OTHERS_ROOM, " and %u more", count - 1);
	return out;
}

/* In: closed  the folder is: then nobody else gets as far as its files */
static void examine_files(struct finding *f, const char *folder, bool closed)
{
	struct noticed n = { 0 };
	char detail[512], more[OTHERS_ROOM];
	DIR *listing = opendir(folder);
	for (struct dirent *e; listing && (e = readdir(listing));)
		look_at(&n, folder, e->d_name);
	if (listing)
		closedir(listing);
	if (n.open)
		snprintf(detail, sizeof detail, "others can read %s%s: chmod 0600", n.open_one, others(more, n.open));
	else
		snprintf(detail, sizeof detail, "nobody else can read them");
	find(f, "files", !n.open ? GOOD : closed ? WARNING : BAD, detail);
	if (n.foreign) {
		snprintf(detail, sizeof detail, "another user than runs this owns %s%s: chown", n.foreign_one, others(more, n.foreign));
		find(f, "owner", BAD, detail);
	}
	if (n.left) {
		snprintf(detail, sizeof detail, "a backup, a restore or a move has left %s%s: remove what you do not need", n.left_one, others(more, n.left));
		find(f, "left over", WARNING, detail);
	}
}

static void examine_disk(struct finding *f, const char *folder)
{
	struct statvfs disk;
	char detail[256], beneath[4096 + 16];
	if (statvfs(folder, &disk))
		return;
	const unsigned long long free_mib = (unsigned long long)disk.f_bavail * disk.f_frsize >> 20;
	const bool few = disk.f_files && disk.f_favail < LEAST_INODES;
	snprintf(detail, sizeof detail, "%llu MiB free%s", free_mib, few ? ", and hardly a file more can be made: its inodes are used up" : "");
	find(f, "disk", free_mib >= LEAST_MIB && !few ? GOOD : BAD, detail);
	snprintf(beneath, sizeof beneath, "%s/x", folder);
	const char *net = network_of(beneath);
	if (net || disk.f_flag & ST_RDONLY) {
		snprintf(detail, sizeof detail, net ? "a network file system (%s), where locks may not hold: move the folder to a local disk"
		                                    : "is mounted read-only%s: nothing can be recorded", net ? net : "");
		find(f, "file system", BAD, detail);
	}
}

static void examine_folder(struct finding *f)
{
	struct run *r = f->run;
	struct stat info;
	char detail[4200];
	if (stat(r->conf.data, &info)) {
		snprintf(detail, sizeof detail, "%s: %s; run `pennymeter init`", r->conf.data, strerror(errno));
		find(f, "data folder", BAD, detail);
		return;
	}
	snprintf(detail, sizeof detail, "%s has mode %04o%s", r->conf.data, info.st_mode & 07777u,
	         info.st_mode & 077 ? ": others can look into it; chmod 0700" : "");
	find(f, "data folder", info.st_mode & 077 ? BAD : GOOD, detail);
	find(f, "owner", info.st_uid == geteuid() ? GOOD : BAD,
	     info.st_uid == geteuid() ? "the folder is yours" : "the folder belongs to another user than runs this");
	examine_files(f, r->conf.data, !(info.st_mode & 077));
	examine_disk(f, r->conf.data);
}

/* ---- backups ---- */

static void examine_backup(struct finding *f)
{
	char name[4096], detail[4400];
	int64_t at;
	if (store_on_server(f->run->store))
		return;
	if (store_last_backup(&f->run->conf, &at, name, sizeof name)) {
		find(f, "backup", WARNING, "none was made so far: `pennymeter backup FILE`, best each day from cron");
		return;
	}
	const int64_t days = (f->run->now - at) / DAY;
	snprintf(detail, sizeof detail, "the last is %lld days old: %s", (long long)days, name);
	find(f, "backup", days > OLD_DAYS ? WARNING : GOOD, detail);
}

/* ---- the store ---- */

/* A row is written as it is: it goes the whole way, to the disk. */
static void examine_write(struct finding *f)
{
	const enum st st = store_touch(f->run->store);
	char detail[256], who[STORE_HOLDER];
	const char *holder = st == ST_BUSY && !store_on_server(f->run->store) ? store_holder(who, f->run->store) : "another";
	snprintf(detail, sizeof detail, "%s%s", st == ST_BUSY ? "nobody else can write, the store is held by " : "",
	         st == ST_BUSY ? holder : !st ? "a row was written and is on disk" : "nothing can be written: the log says why; is the disk full, or the file read-only?");
	find(f, "write", st ? BAD : GOOD, detail);
}

static void count_plan(void *count, const struct plan_listed *plan)
{
	(void)plan;
	++*(unsigned *)count;
}

static void examine_plans(struct finding *f)
{
	unsigned count = 0;
	const bool none = plans_list(f->run->store, count_plan, &count) || !count;
	find(f, "plans", none ? BAD : GOOD, none ? "none; run `pennymeter plan apply plans/`" : "there are some");
}

static bool examine_schema(struct finding *f)
{
	struct run *r = f->run;
	const char *others;
	char detail[512];
	int64_t schema;
	if (store_judge_schema(r->store, &schema, &r->faults)) {
		find(f, "database", BAD, r->faults.count ? r->faults.item[0].detail : "its schema cannot be read");
		r->faults.count = 0;
		return false;
	}
	const char *home = store_home(r->store, &others);
	snprintf(detail, sizeof detail, "schema %lld%s%.160s%s", (long long)schema, home ? ", in \"" : "", home ? home : "", home ? "\"" : "");
	find(f, "database", GOOD, detail);
	snprintf(detail, sizeof detail, "a second set of tables lies in %.160s: it is not used; which is the right one? Drop the other", others ? others : "");
	if (others)
		find(f, "second set", BAD, detail);
	return true;
}

static void examine_store(struct finding *f)
{
	struct run *r = f->run;
	bool sealed = true, sound;
	enum st st = store_carries_checksums(&r->conf, &sealed); /* before it is open */
	if (run_store(r, STORE_WRITE)) {
		find(f, "database", BAD, r->faults.count ? r->faults.item[0].detail : "cannot be opened");
		r->faults.count = 0;
		return;
	}
	if (!examine_schema(f))
		return;
	const char *durability = store_durability(r->store, &sound);
	find(f, "durability", sound ? GOOD : BAD, durability);
	if (!st)
		find(f, "checksums", sealed ? GOOD : WARNING, sealed ? "each page carries its own, and is not read here: `pennymeter check` reads all"
		     : "an earlier version made the file: `pennymeter backup` and `restore` add them");
	examine_write(f);
	examine_plans(f);
	examine_backup(f);
}

enum st command_doctor(struct run *r)
{
	struct finding f = { .run = r };
	char now[INSTANT_ROOM];
	jw_object(&r->w, NULL);
	jw_array(&r->w, "findings");
	examine_folder(&f);
	examine_store(&f);
	const char *web;
	const bool fit = site_judge(&web, r);
	find(&f, "web server", fit ? GOOD : BAD, web);
	find(&f, "clock", r->now > 1750000000LL * SECOND ? GOOD : BAD, instant_print(now, r->now));
	jw_end(&r->w);
	jw_bool(&r->w, "ok", !f.bad);
	jw_end(&r->w);
	return f.bad ? fault_add(&r->faults, "doctor", "%u findings to mend", f.bad) : ST_OK;
}

/* pennymeter plan apply|list, and finding the folder of plans. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "billing/plan_apply.h"
#include "catalog/plan.h"
#include "command.h"

enum { PLAN_FILES_CAP = 200, PLAN_FILE_CAP = 256 << 10 };

static bool has_metrics(const char *folder, struct arena *arena)
{
	const char *path = arena_format(arena, "%s/metrics.json", folder);
	return path && !access(path, R_OK);
}

const char *default_plans(struct run *r)
{
	char program[4096];
	if (has_metrics("plans", r->arena))
		return "plans";
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	for (int up = 0; n > 0 && up < 4; up++) {
		program[n] = '\0';
		char *slash = strrchr(program, '/');
		if (!slash)
			break;
		n = slash - program;
		program[n] = '\0';
		const char *folder = arena_format(r->arena, "%s/plans", program);
		if (folder && has_metrics(folder, r->arena))
			return folder;
	}
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct plan_file *)a)->name, ((const struct plan_file *)b)->name);
}

/* NAME.json is a plan, save metrics.json and the schemas. */
static bool is_plan(const char *name)
{
	const char *dot = strchr(name, '.');
	return dot && !strcmp(dot, ".json") && strcmp(name, "metrics.json");
}

static enum st read_folder(struct run *r, const char *folder, struct plan_file *metrics, struct plan_file *plans, unsigned *count)
{
	struct dirent *entry;
	DIR *dir = opendir(folder);
	if (!dir)
		return fault_add(&r->faults, folder, "%s", strerror(errno));
	while ((entry = readdir(dir)) && !r->faults.count) {
		const bool plan = is_plan(entry->d_name);
		if (!plan && strcmp(entry->d_name, "metrics.json"))
			continue;
		if (plan && *count == PLAN_FILES_CAP)
			fault_add(&r->faults, folder, "holds more than %d plans", PLAN_FILES_CAP);
		else {
			struct plan_file *file = plan ? &plans[(*count)++] : metrics;
			file->name = arena_copy(r->arena, entry->d_name, strlen(entry->d_name));
			file->text = run_read_file(r, arena_format(r->arena, "%s/%s", folder, entry->d_name), PLAN_FILE_CAP);
		}
	}
	closedir(dir);
	qsort(plans, *count, sizeof *plans, by_name);
	return r->faults.count ? ST_INVALID : ST_OK;
}

enum st apply_folder(struct run *r, const char *folder)
{
	struct plan_file metrics = { "metrics.json", NULL }, plans[PLAN_FILES_CAP];
	struct applied applied;
	unsigned count = 0;
	enum st st = read_folder(r, folder, &metrics, plans, &count);
	if (!st)
		st = plans_apply(&applied, r->store, &r->faults, &metrics, plans, count, r->now, r->arena);
	if (st)
		return st;
	jw_int(&r->w, "metrics", applied.metrics);
	jw_int(&r->w, "plans", applied.plans);
	jw_int(&r->w, "new_versions", applied.versions);
	say(r, "Applied %s: %u metrics, %u plans, %u of them new or changed.\n", folder, applied.metrics, applied.plans,
	    applied.versions);
	return ST_OK;
}

enum st command_plan_apply(struct run *r)
{
	enum st st = run_store(r, STORE_WRITE);
	if (st)
		return st;
	jw_object(&r->w, NULL);
	st = apply_folder(r, r->word[0]);
	jw_end(&r->w);
	if (st)
		text_clear(&r->out);
	return st;
}

static void list_plan(void *context, const struct plan_listed *p)
{
	struct run *r = context;
	char when[INSTANT_ROOM];
	jw_object(&r->w, NULL);
	jw_int(&r->w, "plan_version_id", p->plan_version_id);
	jw_string(&r->w, "code", p->code);
	jw_int(&r->w, "version", p->version);
	jw_string(&r->w, "name", p->name);
	jw_string(&r->w, "applied_at", instant_print(when, p->applied_at));
	jw_end(&r->w);
	say(r, "%-16s version %-4lld %-20s applied %s\n", p->code, (long long)p->version, p->name, when);
}

enum st command_plan_list(struct run *r)
{
	enum st st = run_store(r, STORE_READ);
	jw_object(&r->w, NULL);
	jw_array(&r->w, "plans");
	if (!st)
		st = plans_list(r->store, list_plan, r);
	jw_end(&r->w);
	jw_end(&r->w);
	return st;
}

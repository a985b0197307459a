/* What `pennymeter launch` remembers from one run to the next: which function had the most to do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "launch.h"

enum { PATH_ROOM = 4096, NAME_ROOM = 256 };

/* Returns: false if the path is too long. */
static bool place(char path[PATH_ROOM], const char *data, const char *ending)
{
	int n = snprintf(path, PATH_ROOM, "%s/launch.busiest%s", data, ending);
	return n > 0 && n < PATH_ROOM;
}

static struct function *find(const struct launcher *l, const char *name)
{
	for (unsigned i = 0; i < l->count; i++)
		if (!strcmp(l->functions[i].name, name))
			return &l->functions[i];
	return NULL;
}

struct function *busiest_last_time(const struct launcher *l, const char *data)
{
	char path[PATH_ROOM], name[NAME_ROOM] = "";
	FILE *file = place(path, data, "") ? fopen(path, "re") : NULL;
	if (!file)
		return NULL;
	if (!fgets(name, sizeof name, file))
		*name = '\0';
	fclose(file);
	name[strcspn(name, "\n")] = '\0';
	return find(l, name);
}

static const struct function *busiest(const struct launcher *l)
{
	const struct function *most = NULL;
	uint64_t used = 0;
	for (unsigned i = 0; i < l->count; i++) {
		const uint64_t its = process_usage(l, &l->functions[i]);
		if (its <= used)
			continue;
		most = &l->functions[i];
		used = its;
	}
	return most;
}

static bool write_line(const char *path, const char *line)
{
	FILE *file = fopen(path, "we");
	bool written = file && fprintf(file, "%s\n", line) > 0;
	return file && !fclose(file) && written;
}

void busiest_remember(const struct launcher *l, const char *data)
{
	char path[PATH_ROOM], fresh[PATH_ROOM];
	const struct function *f = busiest(l);
	if (!f || !place(path, data, "") || !place(fresh, data, ".new"))
		return;
	if (!write_line(fresh, f->name) || rename(fresh, path))
		log_error("%s: %s; the next start does without it", path, strerror(errno));
}

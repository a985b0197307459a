/* The configuration: "key = value" lines, "#" comments, environment over file over default. */
#include "base/conf.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct conf_row conf_rows[CONF__MAX] = {
	[CONF_STORE] = { "store", "pennymeter.db", "database file in the data folder" },
	[CONF_BASE_PATH] = { "base_path", "", "what stands before /api in every address" },
	[CONF_UPGRADE_URL] = { "upgrade_url", "", "where a tenant at its limit is sent, as https://example.org/plans?to={plan}; empty: nowhere" },
	[CONF_LATE_DAYS] = { "late_days", "35", "days that recorded_at may lie back", true, 0, 3650 },
	[CONF_AHEAD_SECONDS] = { "ahead_seconds", "300", "seconds that recorded_at may lie ahead", true, 0, 86400 },
	[CONF_CURRENCY] = { "currency", "USD", "currency of a tenant added without one" },
	[CONF_TIMEZONE] = { "timezone", "UTC", "billing time zone of a tenant added without one" },
	[CONF_REQUESTS_MINUTE] = { "requests_per_minute", "0", "rate limit of a token, 0 for none", true, 0, 1000000 },
	[CONF_TICK] = { "tick", "on", "on: due jobs run after a reply, too; off: by `pennymeter job run` alone" },
	[CONF_TEST_CLOCKS] = { "test_clocks", "off", "on, for tests alone: `pennymeter job run --at` may lie ahead" },
};

static char *trim(char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	char *end = s + strlen(s);
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}

static enum st set(struct conf *c, struct faults *faults, struct arena *arena, unsigned key, const char *value,
                   const char *where)
{
	const struct conf_row *row = &conf_rows[key];
	c->text[key] = arena_copy(arena, value, strlen(value));
	if (!c->text[key])
		return ST_MEMORY;
	if (!row->is_number)
		return ST_OK;
	char *end;
	errno = 0;
	c->number[key] = strtoll(value, &end, 10);
	if (errno || *end || end == value || c->number[key] < row->least || c->number[key] > row->most)
		return fault_add(faults, where, "%s must be a whole number from %lld to %lld, not \"%s\"", row->name,
		                 (long long)row->least, (long long)row->most, value);
	return ST_OK;
}

static enum st read_line(struct conf *c, struct faults *faults, struct arena *arena, char *line, const char *where)
{
	char *text = trim(line);
	if (!*text || *text == '#')
		return ST_OK;
	char *equals = strchr(text, '=');
	if (!equals)
		return fault_add(faults, where, "want KEY = VALUE");
	*equals = '\0';
	char *name = trim(text), *value = trim(equals + 1);
	for (unsigned k = 0; k < CONF__MAX; k++)
		if (!strcmp(name, conf_rows[k].name))
			return set(c, faults, arena, k, value, where);
	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz_")]) /* it may be a part of an address, and that of a password */
		return fault_add(faults, where, "want KEY = VALUE");
	return fault_add(faults, where, "unknown key \"%s\"", name);
}

/* ---- the file ---- */

/* All of a file in the arena. Out: text  NULL: there is no such file */
static enum st take_file(char **text, size_t *size, struct faults *faults, struct arena *arena, const char *path)
{
	struct stat info;
	ssize_t got = 0;
	*text = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO is opened too, and refused below */
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? ST_OK : fault_add(faults, path, "cannot be read: %s", strerror(errno));
	enum st st = fstat(fd, &info) ? fault_add(faults, path, "cannot be read: %s", strerror(errno)) : ST_OK;
	if (!st && !S_ISREG(info.st_mode))
		st = fault_add(faults, path, "is not a file of text");
	if (!st && info.st_size > CONF_FILE_CAP)
		st = fault_add(faults, path, "is larger than %d bytes", CONF_FILE_CAP);
	const size_t whole = st ? 0 : (size_t)info.st_size;
	if (!st && !(*text = arena_take_raw(arena, whole + 1)))
		st = ST_MEMORY;
	for (*size = 0; !st && *size < whole && (got = read(fd, *text + *size, whole - *size)) > 0;)
		*size += (size_t)got;
	if (!st && got < 0)
		st = fault_add(faults, path, "cannot be read: %s", strerror(errno));
	close(fd);
	return st;
}

/* A line that cannot be meant is refused by its number: were it cut, its rest would be read as another. */
static enum st read_lines(struct conf *c, struct faults *faults, struct arena *arena, const char *path, char *text, size_t size)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	enum st st = ST_OK;
	for (unsigned number = 1; size && !st; number++) {
		const char *end = memchr(text, '\n', size);
		const size_t length = end ? (size_t)(end - text) : size, step = length + (end ? 1 : 0);
		char where[64];
		snprintf(where, sizeof where, "%.40s:%u", name, number);
		if (length > CONF_LINE_CAP)
			return fault_add(faults, where, "the line is longer than %d bytes", CONF_LINE_CAP);
		if (memchr(text, '\0', length))
			return fault_add(faults, where, "the line holds a NUL byte");
		text[length] = '\0'; /* of the last one too: there is a byte behind the text */
		st = read_line(c, faults, arena, text, where);
		text += step;
		size -= step;
	}
	return st;
}

static enum st read_file(struct conf *c, struct faults *faults, struct arena *arena, const char *path)
{
	char *text;
	size_t size;
	enum st st = take_file(&text, &size, faults, arena, path);
	return st || !text ? st : read_lines(c, faults, arena, path, text, size);
}

static enum st read_environment(struct conf *c, struct faults *faults, struct arena *arena)
{
	for (unsigned k = 0; k < CONF__MAX; k++) {
		char name[64];
		snprintf(name, sizeof name, "PENNYMETER_%s", conf_rows[k].name);
		for (char *p = name; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		const char *value = getenv(name);
		enum st st = value ? set(c, faults, arena, k, value, name) : ST_OK;
		if (st)
			return st;
	}
	return ST_OK;
}

enum st conf_load_from(struct conf *c, struct faults *faults, struct arena *arena, const char *path)
{
	const char *data = getenv("PENNYMETER_DATA");
	*c = (struct conf){ .data = arena_copy(arena, data && *data ? data : "var", strlen(data && *data ? data : "var")) };
	path = !c->data ? NULL : path ? path : conf_path(c, arena, CONF_FILE);
	if (!path)
		return ST_MEMORY;
	for (unsigned k = 0; k < CONF__MAX; k++) {
		enum st st = set(c, faults, arena, k, conf_rows[k].fallback, "default");
		if (st)
			return st;
	}
	enum st st = read_file(c, faults, arena, path);
	return st ? st : read_environment(c, faults, arena);
}

enum st conf_load(struct conf *c, struct faults *faults, struct arena *arena)
{
	return conf_load_from(c, faults, arena, NULL);
}

const char *conf_path(const struct conf *c, struct arena *arena, const char *file)
{
	return *file == '/' ? file : arena_format(arena, "%s/%s", c->data, file);
}

bool conf_on(const struct conf *c, enum conf_key key)
{
	return !strcmp(c->text[key], "on");
}

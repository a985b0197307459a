/* What subcommands share: options, the store, files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

const char *run_option(const struct run *r, const char *name)
{
	for (unsigned i = 0; r->command->options[i].name; i++)
		if (!strcmp(r->command->options[i].name, name))
			return r->option[i];
	return NULL;
}

enum st run_number(int64_t *number, struct run *r, const char *name)
{
	const char *text = run_option(r, name);
	char *end;
	*number = 0;
	if (!text)
		return ST_OK;
	errno = 0;
	*number = strtoll(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || *number < 1) /* no blanks, no "+" */
		return misuse(r, arena_format(r->arena, "--%s", name), "must be a number from 1, not \"%s\"", text);
	return ST_OK;
}

enum st run_number_to(int64_t *number, struct run *r, const char *name, int64_t most)
{
	enum st st = run_number(number, r, name);
	if (!st && *number > most)
		st = misuse(r, arena_format(r->arena, "--%s", name), "must be at most %lld, not %lld", (long long)most, (long long)*number);
	return st;
}

enum st run_instant(instant *at, struct run *r, const char *name)
{
	const char *text = run_option(r, name);
	const size_t size = strlen(text);
	if (!instant_read(at, text, size) || !instant_read_date(at, text, size))
		return ST_OK;
	const char *option = arena_format(r->arena, "--%s", name);
	return misuse(r, option, "must be an instant like 2026-12-01T00:00:00Z, not \"%s\"", text);
}

enum st misuse(struct run *r, const char *option, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const char *detail = arena_vformat(r->arena, format, args);
	va_end(args);
	r->misused = true;
	return fault_add(&r->faults, option, "%s", detail ? detail : "is no good");
}

enum st no_tenant(struct run *r, int64_t tenant)
{
	fault_add(&r->faults, "--tenant", "there is no tenant %lld; `pennymeter tenant list` has them", (long long)tenant);
	return ST_NOT_FOUND;
}

enum st run_store(struct run *r, enum store_mode mode)
{
	return store_open(&r->store, &r->conf, mode, &r->faults);
}

void say(const struct run *r, const char *format, ...)
{
	va_list args;
	if (r->json)
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

char *run_read_file(struct run *r, const char *path, size_t cap)
{
	struct stat info;
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	if (!f || fstat(fileno(f), &info)) {
		fault_add(&r->faults, path, "%s", strerror(errno));
	} else if (info.st_size < 0 || (size_t)info.st_size > cap) {
		fault_add(&r->faults, path, "is larger than %zu bytes", cap);
	} else {
		text = arena_take(r->arena, (size_t)info.st_size + 1);
		size = text ? fread(text, 1, (size_t)info.st_size, f) : 0;
	}
	if (f)
		fclose(f);
	if (text && strlen(text) != size) {
		fault_add(&r->faults, path, "holds a NUL byte");
		return NULL;
	}
	return text;
}

enum st write_file(struct run *r, const char *path, const char *text)
{
	const char *part = arena_format(r->arena, "%s.part", path);
	const size_t size = strlen(text);
	int fd = part ? open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	bool failed = fd < 0 || write(fd, text, size) != (ssize_t)size || fsync(fd);
	if (fd >= 0)
		close(fd);
	if (!failed && !rename(part, path))
		return ST_OK;
	fault_add(&r->faults, path, "cannot be written: %s", strerror(errno));
	return ST_IO;
}

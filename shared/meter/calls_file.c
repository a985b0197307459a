/* The file of counted calls: made whole before it gets its name, and never believed without its marks. */
#include "meter/calls_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/guard.h"

static const char MARK[24] = "pennymeter calls 1";

enum { TRIES = 40, PAUSE_NS = 5000000, EPOCH_BITS = 53 };

static uint64_t mix(uint64_t sum, uint64_t value)
{
	sum = (sum ^ value) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 29;
}

static uint64_t check_of(const struct calls_head *head)
{
	uint64_t part[3], sum = 1;
	memcpy(part, head->mark, sizeof part);
	for (unsigned i = 0; i < 3; i++)
		sum = mix(sum, part[i]);
	return mix(mix(sum, head->epoch), head->inode) | 1;
}

static uint64_t seal_of(uint64_t epoch, int64_t tenant)
{
	return mix(mix(2, epoch), (uint64_t)tenant) | 1;
}

/* ---- mapping ---- */

static bool is_ours(const struct calls_head *head, const struct stat *info)
{
	return !memcmp(head->mark, MARK, sizeof MARK) && head->check == check_of(head) && head->epoch &&
	       head->inode == info->st_ino && (uint64_t)info->st_size == sizeof(struct calls_file);
}

static bool map(struct calls_map *m, int fd, const struct calls_head *head, const struct stat *info)
{
	void *p = mmap(NULL, sizeof(struct calls_file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return false;
	guard_mapping(p, sizeof(struct calls_file));
	*m = (struct calls_map){ p, head->epoch, info->st_dev, info->st_ino };
	return true;
}

bool calls_map_open(struct calls_map *m, const char *path, bool *strange)
{
	struct calls_head head;
	struct stat info;
	*m = (struct calls_map){ 0 };
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	*strange = fd >= 0 || errno != ENOENT;
	if (fd < 0)
		return false;
	const bool ours = !fstat(fd, &info) && S_ISREG(info.st_mode) &&
	                  pread(fd, &head, sizeof head, 0) == (ssize_t)sizeof head && is_ours(&head, &info);
	const bool mapped = ours && map(m, fd, &head, &info);
	*strange = !ours;
	close(fd);
	return mapped;
}

void calls_map_close(struct calls_map *m)
{
	if (!m->file)
		return;
	unguard_mapping(m->file);
	munmap(m->file, sizeof *m->file);
	m->file = NULL;
}

bool calls_map_in_place(const struct calls_map *m, const char *path)
{
	struct stat there;
	return !lstat(path, &there) && there.st_dev == m->device && there.st_ino == m->inode &&
	       (uint64_t)there.st_size == sizeof(struct calls_file);
}

/* ---- making ---- */

/* Room is taken at once: a hole that a full disk cannot fill would be lost counts later. */
static bool fill(int fd)
{
	struct calls_head head = { .mark = "" };
	struct stat info;
	memcpy(head.mark, MARK, sizeof MARK);
	if (fstat(fd, &info) || getrandom(&head.epoch, sizeof head.epoch, 0) != (ssize_t)sizeof head.epoch)
		return false;
	head.epoch = (head.epoch >> (64 - EPOCH_BITS)) | 1;
	head.inode = info.st_ino;
	head.check = check_of(&head);
	return !posix_fallocate(fd, 0, sizeof(struct calls_file)) &&
	       pwrite(fd, &head, sizeof head, 0) == (ssize_t)sizeof head;
}

/* Made meanwhile by another that had the turn before? */
static bool is_there(const char *path)
{
	struct calls_map m;
	bool strange;
	const bool there = calls_map_open(&m, path, &strange);
	calls_map_close(&m);
	return there;
}

static bool make_held(const char *path, bool strange)
{
	char part[4200];
	if (is_there(path) || (!strange && !access(path, F_OK)))
		return true;
	snprintf(part, sizeof part, "%s.part", path);
	unlink(part);
	int fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	const bool made = fill(fd) && !rename(part, path);
	if (!made)
		unlink(part);
	close(fd);
	return made;
}

bool calls_make(const char *folder, const char *path, bool strange)
{
	int turn = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool held = false;
	for (unsigned try = 0; turn >= 0 && try < TRIES && !(held = !flock(turn, LOCK_EX | LOCK_NB)); try++)
		nanosleep(&(struct timespec){ 0, PAUSE_NS }, NULL);
	const bool made = held && make_held(path, strange);
	if (turn >= 0)
		close(turn);
	return made;
}

/* ---- places ---- */

/* Is the slot the tenant's, or can it be? A seal that is wrong is a slot that was written over. */
static bool own(struct calls_slot *s, uint64_t epoch, int64_t tenant, bool take)
{
	int64_t whose = __atomic_load_n(&s->tenant, __ATOMIC_ACQUIRE);
	if (!whose && take &&
	    __atomic_compare_exchange_n(&s->tenant, &whose, tenant, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		whose = tenant;
	if (whose != tenant)
		return false;
	const uint64_t seal = seal_of(epoch, tenant), found = __atomic_load_n(&s->seal, __ATOMIC_ACQUIRE);
	if (!found && take)
		__atomic_store_n(&s->seal, seal, __ATOMIC_RELEASE);
	return found == seal || (!found && take);
}

struct calls_slot *calls_slot_of(const struct calls_map *m, int64_t tenant, bool take)
{
	const uint64_t at = (uint64_t)tenant * 0x9e3779b97f4a7c15u >> 50; /* of 2^14 */
	_Static_assert(CALLS_SLOTS == 1 << 14, "the shift above leaves 14 bits");
	for (unsigned i = 0; i < CALLS_PROBES; i++) {
		struct calls_slot *s = &m->file->slots[(at + i) % CALLS_SLOTS];
		if (own(s, m->epoch, tenant, take))
			return s;
		if (!take && !s->tenant)
			return NULL;
	}
	return NULL;
}

/* The letter box as a file: made whole before it gets its name, checked before it is used, and left when it is another. */
#include "store/letter_box.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/log.h"

static const char MARK[24] = "pennymeter letters 2";

enum { TRIES = 20, PAUSE_NS = 5000000 };

uint64_t box_sum(uint64_t sum, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;
	for (uint64_t part; size >= sizeof part; p += sizeof part, size -= sizeof part) {
		memcpy(&part, p, sizeof part);
		sum = (sum ^ part) * 0x9e3779b97f4a7c15u;
		sum ^= sum >> 29;
	}
	for (; size; p++, size--)
		sum = (sum ^ *p) * 0x100000001b3u;
	return sum ^ sum >> 32;
}

/* ---- what a box is ---- */

static void describe(struct box_head *head)
{
	memcpy(head->mark, MARK, sizeof head->mark);
	head->size = sizeof(struct box);
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, head->boot, 36) != 36)
		memcpy(head->boot, "unknown", 8);
	if (fd >= 0)
		close(fd);
}

static uint64_t sum_of(const struct box_head *head)
{
	return box_sum(0, head, offsetof(struct box_head, check));
}

enum kind { STRANGE, OF_ANOTHER_BOOT, OF_ANOTHER_LAYOUT, OURS };

static enum kind kind_of(const struct box_head *head, int fd)
{
	struct box_head ours = { 0 };
	struct stat info;
	describe(&ours);
	if (head->check != sum_of(head) || fstat(fd, &info) || (uint64_t)info.st_size != head->size || info.st_ino != head->inode)
		return STRANGE;
	if (memcmp(head->boot, ours.boot, sizeof ours.boot))
		return memcmp(head->mark, MARK, 18) ? STRANGE : OF_ANOTHER_BOOT;
	return head->size == ours.size && !memcmp(head->mark, MARK, sizeof MARK) ? OURS : OF_ANOTHER_LAYOUT;
}

static bool read_head(struct box_head *head, int fd)
{
	return pread(fd, head, sizeof *head, 0) == (ssize_t)sizeof *head;
}

bool combine_read_room(const char *path, void *room)
{
	struct box_head head;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const bool whole = fd >= 0 && read_head(&head, fd) && kind_of(&head, fd) != STRANGE;
	if (fd >= 0)
		close(fd);
	if (whole)
		memcpy(room, head.room, COMBINE_ROOM);
	return whole;
}

/* ---- making and mapping ---- */

static bool is_at(const char *path, dev_t device, ino_t inode)
{
	struct stat there;
	return !stat(path, &there) && there.st_dev == device && there.st_ino == inode;
}

/* Takes the descriptor over. */
static bool map(struct letter_box *b, int fd)
{
	struct stat info;
	void *p = fstat(fd, &info) ? MAP_FAILED : mmap(NULL, sizeof(struct box), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		close(fd);
		return false;
	}
	b->box = p;
	b->file = fd;
	b->device = info.st_dev;
	b->inode = info.st_ino;
	guard_mapping(b->box, sizeof *b->box);
	b->identity = b->box->head.identity;
	b->leads = __atomic_load_n(&b->box->head.leads, __ATOMIC_ACQUIRE);
	return true;
}

static void pause_a_moment(void)
{
	nanosleep(&(struct timespec){ 0, PAUSE_NS }, NULL);
}

/* The file that will be the box: whoever holds it makes one, one at a time; who dies at it leaves it to the next. -1: not now. */
static int hold_part(const char *part)
{
	struct stat info;
	int fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	for (unsigned try = 0; try < TRIES && flock(fd, LOCK_EX | LOCK_NB); try++)
		pause_a_moment();
	if (!flock(fd, LOCK_EX | LOCK_NB) && !fstat(fd, &info) && is_at(part, info.st_dev, info.st_ino))
		return fd;
	close(fd);
	return -1;
}

/* Room is taken at once: a hole that a full disk cannot fill would be a SIGBUS later. */
static bool fill(int fd, const struct box_head *old)
{
	struct box_head head = { 0 };
	struct stat info;
	if (fstat(fd, &info))
		return false;
	describe(&head);
	head.inode = info.st_ino;
	if (getrandom(&head.identity, sizeof head.identity, 0) != (ssize_t)sizeof head.identity)
		return false;
	head.check = sum_of(&head);
	if (old)
		memcpy(head.room, old->room, sizeof head.room);
	return !ftruncate(fd, 0) && !posix_fallocate(fd, 0, sizeof(struct box)) &&
	       pwrite(fd, &head, sizeof head, 0) == (ssize_t)sizeof head;
}

/* In the place of whatever is at the path, unless that is no longer what was seen there. */
static bool make(struct letter_box *b, const struct stat *seen, const struct box_head *old)
{
	char part[sizeof b->path + 8];
	snprintf(part, sizeof part, "%s.part", b->path);
	int fd = hold_part(part);
	if (fd < 0)
		return false;
	const bool same = seen ? is_at(b->path, seen->st_dev, seen->st_ino) : access(b->path, F_OK) && errno == ENOENT;
	if (!same || !fill(fd, old) || rename(part, b->path)) {
		unlink(part);
		close(fd);
		return false;
	}
	flock(fd, LOCK_UN);
	return map(b, fd);
}

static bool was_left(const struct letter_box *b, const struct box_head *head)
{
	for (unsigned i = 0; i < BOXES_LEFT; i++)
		if (b->left[i] && b->left[i] == head->identity)
			return true;
	return false;
}

/* Take what is at the path, or put a box there. One that was left is not taken again: it looks right
 * to whoever does not know that it is an older copy. */
static bool look(struct letter_box *b, bool anew, bool *rival)
{
	struct box_head head;
	struct stat info;
	int fd = open(b->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT && make(b, NULL, NULL);
	const bool here = !fstat(fd, &info);
	const enum kind kind = read_head(&head, fd) ? kind_of(&head, fd) : STRANGE;
	*rival = anew && kind == OF_ANOTHER_LAYOUT;
	if (here && kind == OURS && !was_left(b, &head))
		return map(b, fd);
	close(fd);
	return here && !*rival && make(b, &info, kind == OF_ANOTHER_BOOT ? &head : NULL);
}

static bool find(struct letter_box *b, bool anew)
{
	bool found = false, rival = false;
	for (unsigned try = 0; try < 10 && !found && !rival; try++) {
		if (try)
			pause_a_moment();
		found = look(b, anew, &rival);
	}
	if (!found)
		log_error(rival ? "%s is another version's: each write commits alone" : "%s cannot be mapped: each write commits alone", b->path);
	return found;
}

void box_open(struct letter_box *b, const char *path)
{
	*b = (struct letter_box){ .file = -1 };
	snprintf(b->path, sizeof b->path, "%s", path);
	find(b, false);
}

void box_close(struct letter_box *b)
{
	if (!b->box)
		return;
	unguard_mapping(b->box);
	munmap(b->box, sizeof *b->box);
	close(b->file);
	b->box = NULL;
	b->file = -1;
}

bool box_in_place(const struct letter_box *b)
{
	return is_at(b->path, b->device, b->inode);
}

bool box_sound(struct letter_box *b)
{
	const uint64_t leads = __atomic_load_n(&b->box->head.leads, __ATOMIC_ACQUIRE);
	if (b->box->head.identity != b->identity || leads < b->leads)
		return false;
	b->leads = leads;
	return true;
}

bool box_count_lead(struct letter_box *b)
{
	const uint64_t leads = __atomic_add_fetch(&b->box->head.leads, 1, __ATOMIC_ACQ_REL);
	if (leads <= b->leads)
		return false;
	b->leads = leads;
	return true;
}

bool box_renew(struct letter_box *b)
{
	struct letter_box old = *b;
	if (old.box)
		b->left[b->lefts++ % BOXES_LEFT] = old.identity;
	b->box = NULL;
	b->file = -1;
	const bool found = find(b, old.box);
	box_close(&old); /* now: the number of a file that nobody holds may be given to the next one */
	return found;
}

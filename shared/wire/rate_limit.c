/* Rate limits in a small shared file: a counter a token and minute, no lock, no query. */
#include "wire/rate_limit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/log.h"

enum { SLOTS = 4096 };

/* A slot holds the minute in its upper and the count in its lower half. Two tokens
 * that share a slot share a limit; with 4,096 slots that is rare and harmless. */
struct rate_limit {
	int64_t most;
	uint64_t *slot;
};

static uint64_t *map_slots(const char *path)
{
	const size_t size = SLOTS * sizeof(uint64_t);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || posix_fallocate(fd, 0, (off_t)size)) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

struct rate_limit *rate_limit_open(const struct conf *conf)
{
	char path[4096];
	if (!conf->number[CONF_REQUESTS_MINUTE])
		return NULL;
	struct rate_limit *l = calloc(1, sizeof *l);
	snprintf(path, sizeof path, "%s/rate-limit.shm", conf->data);
	uint64_t *slot = l ? map_slots(path) : NULL;
	if (!slot) {
		log_error("%s cannot be mapped: requests are not limited", path);
		free(l);
		return NULL;
	}
	guard_mapping(slot, SLOTS * sizeof *slot);
	*l = (struct rate_limit){ conf->number[CONF_REQUESTS_MINUTE], slot };
	return l;
}

void rate_limit_close(struct rate_limit *l)
{
	if (!l)
		return;
	unguard_mapping(l->slot);
	munmap(l->slot, SLOTS * sizeof *l->slot);
	free(l);
}

/* Count one in the slot; a slot of an earlier minute starts anew. Returns the count with this one. */
static uint64_t count_one(uint64_t *slot, uint64_t minute)
{
	uint64_t seen = __atomic_load_n(slot, __ATOMIC_RELAXED), next;
	do {
		next = seen >> 32 == minute ? seen + 1 : minute << 32 | 1;
	} while (!__atomic_compare_exchange_n(slot, &seen, next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return next & 0xffffffff;
}

enum st rate_limit_check(struct rate_limit *l, const struct account *account, instant now, struct text *headers)
{
	if (!l)
		return ST_OK;
	uint64_t mixed = ((uint64_t)account->tenant_id * 1000003u + (uint64_t)account->token_id) * 0x9e3779b97f4a7c15u;
	uint64_t used = count_one(&l->slot[mixed >> 52], (uint64_t)(now / MINUTE) & 0xffffffff);
	long long reset = (long long)((MINUTE - now % MINUTE + SECOND - 1) / SECOND);
	int64_t left = l->most - (int64_t)used;
	text_addf(headers, "RateLimit-Limit: %lld\r\nRateLimit-Remaining: %lld\r\nRateLimit-Reset: %lld\r\n",
	          (long long)l->most, left > 0 ? (long long)left : 0, reset);
	if (left >= 0)
		return ST_OK;
	text_addf(headers, "Retry-After: %lld\r\n", reset);
	return ST_RATE_LIMITED;
}

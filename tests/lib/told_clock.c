/* Preloaded, it has a program read the time from the file that TOLD_CLOCK names: 8 bytes, microseconds since 1970,
 * which a test writes between requests. Its random bytes come of that time too, so that programs that are asked
 * the same at the same instant make the same ids and tokens, and their answers can be compared byte by byte. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *told;

__attribute__((constructor)) static void open_file(void)
{
	const char *name = getenv("TOLD_CLOCK");
	const int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	void *at = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *told, PROT_READ, MAP_SHARED, file, 0);
	if (at == MAP_FAILED)
		_exit(96); /* rather none than a test by the machine's own clock */
	close(file);
	told = at;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_REALTIME || !told)
		return (int)syscall(SYS_clock_gettime, clock, now);
	*now = (struct timespec){ *told / 1000000, *told % 1000000 * 1000 };
	return 0;
}

/* splitmix64 from the time that is told */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* libsodium's */
void randombytes_buf(void *bytes, size_t size)
{
	uint64_t state = (uint64_t)*told;
	for (size_t at = 0; at < size; at += sizeof state) {
		const uint64_t n = next(&state);
		memcpy((char *)bytes + at, &n, size - at < sizeof n ? size - at : sizeof n);
	}
}

uint32_t randombytes_uniform(uint32_t below)
{
	static uint64_t state;
	state = state ? state : (uint64_t)*told;
	return below ? (uint32_t)(next(&state) % below) : 0;
}

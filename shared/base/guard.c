/* A SIGBUS in a mapping is answered with empty pages. */
#include "base/guard.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

enum { GUARDED = 8 };

static struct { char *at; size_t size; } guarded[GUARDED];

static void put_empty_pages(int signal_number, siginfo_t *info, void *context)
{
	const int before = errno;
	const char *at = info->si_addr;
	(void)context;
	for (size_t i = 0; i < GUARDED; i++) {
		char *start = guarded[i].at;
		const size_t size = guarded[i].size;
		if (start && at >= start && at < start + size &&
		    mmap(start, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED) {
			errno = before;
			return;
		}
	}
	signal(signal_number, SIG_DFL); /* not of ours: it comes again, and ends the process */
}

void guard_mapping(void *at, size_t size)
{
	struct sigaction action = { .sa_sigaction = put_empty_pages, .sa_flags = SA_SIGINFO };
	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
	for (size_t i = 0; i < GUARDED; i++)
		if (!guarded[i].at) {
			guarded[i].size = size;
			guarded[i].at = at;
			return;
		}
}

void unguard_mapping(const void *at)
{
	for (size_t i = 0; i < GUARDED; i++)
		if (guarded[i].at == at)
			guarded[i].at = NULL;
}

/* Facts of waiting for a file's lock: it ends, it tells who is in the way, and it is not starved. */
#include "facts.h"
#include "folder.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "exact/clock.h"
#include "store/lock.h"

enum { TAKERS = 4, LITTLE = 200000, MUCH = 20 * 1000000 };

static char folder[FOLDER_ROOM], path[FOLDER_ROOM + 8];
static bool *ready; /* shared with the children */

static int fresh(void **state)
{
	(void)state;
	*ready = false;
	if (folder_made(folder, "lock"))
		return 1;
	snprintf(path, sizeof path, "%s/lock", folder);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	return folder_removed(folder);
}

static int open_it(void)
{
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static void give_way(void)
{
	nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
}

/* A process that holds the lock until it is killed: of the file, or of a byte of it. */
static pid_t start_holder(bool of_byte)
{
	pid_t child = fork();
	if (!child) {
		struct flock byte = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 21, .l_len = 1 };
		int file = open_it();
		*ready = !(of_byte ? fcntl(file, F_SETLK, &byte) : flock(file, LOCK_EX));
		for (;;)
			pause();
	}
	for (unsigned tries = 0; tries < 10000 && !*ready; tries++)
		give_way();
	assert_true(*ready);
	return child;
}

static void end(pid_t child)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void waiting_ends_though_the_holder_stands_still(void **state)
{
	(void)state;
	pid_t holder = start_holder(false);
	int file = open_it();
	const int64_t began = clock_ticks();
	assert_int_equal(lock_wait(file, LITTLE), ST_BUSY);
	assert_true(clock_ticks() - began >= LITTLE);
	assert_true(clock_ticks() - began < MUCH);
	end(holder);
	assert_int_equal(lock_wait(file, LITTLE), ST_OK);
	close(file);
}

static void the_holder_is_told_and_that_it_is_stopped(void **state)
{
	char told[HOLDER_ROOM], want[64];
	(void)state;
	for (unsigned of_byte = 0; of_byte < 2; of_byte++) {
		*ready = false;
		pid_t holder = start_holder(of_byte);
		int file = open_it();
		snprintf(want, sizeof want, "process %d (lock)", (int)holder);
		assert_string_equal(lock_holder(told, file, of_byte ? 21 : LOCK_WHOLE), want);
		assert_string_equal(lock_holder(told, file, of_byte ? 22 : 21), "a process that cannot be seen from here");
		assert_int_equal(kill(holder, SIGSTOP), 0);
		assert_int_equal(waitpid(holder, NULL, WUNTRACED), holder);
		snprintf(want, sizeof want, "process %d (lock), which is stopped,", (int)holder);
		assert_string_equal(lock_holder(told, file, of_byte ? 21 : LOCK_WHOLE), want);
		end(holder);
		close(file);
	}
}

/* As leaders do: who finds it free takes it. */
static pid_t start_taker(void)
{
	pid_t child = fork();
	if (child)
		return child;
	for (int file = open_it();;)
		if (!flock(file, LOCK_EX | LOCK_NB)) {
			give_way();
			flock(file, LOCK_UN);
		}
}

static void who_waits_gets_it_among_many_that_take_it(void **state)
{
	pid_t takers[TAKERS];
	int file = open_it();
	(void)state;
	for (unsigned i = 0; i < TAKERS; i++)
		takers[i] = start_taker();
	for (unsigned times = 0; times < 3; times++) {
		assert_int_equal(lock_wait(file, MUCH), ST_OK);
		flock(file, LOCK_UN);
	}
	for (unsigned i = 0; i < TAKERS; i++)
		end(takers[i]);
	close(file);
}

#define LOCK_FACT(fact) cmocka_unit_test_setup_teardown(fact, fresh, clean)

int main(void)
{
	const struct CMUnitTest facts[] = {
		LOCK_FACT(waiting_ends_though_the_holder_stands_still),
		LOCK_FACT(the_holder_is_told_and_that_it_is_stopped),
		LOCK_FACT(who_waits_gets_it_among_many_that_take_it),
	};
	ready = mmap(NULL, sizeof *ready, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return ready == MAP_FAILED ? 1 : cmocka_run_group_tests(facts, NULL, NULL);
}

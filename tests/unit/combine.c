/* Facts of group commit: what is shared, and what survives leaders and followers killed anywhere. */
#include "writers.h"

static void each_request_takes_effect_once(void **state)
{
	pid_t children[WRITERS];
	(void)state;
	for (unsigned w = 0; w < WRITERS; w++)
		children[w] = start_writer(w * WRITES, WRITES);
	for (unsigned w = 0; w < WRITERS; w++)
		assert_int_equal(ending_of(children[w]), 0);
	for (unsigned n = 0; n < WRITERS * WRITES; n++)
		assert_int_equal(journal->times[n], 1);
	assert_int_equal(journal->again, 0);
}

/* One writer publishes while another holds the lock: it is told only once the lock is free. */
static void writers_that_wait_share_a_commit(void **state)
{
	pid_t children[WRITERS];
	int lock = open_lock();
	(void)state;
	hold(lock);
	for (unsigned w = 0; w < WRITERS; w++)
		children[w] = start_writer(w, 1);
	await(WRITERS, PUBLISHED);
	assert_int_equal(journal->applied, 0);
	let_go(lock);
	for (unsigned w = 0; w < WRITERS; w++)
		assert_int_equal(ending_of(children[w]), 0);
	assert_int_equal(journal->applied, WRITERS);
	assert_true(journal->commits < WRITERS);
}

static void write_other(void)
{
	const unsigned number = 3;
	unsigned answer;
	bool again = false;
	struct combine *c = combine_open(box_path, turns);
	int lock = open_lock();
	if (!c || combine_write(c, &again, lock, OTHER, &number, sizeof number, &answer, sizeof answer, commit, NULL))
		_exit(1);
	combine_close(c);
	_exit(0);
}

/* Its leader is at work, as far as anybody can tell, and nothing of OTHER is carried out by one of OP. */
static void each_op_has_a_leader_of_its_own(void **state)
{
	(void)state;
	int lock = open_lock();
	hold(lock);
	pid_t waits = start_writer(1, 1), other = start_process();
	if (!other)
		write_other();
	assert_int_equal(ending_of(other), 0);
	assert_int_equal(journal->times[3], 1);
	assert_int_equal(journal->times[1], 0);
	let_go(lock);
	assert_int_equal(ending_of(waits), 0);
	assert_int_equal(journal->times[1], 1);
}

/* A leader that dies takes its own request with it or not; nobody else's is lost or doubled. */
static void die_and_follow(int where)
{
	int lock = open_lock();
	hold(lock);
	dies = (unsigned)where;
	pid_t leader = start_writer(1, 1);
	await(1, PUBLISHED); /* whoever leads dies */
	let_go(lock);
	assert_int_equal(ending_of(leader), 9);
	dies = NOWHERE;
	pid_t next = start_writer(2, 1);
	assert_int_equal(ending_of(next), 0);
	assert_int_equal(journal->times[1], 1); /* it lay there, and the next found it */
	assert_int_equal(journal->times[2], 1);
}

static void a_leader_that_dies_before_its_commit_loses_nothing(void **state)
{
	(void)state;
	die_and_follow(BEFORE_COMMIT);
	assert_int_equal(journal->commits, 1);
	assert_int_equal(journal->again, 0);
}

static void a_leader_that_dies_after_its_commit_doubles_nothing(void **state)
{
	(void)state;
	die_and_follow(AFTER_COMMIT);
	assert_int_equal(journal->commits, 2);
	assert_int_equal(journal->again, 1);
}

/* One that waits while a leader dies after its commit is told that its request was met again. */
static void who_was_met_again_is_told(void **state)
{
	(void)state;
	int lock = open_lock();
	hold(lock);
	dies = AFTER_COMMIT;
	pid_t leader = start_writer(1, 1);
	await(1, PUBLISHED);
	dies = NOWHERE;
	pid_t follower = start_writer(2, 1);
	await(2, PUBLISHED);
	kill(follower, SIGSTOP); /* so that the other one leads */
	let_go(lock);
	assert_int_equal(ending_of(leader), 9);
	assert_int_equal(journal->times[2], 1);
	kill(follower, SIGCONT);
	assert_int_equal(ending_of(follower), 0);
	assert_int_equal(journal->times[2], 1);
	assert_int_equal(journal->told_again, 1);
}

/* What is tried again by its own writer is met as such. */
static void a_writer_can_say_that_it_tries_again(void **state)
{
	const unsigned number = 4;
	unsigned answer;
	bool again = true;
	struct combine *c = combine_open(box_path, turns);
	int lock = open_lock();
	(void)state;
	assert_non_null(c);
	journal->times[4] = 1;
	assert_int_equal(combine_write(c, &again, lock, OP, &number, sizeof number, &answer, sizeof answer, commit, NULL), ST_OK);
	assert_true(again);
	assert_int_equal(journal->times[4], 1);
	assert_int_equal(journal->again, 1);
	combine_close(c);
	close(lock);
}

/* It would be recorded hours after its client was told that it is not known. */
static void an_old_letter_of_the_dead_is_let_lie(void **state)
{
	(void)state;
	dies = BEFORE_COMMIT;
	for (unsigned k = 0; k < COMBINE_SLOTS; k++) /* all slots there are */
		assert_int_equal(ending_of(start_writer(1000 + k, 1)), 9);
	dies = NOWHERE;
	journal->seconds += 60;
	assert_int_equal(ending_of(start_writer(2, 1)), 0);
	for (unsigned k = 0; k < COMBINE_SLOTS; k++)
		assert_int_equal(journal->times[1000 + k], 0);
	assert_int_equal(journal->times[2], 1);
	assert_int_equal(journal->commits, 1); /* and its slot was free to take */
}

static void writers_killed_at_random_harm_nobody(void **state)
{
	pid_t steady[3], victim;
	(void)state;
	for (unsigned w = 0; w < 3; w++)
		steady[w] = start_writer(w * WRITES, WRITES);
	for (unsigned k = 0; k < 40; k++) {
		victim = start_writer(2000 + k * 100, 100);
		usleep(200 + 137 * k % 3000);
		kill(victim, SIGKILL);
		ending_of(victim);
	}
	for (unsigned w = 0; w < 3; w++)
		assert_int_equal(ending_of(steady[w]), 0);
	for (unsigned n = 0; n < 3 * WRITES; n++)
		assert_int_equal(journal->times[n], 1);
	for (unsigned n = 2000; n < 6000; n++)
		assert_true(journal->times[n] <= 1);
}

static void slots_of_the_dead_are_taken_again(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2 * COMBINE_SLOTS; k++) {
		pid_t child = start_process();
		if (!child) { /* takes a slot, and dies without giving it back */
			struct combine *c = combine_open(box_path, turns);
			if (!c)
				_exit(1);
			write_one(c, open_lock(), k);
			_exit(0);
		}
		assert_int_equal(ending_of(child), 0);
	}
	for (unsigned n = 0; n < 2 * COMBINE_SLOTS; n++)
		assert_int_equal(journal->times[n], 1);
}

static void what_does_not_fit_a_slot_is_said_so(void **state)
{
	static char large[COMBINE_REQUEST + 1];
	char answer[COMBINE_ANSWER + 1];
	bool again = false;
	struct combine *c = combine_open(box_path, turns);
	int lock = open_lock();
	(void)state;
	assert_non_null(c);
	assert_int_equal(combine_write(c, &again, lock, 42, large, sizeof large, answer, 4, commit, NULL), ST_DONE);
	assert_int_equal(combine_write(c, &again, lock, 42, large, 4, answer, sizeof answer, commit, NULL), ST_DONE);
	assert_int_equal(journal->applied, 0);
	combine_close(c);
	close(lock);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		BOTH(each_request_takes_effect_once),
		BOTH(writers_that_wait_share_a_commit),
		EACH_FACT(each_op_has_a_leader_of_its_own),
		BOTH(a_leader_that_dies_before_its_commit_loses_nothing),
		BOTH(a_leader_that_dies_after_its_commit_doubles_nothing),
		BOTH(who_was_met_again_is_told),
		BOTH(a_writer_can_say_that_it_tries_again),
		BOTH(an_old_letter_of_the_dead_is_let_lie),
		BOTH(writers_killed_at_random_harm_nobody),
		BOTH(slots_of_the_dead_are_taken_again),
		BOTH(what_does_not_fit_a_slot_is_said_so),
	};
	return run_facts(facts, sizeof facts / sizeof *facts);
}

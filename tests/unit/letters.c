/* Facts of the letter box as a file that others may remove, replace, overwrite or cut off, and of letters that nobody takes. */
#include "writers.h"

enum { LATE = 7, ROUNDS = 60, BUSY = 100 + ST_BUSY, UNKNOWN = 100 + ST_IO };

/* ---- waiting has an end ---- */

/* Move the clock on until the process has ended. */
static int ending_in_time(pid_t child)
{
	int status = 0;
	for (unsigned tries = 0; tries < 10000 && waitpid(child, &status, WNOHANG) != child; tries++) {
		journal->seconds += tries % 20 == 19 ? LATE : 0;
		give_way();
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_letter_that_nobody_takes_is_withdrawn_and_never_carried_out(void **state)
{
	(void)state;
	int lock = open_lock();
	hold(lock);
	pid_t waits = start_writer(1, 1);
	await(1, PUBLISHED);
	assert_int_equal(ending_in_time(waits), BUSY);
	let_go(lock);
	assert_int_equal(ending_of(start_writer(2, 1)), 0);
	assert_int_equal(journal->times[1], 0);
	assert_int_equal(journal->times[2], 1);
}

/* Of the group of a leader that stands still: it is carried out once, and by nobody else, once that one goes on. */
static void a_letter_that_is_taken_and_not_answered_is_told_as_unknown(void **state)
{
	(void)state;
	int lock = open_lock();
	hold(lock);
	dies = HANGS;
	pid_t writers[2] = { start_writer(1, 1), start_writer(2, 1) };
	await(2, PUBLISHED);
	dies = NOWHERE;
	let_go(lock);
	await(2, TAKEN);
	for (unsigned tries = 0; tries < 10000 && !journal->hangs; tries++)
		give_way();
	const bool first_leads = journal->hangs == writers[0];
	assert_int_equal(ending_in_time(writers[first_leads]), UNKNOWN);
	assert_int_equal(ending_in_time(start_writer(3, 1)), BUSY); /* its slot is not the one that was given up */
	journal->go_on = true;
	assert_int_equal(ending_of(writers[!first_leads]), 0);
	assert_int_equal(journal->times[1], 1);
	assert_int_equal(journal->times[2], 1);
	assert_int_equal(journal->times[3], 0);
	assert_int_equal(ending_of(start_writer(4, 1)), 0);
	assert_int_equal(journal->times[1] + journal->times[2], 2);
	await(0, TAKEN);
}

/* ---- only the answer to one's own letter ---- */

/* The box as a child sees it whose letter lies there while the lock is held. */
static void a_late_answer_is_not_taken_for_the_letters_of_now(void **state)
{
	(void)state;
	int lock = open_lock();
	hold(lock);
	pid_t waits = start_writer(1, 1);
	await(1, PUBLISHED);
	struct box *box = open_box();
	struct slot *s = slot_in(box, PUBLISHED);
	const unsigned wrong = 77;
	s->answer = (struct answer){ .number = s->word / STATES - 1, .st = ST_OK };
	s->answer.check = box_sum(box_sum(0, &s->answer, offsetof(struct answer, check)), &wrong, sizeof wrong);
	memcpy(s->result, &wrong, sizeof wrong);
	__atomic_store_n(&s->word, s->word / STATES * STATES + DONE, __ATOMIC_RELEASE);
	if (turns == COMBINE_ONE_LEADER) /* or else nobody keeps it from leading there */
		await(1, PUBLISHED);         /* in the box that it has made anew */
	let_go(lock);
	assert_int_equal(ending_of(waits), 0);
	assert_int_equal(journal->times[1], 1);
	assert_int_equal(journal->told_again, 1);
	munmap(box, sizeof *box);
}

/* A leader stands still over a letter, and its slot gets another: a copy of the file, or whatever else. */
static void a_late_leader_leaves_a_newer_letter_as_it_is(void **state)
{
	(void)state;
	dies = HANGS;
	pid_t leader = start_writer(1, 1);
	dies = NOWHERE;
	await(1, TAKEN);
	struct box *box = open_box();
	struct slot *s = slot_in(box, TAKEN), newer = *s;
	newer.word = (s->word / STATES + 5) * STATES + FILLING;
	newer.owner = (int32_t)getpid();
	memset(newer.result, 'x', sizeof newer.result);
	*s = newer;
	journal->go_on = true;
	assert_int_equal(ending_of(leader), 0); /* in another box */
	assert_int_equal(journal->times[1], 1);
	assert_memory_equal(s, &newer, offsetof(struct slot, request));
	assert_memory_equal(s->result, newer.result, sizeof newer.result);
	munmap(box, sizeof *box);
}

/* ---- letters that are not what was written ---- */

static pid_t start_child(void (*work)(unsigned round), unsigned rounds)
{
	pid_t child = start_process();
	if (child)
		return child;
	for (unsigned round = 0; round < rounds; round++) {
		work(round);
		give_way();
	}
	_exit(0);
}

/* A byte of whatever lies there, head of the letter or its text. */
static void scribble(unsigned round)
{
	struct box *box = open_box();
	for (unsigned i = 0; box && i < COMBINE_SLOTS; i++) {
		struct slot *s = &box->slots[i];
		unsigned char *letter = (unsigned char *)&s->letter;
		if (s->word % STATES == PUBLISHED)
			(round % 2 ? s->request : letter)[round * 7 % (round % 2 ? sizeof(unsigned) : sizeof s->letter)] ^= (unsigned char)(1 + round % 255);
	}
	if (box)
		munmap(box, sizeof *box);
}

static void write_beside(void (*work)(unsigned round), unsigned rounds, bool can_meet)
{
	pid_t writers[WRITERS];
	journal->at_leisure = true;
	for (unsigned w = 0; w < WRITERS; w++)
		writers[w] = start_writer(w * WRITES, WRITES / 3);
	pid_t vandal = start_child(work, rounds);
	for (unsigned w = 0; w < WRITERS; w++)
		assert_int_equal(ending_of(writers[w]), 0);
	assert_int_equal(ending_of(vandal), 0);
	assert_int_equal(journal->garbage, 0);
	for (unsigned n = 0; n < WRITERS * WRITES; n++)
		if (n % WRITES >= WRITES / 3)
			assert_int_equal(journal->times[n], 0);
		else if (can_meet)
			assert_int_not_equal(journal->times[n], 0);
		else
			assert_int_equal(journal->times[n], 1);
}

static void what_was_scribbled_on_is_carried_out_by_nobody(void **state)
{
	(void)state;
	write_beside(scribble, 4 * ROUNDS, false);
}

/* ---- a file that is another ---- */

static void read_file(unsigned char bytes[sizeof(struct box)], const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, bytes, sizeof(struct box));
	memset(bytes + (got < 0 ? 0 : got), 0, sizeof(struct box) - (size_t)(got < 0 ? 0 : got));
	if (fd >= 0)
		close(fd);
}

static void write_file(const char *path, int flags, const unsigned char bytes[sizeof(struct box)])
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);
	if (fd >= 0 && write(fd, bytes, sizeof(struct box)) < 0)
		_exit(1);
	if (fd >= 0)
		close(fd);
}

static void remove_it(unsigned round)
{
	(void)round;
	unlink(box_path);
}

static void cut_it_off(unsigned round)
{
	if (truncate(box_path, round % 2 ? 0 : (off_t)sizeof(struct box) / 2))
		give_way(); /* it is being made just now */
}

static void fill_it_with_noise(unsigned round)
{
	static unsigned char noise[sizeof(struct box)];
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (unsigned char)(i * 2654435761u >> 13 ^ round * 40503u >> 3);
	write_file(box_path, 0, noise);
}

static unsigned char older[sizeof(struct box)];

static void rename_an_older_copy_over_it(unsigned round)
{
	char copy[128];
	snprintf(copy, sizeof copy, "%s.copy", box_path);
	if (round % 4 == 0)
		read_file(older, box_path);
	write_file(copy, O_CREAT | O_TRUNC, older);
	rename(copy, box_path);
}

/* As cp does, and as what writes over it without cutting it off first. */
static void copy_an_older_one_into_it(unsigned round)
{
	if (round % 4 == 0)
		read_file(older, box_path);
	else
		write_file(box_path, round % 2 ? O_TRUNC : 0, older);
}

static void a_removed_box_loses_and_doubles_nothing(void **state)
{
	(void)state;
	write_beside(remove_it, ROUNDS, false);
}

static void a_box_that_is_cut_off_loses_and_doubles_nothing(void **state)
{
	(void)state;
	write_beside(cut_it_off, ROUNDS, false);
}

static void a_box_full_of_noise_loses_and_doubles_nothing(void **state)
{
	(void)state;
	write_beside(fill_it_with_noise, ROUNDS, false);
}

/* A copy that is put back within the life of a letter that lies in it may bring that letter back: then the operation meets
 * its own event (meter/record_apply.c), which this stand-in for a database cannot. */
static void an_older_copy_loses_nothing(void **state)
{
	(void)state;
	write_beside(rename_an_older_copy_over_it, ROUNDS, true);
}

static void an_older_copy_written_over_it_loses_nothing(void **state)
{
	(void)state;
	write_beside(copy_an_older_one_into_it, ROUNDS, true);
}

/* One lies still, as it lay before its last letters: whoever knows better leaves it, whatever lies in it. */
static void letters_of_an_older_copy_are_not_carried_out_by_who_knows_the_newer(void **state)
{
	const unsigned first = 1, second = 2;
	unsigned answer;
	bool again = false;
	(void)state;
	int lock = open_lock();
	hold(lock);
	pid_t withdrawn = start_writer(10, 1);
	await(1, PUBLISHED);
	memcpy(older, open_box(), sizeof older);
	assert_int_equal(ending_in_time(withdrawn), BUSY);
	journal->seconds = 0; /* so that the letter is young as the clock has it */
	let_go(lock);
	lock = open_lock();
	struct combine *c = combine_open(box_path, turns);
	assert_int_equal(combine_write(c, &again, lock, OP, &first, sizeof first, &answer, sizeof answer, commit, NULL), ST_OK);
	write_file(box_path, 0, older);
	assert_int_equal(combine_write(c, &again, lock, OP, &second, sizeof second, &answer, sizeof answer, commit, NULL), ST_OK);
	assert_int_equal(answer, second);
	assert_int_equal(journal->times[1], 1);
	assert_int_equal(journal->times[2], 1);
	assert_int_equal(journal->times[10], 0);
	combine_close(c);
	close(lock);
}

/* ---- whose a slot is ---- */

/* Give all slots to an owner; answers what a writer that comes then does: 0: it found a slot, 2: it had to write alone. */
static int come_after(int32_t owner, uint64_t born, uint64_t space, int64_t seen)
{
	struct box *box = open_box();
	for (unsigned i = 0; i < COMBINE_SLOTS; i++) {
		struct slot *s = &box->slots[i];
		*s = (struct slot){ .word = (1000 + i) * STATES, .owner = owner, .born = born, .space = space, .seen = seen };
	}
	munmap(box, sizeof *box);
	pid_t child = start_process();
	if (child)
		return ending_of(child);
	const unsigned number = 1;
	unsigned answer;
	bool again = false;
	struct combine *c = combine_open(box_path, turns);
	enum st st = combine_write(c, &again, open_lock(), OP, &number, sizeof number, &answer, sizeof answer, commit, NULL);
	_exit(st == ST_DONE ? 2 : st ? 1 : 0);
}

/* Of a process that has written. */
static struct slot slot_of(pid_t *process)
{
	int pipes[2];
	char word = 0;
	assert_int_equal(pipe(pipes), 0);
	*process = start_process();
	if (!*process) {
		struct combine *c = combine_open(box_path, turns);
		write_one(c, open_lock(), 3);
		if (write(pipes[1], &word, 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(pipes[0], &word, 1), 1);
	struct box *box = open_box();
	struct slot found = { 0 };
	for (unsigned i = 0; i < COMBINE_SLOTS; i++)
		if (box->slots[i].owner == *process)
			found = box->slots[i];
	munmap(box, sizeof *box);
	close(pipes[0]);
	close(pipes[1]);
	return found;
}

static void a_process_id_used_again_keeps_no_slot(void **state)
{
	pid_t lives;
	(void)state;
	struct slot s = slot_of(&lives);
	assert_int_equal(s.owner, lives);
	assert_int_not_equal(s.born, 0);
	assert_int_equal(come_after(lives, s.born, s.space, s.seen), 2);     /* all are its own */
	assert_int_equal(come_after(lives, s.born - 1, s.space, s.seen), 0); /* of one that had its number before */
	kill(lives, SIGKILL);
	waitpid(lives, NULL, 0);
	assert_int_equal(come_after(lives, s.born, s.space, s.seen), 0);
}

/* Another container's process, whose number says nothing here. */
static void an_owner_that_cannot_be_seen_keeps_its_slot_while_it_writes(void **state)
{
	pid_t lives;
	(void)state;
	struct slot s = slot_of(&lives);
	assert_int_equal(come_after(1, 1, s.space + 1, s.seen), 2);
	journal->seconds += 120;
	assert_int_equal(come_after(1, 1, s.space + 1, s.seen), 0);
	kill(lives, SIGKILL);
	waitpid(lives, NULL, 0);
}

/* ---- the head ---- */

static void forge_boot(void)
{
	struct box_head head;
	int fd = open(box_path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &head, sizeof head, 0), sizeof head);
	memset(head.boot, 'b', 36);
	head.check = box_sum(0, &head, offsetof(struct box_head, check));
	assert_int_equal(pwrite(fd, &head, sizeof head, 0), sizeof head);
	close(fd);
}

static void its_room_survives_a_reboot_and_nothing_else(void **state)
{
	unsigned char facts[COMBINE_ROOM], now[COMBINE_ROOM];
	static const unsigned char none[COMBINE_ROOM];
	struct stat before, after;
	(void)state;
	memset(facts, 'f', sizeof facts);
	assert_false(combine_read_room("/nowhere", now));
	struct combine *c = combine_open(box_path, turns);
	assert_memory_equal(combine_room(c), none, sizeof none);
	memcpy(combine_room(c), facts, sizeof facts);
	assert_true(combine_read_room(box_path, now));
	assert_memory_equal(now, facts, sizeof facts);
	assert_int_equal(stat(box_path, &before), 0);
	forge_boot();
	struct combine *next = combine_open(box_path, turns);
	assert_int_equal(stat(box_path, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino); /* its letters are nobody's */
	assert_memory_equal(combine_room(next), facts, sizeof facts);
	unlink(box_path);
	assert_memory_equal(combine_room(next), none, sizeof none); /* of the one that was made in its place */
	assert_true(combine_read_room(box_path, now));
	assert_memory_equal(now, none, sizeof none);
	combine_close(next);
	combine_close(c);
	assert_int_equal(ending_of(start_writer(5, 1)), 0);
}

static void a_file_that_is_no_box_is_replaced(void **state)
{
	static const char text[] = "not a box";
	char now[COMBINE_ROOM];
	(void)state;
	unlink(box_path);
	int fd = open(box_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, sizeof text), sizeof text);
	close(fd);
	assert_false(combine_read_room(box_path, now));
	assert_int_equal(ending_of(start_writer(5, 1)), 0);
	assert_true(combine_read_room(box_path, now));
	assert_int_equal(journal->times[5], 1);
}

static void where_no_box_can_be_made_each_writes_alone(void **state)
{
	(void)state;
	unlink(box_path);
	assert_int_equal(mkdir(box_path, 0700), 0);
	turns = COMBINE_ONE_LEADER; /* so that the lock is another file */
	assert_int_equal(ending_of(start_writer(5, 3)), 0);
	assert_int_equal(journal->commits, 3);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		BOTH(a_letter_that_nobody_takes_is_withdrawn_and_never_carried_out),
		BOTH(a_letter_that_is_taken_and_not_answered_is_told_as_unknown),
		BOTH(a_late_answer_is_not_taken_for_the_letters_of_now),
		BOTH(a_late_leader_leaves_a_newer_letter_as_it_is),
		BOTH(what_was_scribbled_on_is_carried_out_by_nobody),
		BOTH(a_removed_box_loses_and_doubles_nothing),
		BOTH(a_box_that_is_cut_off_loses_and_doubles_nothing),
		BOTH(a_box_full_of_noise_loses_and_doubles_nothing),
		BOTH(an_older_copy_loses_nothing),
		BOTH(an_older_copy_written_over_it_loses_nothing),
		BOTH(letters_of_an_older_copy_are_not_carried_out_by_who_knows_the_newer),
		BOTH(a_process_id_used_again_keeps_no_slot),
		BOTH(an_owner_that_cannot_be_seen_keeps_its_slot_while_it_writes),
		BOTH(its_room_survives_a_reboot_and_nothing_else),
		BOX_FACT(a_file_that_is_no_box_is_replaced),
		BOX_FACT(where_no_box_can_be_made_each_writes_alone),
	};
	return run_facts(facts, sizeof facts / sizeof *facts);
}

/* Recording's request and answer as they go through the store's door: flat bytes that any process, or a
 * database, can carry out. Between record.c, record_apply.c and record_call.c only. */
#ifndef METER_RECORD_FLAT_H
#define METER_RECORD_FLAT_H

#include <stdbool.h>
#include <stdint.h>

#include "exact/money.h"
#include "rate/period.h"
#include "store/store.h"

enum { TEXT_METRIC, TEXT_RESOURCE, TEXT_METADATA, TEXT_KEY, TEXT_VALUE, TEXT_ZONE, TEXT__MAX };
enum { ABSENT = UINT16_MAX, FINGERPRINT = 32 /* hexadecimal digits */ };

/** A request is a row of these, each followed by its strings with their NULs. */
struct flat_event {
	int64_t tenant_id, user_id, event;
	int64_t generation; /* of the account that it was decided by */
	instant recorded_at, now;
	instant hour, day;    /* of the tenant's zone: where those begin that it lies in */
	qty quantity, included;
	qty most;             /* the largest use that can be charged; INT64_MAX: any */
	struct period window; /* of no meaning where it counts nowhere */
	char fingerprint[FINGERPRINT + 1];
	uint8_t aggregation, is_signed;
	uint8_t uncounted;        /* before the subscription's start: kept for history and summaries alone */
	uint8_t refuse;           /* past `included` */
	uint8_t alerts;           /* watch the thresholds */
	uint16_t size[TEXT__MAX]; /* without the NUL; ABSENT for none */
};

/** One for each event, in order. */
struct flat_answer {
	enum st st;
	bool duplicate;
	instant recorded_at;
	int64_t event;
	qty used;
};

/** Take the event at `at` apart. Returns where the next one begins; NULL: it is not whole, or not what record.c writes.
 *  In:  end   where the request ends
 *  Out: text  point into the request; NULL for none */
const char *flat_read(struct flat_event *event, const char *text[TEXT__MAX], const char *at, const char *end);

/** Is it a row of whole events, at least one, whose answers fit? */
bool record_sound(const void *request, size_t size, size_t answer_size);

/** What an alert tells, cut where the used quantity stands, which is known last.
 *  Out: head, tail  of `room` bytes each, 256 are enough */
void flat_alert(char *head, char *tail, size_t room, const struct flat_event *event, const char *metric, unsigned threshold);

/** Record the events of requests of one party by one call of the database (schema/0003_record_call.sql).
 *  Returns: ST_OK with the jobs' st and answers; ST_DONE where that cannot be: a total does not fit; ST_OUTDATED when
 *  the account or the catalogue has changed: nothing was recorded, decide anew; ST_BUSY, ST_STORE, ST_IO. */
enum st record_call(struct store *store, struct combine_job *jobs, unsigned count) MUST_USE;

/** Who shares a call: one tenant's requests that were decided by the same account. 0: an event wants more than
 *  roll-ups, or less, or has a most, and so no call: the database's function knows none of these. */
uint64_t record_party(const void *request, size_t size);

/** Record the events of several requests, which share a transaction, as one: what many of them add to is
 *  written once. Each refusal is its own.
 *  Returns: ST_OK with the jobs' st and answers; else all must be undone, and each carried out by
 *  record_apply(), which undoes by itself what fails. */
enum st record_together(struct store *store, struct combine_job *jobs, unsigned count) MUST_USE;

/** Record a request's events inside a transaction of somebody else's, as one where that can be.
 *  Returns: as record_apply(). */
enum st record_within(struct store *store, const void *request, size_t size, void *answers) MUST_USE;

/** Inside a transaction, by the database's own function where it has one.
 *  Returns: as record_call(), but ST_DONE also where it has none. */
enum st record_call_within(struct store *store, struct combine_job *job) MUST_USE;

/** Record a request's events one by one.
 *  Returns: ST_OK with the answers; ST_STORE where the request is malformed; ST_OUTDATED as record_call(); what the store returns. */
enum st record_apply(struct store *store, const void *request, size_t size, void *answers) MUST_USE;

#endif

/* The audit: pages, CSV and proof. */
#include "api/audit.h"

#include <stdio.h>
#include <stdlib.h>

#include "account/audit.h"
#include "document/csv.h"

enum { LIMIT = 25, LIMIT_CAP = 100 };

const struct param audit_query[] = {
	{ "action", P_TEXT, OPTIONAL, "one kind of act: customers.create", 1, 64 },
	{ "actor", P_TEXT, OPTIONAL, "who did it: token:9", 1, 64 },
	{ "from", P_INSTANT, OPTIONAL, "from here on" },
	{ "to", P_END, OPTIONAL, "up to here; a date means its end" },
	{ "limit", P_INT, OPTIONAL, "how many at most; 25 if absent", 1, LIMIT_CAP },
	{ "after", P_TEXT, OPTIONAL, "the `next` of the answer before", 1, 20 },
	{ 0 },
};

const struct param audit_proof_query[] = {
	{ "seq", P_INT, OPTIONAL, "number of a row that was kept elsewhere; with `hash`", 1, ID_MAX },
	{ "hash", P_TEXT, OPTIONAL, "its hash", 64, 64 },
	{ 0 },
};

/* ---- what is asked for ---- */

/* As a body has it: "actor":"token:9". */
static const char *member_of(const struct request *rq, const char *name)
{
	struct text t = text_new(rq->arena, 1024);
	struct jwriter w = jw_new(&t);
	if (!rq_has(rq, name))
		return "";
	jw_string(&w, name, rq_text(rq, name));
	return t.failed ? "" : t.bytes;
}

static enum st read_query(struct audit_query *q, struct request *rq)
{
	const char *after = rq_text(rq, "after");
	char *end;
	*q = (struct audit_query){ .before = INT64_MAX, .from = rq_instant(rq, "from", INSTANT_FIRST),
		.to = rq_instant(rq, "to", INSTANT_END), .action = member_of(rq, "action"), .actor = member_of(rq, "actor"),
		.limit = (unsigned)rq_int(rq, "limit", LIMIT) };
	if (q->from > q->to)
		return fault_add(rq->faults, "to", "must not lie before `from`");
	if (!after)
		return ST_OK;
	q->before = strtoll(after, &end, 10);
	const bool is_number = *after >= '1' && *after <= '9' && !*end;
	return is_number ? ST_OK : fault_add(rq->faults, "after", "is not the `next` of an answer");
}

/* ---- a page; one more is read than is wanted, which tells whether there is a next ---- */

static void write_row(struct jwriter *w, const struct audit_row *row, int64_t tenant)
{
	jw_object(w, NULL);
	jw_int(w, "tenant_id", tenant);
	jw_int(w, "seq", row->seq);
	jw_string(w, "body", row->body);
	jw_string(w, "hash", row->hash);
	jw_string(w, "salt", row->salt);
	jw_string(w, "detail", row->detail);
	jw_end(w);
}

static enum st reply_page(struct request *rq, struct reply *rp, struct audit_query *q)
{
	struct audit_row rows[LIMIT_CAP + 1];
	unsigned count;
	const unsigned limit = q->limit++;
	enum st st = audit_list(rows, &count, rq->store, rq->account->tenant_id, q, rq->arena);
	if (st)
		return st;
	const bool more = count > limit;
	count -= more;
	jw_object(&rp->json, NULL);
	jw_array(&rp->json, "audit");
	for (unsigned i = 0; i < count; i++)
		write_row(&rp->json, &rows[i], rq->account->tenant_id);
	jw_end(&rp->json);
	jw_string(&rp->json, "next", more ? arena_format(rq->arena, "%lld", (long long)rows[count - 1].seq) : NULL);
	jw_end(&rp->json);
	return ST_OK;
}

/* ---- CSV, each piece in a read of its own ---- */

static enum st csv_piece(struct request *rq, struct reply *rp, void *context)
{
	struct audit_query *q = context;
	struct audit_row rows[LIMIT_CAP];
	struct arena *arena;
	unsigned count = 0;
	char seq[24];
	enum st st = arena_open(&arena, 32 << 20);
	if (st)
		return st;
	store_read_end(rq->store);
	st = audit_list(rows, &count, rq->store, rq->account->tenant_id, q, arena);
	for (unsigned i = 0; i < count && !st; i++) {
		snprintf(seq, sizeof seq, "%lld", (long long)rows[i].seq);
		const char *const cells[] = { seq, rows[i].body, rows[i].hash, rows[i].salt, rows[i].detail };
		for (unsigned k = 0; k < sizeof cells / sizeof *cells; k++)
			csv_cell(&rp->body, cells[k], false);
		csv_end(&rp->body);
		q->before = rows[i].seq;
	}
	arena_close(arena);
	return st ? st : count < q->limit ? ST_DONE : ST_OK;
}

static enum st reply_csv(struct request *rq, struct reply *rp, const struct audit_query *q)
{
	struct audit_query *kept = arena_take(rq->arena, sizeof *kept);
	if (!kept)
		return ST_MEMORY;
	if (rq_has(rq, "limit") || rq_has(rq, "after"))
		return fault_add(rq->faults, rq_has(rq, "limit") ? "limit" : "after",
		                 "does not go with text/csv: that is all that match");
	*kept = *q;
	kept->limit = LIMIT_CAP;
	text_adds(&rp->body, "seq,body,hash,salt,detail\r\n");
	rp->content_type = "text/csv; charset=utf-8";
	rp->file_name = "audit.csv";
	rp->piece = csv_piece;
	rp->piece_context = kept;
	return ST_OK;
}

enum st reply_audit(struct request *rq, struct reply *rp)
{
	struct audit_query q;
	enum st st = read_query(&q, rq);
	return st ? st : rq->wants_csv ? reply_csv(rq, rp, &q) : reply_page(rq, rp, &q);
}

/* ---- the proof ---- */

enum st reply_audit_proof(struct request *rq, struct reply *rp)
{
	struct audit_proof proof;
	if (!rq_has(rq, "seq") != !rq_has(rq, "hash"))
		return fault_add(rq->faults, rq_has(rq, "seq") ? "hash" : "seq", "goes with the other alone");
	enum st st = audit_prove(&proof, rq->store, rq->account->tenant_id, rq_int(rq, "seq", 0), rq_text(rq, "hash"));
	if (st)
		return st;
	jw_object(&rp->json, NULL);
	jw_bool(&rp->json, "ok", !proof.first_bad);
	jw_int(&rp->json, "rows", proof.rows);
	jw_int(&rp->json, "redacted", proof.redacted);
	if (proof.first_bad)
		jw_int(&rp->json, "first_bad", proof.first_bad);
	else
		jw_null(&rp->json, "first_bad");
	jw_object(&rp->json, "head");
	jw_int(&rp->json, "seq", proof.head);
	jw_string(&rp->json, "hash", proof.head ? proof.hash : NULL);
	jw_end(&rp->json);
	jw_end(&rp->json);
	return ST_OK;
}

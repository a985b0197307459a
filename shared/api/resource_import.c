/* Resources from CSV: each row makes an object, or changes the one that has its unique value; bad rows are told, and
 * the others count. */
#include "api/resource.h"

#include <string.h>

#include "base/normal.h"
#include "document/csv.h"
#include "present/write.h"

enum { ROWS_CAP = 5000, ROW_ROOM = 32 << 20, REJECTED_CAP = 8 << 20 };

const struct param import_query[] = {
	{ "dry_run", P_BOOL, OPTIONAL, "tell what would be, and change nothing" },
	{ "mode", P_CHOICE, OPTIONAL,
	  "create: each row makes one, as if absent; upsert: it changes the one that has its code, or sku, if one has",
	  .choices = "create upsert" },
	{ 0 },
};

static const struct param error_shape[] = {
	{ "pointer", P_TEXT, GIVEN, "the member that is wrong, as in a JSON body", 0, 1000 },
	{ "detail", P_TEXT, GIVEN, "one sentence for a person", 1, 1000 },
	{ 0 },
};
static const struct param rejected_shape[] = {
	{ "row", P_INT, GIVEN, "its number: the first behind the header is 1", 1, INT32_MAX },
	{ "errors", P_LIST, GIVEN, "what is wrong with it", 1, FAULTS_CAP, .of = error_shape },
	{ 0 },
};
const struct param import_shape[] = {
	{ "created", P_INT, GIVEN, "how many were made", 0, ROWS_CAP },
	{ "updated", P_INT, GIVEN, "how many were changed", 0, ROWS_CAP },
	{ "unchanged", P_INT, GIVEN, "how many are as their row says already", 0, ROWS_CAP },
	{ "dry_run", P_BOOL, GIVEN, "was nothing changed?" },
	{ "rejected", P_LIST, GIVEN, "rows that are wrong, in order", 0, ROWS_CAP, .of = rejected_shape },
	{ 0 },
};

struct import {
	const struct resource *resource;
	bool upserts, dry;
	struct csv rows; /* behind the header */
	struct column columns[CSV_CELLS];
	unsigned count, unique; /* of the columns; which one names the object, count: none */
	unsigned row_count;
	struct arena *arena;    /* of a row */

	/* As far as it has come. */
	struct csv csv;
	struct csv_cells cells;
	unsigned done[PUT__MAX], refused;
	struct text rejected;
	struct jwriter writer;
	const char *answer;
};

/* ---- the header ---- */

static bool has_column(const struct import *m, const char *name, unsigned *at)
{
	const struct param *row = shape_find(m->resource->shape, name);
	for (*at = 0; *at < m->count; ++*at)
		if (m->columns[*at].member == row && !m->columns[*at].inside && !m->columns[*at].choice)
			return true;
	return false;
}

static enum st take_column(struct import *m, const struct csv_cells *cells, unsigned i, struct faults *faults)
{
	const char *name = cells->text[i] ? cells->text[i] : "";
	if (!column_find(&m->columns[i], m->resource->shape, name))
		return fault_add(faults, "", "the header's column %u, \"%.60s\", is no member of a %s", i + 1, name,
		                 m->resource->one);
	for (unsigned k = 0; k < i; k++)
		if (!strcmp(cells->text[k] ? cells->text[k] : "", name))
			return fault_add(faults, "", "the header names the column \"%.60s\" twice", name);
	return ST_OK;
}

/* What no row could do without. */
static enum st check_needed(struct import *m, struct faults *faults)
{
	const char *unique = m->resource->table->unique;
	unsigned at;
	enum st st = ST_OK;
	for (const struct param *p = m->resource->shape; p->name && !m->upserts; p++)
		if (p->presence == REQUIRED && !has_column(m, p->name, &at))
			st = fault_add(faults, "", "the header lacks the column \"%s\"", p->name);
	m->unique = m->count;
	if (m->upserts && !has_column(m, unique, &m->unique))
		st = fault_add(faults, "", "the header lacks the column \"%s\", by which mode=upsert finds what is there",
		               unique);
	return st;
}

static enum st read_header(struct import *m, struct request *rq)
{
	struct csv_cells cells;
	const unsigned before = rq->faults->count;
	enum st st = csv_open(&m->rows, rq->raw ? rq->raw : "", rq->raw_size, rq->faults);
	if (!st)
		st = csv_row(&m->rows, &cells, rq->faults, rq->arena);
	if (st == ST_DONE || (!st && cells.blank))
		return fault_add(rq->faults, "", "must begin with a row that names the columns, like name,%s",
		                 m->resource->table->unique);
	if (!st && cells.count > CSV_CELLS)
		return fault_add(rq->faults, "", "the header has %u columns: at most %d", cells.count, CSV_CELLS);
	for (unsigned i = 0; !st && i < cells.count; i++)
		(void)!take_column(m, &cells, i, rq->faults);
	if (st || rq->faults->count > before)
		return st ? st : ST_INVALID;
	m->count = cells.count;
	return check_needed(m, rq->faults);
}

/* To its end, before anything is changed. */
static enum st check_rows(struct import *m, struct request *rq)
{
	struct csv csv = m->rows;
	struct csv_cells cells;
	enum st st;
	while (!(st = csv_row(&csv, &cells, rq->faults, m->arena))) {
		arena_reset(m->arena);
		m->row_count += !cells.blank;
		if (m->row_count > ROWS_CAP) {
			fault_add(rq->faults, "", "holds more than %d rows: split it", ROWS_CAP);
			return ST_TOO_LARGE;
		}
	}
	return st == ST_DONE ? ST_OK : st;
}

/* ---- a row ---- */

static enum st read_row(void *object, struct work *work, void *context)
{
	const struct import *m = context;
	enum st st = columns_read(object, m->columns, m->cells.text, m->count, work->faults, work->arena);
	if (st && st != ST_INVALID)
		return st;
	return shape_required(object, m->resource->shape, "", work->faults) ? ST_INVALID : st;
}

static enum st check_cells(const struct import *m, struct faults *faults)
{
	if (m->cells.count != m->count)
		return fault_add(faults, "", "has %u cells, and the header %u", m->cells.count, m->count);
	for (unsigned i = 0; i < m->count; i++)
		if (!m->cells.text[i])
			return fault_add(faults, "", "its cell %u has more than %d bytes", i + 1, CSV_CELL_CAP);
	return ST_OK;
}

static void reject(struct import *m, const struct faults *faults)
{
	struct jwriter *w = &m->writer;
	m->refused++;
	jw_object(w, NULL);
	jw_int(w, "row", m->csv.row);
	jw_array(w, "errors");
	write_faults(w, faults);
	jw_end(w);
	jw_end(w);
}

/* With memory and faults of its own, in the transaction of all. */
static enum st take_row(struct import *m, const struct work *all)
{
	struct faults faults = { .arena = m->arena };
	struct work work = *all;
	enum put put;
	work.arena = m->arena;
	work.faults = &faults;
	enum st st = check_cells(m, &faults);
	const char *key = !st && m->unique < m->count ? text_nfc(m->cells.text[m->unique], m->arena) : NULL;
	if (!st)
		st = resource_put(&put, m->resource, &work, key && *key ? key : NULL, read_row, m);
	if (st == ST_CONFLICT)
		st = fault_add(&faults, "", "the state of the %s does not allow this", m->resource->one);
	if (st == ST_INVALID)
		reject(m, &faults);
	else if (!st)
		m->done[put]++;
	return st == ST_INVALID ? ST_OK : st;
}

/* ---- the whole ---- */

static void begin(struct import *m)
{
	m->csv = m->rows;
	memset(m->done, 0, sizeof m->done);
	m->refused = 0;
	text_clear(&m->rejected);
	m->writer = jw_new(&m->rejected);
	jw_array(&m->writer, NULL);
}

/* The audit has the numbers; who repeats the call is told all of it. */
static enum st end(struct import *m, struct work *work)
{
	const unsigned *n = m->done;
	jw_end(&m->writer);
	if (m->rejected.failed)
		return ST_TOO_LARGE;
	work->kind = m->resource->one;
	work->after = arena_format(work->arena, "{\"created\":%u,\"rejected\":%u,\"unchanged\":%u,\"updated\":%u}",
	                           n[PUT_CREATED], m->refused, n[PUT_UNCHANGED], n[PUT_UPDATED]);
	work->answer = m->answer =
		arena_format(work->arena, "{\"created\":%u,\"updated\":%u,\"unchanged\":%u,\"dry_run\":%s,\"rejected\":%s}",
	                 n[PUT_CREATED], n[PUT_UPDATED], n[PUT_UNCHANGED], m->dry ? "true" : "false", m->rejected.bytes);
	return work->after && work->answer ? ST_OK : ST_MEMORY;
}

/* What is only tried is undone by its failure. */
static enum st apply(struct work *work, void *context)
{
	struct import *m = context;
	struct many many;
	begin(m);
	enum st st = many_begin(&many, work, m->resource->kind, m->row_count);
	while (!st) {
		arena_reset(m->arena);
		st = csv_row(&m->csv, &m->cells, work->faults, m->arena);
		if (!st && !m->cells.blank)
			st = take_row(m, work);
	}
	if (st == ST_DONE)
		st = many_end(work);
	if (!st)
		st = end(m, work);
	work->many = NULL;
	return st ? st : m->dry ? ST_DONE : ST_OK;
}

static enum st import(struct import *m, struct work *work)
{
	const char *action = arena_format(work->arena, "%s.import", m->resource->kind);
	enum st st = action ? work_do(work, action, apply, m) : ST_MEMORY;
	if (!st && work->repeated)
		m->answer = work->answer;
	return st == ST_DONE && m->dry ? ST_OK : st;
}

enum st reply_imported(struct request *rq, struct reply *rp, const struct resource *resource)
{
	struct import *m = arena_take(rq->arena, sizeof *m);
	struct work *work = work_of(rq);
	const char *mode = rq_text(rq, "mode");
	if (!m || !work)
		return ST_MEMORY;
	*m = (struct import){ .resource = resource, .dry = rq_bool(rq, "dry_run"),
		.upserts = mode && !strcmp(mode, "upsert"), .rejected = text_new(rq->arena, REJECTED_CAP) };
	enum st st = arena_open(&m->arena, ROW_ROOM);
	if (st)
		return st;
	st = read_header(m, rq);
	if (!st)
		st = check_rows(m, rq);
	if (!st)
		st = import(m, work);
	arena_close(m->arena);
	if (!st && !m->answer)
		st = ST_STORE;
	rp->replayed = work->repeated;
	if (!st)
		jw_raw(&rp->json, NULL, m->answer);
	return st;
}

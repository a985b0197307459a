/* A proof of SQLite's file: every page against its checksum, every frame of the log against its own, and SQLite's look
 * at its trees; what is wrong is told by page and by table. */
#include "store/sqlite_prove.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/sqlite_pages.h"
#include "store/sqlite_prove.sql.h"
#include "store/sqlite_wal.h"

enum { TOLD = 100, LOOKS = 3 }; /* what is told of one kind; looks at a page before it is condemned */
enum { LOG_HEAD = 32, FRAME_HEAD = 24, INDEX_HEAD = 48, INDEX_REGION = 32768 }; /* https://sqlite.org/walformat.html */

struct suspect {
	uint32_t page;
	const char *why;
	char name[64]; /* of the table or index that it belongs to */
};

struct proving {
	sqlite3 *lite;
	sqlite3_file *file;
	const struct witness *witness;
	struct file_facts *facts;
	struct page_shape shape;
	unsigned char *page;    /* PAGE_MOST bytes, and a frame's head */
	unsigned char *in_log;  /* a bit a page: read from the log, so what lies in the file does not count */
	struct suspect suspects[TOLD];
	unsigned count;
	bool names_known;       /* SQLite could tell which page belongs to what */
};

static void tell(struct proving *p, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	p->facts->differences++;
	p->witness->tell(p->witness->context, text);
}

/* A column's text, also of what is damaged. */
static const char *text_of(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);
	return text ? text : "";
}

static sqlite3_stmt *prepared(const struct proving *p, const struct statement *sql)
{
	sqlite3_stmt *s = NULL;
	return sqlite3_prepare_v2(p->lite, sql->text[SQLITE], -1, &s, NULL) == SQLITE_OK ? s : NULL;
}

/* ---- the log ---- */

struct log_end {
	uint32_t frames, backfilled;
	unsigned char salt[8];
};

static bool has_frames(const unsigned char *index)
{
	return !memcmp(index, index + INDEX_HEAD, INDEX_HEAD);
}

/* What the index of the log tells; it is kept twice, and a writer may be between the two. Returns: is there a log? */
static bool read_end(const struct proving *p, struct log_end *end)
{
	volatile void *region = NULL;
	unsigned char index[2 * INDEX_HEAD + 4];
	if (p->file->pMethods->iVersion < 2 || p->file->pMethods->xShmMap(p->file, 0, INDEX_REGION, 0, &region) != SQLITE_OK || !region)
		return false;
	for (unsigned look = 0; look < 1000; look++) {
		memcpy(index, (void *)(uintptr_t)region, sizeof index);
		if (has_frames(index))
			break;
	}
	memcpy(&end->frames, index + 16, 4);
	memcpy(&end->backfilled, index + 2 * INDEX_HEAD, 4);
	memcpy(end->salt, index + 32, sizeof end->salt);
	return true;
}

struct log_sum {
	uint32_t a, b;
	bool big; /* its words are big-endian */
};

static void add_to_sum(struct log_sum *s, const unsigned char *bytes, size_t size)
{
	for (const unsigned char *end = bytes + size; bytes < end; bytes += 8) {
		const uint32_t little_x = (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
		const uint32_t little_y = (uint32_t)bytes[7] << 24 | (uint32_t)bytes[6] << 16 | (uint32_t)bytes[5] << 8 | bytes[4];
		s->a += (s->big ? page_be32(bytes) : little_x) + s->b;
		s->b += (s->big ? page_be32(bytes + 4) : little_y) + s->a;
	}
}

static bool is_sum(const struct log_sum *s, const unsigned char *told)
{
	return s->a == page_be32(told) && s->b == page_be32(told + 4);
}

/* Walk the log's frames up to its end. Returns: the first frame that is wrong; 0: none. */
static uint32_t walk_log(const struct proving *p, sqlite3_file *log, const struct log_end *end)
{
	unsigned char head[LOG_HEAD], *frame = p->page;
	const int size = (int)(FRAME_HEAD + p->shape.size);
	if (!end->frames)
		return 0;
	if (log->pMethods->xRead(log, head, LOG_HEAD, 0) != SQLITE_OK)
		return 1;
	struct log_sum sum = { .big = head[3] & 1 };
	add_to_sum(&sum, head, 24);
	if (!is_sum(&sum, head + 24))
		return 1;
	for (uint32_t i = 1; i <= end->frames; i++) {
		if (log->pMethods->xRead(log, frame, size, LOG_HEAD + (sqlite3_int64)(i - 1) * size) != SQLITE_OK || memcmp(frame + 8, end->salt, 8))
			return i;
		add_to_sum(&sum, frame, 8);
		add_to_sum(&sum, frame + FRAME_HEAD, p->shape.size);
		if (!is_sum(&sum, frame + 16))
			return i;
		const uint32_t number = page_be32(frame);
		if (i > end->backfilled && number <= p->facts->pages)
			p->in_log[number / 8] |= (unsigned char)(1u << number % 8);
	}
	return 0;
}

/* Which pages are read from the log? A writer may begin it anew under our eyes: then its end is another, and we look again. */
static uint32_t look_at_log(const struct proving *p)
{
	sqlite3_file *log = NULL;
	struct log_end end = { 0 }, after;
	uint32_t wrong = 0;
	sqlite3_file_control(p->lite, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	for (unsigned look = 0; look < LOOKS; look++) {
		memset(p->in_log, 0, (size_t)p->facts->pages / 8 + 1);
		if (!log || !log->pMethods || !read_end(p, &end))
			return 0;
		wrong = walk_log(p, log, &end);
		if (!wrong || !read_end(p, &after) || !memcmp(after.salt, end.salt, sizeof end.salt))
			break;
	}
	return wrong;
}

/* ---- pages ---- */

static const char wrong_sum[] = "differs from its checksum";

/* Returns: what is wrong with a page; NULL: nothing. Out: bare  it has no checksum */
static const char *judge(const struct proving *p, uint32_t number, bool *bare)
{
	const sqlite3_int64 at = (sqlite3_int64)(number - 1) * p->shape.size;
	*bare = false;
	if (p->in_log[number / 8] & 1u << number % 8 || number == page_of_locks(p->shape.size))
		return NULL;
	const int rc = sqlite_wal_read(p->file, p->page, (int)p->shape.size, at);
	if (rc != SQLITE_OK)
		return rc == SQLITE_IOERR_SHORT_READ ? "lies behind the file's end" : "cannot be read";
	const enum page_state state = page_judge(p->page, p->shape.size, number);
	*bare = state == PAGE_BARE;
	return state == PAGE_WRONG ? wrong_sum : state == PAGE_EMPTY ? "is empty" : NULL;
}

static void look_at_pages(struct proving *p)
{
	for (int64_t n = 1; n <= p->facts->pages; n++) {
		bool bare;
		const char *why = judge(p, (uint32_t)n, &bare);
		p->facts->bare += bare;
		if (why && p->count < TOLD)
			p->suspects[p->count++] = (struct suspect){ .page = (uint32_t)n, .why = why };
	}
}

/* A checkpoint may have been writing a page, or begun after the log was looked at: those that are suspected are looked at
 * again, with the writers held off. */
static void look_again(struct proving *p)
{
	unsigned kept = 0;
	bool bare;
	look_at_log(p);
	for (unsigned i = 0; i < p->count; i++) {
		struct suspect s = p->suspects[i];
		s.why = judge(p, s.page, &bare);
		if (s.why)
			p->suspects[kept++] = s;
	}
	p->count = kept;
}

static void confirm(struct proving *p)
{
	const struct timespec pause = { 0, 50 * 1000000L };
	const struct witness *w = p->witness;
	const bool held = p->count && w->hold && !w->hold(w->context);
	for (unsigned look = 0; p->count && look < (held ? 1 : LOOKS); look++) {
		if (look)
			nanosleep(&pause, NULL);
		look_again(p);
	}
	if (held)
		w->release(w->context);
}

/* ---- whose page it is ---- */

static void name_suspects(struct proving *p)
{
	sqlite3_stmt *s = prepared(p, &SQL_CARE_PAGES->is);
	p->names_known = s;
	while (s && sqlite3_step(s) == SQLITE_ROW)
		for (unsigned i = 0; i < p->count; i++)
			if (p->suspects[i].page == sqlite3_column_int64(s, 0))
				snprintf(p->suspects[i].name, sizeof p->suspects[i].name, "%s", text_of(s, 1));
	sqlite3_finalize(s);
}

/* A page on the list of free ones may never have been written; whether an empty one belongs there SQLite itself tells. */
static bool is_free(const struct proving *p, const struct suspect *s)
{
	return !strcmp(s->why, "is empty") && p->names_known && !*s->name && s->page > 1;
}

/* Written again through our layer, which gives it its checksum. */
static bool accept_page(const struct proving *p, const struct suspect *s)
{
	const sqlite3_int64 at = (sqlite3_int64)(s->page - 1) * p->shape.size;
	const int size = (int)p->shape.size;
	return !strcmp(s->why, wrong_sum) && sqlite_wal_read(p->file, p->page, size, at) == SQLITE_OK &&
	       p->file->pMethods->xWrite(p->file, p->page, size, at) == SQLITE_OK;
}

/* What another program wrote, the operator says. */
static void accept(struct proving *p)
{
	const struct witness *w = p->witness;
	unsigned kept = 0;
	if (!p->count || (w->hold && w->hold(w->context)))
		return;
	look_again(p);
	for (unsigned i = 0; i < p->count; i++)
		if (accept_page(p, &p->suspects[i]))
			p->facts->accepted++;
		else
			p->suspects[kept++] = p->suspects[i];
	p->count = kept;
	if (p->file->pMethods->xSync(p->file, SQLITE_SYNC_NORMAL) != SQLITE_OK)
		tell(p, "the new checksums could not be brought to disk");
	if (w->release)
		w->release(w->context);
}

static void condemn(struct proving *p)
{
	if (p->count)
		name_suspects(p);
	for (unsigned i = 0; i < p->count; i++) {
		const struct suspect *s = &p->suspects[i];
		if (!is_free(p, s))
			tell(p, "page %u%s%s %s: it was damaged, or another program wrote it (then `pennymeter check --accept`)", s->page, *s->name ? " of " : "", s->name, s->why);
	}
}

/* ---- the whole file ---- */

/* As SQLite sees it, the log included; where it cannot tell, as the file is long. */
static int64_t page_count(struct proving *p)
{
	sqlite3_int64 size = 0;
	sqlite3_stmt *s = prepared(p, &SQL_CARE_PAGE_COUNT->is);
	int64_t count = s && sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_finalize(s);
	if (count || p->file->pMethods->xFileSize(p->file, &size) != SQLITE_OK)
		return count;
	count = size / p->shape.size;
	if (p->shape.count > count)
		tell(p, "the file ends behind page %lld, and its header tells of %u", (long long)count, p->shape.count);
	return count;
}

/* The header is a part of page 1, whose checksum tells whether it is the header that went wrong. */
static bool read_shape(struct proving *p)
{
	unsigned char header[PAGE_HEADER];
	if (sqlite_wal_read(p->file, header, sizeof header, 0) != SQLITE_OK)
		return false;
	p->shape = page_shape_of(header);
	if (!p->shape.size)
		return false;
	if (!p->shape.sealed && sqlite_wal_read(p->file, p->page, (int)p->shape.size, 0) == SQLITE_OK) {
		p->page[20] = PAGE_RESERVE;
		p->shape.sealed = page_judge(p->page, p->shape.size, 1) == PAGE_RIGHT;
	}
	p->facts->sealed = p->shape.sealed;
	return true;
}

static enum st prove_pages(struct proving *p)
{
	if (!read_shape(p)) {
		tell(p, "page 1 does not begin as a database does");
		return ST_OK;
	}
	p->facts->pages = page_count(p);
	p->in_log = calloc((size_t)p->facts->pages / 8 + 1, 1);
	if (!p->in_log)
		return ST_MEMORY;
	uint32_t wrong = look_at_log(p);
	if (wrong && p->witness->hold && !p->witness->hold(p->witness->context)) {
		wrong = look_at_log(p);
		p->witness->release(p->witness->context);
	}
	if (wrong)
		tell(p, "frame %u of the write-ahead log differs from its checksum", wrong);
	if (p->shape.sealed) {
		look_at_pages(p);
		confirm(p);
		if (p->witness->accept)
			accept(p);
		condemn(p);
	}
	free(p->in_log);
	return ST_OK;
}

/* ---- SQLite's own look ---- */

/* The number behind a word of SQLite's, as in "Tree 5 page 7 cell 2". */
static int64_t number_behind(const char *line, const char *word)
{
	const char *at = strcasestr(line, word);
	return at ? strtoll(at + strlen(word), NULL, 10) : 0;
}

/* Out: name  whose root or page it is; "" if that cannot be told */
static void name_of(const struct proving *p, char *name, size_t room, const union sql_1 *sql, int64_t number)
{
	sqlite3_stmt *s = number ? prepared(p, &sql->is) : NULL;
	*name = '\0';
	if (s && sqlite3_bind_int64(s, 1, number) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		snprintf(name, room, " (%s)", text_of(s, 0));
	sqlite3_finalize(s);
}

static void tell_line(struct proving *p, const char *line)
{
	char name[64];
	name_of(p, name, sizeof name, SQL_CARE_ROOT, number_behind(line, "tree "));
	if (!*name)
		name_of(p, name, sizeof name, SQL_CARE_PAGE, number_behind(line, "page "));
	if (strncmp(line, "***", 3))
		tell(p, "SQLite: %s%s", line, name);
}

/* Lines, several in a row of the answer. */
static void tell_lines(struct proving *p, const char *text)
{
	char line[256];
	for (const char *at = text; *at; at += *at == '\n') {
		const size_t size = strcspn(at, "\n");
		snprintf(line, sizeof line, "%.*s", (int)(size < sizeof line ? size : sizeof line - 1), at);
		at += size;
		tell_line(p, line);
	}
}

static void prove_trees(struct proving *p)
{
	sqlite3_stmt *s = prepared(p, &SQL_CARE_INTEGRITY->is);
	int got = SQLITE_ERROR;
	while (s && (got = sqlite3_step(s)) == SQLITE_ROW)
		if (strcmp(text_of(s, 0), "ok"))
			tell_lines(p, text_of(s, 0));
	if (got != SQLITE_DONE)
		tell(p, "SQLite cannot read the file: %s", sqlite3_errmsg(p->lite));
	sqlite3_finalize(s);
}

static void prove_references(struct proving *p)
{
	sqlite3_stmt *s = prepared(p, &SQL_CARE_REFERENCES->is);
	for (unsigned n = 0; s && n < TOLD && sqlite3_step(s) == SQLITE_ROW; n++)
		tell(p, "a row of %s names a row of %s that is not there", text_of(s, 0),
		     text_of(s, 1));
	sqlite3_finalize(s);
}

enum st sqlite_prove(sqlite3 *lite, const struct witness *w, struct file_facts *facts)
{
	struct proving *p = calloc(1, sizeof *p);
	*facts = (struct file_facts){ 0 };
	if (!p)
		return ST_MEMORY;
	*p = (struct proving){ .lite = lite, .witness = w, .facts = facts, .page = malloc(PAGE_MOST + FRAME_HEAD) };
	sqlite3_file_control(lite, "main", SQLITE_FCNTL_FILE_POINTER, &p->file);
	enum st st = p->page && p->file ? prove_pages(p) : ST_MEMORY;
	if (!st) {
		prove_trees(p);
		prove_references(p);
	}
	free(p->page);
	free(p);
	return st;
}

/* Declarations that the route generator must refuse; prints what it says of each. */
#include "routes.h"

static enum st answer(struct request *rq, struct reply *rp)
{
	(void)rq, (void)rp;
	return ST_OK;
}

#define GOOD .summary = "s", .scope = SCOPE_USAGE_READ, .handle = answer

static const struct param undocumented[] = { { "start", P_INSTANT, OPTIONAL, "" }, { 0 } };
static const struct param twice[] = { { "a", P_TEXT, OPTIONAL, "d" }, { "a", P_TEXT, OPTIONAL, "d" }, { 0 } };
static const struct param unbounded[] = { { "page", P_INT, OPTIONAL, "d" }, { 0 } };
static const struct param no_choice[] = { { "days", P_CHOICE, OPTIONAL, "d" }, { 0 } };

#define ROW(n) { "a" #n, P_TEXT, OPTIONAL, "d" }
#define ROWS_OF_8(n) ROW(n##0), ROW(n##1), ROW(n##2), ROW(n##3), ROW(n##4), ROW(n##5), ROW(n##6), ROW(n##7)
#define ROWS_OF_24(n) ROWS_OF_8(n##0), ROWS_OF_8(n##1), ROWS_OF_8(n##2)
static const struct param half[] = { ROWS_OF_24(1), { 0 } }, other_half[] = { ROWS_OF_24(2), { 0 } };
static const struct param past_half[] = { ROWS_OF_24(2), ROW(3), { 0 } };

static const struct fn good = { .also = "other/address", .on[M_GET] = { GOOD, .answers = "{\"a\":1}" } };
static const struct fn without_scope = { .on[M_GET] = { .summary = "s", .handle = answer } };
static const struct fn public_write = { .on[M_POST] = { .summary = "s", .scope = SCOPE_PUBLIC, .handle = answer } };
static const struct fn without_summary = { .on[M_GET] = { .scope = SCOPE_USAGE_READ, .handle = answer } };
static const struct fn without_doc = { .on[M_GET] = { GOOD, .query = undocumented } };
static const struct fn doubled = { .on[M_GET] = { GOOD, .query = twice } };
static const struct fn boundless = { .on[M_GET] = { GOOD, .query = unbounded } };
static const struct fn choiceless = { .on[M_GET] = { GOOD, .query = no_choice } };
static const struct fn without_media = { .on[M_POST] = { GOOD, .kind = BODY_RAW } };
static const struct fn unread_body = { .on[M_GET] = { GOOD, .body = unbounded } };
static const struct fn bad_example = { .on[M_GET] = { GOOD, .answers = "{\"a\":}" } };
static const struct fn full = { .on[M_POST] = { GOOD, .kind = BODY_OBJECT, .query = half, .body = other_half } };
static const struct fn overfull = { .on[M_POST] = { GOOD, .kind = BODY_OBJECT, .query = half, .body = past_half } };
static const struct fn alone = { .alone = true, .on[M_GET] = { GOOD } };
static const struct fn without_handler = { .on[M_GET] = { .summary = "s", .scope = SCOPE_USAGE_READ } };

/* Each row of tables is a whole table of functions. */
static const struct fn_entry tables[][3] = {
	{ { "good", &good } },
	{ { "usage/record", &without_scope } },
	{ { "usage/record", &public_write } },
	{ { "usage/record", &without_summary } },
	{ { "usage/record", &without_doc } },
	{ { "usage/record", &doubled } },
	{ { "usage/record", &boundless } },
	{ { "usage/record", &choiceless } },
	{ { "usage/record", &without_media } },
	{ { "usage/record", &unread_body } },
	{ { "usage/record", &bad_example } },
	{ { "usage/record", &full } },
	{ { "usage/record", &overfull } },
	{ { "usage/record", &without_handler } },
	{ { "usage/record", &good }, { "usage/check", &good } },
	{ { "usage", &alone }, { "usage/record", &alone } },
	{ { "usage", &good }, { "v1/usage", &without_doc } },
};

const struct fn_entry fn_table[] = { { 0 } };

int main(void)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		printf("-- %zu\n", i);
		check_functions(stdout, tables[i]);
	}
	return 0;
}

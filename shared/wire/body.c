/* Bodies: of a type and encoding that the method takes, read to their end, with their key. */
#include "wire/body.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "wire/params.h"

enum { READ_PIECE = 16 << 10 };

static const char *media_type(const struct body_reading *b)
{
	const char *raw = b->in->content_type ? b->in->content_type : "";
	char *type = arena_copy(b->rq->arena, raw, strcspn(raw, "; \t"));
	for (char *p = type; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return type ? type : "";
}

static bool listed(const char *list, const char *word)
{
	size_t size = strlen(word);
	for (const char *p = list; size && (p = strstr(p, word)); p += size)
		if ((p == list || p[-1] == ' ') && (p[size] == ' ' || !p[size]))
			return true;
	return false;
}

/* RFC 9110, 15.5.16: the answer says what would be taken. */
static enum st check_encoding(const struct body_reading *b)
{
	const char *coding = b->in->content_encoding;
	if (!coding || !*coding || !strcasecmp(coding, "identity"))
		return ST_OK;
	text_adds(b->headers, "Accept-Encoding: identity\r\n");
	fault_add(b->rq->faults, "Content-Encoding", "must be identity: send the body as it is, not compressed");
	return ST_BAD_MEDIA;
}

static enum st check_media(const struct body_reading *b)
{
	const char *accepts = b->verb->kind == BODY_RAW ? b->verb->media : "application/json";
	b->rq->content_type = media_type(b);
	if (!*b->rq->content_type || listed(accepts, b->rq->content_type))
		return ST_OK;
	jw_string(b->more, "accepts", accepts);
	return ST_BAD_MEDIA;
}

/* To its end, whatever CONTENT_LENGTH says: Apache hands chunked bodies over without one. */
static enum st read_body(const struct body_reading *b)
{
	const size_t cap = b->verb->body_cap ? b->verb->body_cap : BODY_CAP;
	const char *length = b->in->content_length;
	const unsigned long long announced = length && *length ? strtoull(length, NULL, 10) : 0;
	struct text body = text_new(b->rq->arena, cap + 1);
	char piece[READ_PIECE];
	size_t n;
	if (announced > cap)
		return ST_TOO_LARGE;
	while ((n = b->in->read(b->in->stream, piece, sizeof piece)) > 0) {
		text_add(&body, piece, n);
		if (body.failed || body.size > cap)
			return ST_TOO_LARGE;
	}
	if (length && *length && body.size < announced)
		return fault_add(b->rq->faults, "", "the body ends after %zu of %llu bytes", body.size, announced);
	b->rq->raw = body.size ? body.bytes : "";
	b->rq->raw_size = body.size;
	return ST_OK;
}

/* A key comes as the header Idempotency-Key or as the body's idempotency_key. */
static enum st take_idempotency_key(const struct body_reading *b, const struct json *body)
{
	static const struct param key = { "idempotency_key", P_KEY, OPTIONAL, "" };
	const struct json *member = json_get(body, "idempotency_key");
	const char *header = b->in->idempotency_key;
	struct arg arg = { .param = &key };
	if (member && json_kind(member) != JSON_NULL) {
		enum st st = param_value(&arg, b->rq, &key, member, "/idempotency_key");
		if (st)
			return st;
	}
	if (!header) {
		b->rq->idempotency_key = arg.text;
		return ST_OK;
	}
	if (!*header || strlen(header) > 255 || strspn(header, " \t"))
		return fault_add(b->rq->faults, "Idempotency-Key", "must have 1 to 255 visible characters");
	for (const char *p = header; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return fault_add(b->rq->faults, "Idempotency-Key", "must have 1 to 255 visible characters");
	if (arg.text && strcmp(arg.text, header))
		return fault_add(b->rq->faults, "/idempotency_key", "differs from the header Idempotency-Key");
	b->rq->idempotency_key = header;
	return ST_OK;
}

static enum st read_object_body(const struct body_reading *b)
{
	const struct json *root = NULL;
	enum st st = json_parse(&root, b->rq->faults, b->rq->arena, b->rq->raw, b->rq->raw_size);
	if (!st && json_kind(root) != JSON_OBJECT)
		st = fault_add(b->rq->faults, "", "the body must be an object, not %s", json_kind_name(root));
	enum st key = st ? ST_OK : take_idempotency_key(b, root);
	b->rq->body = root;
	if (!st && b->verb->kind == BODY_OBJECT)
		st = params_body(b->rq, b->verb->body, root);
	return st ? st : key;
}

enum st body_read(const struct body_reading *b)
{
	if (b->verb->kind == BODY_NONE)
		return b->verb->idempotent ? take_idempotency_key(b, NULL) : ST_OK;
	enum st st = check_encoding(b);
	if (!st)
		st = check_media(b);
	if (!st)
		st = read_body(b);
	if (!st)
		st = b->verb->kind == BODY_RAW ? take_idempotency_key(b, NULL) : read_object_body(b);
	return st;
}

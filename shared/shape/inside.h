/* The insides of shapes: what reading objects and reading values share. */
#ifndef SHAPE_INSIDE_H
#define SHAPE_INSIDE_H

#include "shape/shape.h"

enum { POINTER_ROOM = 160, LIST_ROOM = 32 << 10 };

/* One object, or one value, as it is read. */
struct reading {
	const char *pointer; /* where faults point; less than POINTER_ROOM bytes */
	struct faults *faults;
	struct arena *arena;
};

/** Take a text as a member's value: of every type but lists and custom objects.
 *  Returns: ST_OK; ST_INVALID with a fault; ST_MEMORY. Out: object  its member is set */
enum st value_take(const struct reading *r, const struct param *row, const char *text, void *object) MUST_USE;

/** Take a JSON value of any type. In: how  whether custom members merge with what is there */
enum st value_read(const struct reading *r, const struct param *row, const struct json *json, enum shape_how how,
                   void *object) MUST_USE;

/** Does it hold a control character? In: lines  line feeds are none */
bool value_has_control(const char *text, bool lines);

/** POINTER/NAME, escaped as RFC 6901 says and cut where there is no room. Out: out  POINTER_ROOM bytes. Returns: out */
const char *pointer_to(char *out, const char *pointer, const char *name);

/** Take the value away that a member has. */
void member_clear(const struct param *row, void *object);

/** Take a cell's text as a member's value, as shape_cell() writes it; "" takes it away. Returns: as value_read(). */
enum st cell_take(const struct reading *r, const struct param *row, const char *text, void *object) MUST_USE;

/** Take a JSON text as a list's or a custom object's value. Returns: as value_read(). */
enum st cell_take_json(const struct reading *r, const struct param *row, const char *text, void *object) MUST_USE;

/** As value_read(), of a list and of a custom object: their canonical text is what is kept. */
enum st list_read(const struct reading *r, const struct param *row, const struct json *json, void *object) MUST_USE;
enum st custom_read(const struct reading *r, const struct param *row, const struct json *json, enum shape_how how,
                    void *object) MUST_USE;

/** As shape_read(), at r->pointer. */
enum st object_read(const struct reading *r, void *object, const struct param *shape, const struct json *json,
                    enum shape_how how, const char *beside) MUST_USE;

#endif

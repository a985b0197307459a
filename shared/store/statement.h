/* A named statement of a .sql file, and the values that it binds.
 * shared/meter/usage.sql is declared by the generated "meter/usage.sql.h": a name there has a type that says how many
 * values it binds, so that more or fewer do not compile. */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dialect { SQLITE, POSTGRES, DIALECT__MAX };

/** A value bound to a statement. Text must live until the statement's rows end. */
struct val {
	enum { VAL_NULL, VAL_INT, VAL_TEXT } kind;
	int64_t number;
	const char *text;
};

#define INT(n) ((struct val){ .kind = VAL_INT, .number = (n) })
#define TEXT(s) ((struct val){ .kind = VAL_TEXT, .text = (s) })
#define OPT(s) ((struct val){ .kind = (s) ? VAL_TEXT : VAL_NULL, .text = (s) })

struct statement {
	const char *name;
	unsigned number; /* its place among all, below SQL__MAX of statement_places.h */
	unsigned values; /* how many it binds */
	bool writes;     /* rows, or locks them */
	const char *text[DIALECT__MAX]; /* NULL: not offered there */
};

/** The most values that any statement binds; the generator refuses more. */
enum { STATEMENT_VALUES = 48 };

/* The statements that bind so many values. `values` is for sizeof alone. */
#define BINDS(n) union sql_##n { struct statement is; const struct val (*values)[n]; };
BINDS(0) BINDS(1) BINDS(2) BINDS(3) BINDS(4) BINDS(5) BINDS(6) BINDS(7) BINDS(8) BINDS(9) BINDS(10) BINDS(11) BINDS(12)
BINDS(13) BINDS(14) BINDS(15) BINDS(16) BINDS(17) BINDS(18) BINDS(19) BINDS(20) BINDS(21) BINDS(22) BINDS(23) BINDS(24)
BINDS(25) BINDS(26) BINDS(27) BINDS(28) BINDS(29) BINDS(30) BINDS(31) BINDS(32) BINDS(33) BINDS(34) BINDS(35) BINDS(36)
BINDS(37) BINDS(38) BINDS(39) BINDS(40) BINDS(41) BINDS(42) BINDS(43) BINDS(44) BINDS(45) BINDS(46) BINDS(47) BINDS(48)
#undef BINDS

#define VALS__SIZE(...) sizeof((const struct val[]){ __VA_ARGS__ })
#define VALS__CHECK(holds, why) (0 * sizeof(struct { _Static_assert(holds, why); char c; }))

/** Two arguments of a call: a statement, and its values. */
#define BIND(sql, ...) \
	(&(sql)->is), ((const struct val[]){ __VA_ARGS__ } + \
	VALS__CHECK(VALS__SIZE(__VA_ARGS__) == sizeof *(sql)->values, "the statement binds another number of values"))

/** Two arguments of a call: values, and how many they are. For a text that a statement has made. */
#define VALS(...) \
	((const struct val[]){ __VA_ARGS__ }), ((unsigned)(VALS__SIZE(__VA_ARGS__) / sizeof(struct val) + \
	VALS__CHECK(VALS__SIZE(__VA_ARGS__) <= STATEMENT_VALUES * sizeof(struct val), "more values than a statement may bind")))

/** Every statement, up to a NULL: for audits. */
extern const struct statement *const statements[];

#endif

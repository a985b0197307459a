/* The store's own insides: between store.c, write.c and care.c only. */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include "store/combine.h"
#include "store/store.h"

struct store {
	const struct driver *driver;
	struct db *db;
	enum store_mode mode;
	bool reading;
	uint64_t connection;
	enum st opened; /* what became of it when it was opened last */
	uint64_t writes;
	uint64_t changes; /* statements that write rows, begun */
	const void *context; /* of the operation that is carried out */
	bool again; /* the request being applied may have been committed before */
	int lock;   /* the driver's own descriptor of a file, or store_open_lock()'s; -1: none */
	bool asked; /* for `combine` */
	struct combine *combine; /* of store_combine() */
	instant judged;    /* when the folder was looked at last */
	char data[4096];   /* the data folder */
	char where[4096];  /* a file, or a server's address */
	char beside[4096]; /* what its side files' names begin with */
};

enum { TRIES = 5 }; /* of what may succeed in a moment: a write that met another's, a store that is being moved */

/** Wait for the turn of those that write to a file, for some seconds, and give it on.
 *  Returns: ST_OK; ST_BUSY: the log says who keeps it; ST_IO. */
enum st store_lock(struct store *store) MUST_USE;
void store_unlock(struct store *store);

/** Open the lock of those that write without opening the database: of a file that cannot be opened, or is to be replaced. Who
 *  has taken it looks whether the name still leads to what he has locked. Returns: whether it is open. */
bool store_open_lock(struct store *store);

/** Where writers meet, opened when it is first asked for. NULL: each write commits alone. */
struct combine *store_combine(struct store *store);

/** Take the driver and the place that the configuration names. Returns: ST_OK; ST_INVALID with a fault. */
enum st store_locate(struct store *store, const struct conf *conf, struct faults *faults) MUST_USE;

/** Rename what store_put_aside() has renamed back, with the lock still held: nobody has looked for it meanwhile. */
enum st store_put_back(struct store *store) MUST_USE;
/** The file that the configuration names, where it was put aside. Returns: ST_OK; ST_NOT_FOUND. Out: aside  its place */
enum st store_find_aside(struct store *aside, const struct conf *conf) MUST_USE;

void store_pause(long ms);

#endif

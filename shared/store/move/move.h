/* Moving a store from a file to a server while it is being used. */
#ifndef STORE_MOVE_MOVE_H
#define STORE_MOVE_MOVE_H

#include "store/store.h"

/** Who watches a move, and who writes the configuration. */
struct move_view {
	void *context;
	/** So many rows of so many are there; `total` grows with what is recorded meanwhile. */
	void (*show)(void *context, const char *table, int64_t done, int64_t total);
	/** All is there and all writers wait: write the new configuration beside the old one, and prove that it leads there. */
	enum st (*prepare)(void *context);
	/** The file is put aside: rename the new configuration into its place (switch.h). */
	enum st (*announce)(void *context);
};

/** Copy all rows in the order of their keys, carry over what changes meanwhile, compare all of them, and, with all
 *  writers waiting, carry over the rest and put the file aside as FILE.moved. Interrupted before that, it goes on where
 *  it stood when it is called again; after that, switch.h says how it is completed.
 *  In:  from  a file, opened for writing; of no use any more once the move has succeeded
 *  In:  to    a server's database with our schema and without tenants, or the one it was interrupted with
 *  Returns: ST_OK; ST_CONFLICT with a fault when `to` holds something else or differs in the end; ST_INVALID with
 *  one, before anything was written, when there is a table that cannot be moved; what the stores and `view` return.
 *  Unless it is ST_OK everything stays in use where it is. */
enum st store_move(struct store *from, struct store *to, const struct move_view *view, struct faults *faults) MUST_USE;

/** Was everything of a file that was put aside moved to this server?
 *  Returns: ST_OK; ST_CONFLICT with a fault; what the stores return. */
enum st store_move_done(struct store *from, struct store *to, struct faults *faults) MUST_USE;

/** Give up a move that was interrupted: the file notes no changes any more. What was copied stays. */
enum st store_move_cancel(struct store *from, struct faults *faults) MUST_USE;

/** Take what a move noted out of the file that the configuration names and that was put aside, all at once, and bring
 *  what lies beside it into it. It can be done again. In: conf  as it was before the switch */
enum st store_move_tidy(const struct conf *conf, struct faults *faults) MUST_USE;

#endif

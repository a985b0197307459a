/* Putting a copy back: the whole database, or one tenant of it. */
#ifndef STORE_RESTORE_H
#define STORE_RESTORE_H

#include "store/care.h"

enum { RESTORE_NAME = 4200 };

/** What became of it. */
struct restored {
	int64_t tenants, events;  /* that came */
	bool lost_known;          /* where the old could be read: */
	int64_t lost, lost_newest; /* events that are in the old alone; when the newest of them was used */
	int64_t lost_tenants;      /* the same */
	bool tokens_known;         /* where the old could be read: */
	int64_t tokens_revoked;    /* valid in the file, revoked since, and so they stay */
	int64_t tokens_since;      /* made since: of one tenant they stay, of all they are not there */
	char kept[RESTORE_NAME];  /* where the old lies; "" where there was none */
};

/** Put `file` in the database's place: prove a private copy of it, bring its schema up to date, and exchange them by a rename
 *  while all writers wait; who has the old one open notices, and goes on with the new. The old is kept beside, with its log.
 *  Tokens that it says were revoked since the backup stay revoked.
 *  Killed at any step, one of both is there and whole, and to run it again works.
 *  Returns: ST_OK; ST_INVALID with a fault, and nothing was exchanged; ST_BUSY; ST_IO. */
enum st store_restore(struct restored *restored, const struct conf *conf, const char *file, const struct copy_proof *proof,
                      struct faults *faults) MUST_USE;

/** Put one tenant's rows back, of all tables, in one transaction of the live store; others' stay as they are, and so do its
 *  tokens. A backup of the whole is made first. What its plans and metrics are must stand in the live store, and the file be of
 *  the same installation and tenant: by when its first tenant, and this one, were made.
 *  Returns: as store_restore(). */
enum st store_restore_tenant(struct restored *restored, struct store *store, const struct conf *conf, const char *file,
                             int64_t tenant, const struct copy_proof *proof, struct faults *faults) MUST_USE;

#endif

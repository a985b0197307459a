/* Copies as files: between backup.c and restore.c only. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/care.h"

/** Make an empty file that its owner alone can read, where there is none. Returns: ST_OK; ST_IO. */
enum st copy_make_private(const char *copy) MUST_USE;

/** As store_backup(), wherever it is to lie. */
enum st store_backup_to(struct store *store, const struct conf *conf, const char *file, const struct copy_proof *proof,
                        struct faults *faults) MUST_USE;

/** Prove a file that nobody writes: itself, its schema, and what it holds. Returns: ST_OK; ST_INVALID with a fault. */
enum st copy_prove(const char *file, const struct copy_proof *proof, struct file_facts *facts, struct faults *faults) MUST_USE;

/** Sync a copy, rename it, and sync the folder. Returns: ST_OK; ST_IO. */
enum st copy_in_place(const char *copy, const char *file) MUST_USE;
enum st copy_sync_folder(const char *file) MUST_USE;

/** Remove a copy, and what SQLite may have left beside it. */
void copy_remove(const char *copy);

#endif

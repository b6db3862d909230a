/* A SQLite connection with its prepared statements: the only file that knows SQLite's result codes.
 *
 * A connection is used by one thread at a time; the store sees to that. Statements are prepared on
 * first use and kept. Details of errors never hold paths or SQL values. */
#ifndef FUS_JOBS_DB_H
#define FUS_JOBS_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"
#include "jobs/sql.h"

struct fus_db {
    sqlite3 *handle;
    sqlite3_stmt *statements[FUS_SQL_COUNT];
};

/* Opens the file with mode 0600 (made if missing, unless read_only), busy waiting, foreign keys,
 * WAL and synchronous=FULL. On failure *db is closed again. */
int fus_db_open(struct fus_db *db, const char *path, bool read_only,
                struct fus_error *err) FUS_MUST_CHECK;
/* Takes a zeroed one. */
void fus_db_close(struct fus_db *db);

/* Maps a SQLite result code: full, busy, I/O, corruption -> FUS_E_STORAGE_UNAVAILABLE; a constraint
 * -> FUS_E_CONFLICT; no memory -> FUS_E_OUT_OF_MEMORY; the rest is FUS_E_INTERNAL. */
int fus_db_error(const struct fus_db *db, int result, struct fus_error *err);

/* Several statements of SQL text, without results. */
int fus_db_script(struct fus_db *db, const char *sql, struct fus_error *err) FUS_MUST_CHECK;

/* A statement with its values bound in order, ready to be stepped. types: one letter a value,
 * 't' const char * (NULL is null; must stay alive until fus_db_end), 'i' int64_t, 'd' double. */
int fus_db_start(struct fus_db *db, enum fus_sql sql, struct fus_error *err,
                 sqlite3_stmt **statement, const char *types, ...) FUS_MUST_CHECK;
/* 1: a row stands in the statement; 0: done; negative: an error. */
int fus_db_row(struct fus_db *db, sqlite3_stmt *statement, struct fus_error *err) FUS_MUST_CHECK;
/* Resets the statement, so that it holds no snapshot; NULL is allowed. */
void fus_db_end(sqlite3_stmt *statement);
FUS_CLEANUP_DEFINE(fus_db_end, sqlite3_stmt *)

/* start + all rows skipped + end. *changes (may be NULL): rows written by it. */
int fus_db_exec(struct fus_db *db, enum fus_sql sql, struct fus_error *err, int64_t *changes,
                const char *types, ...) FUS_MUST_CHECK;
/* The first column of the first row as a number; *found false and *value untouched without a row.
 */
int fus_db_number(struct fus_db *db, enum fus_sql sql, struct fus_error *err, int64_t *value,
                  bool *found, const char *types, ...) FUS_MUST_CHECK;

/* BEGIN IMMEDIATE: the write lock is taken at once, so a later statement never has to upgrade. */
int fus_db_begin(struct fus_db *db, struct fus_error *err) FUS_MUST_CHECK;
/* Commits when result is 0, else rolls back and returns result. */
int fus_db_finish(struct fus_db *db, int result, struct fus_error *err) FUS_MUST_CHECK;

#endif

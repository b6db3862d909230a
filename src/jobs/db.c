#include "jobs/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"

enum { BUSY_TIMEOUT_MS = 5000, WAL_TRIES = 50, WAL_PAUSE_MS = 20 };

int fus_db_error(const struct fus_db *db, int result, struct fus_error *err)
{
    switch (result & 0xff) {
    case SQLITE_NOMEM:
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the job store.");
    case SQLITE_FULL:
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "The job store's disk is full.");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                             "The job store is locked by another process.");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_PROTOCOL:
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                             "The job store cannot be read or written (%s).",
                             sqlite3_errstr(result));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "The job store is damaged (%s).",
                             sqlite3_errstr(result));
    case SQLITE_CONSTRAINT:
        return fus_error_set(err, FUS_E_CONFLICT, "The job store refused the change (%s).",
                             db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(result));
    default:
        return fus_error_set(err, FUS_E_INTERNAL, "The job store failed (%s).",
                             db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(result));
    }
}

int fus_db_script(struct fus_db *db, const char *sql, struct fus_error *err)
{
    int result = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : fus_db_error(db, result, err);
}

/* The switch to WAL needs the file for itself for a moment and does not call the busy handler. */
static int enter_wal(struct fus_db *db, struct fus_error *err)
{
    int result = SQLITE_OK;
    for (int i = 0; i < WAL_TRIES; i++) {
        result = sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
        if ((result & 0xff) != SQLITE_BUSY)
            break;
        fus_clock_sleep_ms(WAL_PAUSE_MS);
    }
    return result == SQLITE_OK ? 0 : fus_db_error(db, result, err);
}

/* SQLite gives -wal and -shm the mode of the main file, so making that one private is enough. */
static int make_private(const char *path, struct fus_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "The job store cannot be opened (%s).",
                             strerror(errno));
    fus_close(fd);
    return 0;
}

static int configure(struct fus_db *db, bool read_only, struct fus_error *err)
{
    sqlite3_extended_result_codes(db->handle, 1);
    int result = sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    if (result != SQLITE_OK)
        return fus_db_error(db, result, err);
    if (read_only)
        return fus_db_script(db, "PRAGMA query_only=1; PRAGMA cache_size=-4096", err);
    int rc = enter_wal(db, err);
    if (rc)
        return rc;
    return fus_db_script(db,
                         "PRAGMA synchronous=FULL; PRAGMA foreign_keys=1; PRAGMA cache_size=-16384;"
                         "PRAGMA journal_size_limit=67108864; PRAGMA trusted_schema=0",
                         err);
}

int fus_db_open(struct fus_db *db, const char *path, bool read_only, struct fus_error *err)
{
    memset(db, 0, sizeof(*db));
    int rc = read_only ? 0 : make_private(path, err);
    if (rc)
        return rc;
    /* Readers are opened for writing too: a WAL reader has to write the shared index. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(path, &db->handle, flags, NULL);
    rc = result == SQLITE_OK ? configure(db, read_only, err) : fus_db_error(db, result, err);
    if (rc)
        fus_db_close(db);
    return rc;
}

void fus_db_close(struct fus_db *db)
{
    for (int i = 0; i < FUS_SQL_COUNT; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->handle);
    memset(db, 0, sizeof(*db));
}

static int prepared(struct fus_db *db, enum fus_sql sql, struct fus_error *err)
{
    if (db->statements[sql])
        return 0;
    int result = sqlite3_prepare_v3(db->handle, fus_sql_text(sql), -1, SQLITE_PREPARE_PERSISTENT,
                                    &db->statements[sql], NULL);
    return result == SQLITE_OK ? 0 : fus_db_error(db, result, err);
}

static int bind_all(sqlite3_stmt *statement, const char *types, va_list args)
{
    int result = SQLITE_OK;
    for (int i = 0; types[i] && result == SQLITE_OK; i++) {
        if (types[i] == 't') {
            const char *text = va_arg(args, const char *);
            result = text ? sqlite3_bind_text(statement, i + 1, text, -1, SQLITE_STATIC)
                          : sqlite3_bind_null(statement, i + 1);
        } else if (types[i] == 'i') {
            result = sqlite3_bind_int64(statement, i + 1, va_arg(args, int64_t));
        } else {
            result = sqlite3_bind_double(statement, i + 1, va_arg(args, double));
        }
    }
    return result;
}

static int start_args(struct fus_db *db, enum fus_sql sql, struct fus_error *err,
                      sqlite3_stmt **statement, const char *types, va_list args)
{
    int rc = prepared(db, sql, err);
    if (rc)
        return rc;
    int result = bind_all(db->statements[sql], types, args);
    if (result != SQLITE_OK) {
        fus_db_end(db->statements[sql]);
        return fus_db_error(db, result, err);
    }
    *statement = db->statements[sql];
    return 0;
}

int fus_db_start(struct fus_db *db, enum fus_sql sql, struct fus_error *err,
                 sqlite3_stmt **statement, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    int rc = start_args(db, sql, err, statement, types, args);
    va_end(args);
    return rc;
}

int fus_db_row(struct fus_db *db, sqlite3_stmt *statement, struct fus_error *err)
{
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        return 1;
    return result == SQLITE_DONE ? 0 : fus_db_error(db, result, err);
}

void fus_db_end(sqlite3_stmt *statement)
{
    if (!statement)
        return;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

int fus_db_exec(struct fus_db *db, enum fus_sql sql, struct fus_error *err, int64_t *changes,
                const char *types, ...)
{
    FUS_CLEANUP(fus_db_end) sqlite3_stmt *statement = NULL;
    va_list args;
    va_start(args, types);
    int rc = start_args(db, sql, err, &statement, types, args);
    va_end(args);
    if (rc)
        return rc;
    do
        rc = fus_db_row(db, statement, err);
    while (rc > 0);
    if (rc == 0 && changes)
        *changes = sqlite3_changes64(db->handle);
    return rc;
}

int fus_db_number(struct fus_db *db, enum fus_sql sql, struct fus_error *err, int64_t *value,
                  bool *found, const char *types, ...)
{
    FUS_CLEANUP(fus_db_end) sqlite3_stmt *statement = NULL;
    va_list args;
    va_start(args, types);
    int rc = start_args(db, sql, err, &statement, types, args);
    va_end(args);
    if (rc)
        return rc;
    *found = false;
    int64_t first = 0;
    while ((rc = fus_db_row(db, statement, err)) > 0) {
        if (!*found)
            first = sqlite3_column_int64(statement, 0);
        *found = true;
    }
    if (rc == 0 && *found)
        *value = first;
    return rc;
}

int fus_db_begin(struct fus_db *db, struct fus_error *err)
{
    return fus_db_exec(db, FUS_SQL_BEGIN, err, NULL, "");
}

int fus_db_finish(struct fus_db *db, int result, struct fus_error *err)
{
    if (result == 0)
        result = fus_db_exec(db, FUS_SQL_COMMIT, err, NULL, "");
    /* A full disk or an I/O error may have rolled back by itself; else it is done here. */
    if (result != 0 && !sqlite3_get_autocommit(db->handle)) {
        int ignored = fus_db_exec(db, FUS_SQL_ROLLBACK, NULL, NULL, "");
        (void)ignored;
    }
    return result;
}

#include "jobs/store.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "jobs/store_internal.h"

/* One transaction for all steps: a crash in the middle leaves the old version. */
static int migrate(struct fus_db *db, struct fus_error *err)
{
    int rc = fus_db_begin(db, err);
    if (rc)
        return rc;
    sqlite3_stmt *statement = NULL;
    int version = 0;
    int result = sqlite3_prepare_v2(db->handle, "PRAGMA user_version", -1, &statement, NULL);
    if (result == SQLITE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW)
        version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    if (result != SQLITE_ROW)
        return fus_db_finish(db, fus_db_error(db, result, err), err);

    const char *script;
    for (; rc == 0 && (script = fus_sql_migration(version)); version++)
        rc = fus_db_script(db, script, err);
    if (rc == 0 && (version < 1 || fus_sql_migration(version - 1) == NULL))
        rc = fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                           "The job store was written by a newer version of this program.");
    if (rc == 0) {
        FUS_AUTO_STR struct fus_str sql = {0};
        fus_str_printf(&sql, "PRAGMA user_version=%d", version);
        rc = sql.failed ? fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.")
                        : fus_db_script(db, sql.text, err);
    }
    if (rc == 0)
        rc = fus_store_guard(db, err);
    return fus_db_finish(db, rc, err);
}

int fus_store_open(const char *path, struct fus_store **out, struct fus_error *err)
{
    FUS_CLEANUP(fus_store_free) struct fus_store *store = fus_calloc(1, sizeof(*store));
    if (!store)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the job store.");
    pthread_mutex_init(&store->write_lock, NULL);
    pthread_mutex_init(&store->read_lock, NULL);
    pthread_cond_init(&store->reader_free, NULL);

    int rc = fus_db_open(&store->writer, path, false, err);
    if (rc == 0)
        rc = migrate(&store->writer, err);
    for (int i = 0; rc == 0 && i < FUS_STORE_READERS; i++)
        rc = fus_db_open(&store->readers[i], path, true, err);
    if (rc)
        return rc;
    *out = FUS_TAKE(store);
    return 0;
}

void fus_store_free(struct fus_store *store)
{
    if (!store)
        return;
    /* Readers first: the last connection to close folds the log into the file, and has to be one
     * that may write. */
    for (int i = 0; i < FUS_STORE_READERS; i++)
        fus_db_close(&store->readers[i]);
    fus_db_close(&store->writer);
    pthread_cond_destroy(&store->reader_free);
    pthread_mutex_destroy(&store->read_lock);
    pthread_mutex_destroy(&store->write_lock);
    fus_free(store);
}

int fus_store_write_begin(struct fus_store *store, struct fus_error *err)
{
    pthread_mutex_lock(&store->write_lock);
    int rc = fus_db_begin(&store->writer, err);
    if (rc)
        pthread_mutex_unlock(&store->write_lock);
    return rc;
}

int fus_store_write_end(struct fus_store *store, int result, struct fus_error *err)
{
    result = fus_db_finish(&store->writer, result, err);
    pthread_mutex_unlock(&store->write_lock);
    return result;
}

static int free_reader(const struct fus_store *store)
{
    for (int i = 0; i < FUS_STORE_READERS; i++) {
        if (!store->reader_busy[i])
            return i;
    }
    return -1;
}

struct fus_db *fus_store_read_begin(struct fus_store *store)
{
    pthread_mutex_lock(&store->read_lock);
    int index;
    while ((index = free_reader(store)) < 0)
        pthread_cond_wait(&store->reader_free, &store->read_lock);
    store->reader_busy[index] = true;
    pthread_mutex_unlock(&store->read_lock);
    return &store->readers[index];
}

void fus_store_read_end(struct fus_store *store, struct fus_db *reader)
{
    pthread_mutex_lock(&store->read_lock);
    store->reader_busy[reader - store->readers] = false;
    pthread_cond_signal(&store->reader_free);
    pthread_mutex_unlock(&store->read_lock);
}

int fus_store_ping(struct fus_store *store, struct fus_error *err)
{
    int64_t now_us = fus_clock_real_us();
    int rc = fus_store_write_begin(store, err);
    if (rc)
        return rc;
    rc = fus_db_exec(&store->writer, FUS_SQL_PING_WRITE, err, NULL, "i", now_us);
    rc = fus_store_write_end(store, rc, err);
    if (rc)
        return rc;

    int64_t at_us = 0;
    bool found = false;
    struct fus_db *reader = fus_store_read_begin(store);
    rc = fus_db_number(reader, FUS_SQL_PING_READ, err, &at_us, &found, "");
    fus_store_read_end(store, reader);
    if (rc == 0 && (!found || at_us < now_us))
        rc = fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "The job store lost a write.");
    return rc;
}

static int check_capacity(struct fus_db *db, int64_t capacity, struct fus_error *err)
{
    int64_t queued = 0;
    bool found = false;
    int rc = fus_db_number(db, FUS_SQL_COUNT_OF, err, &queued, &found, "t",
                           fus_job_state_name(FUS_JOB_QUEUED));
    if (rc == 0 && queued >= capacity)
        rc = fus_error_set(err, FUS_E_QUEUE_FULL, "The queue is full; try again later.");
    return rc;
}

int fus_store_insert(struct fus_store *store, const struct fus_job *job, int64_t capacity,
                     struct fus_error *err)
{
    int rc = fus_store_write_begin(store, err);
    if (rc)
        return rc;
    struct fus_db *db = &store->writer;
    rc = check_capacity(db, capacity, err);
    if (rc == 0)
        rc = fus_db_exec(db, FUS_SQL_INSERT, err, NULL, "ttiiiit", job->id, job->tenant,
                         (int64_t)job->priority, (int64_t)job->max_attempts, job->timeout_seconds,
                         job->created_us, job->request_id);
    if (rc == 0)
        rc = fus_db_exec(db, FUS_SQL_INSERT_BODY, err, NULL, "ttt", job->request, job->metadata,
                         job->warnings);
    return fus_store_write_end(store, rc, err);
}

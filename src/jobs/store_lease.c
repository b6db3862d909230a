/* Leases: claims, renewals, and what becomes of jobs whose holder went silent. */
#include <string.h>

#include "base/str.h"
#include "jobs/store_internal.h"

/* Asked of a reader, so that an idle worker's polling neither takes the write lock nor syncs. */
static int is_due(struct fus_store *store, int64_t now_us, bool *due, struct fus_error *err)
{
    int64_t value = 0;
    bool found = false;
    struct fus_db *reader = fus_store_read_begin(store);
    int rc = fus_db_number(reader, FUS_SQL_IS_DUE, err, &value, &found, "i", now_us);
    fus_store_read_end(store, reader);
    if (rc == 0)
        *due = value != 0;
    return rc;
}

/* RETURNING is stepped to its end: SQLite finishes the statement only then. */
static int claim_next(struct fus_db *db, const char *worker, int64_t lease_until_us, int64_t now_us,
                      char id[FUS_ID_SIZE], struct fus_error *err)
{
    FUS_CLEANUP(fus_db_end) sqlite3_stmt *row = NULL;
    int rc = fus_db_start(db, FUS_SQL_CLAIM, err, &row, "tii", worker, lease_until_us, now_us);
    if (rc)
        return rc;
    id[0] = '\0';
    while ((rc = fus_db_row(db, row, err)) > 0) {
        const char *text = (const char *)sqlite3_column_text(row, 0);
        fus_strlcpy(id, text ? text : "", FUS_ID_SIZE);
    }
    return rc;
}

int fus_store_claim(struct fus_store *store, const char *worker, int64_t lease_us, int64_t now_us,
                    struct fus_job *out, bool *claimed, struct fus_error *err)
{
    bool due = false;
    int rc = is_due(store, now_us, &due, err);
    if (rc == 0 && !due)
        *claimed = false;
    if (rc || !due)
        return rc;
    rc = fus_store_write_begin(store, err);
    if (rc)
        return rc;
    struct fus_db *db = &store->writer;
    char id[FUS_ID_SIZE] = "";
    FUS_AUTO_JOB struct fus_job job = {0};
    rc = fus_db_exec(db, FUS_SQL_PROMOTE, err, NULL, "i", now_us);
    if (rc == 0)
        rc = claim_next(db, worker, now_us + lease_us, now_us, id, err);
    if (rc == 0 && id[0])
        rc = fus_store_read_job(db, NULL, id, &job, err);
    rc = fus_store_write_end(store, rc, err);
    if (rc)
        return rc;
    *claimed = id[0] != '\0';
    if (*claimed) {
        *out = job;
        memset(&job, 0, sizeof(job));
    }
    return 0;
}

int fus_store_renew(struct fus_store *store, const char *id, int64_t fencing_token,
                    int64_t lease_us, int64_t now_us, const struct fus_job_progress *progress,
                    bool *cancel, struct fus_error *err)
{
    static const struct fus_job_progress none = {.step = NULL};
    const struct fus_job_progress *p = progress ? progress : &none;
    int rc = fus_store_write_begin(store, err);
    if (rc)
        return rc;
    int64_t cancel_us = 0;
    bool held = false;
    rc = fus_db_number(&store->writer, FUS_SQL_RENEW, err, &cancel_us, &held, "tiiitiiid", id,
                       fencing_token, now_us + lease_us, now_us, p->step,
                       (int64_t)FUS_CLAMP(p->progress, 0, 100), p->frames_done, p->frames_total,
                       p->fps);
    if (rc == 0 && !held)
        rc = fus_error_set(err, FUS_E_CONFLICT, "The job is no longer held by this claim.");
    rc = fus_store_write_end(store, rc, err);
    if (rc == 0)
        *cancel = cancel_us != 0;
    return rc;
}

struct lapsed {
    char id[FUS_ID_SIZE];
};
enum { LAPSED_BATCH = 100 };

static int read_lapsed(struct fus_db *db, const char *worker_prefix, int64_t now_us,
                       struct lapsed lapsed[LAPSED_BATCH], size_t *out_count, struct fus_error *err)
{
    FUS_CLEANUP(fus_db_end) sqlite3_stmt *row = NULL;
    int rc = worker_prefix
                 ? fus_db_start(db, FUS_SQL_LAPSED_PREFIX, err, &row, "it", now_us, worker_prefix)
                 : fus_db_start(db, FUS_SQL_LAPSED, err, &row, "i", now_us);
    if (rc)
        return rc;
    size_t count = 0;
    while ((rc = fus_db_row(db, row, err)) > 0) {
        const char *id = (const char *)sqlite3_column_text(row, 0);
        if (id && count < LAPSED_BATCH)
            fus_strlcpy(lapsed[count++].id, id, FUS_ID_SIZE);
    }
    if (rc == 0)
        *out_count = count;
    return rc;
}

/* Reads and moves in one transaction, so that a renewal cannot come between. */
static int reclaim_batch(struct fus_store *store, const char *worker_prefix, const char *error,
                         int64_t now_us, size_t *count, struct fus_error *err)
{
    int rc = fus_store_write_begin(store, err);
    if (rc)
        return rc;
    struct fus_db *db = &store->writer;
    struct lapsed lapsed[LAPSED_BATCH];
    rc = read_lapsed(db, worker_prefix, now_us, lapsed, count, err);
    for (size_t i = 0; rc == 0 && i < *count; i++) {
        struct fus_control control;
        bool requeued;
        rc = fus_store_control(db, NULL, lapsed[i].id, &control, err);
        if (rc == 0)
            rc = fus_store_retry_or_end(db, &control, error, 0, now_us, &requeued, err);
    }
    return fus_store_write_end(store, rc, err);
}

int fus_store_reclaim(struct fus_store *store, const char *worker_prefix, const char *error,
                      int64_t now_us, int64_t *out_count, struct fus_error *err)
{
    int64_t total = 0;
    size_t batch;
    do {
        struct lapsed lapsed[LAPSED_BATCH];
        struct fus_db *reader = fus_store_read_begin(store);
        batch = 0;
        int rc = read_lapsed(reader, worker_prefix, now_us, lapsed, &batch, err);
        fus_store_read_end(store, reader);
        if (rc == 0 && batch > 0) /* mostly there is nothing, and then nothing is written */
            rc = reclaim_batch(store, worker_prefix, error, now_us, &batch, err);
        if (rc)
            return rc;
        total += (int64_t)batch;
    } while (batch > 0);
    *out_count = total;
    return 0;
}

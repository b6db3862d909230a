/* Moving: ends, retries, releases, cancels, purges. Every move reads the job's control facts and
 * writes in one BEGIN IMMEDIATE transaction, so the decision stands on what it overwrites. */
#include <string.h>

#include "base/str.h"
#include "jobs/store_internal.h"

static const char cancelled_error[] =
    "{\"code\":\"cancelled\",\"detail\":\"The job was cancelled.\"}";

int fus_store_control(struct fus_db *db, const char *tenant, const char *id,
                      struct fus_control *control, struct fus_error *err)
{
    FUS_CLEANUP(fus_db_end) sqlite3_stmt *row = NULL;
    int rc = fus_db_start(db, FUS_SQL_CONTROL, err, &row, "t", id);
    if (rc)
        return rc;
    int state = -1;
    while ((rc = fus_db_row(db, row, err)) > 0) {
        state = fus_job_state_from_name((const char *)sqlite3_column_text(row, 1));
        const char *owner = (const char *)sqlite3_column_text(row, 2);
        *control = (struct fus_control){
            .seq = sqlite3_column_int64(row, 0),
            .same_tenant = !tenant || fus_str_equal(tenant, owner),
            .fencing_token = sqlite3_column_int64(row, 3),
            .cancel_requested_us = sqlite3_column_int64(row, 4),
            .attempt = sqlite3_column_int64(row, 5),
            .max_attempts = sqlite3_column_int64(row, 6),
        };
    }
    if (rc)
        return rc;
    if (state < 0 || !control->same_tenant)
        return fus_error_set(err, FUS_E_NOT_FOUND, "There is no such job.");
    control->state = (enum fus_job_state)state;
    return 0;
}

/* The control facts of a job that this claim still holds. A row that is gone is a lost claim as
 * well. */
static int control_claimed(struct fus_db *db, const char *id, int64_t fencing_token,
                           struct fus_control *control, struct fus_error *err)
{
    int rc = fus_store_control(db, NULL, id, control, err);
    if (rc && rc != FUS_E_NOT_FOUND)
        return rc;
    if (rc || control->state != FUS_JOB_PROCESSING || control->fencing_token != fencing_token)
        return fus_error_set(err, FUS_E_CONFLICT, "The job is no longer held by this claim.");
    return 0;
}

static int check_move(const struct fus_control *control, enum fus_job_state to,
                      struct fus_error *err)
{
    if (fus_job_may_move(control->state, to))
        return 0;
    return fus_error_set(err, FUS_E_CONFLICT, "A job that is %s cannot become %s.",
                         fus_job_state_name(control->state), fus_job_state_name(to));
}

int fus_store_end(struct fus_db *db, const struct fus_control *control, enum fus_job_state state,
                  const char *result, const char *error, const char *warnings, int64_t expires_us,
                  int64_t now_us, struct fus_error *err)
{
    int rc = check_move(control, state, err);
    if (rc == 0)
        rc = fus_db_exec(db, FUS_SQL_END, err, NULL, "itii", control->seq,
                         fus_job_state_name(state), now_us, expires_us);
    if (rc == 0)
        rc = fus_db_exec(db, FUS_SQL_END_BODY, err, NULL, "ittt", control->seq, result, error,
                         warnings);
    return rc;
}

int fus_store_retry_or_end(struct fus_db *db, const struct fus_control *control, const char *error,
                           int64_t not_before_us, int64_t now_us, bool *requeued,
                           struct fus_error *err)
{
    *requeued = false;
    if (control->cancel_requested_us)
        return fus_store_end(db, control, FUS_JOB_CANCELLED, NULL, cancelled_error, NULL, 0, now_us,
                             err);
    if (control->attempt >= control->max_attempts)
        return fus_store_end(db, control, FUS_JOB_FAILED, NULL, error, NULL, 0, now_us, err);
    int rc = check_move(control, FUS_JOB_QUEUED, err);
    if (rc == 0)
        rc = fus_db_exec(db, FUS_SQL_REQUEUE, err, NULL, "iiii", control->seq, control->attempt,
                         not_before_us > now_us ? not_before_us : 0, now_us);
    if (rc == 0)
        *requeued = true;
    return rc;
}

int fus_store_finish(struct fus_store *store, const char *id, int64_t fencing_token,
                     enum fus_job_state state, const char *result, const char *error,
                     const char *warnings, int64_t expires_us, int64_t now_us,
                     struct fus_error *err)
{
    if (!fus_job_state_terminal(state))
        return fus_error_set(err, FUS_E_CONFLICT, "A job cannot finish as %s.",
                             fus_job_state_name(state));
    int rc = fus_store_write_begin(store, err);
    if (rc)
        return rc;
    struct fus_control control;
    rc = control_claimed(&store->writer, id, fencing_token, &control, err);
    if (rc == 0 && control.cancel_requested_us)
        state = FUS_JOB_CANCELLED; /* who asked was told that it will be */
    if (rc == 0 && state == FUS_JOB_CANCELLED) {
        result = NULL;
        error = cancelled_error;
        expires_us = 0;
    }
    if (rc == 0)
        rc = fus_store_end(&store->writer, &control, state, result, error, warnings, expires_us,
                           now_us, err);
    return fus_store_write_end(store, rc, err);
}

int fus_store_retry(struct fus_store *store, const char *id, int64_t fencing_token,
                    const char *error, int64_t not_before_us, int64_t now_us, bool *requeued,
                    struct fus_error *err)
{
    int rc = fus_store_write_begin(store, err);
    if (rc)
        return rc;
    struct fus_control control;
    bool again = false;
    rc = control_claimed(&store->writer, id, fencing_token, &control, err);
    if (rc == 0)
        rc = fus_store_retry_or_end(&store->writer, &control, error, not_before_us, now_us, &again,
                                    err);
    rc = fus_store_write_end(store, rc, err);
    if (rc == 0)
        *requeued = again;
    return rc;
}

int fus_store_release(struct fus_store *store, const char *id, int64_t fencing_token,
                      int64_t now_us, struct fus_error *err)
{
    int rc = fus_store_write_begin(store, err);
    if (rc)
        return rc;
    struct fus_control control;
    bool requeued = false;
    rc = control_claimed(&store->writer, id, fencing_token, &control, err);
    if (rc == 0) {
        control.attempt--;
        rc = fus_store_retry_or_end(&store->writer, &control, NULL, 0, now_us, &requeued, err);
    }
    return fus_store_write_end(store, rc, err);
}

int fus_store_cancel(struct fus_store *store, const char *tenant, const char *id, int64_t now_us,
                     enum fus_job_state *state, struct fus_error *err)
{
    int rc = fus_store_write_begin(store, err);
    if (rc)
        return rc;
    struct fus_db *db = &store->writer;
    struct fus_control control;
    rc = fus_store_control(db, tenant, id, &control, err);
    if (rc)
        return fus_store_write_end(store, rc, err);
    enum fus_job_state after = control.state;
    if (control.state == FUS_JOB_QUEUED) {
        after = FUS_JOB_CANCELLED;
        rc = fus_store_end(db, &control, after, NULL, cancelled_error, NULL, 0, now_us, err);
    } else if (control.state == FUS_JOB_PROCESSING) {
        rc = fus_db_exec(db, FUS_SQL_CANCEL_REQUEST, err, NULL, "ii", control.seq, now_us);
    } else if (control.state != FUS_JOB_CANCELLED) {
        rc = fus_error_set(err, FUS_E_CONFLICT, "The job is already %s.",
                           fus_job_state_name(control.state));
    }
    rc = fus_store_write_end(store, rc, err);
    if (rc == 0 || rc == FUS_E_CONFLICT)
        *state = after;
    return rc;
}

int fus_store_purge(struct fus_store *store, const char *tenant, const char *id, int64_t now_us,
                    struct fus_error *err)
{
    int rc = fus_store_write_begin(store, err);
    if (rc)
        return rc;
    struct fus_control control;
    rc = fus_store_control(&store->writer, tenant, id, &control, err);
    if (rc == 0 && !fus_job_state_terminal(control.state))
        rc = fus_error_set(err, FUS_E_CONFLICT, "The job is still %s.",
                           fus_job_state_name(control.state));
    if (rc == 0)
        rc = fus_db_exec(&store->writer, FUS_SQL_PURGE, err, NULL, "ii", control.seq, now_us);
    return fus_store_write_end(store, rc, err);
}

int fus_store_delete_rows(struct fus_store *store, int64_t finished_before_us, int64_t *count,
                          struct fus_error *err)
{
    int64_t total = 0, deleted = 0;
    do { /* in small transactions, so that nobody waits long */
        int rc = fus_store_write_begin(store, err);
        if (rc)
            return rc;
        rc = fus_db_exec(&store->writer, FUS_SQL_DELETE_ROWS, err, &deleted, "i",
                         finished_before_us);
        rc = fus_store_write_end(store, rc, err);
        if (rc)
            return rc;
        total += deleted;
    } while (deleted > 0);
    *count = total;
    return 0;
}

/* Reading: one job, pages of jobs, counts, places in the queue. Served by the readers, never by the
 * writer's connection, so a slow disk sync does not hold up a status call. */
#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "jobs/store_internal.h"

/* Walks the columns of a row in order; a failed copy is remembered and checked once. */
struct columns {
    sqlite3_stmt *row;
    int next;
    bool failed;
};

static char *take_text(struct columns *columns)
{
    const char *text = (const char *)sqlite3_column_text(columns->row, columns->next);
    bool null = sqlite3_column_type(columns->row, columns->next++) == SQLITE_NULL;
    char *copy = fus_strdup(text);
    columns->failed |= !null && !copy;
    return copy;
}

static int64_t take_int(struct columns *columns)
{
    return sqlite3_column_int64(columns->row, columns->next++);
}

static void take_array(struct columns *columns, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(columns->row, columns->next++);
    fus_strlcpy(out, text ? text : "", size);
}

static void take_state(struct columns *columns, enum fus_job_state *out)
{
    const char *name = (const char *)sqlite3_column_text(columns->row, columns->next++);
    int state = fus_job_state_from_name(name);
    columns->failed |= state < 0;
    *out = state < 0 ? FUS_JOB_FAILED : (enum fus_job_state)state;
}

int fus_job_from_row(sqlite3_stmt *row, struct fus_job *out, struct fus_error *err)
{
    struct columns columns = {.row = row};
    FUS_AUTO_JOB struct fus_job job = {0};
    take_array(&columns, job.id, sizeof(job.id));
    job.tenant = take_text(&columns);
    take_state(&columns, &job.state);
    take_array(&columns, job.step, sizeof(job.step));
    job.progress = (int)take_int(&columns);
    job.priority = (int)take_int(&columns);
    job.attempt = (int)take_int(&columns);
    job.max_attempts = (int)take_int(&columns);
    job.timeout_seconds = take_int(&columns);
    job.created_us = take_int(&columns);
    job.updated_us = take_int(&columns);
    job.started_us = take_int(&columns);
    job.finished_us = take_int(&columns);
    job.expires_us = take_int(&columns);
    job.cancel_requested_us = take_int(&columns);
    job.not_before_us = take_int(&columns);
    job.frames_done = take_int(&columns);
    job.frames_total = take_int(&columns);
    job.fps = sqlite3_column_double(row, columns.next++);
    job.request_id = take_text(&columns);
    job.worker = take_text(&columns);
    job.fencing_token = take_int(&columns);
    job.lease_until_us = take_int(&columns);
    job.purged = take_int(&columns) != 0;
    job.metadata = take_text(&columns);
    job.warnings = take_text(&columns);
    job.result = take_text(&columns);
    job.error = take_text(&columns);
    job.request = take_text(&columns);
    if (columns.failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to read a job.");
    *out = job;
    memset(&job, 0, sizeof(job));
    return 0;
}

int fus_store_read_job(struct fus_db *db, const char *tenant, const char *id, struct fus_job *out,
                       struct fus_error *err)
{
    FUS_CLEANUP(fus_db_end) sqlite3_stmt *row = NULL;
    int rc = fus_db_start(db, FUS_SQL_GET, err, &row, "t", id);
    if (rc)
        return rc;
    FUS_AUTO_JOB struct fus_job job = {0};
    bool found = false;
    while ((rc = fus_db_row(db, row, err)) > 0) {
        rc = fus_job_from_row(row, &job, err);
        if (rc)
            return rc;
        found = true;
    }
    if (rc)
        return rc;
    if (!found || (tenant && !fus_str_equal(tenant, job.tenant)))
        return fus_error_set(err, FUS_E_NOT_FOUND, "There is no such job.");
    *out = job;
    memset(&job, 0, sizeof(job));
    return 0;
}

int fus_store_get(struct fus_store *store, const char *tenant, const char *id, struct fus_job *job,
                  struct fus_error *err)
{
    struct fus_db *reader = fus_store_read_begin(store);
    int rc = fus_store_read_job(reader, tenant, id, job, err);
    fus_store_read_end(store, reader);
    return rc;
}

static enum fus_sql list_statement(const struct fus_job_filter *filter)
{
    if (filter->state >= 0)
        return filter->tenant ? FUS_SQL_LIST_TENANT_STATE : FUS_SQL_LIST_STATE;
    return filter->tenant ? FUS_SQL_LIST_TENANT : FUS_SQL_LIST;
}

static void free_jobs(struct fus_job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fus_job_done(&jobs[i]);
    fus_free(jobs);
}

static int read_page(struct fus_db *db, const struct fus_job_filter *filter, int64_t limit,
                     struct fus_job *jobs, size_t *count, struct fus_error *err)
{
    FUS_CLEANUP(fus_db_end) sqlite3_stmt *row = NULL;
    const char *state =
        filter->state >= 0 ? fus_job_state_name((enum fus_job_state)filter->state) : NULL;
    int64_t before_us = filter->before_created_us ? filter->before_created_us : INT64_MAX;
    int rc = fus_db_start(db, list_statement(filter), err, &row, "ttitii", filter->tenant, state,
                          before_us, filter->before_id, filter->created_after_us, limit);
    if (rc)
        return rc;
    while ((rc = fus_db_row(db, row, err)) > 0) {
        rc = fus_job_from_row(row, &jobs[*count], err);
        if (rc)
            return rc;
        (*count)++;
    }
    return rc;
}

int fus_store_list(struct fus_store *store, const struct fus_job_filter *filter,
                   struct fus_job **out, size_t *out_count, struct fus_error *err)
{
    int limit = FUS_CLAMP(filter->limit, 1, FUS_STORE_LIST_MAX);
    struct fus_job *jobs = fus_calloc((size_t)limit, sizeof(*jobs));
    if (!jobs)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to list jobs.");
    size_t count = 0;
    struct fus_db *reader = fus_store_read_begin(store);
    int rc = read_page(reader, filter, limit, jobs, &count, err);
    fus_store_read_end(store, reader);
    if (rc) {
        free_jobs(jobs, count);
        return rc;
    }
    *out = jobs;
    *out_count = count;
    return 0;
}

int fus_store_queue_position(struct fus_store *store, const struct fus_job *job, int64_t *position,
                             struct fus_error *err)
{
    int64_t value = 0;
    bool found = false;
    struct fus_db *reader = fus_store_read_begin(store);
    int rc = fus_db_number(reader, FUS_SQL_POSITION, err, &value, &found, "t", job->id);
    fus_store_read_end(store, reader);
    if (rc == 0 && !found)
        rc = fus_error_set(err, FUS_E_NOT_FOUND, "The job is not in the queue.");
    if (rc == 0)
        *position = value;
    return rc;
}

static int read_counts(struct fus_db *db, int64_t counts[FUS_JOB_STATES], struct fus_error *err)
{
    FUS_CLEANUP(fus_db_end) sqlite3_stmt *row = NULL;
    int rc = fus_db_start(db, FUS_SQL_COUNTS, err, &row, "");
    if (rc)
        return rc;
    while ((rc = fus_db_row(db, row, err)) > 0) {
        int state = fus_job_state_from_name((const char *)sqlite3_column_text(row, 0));
        if (state >= 0)
            counts[state] = sqlite3_column_int64(row, 1);
    }
    return rc;
}

int fus_store_counts(struct fus_store *store, int64_t counts[FUS_JOB_STATES], struct fus_error *err)
{
    int64_t found[FUS_JOB_STATES] = {0};
    struct fus_db *reader = fus_store_read_begin(store);
    int rc = read_counts(reader, found, err);
    fus_store_read_end(store, reader);
    if (rc == 0)
        memcpy(counts, found, sizeof(found));
    return rc;
}

int fus_store_cancel_requested(struct fus_store *store, const char *id, int64_t *requested_us,
                               struct fus_error *err)
{
    int64_t value = 0;
    bool found = false;
    struct fus_db *reader = fus_store_read_begin(store);
    int rc = fus_db_number(reader, FUS_SQL_CANCEL_READ, err, &value, &found, "t", id);
    fus_store_read_end(store, reader);
    if (rc == 0 && !found)
        rc = fus_error_set(err, FUS_E_NOT_FOUND, "There is no such job.");
    if (rc == 0)
        *requested_us = value;
    return rc;
}

static int read_expired(struct fus_db *db, int64_t now_us, size_t limit, char (*ids)[FUS_ID_SIZE],
                        size_t *count, struct fus_error *err)
{
    FUS_CLEANUP(fus_db_end) sqlite3_stmt *row = NULL;
    int rc = fus_db_start(db, FUS_SQL_EXPIRED, err, &row, "ii", now_us, (int64_t)limit);
    if (rc)
        return rc;
    while ((rc = fus_db_row(db, row, err)) > 0) {
        const char *id = (const char *)sqlite3_column_text(row, 0);
        if (id && *count < limit)
            fus_strlcpy(ids[(*count)++], id, FUS_ID_SIZE);
    }
    return rc;
}

int fus_store_expired(struct fus_store *store, int64_t now_us, size_t limit,
                      char (*ids)[FUS_ID_SIZE], size_t *out_count, struct fus_error *err)
{
    size_t count = 0;
    struct fus_db *reader = fus_store_read_begin(store);
    int rc = read_expired(reader, now_us, limit, ids, &count, err);
    fus_store_read_end(store, reader);
    if (rc == 0)
        *out_count = count;
    return rc;
}

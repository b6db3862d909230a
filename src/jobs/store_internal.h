/* What the store's files share: its connections and locks. Lock order: none is taken inside
 * another. */
#ifndef FUS_JOBS_STORE_INTERNAL_H
#define FUS_JOBS_STORE_INTERNAL_H

#include <pthread.h>

#include "jobs/db.h"
#include "jobs/store.h"

enum { FUS_STORE_READERS = 4 };

struct fus_store {
    pthread_mutex_t write_lock; /* writer */
    struct fus_db writer;
    pthread_mutex_t read_lock; /* reader_busy; a reader itself belongs to whom it is lent */
    pthread_cond_t reader_free;
    bool reader_busy[FUS_STORE_READERS];
    struct fus_db readers[FUS_STORE_READERS];
};

/* Takes the writer and begins; every success is paired with fus_store_write_end, which commits when
 * result is 0 and rolls back otherwise. */
int fus_store_write_begin(struct fus_store *store, struct fus_error *err) FUS_MUST_CHECK;
int fus_store_write_end(struct fus_store *store, int result, struct fus_error *err) FUS_MUST_CHECK;
/* Lends a reader, waiting for one. */
struct fus_db *fus_store_read_begin(struct fus_store *store);
void fus_store_read_end(struct fus_store *store, struct fus_db *reader);

/* A row of FUS_SQL_GET or a list as an owned job. */
int fus_job_from_row(sqlite3_stmt *row, struct fus_job *job, struct fus_error *err) FUS_MUST_CHECK;
/* By id; FUS_E_NOT_FOUND also for another tenant's (tenant NULL: any). */
int fus_store_read_job(struct fus_db *db, const char *tenant, const char *id, struct fus_job *job,
                       struct fus_error *err) FUS_MUST_CHECK;

/* The facts on which every move is decided, read inside the writing transaction. */
struct fus_control {
    int64_t seq;
    enum fus_job_state state;
    bool same_tenant;
    int64_t fencing_token, cancel_requested_us, attempt, max_attempts;
};
int fus_store_control(struct fus_db *db, const char *tenant, const char *id,
                      struct fus_control *control, struct fus_error *err) FUS_MUST_CHECK;
/* Puts the job into a terminal state; the caller has checked that the machine allows it. */
int fus_store_end(struct fus_db *db, const struct fus_control *control, enum fus_job_state state,
                  const char *result, const char *error, const char *warnings, int64_t expires_us,
                  int64_t now_us, struct fus_error *err) FUS_MUST_CHECK;

/* processing -> queued for another attempt; failed when there is none left; cancelled when that was
 * asked for. */
int fus_store_retry_or_end(struct fus_db *db, const struct fus_control *control, const char *error,
                           int64_t not_before_us, int64_t now_us, bool *requeued,
                           struct fus_error *err) FUS_MUST_CHECK;

/* Makes the triggers that let the database itself refuse a move the state machine does not have. */
int fus_store_guard(struct fus_db *db, struct fus_error *err) FUS_MUST_CHECK;

#endif

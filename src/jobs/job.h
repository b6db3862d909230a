/* The job and its state machine. */
#ifndef FUS_JOBS_JOB_H
#define FUS_JOBS_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/error.h"
#include "base/macros.h"

enum fus_job_state {
    FUS_JOB_QUEUED,
    FUS_JOB_PROCESSING,
    FUS_JOB_COMPLETED,
    FUS_JOB_FAILED,
    FUS_JOB_CANCELLED,
    FUS_JOB_REJECTED,
    FUS_JOB_EXPIRED,
    FUS_JOB_STATES,
};
const char *fus_job_state_name(enum fus_job_state state);
int fus_job_state_from_name(const char *name); /* -1 unknown */
bool fus_job_state_terminal(enum fus_job_state state);
/* The table of allowed moves, used by code and by the SQL that is generated from it. */
bool fus_job_may_move(enum fus_job_state from, enum fus_job_state to);

/* All strings are owned by the job (fus_free) and may be NULL; times are microseconds since 1970 UTC,
 * 0 = not set. JSON texts are compact. */
struct fus_job {
    char id[FUS_ID_SIZE];
    char *tenant;             /* "default" */
    enum fus_job_state state;
    char step[24];            /* fus_step_name */
    int progress;             /* 0..100 */
    int priority;             /* 0..9 */
    int attempt, max_attempts;
    int64_t timeout_seconds;
    int64_t created_us, updated_us, started_us, finished_us, expires_us, cancel_requested_us;
    int64_t not_before_us;    /* back-off: not claimed earlier */
    int64_t frames_done, frames_total;
    double fps;
    char *request;            /* canonical JSON: source_images, target, output_format, parameters, uploads */
    char *metadata;           /* JSON object, echoed */
    char *warnings;           /* JSON array of {code, detail} */
    char *result;             /* JSON of fus_pipeline_result plus "object", set when completed */
    char *error;              /* JSON {code, detail, pointer} when failed, cancelled, expired, rejected */
    char *request_id;         /* of the submitting request */
    char *worker;             /* who holds the lease */
    int64_t fencing_token;    /* rises with every claim */
    int64_t lease_until_us;
    bool purged;              /* result removed by request or retention */
};
void fus_job_done(struct fus_job *job); /* frees the strings, zeroes */
#define FUS_AUTO_JOB __attribute__((cleanup(fus_job_done)))

#endif

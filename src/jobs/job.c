#include "jobs/job.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define MOVE(state) (1u << FUS_JOB_##state)

/* Each state, its name and where it may go. A state that goes nowhere is terminal. */
static const struct {
    const char *name;
    unsigned moves;
} states[FUS_JOB_STATES] = {
    [FUS_JOB_QUEUED] = {"queued", MOVE(PROCESSING) | MOVE(CANCELLED) | MOVE(EXPIRED)},
    [FUS_JOB_PROCESSING] = {"processing", MOVE(QUEUED) | MOVE(COMPLETED) | MOVE(FAILED) |
                                              MOVE(CANCELLED) | MOVE(REJECTED) | MOVE(EXPIRED)},
    [FUS_JOB_COMPLETED] = {"completed", 0},
    [FUS_JOB_FAILED] = {"failed", 0},
    [FUS_JOB_CANCELLED] = {"cancelled", 0},
    [FUS_JOB_REJECTED] = {"rejected", 0},
    [FUS_JOB_EXPIRED] = {"expired", 0},
};

const char *fus_job_state_name(enum fus_job_state state)
{
    return (unsigned)state < FUS_JOB_STATES ? states[state].name : "unknown";
}

int fus_job_state_from_name(const char *name)
{
    for (int state = 0; name && state < FUS_JOB_STATES; state++) {
        if (fus_str_equal(states[state].name, name))
            return state;
    }
    return -1;
}

bool fus_job_state_terminal(enum fus_job_state state)
{
    return (unsigned)state < FUS_JOB_STATES && states[state].moves == 0;
}

bool fus_job_may_move(enum fus_job_state from, enum fus_job_state to)
{
    return (unsigned)from < FUS_JOB_STATES && (unsigned)to < FUS_JOB_STATES &&
           (states[from].moves >> to & 1u) != 0;
}

void fus_job_done(struct fus_job *job)
{
    fus_free(job->tenant);
    fus_free(job->request);
    fus_free(job->metadata);
    fus_free(job->warnings);
    fus_free(job->result);
    fus_free(job->error);
    fus_free(job->request_id);
    fus_free(job->worker);
    memset(job, 0, sizeof(*job));
}

/* What a job tells while it runs: steps, percent, warnings; and whether it shall stop.
 * One thread (the one that called fus_pipeline_run). Internal to pipeline. */
#ifndef FUS_PIPELINE_PROGRESS_H
#define FUS_PIPELINE_PROGRESS_H

#include "pipeline/pipeline.h"

struct fus_progress {
    const struct fus_pipeline_events *events; /* may be NULL, and each of its functions too */
    struct fus_pipeline_progress now;
    int64_t told_us;         /* when `now` was last handed out */
    int64_t frames_start_us; /* 0: no frame yet */
};

void fus_progress_init(struct fus_progress *progress, const struct fus_pipeline_events *events);
/* A new step, told at once. percent never falls. */
void fus_progress_step(struct fus_progress *progress, enum fus_step step, int percent);
/* Frames done within the step processing_frames; percent goes from `from` to `to` with done / total
 * (total 0: not known, percent stays). Told ten times a second at most. */
void fus_progress_frames(struct fus_progress *progress, int64_t done, int64_t total, int from,
                         int to);
void fus_progress_warn(struct fus_progress *progress, const char *code, const char *text);
/* Same with the signature that processors know; user is the struct. */
void fus_progress_warn_user(void *user, const char *code, const char *text);
/* FUS_E_CANCELLED, or 0. */
int fus_progress_check(const struct fus_progress *progress, struct fus_error *err) FUS_MUST_CHECK;

#endif

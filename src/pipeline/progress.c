#include "pipeline/progress.h"

#include "base/clock.h"

#define TELL_EVERY_US 100000

void fus_progress_init(struct fus_progress *progress, const struct fus_pipeline_events *events)
{
    *progress = (struct fus_progress){.events = events};
    progress->now.step = FUS_STEP_QUEUED;
}

static void tell(struct fus_progress *progress, int64_t now_us)
{
    progress->told_us = now_us;
    if (progress->events && progress->events->progress)
        progress->events->progress(progress->events->user, &progress->now);
}

static void raise_percent(struct fus_progress *progress, int percent)
{
    progress->now.percent = FUS_CLAMP(percent, progress->now.percent, 100);
}

void fus_progress_step(struct fus_progress *progress, enum fus_step step, int percent)
{
    progress->now.step = step;
    raise_percent(progress, percent);
    tell(progress, fus_clock_monotonic_us());
}

void fus_progress_frames(struct fus_progress *progress, int64_t done, int64_t total, int from,
                         int to)
{
    int64_t now_us = fus_clock_monotonic_us();

    if (progress->frames_start_us == 0)
        progress->frames_start_us = now_us;
    progress->now.frames_done = done;
    /* an estimate that turns out too low grows with the truth */
    progress->now.frames_total = total > 0 ? FUS_MAX(total, done) : 0;
    if (now_us > progress->frames_start_us)
        progress->now.fps = (double)done * 1e6 / (double)(now_us - progress->frames_start_us);
    if (total > 0)
        raise_percent(progress, from + (int)((double)(to - from) * (double)FUS_MIN(done, total) /
                                             (double)total));
    if (now_us - progress->told_us >= TELL_EVERY_US)
        tell(progress, now_us);
}

void fus_progress_warn(struct fus_progress *progress, const char *code, const char *text)
{
    if (progress->events && progress->events->warning)
        progress->events->warning(progress->events->user, code, text);
}

void fus_progress_warn_user(void *user, const char *code, const char *text)
{
    fus_progress_warn(user, code, text);
}

int fus_progress_check(const struct fus_progress *progress, struct fus_error *err)
{
    const struct fus_pipeline_events *events = progress->events;

    if (events && events->cancelled && events->cancelled(events->user))
        return fus_error_set(err, FUS_E_CANCELLED, "The job was cancelled.");
    return 0;
}

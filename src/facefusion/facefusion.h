/* The second engine: an installed Python FaceFusion, run as a child for what the native pipeline
 * doesn't have.
 *
 * Only this room knows how FaceFusion is spoken to. It decodes nothing: what the child wrote is
 * hostile like any input, and goes to fus_pipeline_adopt, in a worker where there is a server. */
#ifndef FUS_FACEFUSION_FACEFUSION_H
#define FUS_FACEFUSION_FACEFUSION_H

#include "config/config.h"
#include "media/media.h"
#include "pipeline/pipeline.h"

/* Is it set and is it there? FUS_E_INVALID_PARAMETER at /engine, with what turns it on. */
int fus_facefusion_available(const struct fus_config *config, struct fus_error *err) FUS_MUST_CHECK;
/* Of a request: can FaceFusion do it at all, and is the content gate there that policy.gate wants
 * (all that FaceFusion does counts as made by a generator)? Everything is added with pointers below
 * prefix. */
void fus_facefusion_check(const struct fus_params *params, const struct fus_models *models,
                          const char *gate, const char *prefix, struct fus_error_list *errors);

struct fus_facefusion_job {
    const char *const *sources; /* absolute or relative to the working folder, any names */
    size_t source_count;
    const char *target;
    enum fus_container container;    /* of target and output, which FaceFusion wants alike */
    const struct fus_params *params; /* what is given goes onto its command line */
    const char *scratch;             /* a folder to be made, private to the job; the caller removes
                                        it, whatever comes of the run */
    int64_t grace_ms;                /* between SIGTERM and SIGKILL */
};
/* Blocks until it has ended and no process of it is left. events->progress, and
 * events->cancelled, which is asked ten times a second at least. *made is the path of what it
 * wrote, a plain file within scratch; the caller frees it.
 * FUS_E_CANCELLED: asked to stop, and gone. FUS_E_INVALID_PARAMETER: FaceFusion refused the
 * arguments. FUS_E_ENGINE_FAILED: it failed, with the end of what it said, without folders.
 * FUS_E_WORKER_CRASHED: a signal ended it. FUS_E_STORAGE_UNAVAILABLE, FUS_E_OUT_OF_MEMORY. */
int fus_facefusion_run(const struct fus_config *config, const struct fus_facefusion_job *job,
                       const struct fus_pipeline_events *events, char **made,
                       struct fus_error *err) FUS_MUST_CHECK;

#endif

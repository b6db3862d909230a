/* One run of fus_pipeline_run: what its stages share. Everything belongs to the calling thread; a
 * clip's reader and writer threads get only their own ends of the queues (clip.c). Internal to
 * pipeline. */
#ifndef FUS_PIPELINE_JOB_H
#define FUS_PIPELINE_JOB_H

#include "pipeline/chain.h"
#include "pipeline/engine.h"
#include "pipeline/output.h"
#include "pipeline/pipeline.h"
#include "pipeline/progress.h"
#include "pipeline/selection.h"
#include "pipeline/sources.h"
#include "safety/label.h"

struct fus_pipeline_job {
    struct fus_engine *engine;
    const struct fus_pipeline_request *request;
    struct fus_pipeline_result *result;
    struct fus_progress progress;
    struct fus_media_info info;    /* of the target */
    enum fus_container container;  /* of the output */
    struct fus_analyser *analyser; /* NULL when no processor needs faces */
    struct fus_sources sources;
    struct fus_chain chain;
    struct fus_selection selection;
    struct fus_output output;
    struct fus_label label; /* its strings live in the request and in label_models */
    bool labelled;          /* false: the output is no synthetic picture */
    char label_models[512];
};

/* The target from its file to the labelled temporary file; the caller publishes it. */
int fus_still_run(struct fus_pipeline_job *job, struct fus_error *err) FUS_MUST_CHECK;
int fus_clip_run(struct fus_pipeline_job *job, struct fus_error *err) FUS_MUST_CHECK;

#endif

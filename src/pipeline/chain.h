/* The job's processors, in order. One thread. Internal to pipeline. */
#ifndef FUS_PIPELINE_CHAIN_H
#define FUS_PIPELINE_CHAIN_H

#include "pipeline/pipeline.h"
#include "processors/processor.h"
#include "safety/label.h"

#define FUS_CHAIN_MAX 16

struct fus_chain {
    const struct fus_processor_descriptor *descriptors[FUS_CHAIN_MAX];
    struct fus_processor *processors[FUS_CHAIN_MAX];
    const struct fus_model *models[FUS_CHAIN_MAX]; /* that each runs, or NULL */
    size_t count, opened;
    unsigned needs;                   /* enum fus_processor_need, of all */
    enum fus_source_type source_type; /* the strongest claim of all */
};

/* Finds and checks the named processors. FUS_E_INVALID_PARAMETER, FUS_E_MODEL_NOT_FOUND. */
int fus_chain_choose(struct fus_chain *chain, const struct fus_params *params,
                     const struct fus_models *models, struct fus_error *err) FUS_MUST_CHECK;
int fus_chain_open(struct fus_chain *chain, const struct fus_processor_context *context,
                   struct fus_error *err) FUS_MUST_CHECK;
int fus_chain_process(struct fus_chain *chain, struct fus_processor_frame *frame,
                      struct fus_error *err) FUS_MUST_CHECK;
/* Closes what was opened; takes a zeroed or half-built one. */
void fus_chain_done(struct fus_chain *chain);

#endif

/* Warm state behind jobs. Internal to pipeline. */
#ifndef FUS_PIPELINE_ENGINE_H
#define FUS_PIPELINE_ENGINE_H

#include "pipeline/pipeline.h"

struct fus_engine {
    struct fus_runtime *runtime;
    struct fus_models *models;
    int threads;
    enum fus_gate_policy gate;
};

/* How an engine's threads are shared out in a clip. The stages run side by side, so the sum is a
 * little above the cores: no stage keeps its cores busy all the time. */
struct fus_thread_plan {
    int decoder, analyser, processor, encoder;
};
struct fus_thread_plan fus_thread_plan(int threads);

#endif

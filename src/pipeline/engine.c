#include "pipeline/engine.h"

#include "base/mem.h"
#include "inference/runtime.h"

int fus_engine_new(const struct fus_engine_options *options, struct fus_engine **engine,
                   struct fus_error *err)
{
    FUS_CLEANUP(fus_engine_free) struct fus_engine *made = fus_calloc(1, sizeof(*made));
    int rc;

    if (!made)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the engine.");
    made->threads = FUS_CLAMP(options->threads, 1, 64);
    made->gate = options->gate;
    rc = fus_runtime_open(options->runtime_library, &made->runtime, err);
    if (rc)
        return rc;
    rc = fus_models_open(made->runtime, options->models_dir, &made->models, err);
    if (rc)
        return rc;
    fus_models_set_commercial(made->models, options->commercial);
    *engine = FUS_TAKE(made);
    return 0;
}

void fus_engine_free(struct fus_engine *engine)
{
    if (!engine)
        return;
    fus_models_free(engine->models);
    fus_runtime_free(engine->runtime);
    fus_free(engine);
}

struct fus_models *fus_engine_models(struct fus_engine *engine)
{
    return engine->models;
}

int64_t fus_engine_inference_cpu_ns(const struct fus_engine *engine)
{
    return fus_runtime_cpu_ns(engine->runtime);
}

struct fus_thread_plan fus_thread_plan(int threads)
{
    return (struct fus_thread_plan){
        .decoder = FUS_CLAMP(threads / 4, 1, 4),
        .analyser = FUS_CLAMP(threads / 4, 1, 4),
        .processor = FUS_CLAMP(threads / 4, 1, 4),
        .encoder = FUS_CLAMP(threads, 1, 16),
    };
}

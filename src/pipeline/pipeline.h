/* One job: sources + target + parameters in, one labelled file out. Used by the worker process and
 * by `fusiond run`. An engine is warm state (runtime, models) shared by jobs one after another. */
#ifndef FUS_PIPELINE_PIPELINE_H
#define FUS_PIPELINE_PIPELINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/param.h"
#include "inference/models.h"
#include "media/media.h"
#include "safety/moderation.h"

struct fus_engine;
struct fus_engine_options {
    const char *runtime_library; /* NULL: search */
    const char *models_dir;      /* NULL: built-ins only */
    bool commercial;             /* refuse models that are not for commercial use */
    int threads;                 /* cores this engine may use, >= 1 */
    enum fus_gate_policy gate;   /* policy.gate */
};
int fus_engine_new(const struct fus_engine_options *options, struct fus_engine **engine,
                   struct fus_error *err) FUS_MUST_CHECK;
void fus_engine_free(struct fus_engine *engine);
FUS_CLEANUP_DEFINE(fus_engine_free, struct fus_engine *)
struct fus_models *fus_engine_models(struct fus_engine *engine);
/* CPU time spent inside ONNX Runtime so far, ns (fus_runtime_cpu_ns). */
int64_t fus_engine_inference_cpu_ns(const struct fus_engine *engine);

struct fus_pipeline_request {
    const char *job_id;              /* for the label; may be NULL */
    const char *const *source_paths; /* local files */
    size_t source_count;
    const char *target_path;
    const char *output_path; /* written beside it under a temporary name, labelled, then renamed */
    const char
        *output_format; /* "mp4", "png", ...; NULL: the target's own if it can be, else mp4/png */
    const struct fus_params *params;
    struct fus_media_limits limits;
};

enum fus_step {
    FUS_STEP_QUEUED,
    FUS_STEP_FETCHING_INPUTS,
    FUS_STEP_PROBING,
    FUS_STEP_MODERATING,
    FUS_STEP_ANALYSING_FACES,
    FUS_STEP_PROCESSING_FRAMES,
    FUS_STEP_ENCODING_OUTPUT,
    FUS_STEP_LABELLING,
    FUS_STEP_STORING_RESULT,
    FUS_STEP_DONE,
};
const char *fus_step_name(enum fus_step step); /* "processing_frames" */
int fus_step_from_name(const char *name);      /* -1 unknown */

/* Called from the pipeline's threads, one at a time; must not block for long. */
struct fus_pipeline_progress {
    enum fus_step step;
    int percent; /* 0..100, never falls */
    int64_t frames_done, frames_total;
    double fps;
};
struct fus_pipeline_events {
    void *user;
    void (*progress)(void *user, const struct fus_pipeline_progress *progress); /* <= 10/s */
    void (*warning)(void *user, const char *code, const char *text);
    bool (*cancelled)(void *user); /* polled at least once a frame */
};

struct fus_pipeline_timings { /* milliseconds of wall time per stage, summed over its thread */
    double probe_ms, decode_ms, analyse_ms, swap_ms, encode_ms, label_ms, total_ms;
};
struct fus_pipeline_result {
    enum fus_container container;
    bool is_video;
    int width, height;
    int64_t frames;
    double duration_seconds, fps;
    int64_t bytes;
    char sha256[65];
    int faces_source, faces_target_max;
    int64_t frames_with_faces, faces_changed;
    bool audio_copied, has_audio;
    struct fus_pipeline_timings timings;
    char label_term[48];
    struct fus_moderation moderation;
    struct {
        char id[48], role[32], sha256[65];
    } models[24];
    size_t model_count;
};

/* Blocks until done. Errors: those of media, faces, processors; FUS_E_CONTENT_REJECTED, after which
 * result->moderation tells why; FUS_E_CANCELLED; on any failure no file is left behind. With an
 * empty `processors` list the target is decoded and encoded unchanged.
 */
int fus_pipeline_run(struct fus_engine *engine, const struct fus_pipeline_request *request,
                     const struct fus_pipeline_events *events, struct fus_pipeline_result *result,
                     struct fus_error *err) FUS_MUST_CHECK;

/* ---- a job that another engine does ---- */

/* Before it. The target is probed and refused where the output could not be delivered: the other
 * engine writes the target's format, which must be one that a finished file can be labelled in.
 * The content gate looks at the target, as required for a generator. *result tells container, kind,
 * size and what the gate saw (that also with FUS_E_CONTENT_REJECTED); there is no file yet, and its
 * sha256 is all zeros. FUS_E_INVALID_PARAMETER, those of media and of the gate. */
int fus_pipeline_screen(struct fus_engine *engine, const struct fus_pipeline_request *request,
                        const struct fus_pipeline_events *events,
                        struct fus_pipeline_result *result, struct fus_error *err) FUS_MUST_CHECK;
/* After it. `made`, a plain file on the output's file system, is decoded whole, labelled as it is
 * (nothing is encoded anew) and published; it may be gone afterwards. FUS_E_ENGINE_FAILED: it is no
 * picture or clip of the target's format, or is damaged. On a failure no output is left. */
int fus_pipeline_adopt(struct fus_engine *engine, const struct fus_pipeline_request *request,
                       const char *made, const struct fus_pipeline_events *events,
                       struct fus_pipeline_result *result, struct fus_error *err) FUS_MUST_CHECK;

/* {"container":"mp4","width":..., "timings":{...}, "models":[...], ...}; new reference. */
json_t *fus_pipeline_result_to_json(const struct fus_pipeline_result *result);
int fus_pipeline_result_from_json(const json_t *json, struct fus_pipeline_result *result);

#endif

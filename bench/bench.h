/* The pieces of the benchmark: a clip made to measure, and one job run in a process of its own. */
#ifndef FUS_BENCH_H
#define FUS_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/pipeline.h"

#define BENCH_WIDTH 1280
#define BENCH_HEIGHT 720
#define BENCH_FPS 25
#define BENCH_EYE_DISTANCE 100.0

/* Makes two clips (frames[i] 0: leaves it out): 1280 x 720 at 25 fps, cut out of `source` around
 * its first face and scaled so that the eyes are about 100 px apart; the source's first seconds are
 * played to and fro until there is enough. *eye_distance: of the first frame. */
int bench_clip_make(struct fus_engine *engine, const char *source, const char *const paths[2],
                    const int frames[2], double *eye_distance,
                    struct fus_error *err) FUS_MUST_CHECK;

#define BENCH_PASSTHROUGH "{\"processors\":[]}"
#define BENCH_MESH_BLEND "{\"processors\":[\"face_swapper\"]}"

/* What a child process tells of its one job. */
struct bench_run {
    struct fus_pipeline_result result;
    double seconds;       /* of the whole job, without loading the engine */
    int64_t peak_rss_kb;  /* VmHWM */
    int64_t cpu_us;       /* of the process during the job */
    int64_t inference_us; /* part of cpu_us that went into ONNX Runtime */
    int64_t written;      /* bytes handed to write calls, or sent to the disk if that is more */
};

struct bench_job {
    const char *clip, *donor, *output;
    const char *params; /* the job's parameters, JSON; BENCH_PASSTHROUGH: our own passthrough */
    const char *models; /* models folder; NULL: what is built in. Its job runs twice, the second
                           time, with everything warm, is measured */
    int threads;
};
/* Starts this program anew for one job and waits. */
int bench_run_child(const struct bench_job *job, struct bench_run *run,
                    struct fus_error *err) FUS_MUST_CHECK;
/* FaceFusion's chain against our own passthrough: what the native code costs beside ONNX Runtime
 * and the codecs. models: a folder with its models (stand-ins will do). heavy: a swapper of real
 * size. */
int bench_models(const struct bench_job *job, int rounds, bool heavy,
                 struct fus_error *err) FUS_MUST_CHECK;

/* The child's side: runs the job and prints one line of JSON. argv: clip donor output params
 * threads models ("" none). */
int bench_child_main(char **argv);

#endif

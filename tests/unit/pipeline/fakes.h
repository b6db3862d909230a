/* Stand-ins for faces, processors and models at link level, so that every outcome of a job can be
 * made to happen. Media is the real one.
 *
 * A picture shows as many faces as its pixel (0, 0) says: brightness (blue of BGR, luma of YUV)
 * / 60. Face k lies at x = 24 + 24 k, y = 24, 16 x 16 pixels larger by k; its track is k, its score
 * 0.9 - 0.1 k. */
#ifndef FUS_TEST_PIPELINE_FAKES_H
#define FUS_TEST_PIPELINE_FAKES_H

#include <stdbool.h>

#include "base/error.h"
#include "config/param.h"
#include "pipeline/pipeline.h"

#define FAKE_FACES(n) ((uint8_t)((n)*60 + 30))

struct fake {
    /* "face_swapper" (needs faces and sources, composite) paints 255 over the chosen faces;
     * "face_enhancer" (needs faces, trained) adds nothing; "frame_colorizer" needs nothing and
     * darkens the picture's last pixel; "face_debugger" wants BGR and paints the faces black;
     * "frame_enhancer" doubles the picture */
    long fail_process_at;    /* the call of a face_swapper's process that fails, from 1; 0: none */
    int missing_model;       /* check of face_swapper fails */
    int gate_installed;      /* the gate's models */
    unsigned explicit_looks; /* bit i: the gate's i-th look finds explicit content */
    int generator;           /* face_swapper's model is one */
    int recognizer;          /* installed: face k's embedding is axis k */
    long slow_ms;            /* each process call takes so long */
    /* seen */
    long processed, opened, closed;
    long sources_seen, clip_seen;
    char order[256];  /* names of the processors as they ran, first frames only */
    int wanted_track; /* of the last tracker call */
    long looks;       /* of the gate */
    long added;       /* calls of fus_analyser_add */
};
extern struct fake fake;

/* An engine without models or runtime; free() it. */
struct fus_engine *fake_engine(int threads);
/* A set of the common parameters from JSON text. */
struct fus_params *fake_params(const char *json);

/* What a job told. */
struct told {
    int percent, calls;
    bool fell;
    char steps[256];       /* "probing analysing_faces ..." */
    char warnings[512];    /* "code code" */
    long polls, cancel_at; /* the poll that says yes, from 1; 0: none */
    int64_t frames_done;
};
struct fus_pipeline_events told_events(struct told *told);

#endif

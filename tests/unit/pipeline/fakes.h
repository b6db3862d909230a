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
     * darkens the picture's last pixel */
    long fail_process_at; /* the call of a face_swapper's process that fails, from 1; 0: none */
    int missing_model;    /* check of face_swapper fails */
    long slow_ms;         /* each process call takes so long */
    /* seen */
    long processed, opened, closed;
    long sources_seen, clip_seen;
    char order[256];  /* names of the processors as they ran, first frames only */
    int wanted_track; /* of the last tracker call */
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

/* A processor changes frames. Each is one file behind one descriptor; its parameters stand in the
 * descriptor, and validation, CLI flags and GET /api/v1/processors read them there.
 *
 * Life: check (cheap: are the models it needs installed?) -> open (once per job: donors analysed, models
 * loaded) -> process (each frame, presentation order, one thread) -> close. */
#ifndef FUS_PROCESSORS_PROCESSOR_H
#define FUS_PROCESSORS_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/param.h"
#include "faces/analyser.h"
#include "faces/face.h"

struct fus_processor; /* each processor's own */

/* A source picture, decoded by the pipeline (upright BGR8), with its faces. */
struct fus_source {
    struct fus_image image;
    struct fus_faces faces; /* best score first; none in some, as long as others have one */
    int index;              /* in source_images */
};

struct fus_processor_context {
    const struct fus_params *params;
    struct fus_models *models;       /* warm sessions */
    const struct fus_source *sources; /* alive until close */
    size_t source_count;
    bool clip;                       /* a clip, not a still */
    int threads;                     /* that this processor may use */
    bool compat;                     /* FaceFusion 3.8's known defects are wanted (docs/COMPATIBILITY.md) */
    bool opencv_4;                   /* its warp is wanted (vision/crop.h) */
    /* Something the client should know; code is snake_case. May be NULL. */
    void (*warn)(void *user, const char *code, const char *text);
    void *warn_user;
};

struct fus_processor_frame {
    struct fus_image *image;          /* changed in place; BGR8, or YUV too if `pixels` says NATIVE */
    const struct fus_face *const *faces; /* the selected ones, in selection order, in pixels of image */
    size_t face_count;
    int64_t pts_us;                   /* clips */
    int64_t index;
    struct fus_image *enlarged; /* only for processors that enlarge: BGR8 of scale x image's size; they
                                   write here and leave image alone */
    struct fus_rect changed;    /* out, BGR processors: what may have changed of image (empty: nothing).
                                   Starts as the whole picture; a processor that knows better narrows it */
};

/* The pixels that a processor works on. The chain converts between a clip's planes and BGR and
 * brings only what changed back. */
enum fus_processor_pixels {
    FUS_PIXELS_NATIVE, /* as they come: BGR8 (stills) or YUV (clips) */
    FUS_PIXELS_BGR,    /* always BGR8 */
};

/* What a processor wants of faces beside box, five and 68 points: enum fus_face_has, of the
 * target's faces, and these. */
enum fus_processor_wants {
    FUS_WANTS_SOURCE_EMBEDDING = 1 << 8, /* of the sources' faces */
    FUS_WANTS_TRACKS = 1 << 9,           /* clips: filtered landmarks, track_id, fresh, age_s */
};

#define FUS_PROCESSOR_MODELS_MAX 8

enum fus_processor_need {
    FUS_NEEDS_FACES = 1,       /* of the target */
    FUS_NEEDS_SOURCE_FACE = 2, /* at least one source picture with a face */
};

/* IPTC DigitalSourceType of what a processor makes. */
enum fus_source_type { FUS_SOURCE_TYPE_NONE, FUS_SOURCE_TYPE_COMPOSITE, FUS_SOURCE_TYPE_COMPOSITE_TRAINED };

struct fus_processor_descriptor {
    const char *name;    /* "face_swapper" */
    const char *summary; /* one sentence */
    const struct fus_param_table *params;
    unsigned needs;      /* enum fus_processor_need */
    /* Names and installs: FUS_E_MODEL_NOT_FOUND with the command that installs it. models may be read
     * from several threads. *model (may be NULL) gets the row that will run. */
    int (*check)(const struct fus_params *params, const struct fus_models *models,
                 const struct fus_model **model, struct fus_error *err);
    enum fus_source_type (*source_type)(const struct fus_params *params,
                                        const struct fus_models *models);
    int (*open)(const struct fus_processor_context *context, struct fus_processor **processor,
                struct fus_error *err);
    int (*process)(struct fus_processor *processor, struct fus_processor_frame *frame,
                   struct fus_error *err);
    void (*close)(struct fus_processor *processor);
    /* The following may be NULL: native pixels, nothing more wanted, no enlarging, check's model
     * alone. */
    enum fus_processor_pixels (*pixels)(const struct fus_params *params,
                                        const struct fus_models *models);
    unsigned (*wants)(const struct fus_params *params, const struct fus_models *models);
    int (*scale)(const struct fus_processor *processor); /* >= 1, of an open one */
    /* Every row that runs (check has passed), for the job's record: at most max; their number. */
    size_t (*models)(const struct fus_params *params, const struct fus_models *models,
                     const struct fus_model **rows, size_t max);
};

/* The table of all. */
const struct fus_processor_descriptor *const *fus_processors(size_t *count);
const struct fus_processor_descriptor *fus_processor_find(const char *name);

/* Schema of a request's `parameters`: the common tables (processors/common_params.c: detector,
 * landmarker, selector, masks, output, ...) and every processor's own. Static, thread-safe. */
const struct fus_param_schema *fus_processors_schema(void);

/* All checks of a request that need no media: every named processor exists, every named model is
 * installed (detector, landmarker, processors). Adds to the list with pointers below `prefix`. */
void fus_processors_check(const struct fus_params *params, const struct fus_models *models,
                          const char *prefix, struct fus_error_list *errors);

/* Whether the content gate that `policy` (policy.gate: auto, required, off) wants for this request is
 * installed; if not, adds FUS_E_MODEL_NOT_FOUND with the command that installs it. The pipeline
 * enforces the same; this says it before a job is queued. */
void fus_processors_check_gate(const struct fus_params *params, const struct fus_models *models,
                               const char *policy, const char *prefix,
                               struct fus_error_list *errors);

#endif

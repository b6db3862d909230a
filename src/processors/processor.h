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
    struct fus_faces faces; /* best score first */
    int index;              /* in source_images */
};

struct fus_processor_context {
    const struct fus_params *params;
    struct fus_models *models;       /* warm sessions */
    const struct fus_source *sources; /* alive until close */
    size_t source_count;
    bool clip;                       /* a clip, not a still */
    int threads;                     /* that this processor may use */
    /* Something the client should know; code is snake_case. May be NULL. */
    void (*warn)(void *user, const char *code, const char *text);
    void *warn_user;
};

struct fus_processor_frame {
    struct fus_image *image;          /* changed in place; BGR8 or YUV */
    const struct fus_face *const *faces; /* the selected ones, in selection order */
    size_t face_count;
    int64_t pts_us;                   /* clips */
    int64_t index;
};

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
    int (*process)(struct fus_processor *processor, const struct fus_processor_frame *frame,
                   struct fus_error *err);
    void (*close)(struct fus_processor *processor);
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

#endif

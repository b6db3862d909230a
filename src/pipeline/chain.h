/* The job's processors, in order. One thread. Internal to pipeline. */
#ifndef FUS_PIPELINE_CHAIN_H
#define FUS_PIPELINE_CHAIN_H

#include "pipeline/canvas.h"
#include "pipeline/pipeline.h"
#include "processors/processor.h"
#include "safety/label.h"

#define FUS_CHAIN_MAX 16
#define FUS_CHAIN_MODELS_MAX 32

struct fus_chain {
    const struct fus_processor_descriptor *descriptors[FUS_CHAIN_MAX];
    struct fus_processor *processors[FUS_CHAIN_MAX];
    const struct fus_model *models[FUS_CHAIN_MAX]; /* the main one of each, or NULL */
    enum fus_processor_pixels pixels[FUS_CHAIN_MAX];
    size_t count, opened;
    unsigned needs;                   /* enum fus_processor_need, of all */
    unsigned wants;                   /* enum fus_face_has and fus_processor_wants, of all */
    enum fus_source_type source_type; /* the strongest claim of all */
    bool bgr;                         /* a processor works on BGR8 */
    /* The chosen faces in the size of a picture that differs from the target's. */
    struct fus_face *scaled;
    const struct fus_face *scaled_faces[FUS_FACES_MAX];
};

/* Finds and checks the named processors. FUS_E_INVALID_PARAMETER, FUS_E_MODEL_NOT_FOUND. */
int fus_chain_choose(struct fus_chain *chain, const struct fus_params *params,
                     const struct fus_models *models, struct fus_error *err) FUS_MUST_CHECK;
int fus_chain_open(struct fus_chain *chain, const struct fus_processor_context *context,
                   struct fus_error *err) FUS_MUST_CHECK;

/* A picture with its chosen faces, which are in pixels of a picture of face_width x face_height. */
struct fus_chain_frame {
    struct fus_canvas *canvas;
    const struct fus_face *const *faces;
    size_t face_count;
    int face_width, face_height;
    int64_t pts_us, index;
};
/* Afterwards the canvas is finished: its native picture is up to date, or its BGR one if it has a
 * size of its own. */
int fus_chain_process(struct fus_chain *chain, const struct fus_chain_frame *frame,
                      struct fus_error *err) FUS_MUST_CHECK;
/* true if an opened processor makes pictures larger. */
bool fus_chain_enlarges(const struct fus_chain *chain);
/* Every model that the chain runs: at most max rows; their number. */
size_t fus_chain_models(const struct fus_chain *chain, const struct fus_params *params,
                        const struct fus_models *models, const struct fus_model **rows, size_t max);
/* Closes what was opened; takes a zeroed or half-built one. */
void fus_chain_done(struct fus_chain *chain);

#endif

#include "pipeline/chain.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static int choose_one(struct fus_chain *chain, const char *name, size_t index,
                      const struct fus_params *params, const struct fus_models *models,
                      struct fus_error *err)
{
    const struct fus_processor_descriptor *found = fus_processor_find(name);
    char pointer[48];

    if (!found) {
        snprintf(pointer, sizeof(pointer), "/parameters/processors/%zu", index);
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, pointer,
                                "There is no processor \"%s\".", name);
    }

    int rc = found->check ? found->check(params, models, &chain->models[chain->count], err) : 0;

    if (rc)
        return rc;
    chain->needs |= found->needs;
    chain->wants |= found->wants ? found->wants(params, models) : 0;
    chain->pixels[chain->count] = found->pixels ? found->pixels(params, models) : FUS_PIXELS_NATIVE;
    chain->bgr |= chain->pixels[chain->count] == FUS_PIXELS_BGR;
    chain->descriptors[chain->count++] = found;

    enum fus_source_type type =
        found->source_type ? found->source_type(params, models) : FUS_SOURCE_TYPE_NONE;

    chain->source_type = FUS_MAX(chain->source_type, type);
    return 0;
}

int fus_chain_choose(struct fus_chain *chain, const struct fus_params *params,
                     const struct fus_models *models, struct fus_error *err)
{
    size_t count = fus_params_list_count(params, "processors");

    memset(chain, 0, sizeof(*chain));
    if (count > FUS_CHAIN_MAX)
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/parameters/processors",
                                "More than %d processors.", FUS_CHAIN_MAX);
    for (size_t i = 0; i < count; i++) {
        int rc = choose_one(chain, fus_params_list_text(params, "processors", i), i, params, models,
                            err);

        if (rc)
            return rc;
    }
    return 0;
}

int fus_chain_open(struct fus_chain *chain, const struct fus_processor_context *context,
                   struct fus_error *err)
{
    while (chain->opened < chain->count) {
        int rc = chain->descriptors[chain->opened]->open(context, &chain->processors[chain->opened],
                                                         err);

        if (rc)
            return rc;
        chain->opened++;
    }
    return 0;
}

static int scale_of(const struct fus_chain *chain, size_t index)
{
    const struct fus_processor_descriptor *descriptor = chain->descriptors[index];

    return descriptor->scale ? FUS_MAX(descriptor->scale(chain->processors[index]), 1) : 1;
}

bool fus_chain_enlarges(const struct fus_chain *chain)
{
    for (size_t i = 0; i < chain->opened; i++) {
        if (scale_of(chain, i) > 1)
            return true;
    }
    return false;
}

/* The faces in pixels of the canvas. */
static int fit_faces(struct fus_chain *chain, const struct fus_chain_frame *frame,
                     struct fus_processor_frame *work, struct fus_error *err)
{
    int width = fus_canvas_width(frame->canvas), height = fus_canvas_height(frame->canvas);

    work->faces = frame->faces;
    work->face_count = FUS_MIN(frame->face_count, FUS_FACES_MAX);
    if (work->face_count == 0 || (width == frame->face_width && height == frame->face_height))
        return 0;
    if (!chain->scaled)
        chain->scaled = fus_calloc(FUS_FACES_MAX, sizeof(*chain->scaled));
    if (!chain->scaled)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the faces.");
    for (size_t i = 0; i < work->face_count; i++) {
        fus_face_scale(&chain->scaled[i], frame->faces[i], (double)width / frame->face_width,
                       (double)height / frame->face_height);
        chain->scaled_faces[i] = &chain->scaled[i];
    }
    work->faces = chain->scaled_faces;
    return 0;
}

static int process_one(struct fus_chain *chain, size_t index, const struct fus_chain_frame *frame,
                       struct fus_error *err)
{
    struct fus_canvas *canvas = frame->canvas;
    struct fus_processor_frame work = {.pts_us = frame->pts_us, .index = frame->index};
    bool bgr = chain->pixels[index] == FUS_PIXELS_BGR;
    int scale = scale_of(chain, index);
    int rc = bgr ? fus_canvas_bgr(canvas, &work.image, err)
                 : fus_canvas_native(canvas, &work.image, err);

    if (!rc)
        rc = fit_faces(chain, frame, &work, err);
    if (!rc && scale > 1)
        rc = fus_canvas_enlarge(canvas, scale, &work.enlarged, err);
    if (rc)
        return rc;
    work.changed = (struct fus_rect){0, 0, work.image->width, work.image->height};
    rc = chain->descriptors[index]->process(chain->processors[index], &work, err);
    if (rc)
        return rc;
    if (scale > 1)
        fus_canvas_take(canvas);
    else if (bgr)
        fus_canvas_changed(canvas, work.changed);
    return 0;
}

int fus_chain_process(struct fus_chain *chain, const struct fus_chain_frame *frame,
                      struct fus_error *err)
{
    for (size_t i = 0; i < chain->opened; i++) {
        int rc = process_one(chain, i, frame, err);

        if (rc)
            return rc;
    }
    return fus_canvas_finish(frame->canvas, err);
}

size_t fus_chain_models(const struct fus_chain *chain, const struct fus_params *params,
                        const struct fus_models *models, const struct fus_model **rows, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < chain->count && count < max; i++) {
        const struct fus_processor_descriptor *descriptor = chain->descriptors[i];

        if (descriptor->models)
            count += descriptor->models(params, models, rows + count, max - count);
        else if (chain->models[i])
            rows[count++] = chain->models[i];
    }
    return count;
}

void fus_chain_done(struct fus_chain *chain)
{
    while (chain->opened > 0) {
        chain->opened--;
        chain->descriptors[chain->opened]->close(chain->processors[chain->opened]);
    }
    fus_free(FUS_TAKE(chain->scaled));
}

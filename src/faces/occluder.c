#include "faces/occluder.h"

#include "base/mem.h"
#include "inference/ports.h"
#include "vision/face_mask.h"
#include "vision/lut.h"

enum { SIZE = 256, PIXELS = SIZE * SIZE };

struct fus_occluder {
    const struct fus_model *model;
    struct fus_run *run;
    size_t input;
    struct fus_lut unit;
    uint8_t *pixels; /* SIZE x SIZE, BGR */
    float *answer;   /* SIZE x SIZE */
};

int fus_occluder_new(struct fus_models *models, const struct fus_model *model, int threads,
                     struct fus_occluder **out, struct fus_error *err)
{
    static const int64_t in[4] = {1, SIZE, SIZE, 3}, mask[4] = {1, SIZE, SIZE, 1};
    static const char *const names[] = {"input"};
    struct fus_session *session;
    int rc = fus_models_session(models, model, threads, &session, err);
    if (rc != 0)
        return rc;
    FUS_CLEANUP(fus_occluder_free) struct fus_occluder *made = fus_calloc(1, sizeof(*made));
    if (made == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the occluder.");
    made->model = model;
    rc = fus_ports_inputs(model, session, names, 1, err);
    if (rc == 0)
        rc = fus_port_input(model, session, "input", in, 4, &made->input, err);
    if (rc == 0)
        rc = fus_port_output(model, session, 0, mask, 4, err);
    if (rc == 0)
        rc = fus_run_new(session, &made->run, err);
    if (rc != 0)
        return rc;
    made->pixels = fus_malloc(PIXELS * 3);
    made->answer = fus_malloc(PIXELS * sizeof(float));
    if (made->pixels == NULL || made->answer == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the occluder.");
    fus_lut_unit(&made->unit, false);
    *out = FUS_TAKE(made);
    return 0;
}

void fus_occluder_free(struct fus_occluder *occluder)
{
    if (occluder == NULL)
        return;
    fus_run_free(occluder->run);
    fus_free(occluder->pixels);
    fus_free(occluder->answer);
    fus_free(occluder);
}

int fus_occluder_run(struct fus_occluder *occluder, struct fus_resampler *resampler,
                     const struct fus_plane *crop, float *mask, struct fus_error *err)
{
    static const int64_t shape[4] = {1, SIZE, SIZE, 3};
    const struct fus_plane seen = {occluder->pixels, SIZE * 3, SIZE, SIZE, 3};
    float *input;
    int rc = fus_run_input(occluder->run, occluder->input, shape, 4, &input, err);
    if (rc == 0)
        rc = fus_resample_u8(resampler, crop, &seen, FUS_RESAMPLE_BILINEAR, err);
    if (rc != 0)
        return rc;
    fus_lut_hwc(&occluder->unit, &seen, input, SIZE * 3);
    struct fus_tensor answer;
    rc = fus_run_execute(occluder->run, err);
    if (rc == 0)
        rc = fus_port_result(occluder->model, occluder->run, 0, PIXELS, &answer, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < PIXELS; i++) /* what is not a number is not face */
        occluder->answer[i] = answer.data[i] > 0.0f ? FUS_MIN(answer.data[i], 1.0f) : 0.0f;
    const struct fus_fplane small = {occluder->answer, SIZE, SIZE, SIZE, 1};
    const struct fus_fplane full = {mask, crop->width, crop->width, crop->height, 1};
    return fus_resample_f32(resampler, &small, &full, FUS_RESAMPLE_BILINEAR, err);
}

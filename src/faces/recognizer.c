#include "faces/recognizer.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "faces/aligned.h"

struct fus_recognizer {
    struct fus_aligned aligned;
};

int fus_recognizer_new(struct fus_models *models, const struct fus_model *model, bool opencv_4,
                       int threads, struct fus_recognizer **out, struct fus_error *err)
{
    FUS_CLEANUP(fus_recognizer_free)
    struct fus_recognizer *recognizer = fus_calloc(1, sizeof(*recognizer));
    if (recognizer == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the recognizer.");
    int rc = fus_aligned_open(&recognizer->aligned, models, model, 112, 1, threads, err);
    recognizer->aligned.opencv_4 = opencv_4;
    if (rc != 0)
        return rc;
    fus_lut_127(&recognizer->aligned.lut, true);
    *out = FUS_TAKE(recognizer);
    return 0;
}

void fus_recognizer_free(struct fus_recognizer *recognizer)
{
    if (recognizer == NULL)
        return;
    fus_aligned_close(&recognizer->aligned);
    fus_free(recognizer);
}

bool fus_embedding_normalise(const float embedding[FUS_EMBEDDING_SIZE],
                             float norm[FUS_EMBEDDING_SIZE])
{
    double sum = 0;
    for (size_t i = 0; i < FUS_EMBEDDING_SIZE; i++)
        sum += (double)embedding[i] * (double)embedding[i];
    float length = (float)sqrt(sum);
    if (!(length > 0) || !isfinite(length))
        return false;
    for (size_t i = 0; i < FUS_EMBEDDING_SIZE; i++)
        norm[i] = embedding[i] / length;
    return true;
}

int fus_recognizer_find(struct fus_recognizer *recognizer, const struct fus_plane *bgr,
                        struct fus_face *face, struct fus_error *err)
{
    bool ran = false;
    int rc = fus_aligned_run(&recognizer->aligned, bgr, face->points_5, &ran, err);
    if (rc != 0 || !ran)
        return rc;
    struct fus_tensor output;
    rc = fus_aligned_output(&recognizer->aligned, 0, FUS_EMBEDDING_SIZE, &output, err);
    if (rc != 0 || !fus_embedding_normalise(output.data, face->embedding_norm))
        return rc;
    memcpy(face->embedding, output.data, sizeof(face->embedding));
    face->has |= FUS_FACE_HAS_EMBEDDING;
    return 0;
}

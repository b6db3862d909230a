#include <string.h>

#include "faces/selector.h"

/* Sums of floats in the order of the pictures, then one division: as upstream's arithmetic. */
static void add(float sum[FUS_EMBEDDING_SIZE], const float more[FUS_EMBEDDING_SIZE])
{
    for (size_t i = 0; i < FUS_EMBEDDING_SIZE; i++)
        sum[i] += more[i];
}

static void divide(float sum[FUS_EMBEDDING_SIZE], size_t count)
{
    for (size_t i = 0; i < FUS_EMBEDDING_SIZE; i++)
        sum[i] /= (float)count;
}

bool fus_faces_average(const struct fus_faces *const *per_image, size_t images,
                       struct fus_face *out)
{
    size_t faces = 0, embedded = 0;
    for (size_t i = 0; i < images; i++) {
        const struct fus_face *face = fus_faces_largest(per_image[i]);
        if (face == NULL)
            continue;
        if (faces++ == 0)
            *out = *face;
        if (!(face->has & FUS_FACE_HAS_EMBEDDING))
            continue;
        if (embedded++ == 0) {
            memcpy(out->embedding, face->embedding, sizeof(out->embedding));
            memcpy(out->embedding_norm, face->embedding_norm, sizeof(out->embedding_norm));
        } else {
            add(out->embedding, face->embedding);
            add(out->embedding_norm, face->embedding_norm);
        }
    }
    if (embedded > 0) {
        divide(out->embedding, embedded);
        divide(out->embedding_norm, embedded);
        out->has |= FUS_FACE_HAS_EMBEDDING;
    }
    return faces > 0;
}

/* What a detector says, and the decoder of the built-in one. Pure, allocates nothing. */
#ifndef FUS_FACES_DETECTION_H
#define FUS_FACES_DETECTION_H

#include <stddef.h>

#include "faces/face.h"
#include "inference/models.h"

/* A face as a detector sees it; pixels. */
struct fus_detection {
    struct fus_box box;
    float score;
    struct fus_point points_5[5];
};

/* Candidates before NMS; when there are more, the best stay. */
#define FUS_CANDIDATES_MAX 1024
struct fus_candidates {
    struct fus_box boxes[FUS_CANDIDATES_MAX];
    float scores[FUS_CANDIDATES_MAX];
    struct fus_point points_5[FUS_CANDIDATES_MAX][5];
    size_t order[FUS_CANDIDATES_MAX];
    size_t count;
    float lowest; /* when full: the lowest score that is kept */
};

/* One stride of YuNet: cls and obj [cells], bbox [cells][4], kps [cells][10]; cells row by row,
 * `columns` in a row. Keeps cells whose score (rule: cls * obj or its root) is >= threshold;
 * numbers that are not finite are dropped. Coordinates are those of the net's input. */
void fus_yunet_decode(const float *cls, const float *obj, const float *bbox, const float *kps,
                      size_t cells, int columns, int stride, enum fus_score_rule rule,
                      float threshold, struct fus_candidates *out);
#endif

/* A stand-in for a net that looks at a whole picture: means of square patches, times a fixed
 * matrix. Every patch and channel has weights of its own, so that a flip, another crop, another
 * order of channels or another normalisation gives other numbers. */
#ifndef FUS_TESTS_ROWS_PROJECT_H
#define FUS_TESTS_ROWS_PROJECT_H

#include "onnx_writer.h"
#include "reference.h"

struct projection {
    int size, pool;  /* of the net's square input, of a patch */
    int columns;     /* numbers that come out */
    unsigned seed;   /* of the matrix */
    double strength; /* its entries lie within +- half of it */
};
/* Adds nodes from `input` [1,3,size,size] to `output` [1,columns]. */
void project_add(struct onnx *onnx, const struct projection *projection, const char *input,
                 const char *output);

/* How a picture becomes a tensor: (v / 255 - mean) / deviation, in the order of the tensor. */
struct normalisation {
    bool rgb;
    double mean[3], deviation[3];
};
/* What project_add's graph gives for a picture of size x size (BGR). */
void project_expect(const struct projection *projection, const struct normalisation *normalisation,
                    const struct ref_picture *picture, double *columns);

#endif

/* Face parsers (bisenet): which part of a face each pixel of an aligned crop belongs to. One parser
 * belongs to one thread. */
#ifndef FUS_FACES_PARSER_H
#define FUS_FACES_PARSER_H

#include "inference/models.h"
#include "vision/paste.h"
#include "vision/resample.h"

enum { FUS_PARSER_CLASSES = 19 };

struct fus_parser;
/* FUS_E_MODEL_NOT_FOUND; FUS_E_MODEL_CORRUPT, also when the net's tensors are not `input`
 * [1,3,512,512] and [1,19,512,512]. */
int fus_parser_new(struct fus_models *models, const struct fus_model *model, int threads,
                   struct fus_parser **parser, struct fus_error *err) FUS_MUST_CHECK;
void fus_parser_free(struct fus_parser *parser);
FUS_CLEANUP_DEFINE(fus_parser_free, struct fus_parser *)

/* mask (the crop's size, tight) becomes 1 where the likeliest class is in `classes` (bits 1 <<
 * class), bilinear between. The net sees 512 x 512 (bilinear), RGB, with ImageNet's mean and
 * deviation in float32. */
int fus_parser_run(struct fus_parser *parser, struct fus_resampler *resampler,
                   const struct fus_crop_pixels *crop, unsigned classes, float *mask,
                   struct fus_error *err) FUS_MUST_CHECK;

#endif

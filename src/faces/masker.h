/* Masks of an aligned face crop, as FaceFusion combines them: box, occlusion, area and region; the
 * least of those selected counts.
 *
 * A mask is size x size float32, 0..1, rows tight. Occlusion is seen on the crop before a model
 * runs, regions on the pixels that the model made; so a mask is begun and ended. Only the models of
 * selected types are opened. One masker belongs to one thread; after the first crop of a size
 * nothing is allocated. Rules: FaceFusion 3.8's face_masker. */
#ifndef FUS_FACES_MASKER_H
#define FUS_FACES_MASKER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/image.h"
#include "config/param.h"
#include "inference/models.h"

enum fus_mask_type {
    FUS_MASK_BOX = 1,       /* frame inside the crop: blur and padding */
    FUS_MASK_OCCLUSION = 2, /* what an occluder says is face */
    FUS_MASK_AREA = 4,      /* hull of the 68 points of some areas */
    FUS_MASK_REGION = 8,    /* classes of a face parser */
};

/* Classes of bisenet, as bits 1 << class. */
enum fus_mask_region {
    FUS_REGION_SKIN = 1 << 1,
    FUS_REGION_LEFT_EYEBROW = 1 << 2,
    FUS_REGION_RIGHT_EYEBROW = 1 << 3,
    FUS_REGION_LEFT_EYE = 1 << 4,
    FUS_REGION_RIGHT_EYE = 1 << 5,
    FUS_REGION_GLASSES = 1 << 6,
    FUS_REGION_NOSE = 1 << 10,
    FUS_REGION_MOUTH = 1 << 11,
    FUS_REGION_UPPER_LIP = 1 << 12,
    FUS_REGION_LOWER_LIP = 1 << 13,
};

struct fus_masker_options {
    unsigned types;             /* enum fus_mask_type; 0: the mask is 1 everywhere */
    unsigned areas;             /* FUS_AREA_... of vision/face_mask.h */
    unsigned regions;           /* enum fus_mask_region */
    double blur;                /* 0..1, of the box */
    int padding[4];             /* percent: top, right, bottom, left */
    const char *occluder_model; /* NULL: xseg_1; "many": all three, their minimum */
    const char *parser_model;   /* NULL: bisenet_resnet_34 */
    int threads;                /* intra-op, >= 1 */
};

/* face_mask_types, _areas, _regions, _blur, _padding, face_occluder_model, face_parser_model, and
 * 1 thread. The names belong to params. */
void fus_masker_options_from_params(const struct fus_params *params,
                                    struct fus_masker_options *options);
/* FUS_E_MODEL_NOT_FOUND with the command that installs what a selected type lacks; err's pointer is
 * that of the parameter, "/face_occluder_model". */
int fus_masker_check(const struct fus_models *models, const struct fus_masker_options *options,
                     struct fus_error *err) FUS_MUST_CHECK;
#define FUS_MASKER_MODELS_MAX 4
/* The rows that a masker of these options runs: at most max; their number. */
size_t fus_masker_models(const struct fus_models *models, const struct fus_masker_options *options,
                         const struct fus_model **rows, size_t max);

struct fus_masker;
/* options are copied, names included. FUS_E_MODEL_NOT_FOUND, FUS_E_MODEL_CORRUPT (also for nets
 * whose tensors are not those of the family). */
int fus_masker_new(struct fus_models *models, const struct fus_masker_options *options,
                   struct fus_masker **masker, struct fus_error *err) FUS_MUST_CHECK;
void fus_masker_free(struct fus_masker *masker);
FUS_CLEANUP_DEFINE(fus_masker_free, struct fus_masker *)

struct fus_plane;       /* vision/resize.h */
struct fus_crop_pixels; /* vision/paste.h */
struct fus_affine;      /* vision/affine.h */

/* Box and occlusion of a square BGR8 crop as it was cut out; 1 everywhere when neither is selected.
 */
int fus_masker_begin(struct fus_masker *masker, const struct fus_plane *crop, float *mask,
                     struct fus_error *err) FUS_MUST_CHECK;
/* Area and region of the crop that a model made (same size), the minimum with mask, clipped to
 * 0..1. landmarks_68 are in the frame's pixels, m maps frame to crop; both are only read for
 * areas. */
int fus_masker_end(struct fus_masker *masker, const struct fus_crop_pixels *result,
                   const struct fus_point landmarks_68[68], const struct fus_affine *m, float *mask,
                   struct fus_error *err) FUS_MUST_CHECK;
/* Both at once on one crop of tight rows: what face_debugger draws. */
int fus_masker_all(struct fus_masker *masker, const struct fus_plane *crop,
                   const struct fus_point landmarks_68[68], const struct fus_affine *m, float *mask,
                   struct fus_error *err) FUS_MUST_CHECK;

#endif

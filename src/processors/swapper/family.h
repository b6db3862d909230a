/* What the families of face-swapping nets have in common and where they differ; the numbers of a
 * single net (size, normalisation, template) stand in its manifest row. FaceFusion 3.8's rules.
 *
 * Every net takes `target`, a float32 [n,3,m,m] RGB crop, and `source`; its first output is the
 * swapped crop. Pure, thread-safe. */
#ifndef FUS_PROCESSORS_SWAPPER_FAMILY_H
#define FUS_PROCESSORS_SWAPPER_FAMILY_H

#include "config/param.h"
#include "inference/models.h"
#include "vision/paste.h"
#include "vision/templates.h"

/* What a net is told of the face that is put in. e: mean of the raw embeddings of all sources. */
enum fus_swap_source {
    FUS_SWAP_NORMALISED, /* mean of the normalised embeddings, not normalised again */
    FUS_SWAP_MATRIX,     /* e times the graph's last initializer (512 x 512), over the norm of e */
    FUS_SWAP_CONVERTED,  /* the converter's embedding of e */
    FUS_SWAP_CONVERTED_UNIT, /* the same, divided by its norm */
    FUS_SWAP_PICTURE,        /* a crop of the first source with a face, v/255 */
};

struct fus_swap_family {
    const char *name;
    enum fus_swap_source source;
    enum fus_template template;        /* of rows that name none */
    enum fus_template source_template; /* FUS_SWAP_PICTURE */
    int source_size;                   /* FUS_SWAP_PICTURE */
    bool raw_target;         /* balanced with the target's raw embedding, not its unit one */
    bool signed_output;      /* v * std + mean in double; else 0..1 as it is */
    enum fus_crop_type type; /* of the crop that is pasted: F64 or F32 */
};

/* NULL: not a net of a known family (mesh_blend is none). */
const struct fus_swap_family *fus_swap_family(const struct fus_model *model);
bool fus_swap_takes_embedding(const struct fus_swap_family *family);
enum fus_template fus_swap_template(const struct fus_swap_family *family,
                                    const struct fus_model *model);
/* The side of the crop for face_swapper_pixel_boost `text` ("512x512"; NULL: the net's own size):
 * one of the row's sizes that is a multiple of the net's. FUS_E_INVALID_PARAMETER naming those. */
int fus_swap_boost_size(const struct fus_model *model, const char *text, int *size,
                        struct fus_error *err) FUS_MUST_CHECK;

#endif

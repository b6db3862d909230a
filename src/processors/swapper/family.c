#include "processors/swapper/family.h"

#include <stdio.h>
#include <string.h>

static const struct fus_swap_family families[] = {
    {.name = "blendswap",
     .source = FUS_SWAP_PICTURE,
     .template = FUS_TEMPLATE_FFHQ_512,
     .source_template = FUS_TEMPLATE_ARCFACE_112_V2,
     .source_size = 112,
     .type = FUS_CROP_F32},
    {.name = "ghost",
     .source = FUS_SWAP_CONVERTED,
     .template = FUS_TEMPLATE_ARCFACE_112_V1,
     .raw_target = true,
     .signed_output = true,
     .type = FUS_CROP_F64},
    {.name = "hififace",
     .source = FUS_SWAP_CONVERTED_UNIT,
     .template = FUS_TEMPLATE_MTCNN_512,
     .signed_output = true,
     .type = FUS_CROP_F64},
    {.name = "hyperswap",
     .source = FUS_SWAP_NORMALISED,
     .template = FUS_TEMPLATE_ARCFACE_128,
     .signed_output = true,
     .type = FUS_CROP_F64},
    {.name = "inswapper",
     .source = FUS_SWAP_MATRIX,
     .template = FUS_TEMPLATE_ARCFACE_128,
     .type = FUS_CROP_F32},
    {.name = "simswap",
     .source = FUS_SWAP_CONVERTED_UNIT,
     .template = FUS_TEMPLATE_ARCFACE_112_V1,
     .type = FUS_CROP_F32},
    {.name = "uniface",
     .source = FUS_SWAP_PICTURE,
     .template = FUS_TEMPLATE_FFHQ_512,
     .source_template = FUS_TEMPLATE_FFHQ_512,
     .source_size = 256,
     .signed_output = true,
     .type = FUS_CROP_F64},
};

const struct fus_swap_family *fus_swap_family(const struct fus_model *model)
{
    for (size_t i = 0; i < FUS_COUNT(families); i++)
        if (strcmp(families[i].name, model->family) == 0)
            return &families[i];
    return NULL;
}

bool fus_swap_takes_embedding(const struct fus_swap_family *family)
{
    return family->source != FUS_SWAP_PICTURE;
}

enum fus_template fus_swap_template(const struct fus_swap_family *family,
                                    const struct fus_model *model)
{
    static const char *const names[FUS_TEMPLATE_COUNT] = {
        [FUS_TEMPLATE_ARCFACE_112_V1] = "arcface_112_v1",
        [FUS_TEMPLATE_ARCFACE_112_V2] = "arcface_112_v2",
        [FUS_TEMPLATE_ARCFACE_128] = "arcface_128",
        [FUS_TEMPLATE_DFL_WHOLE_FACE] = "dfl_whole_face",
        [FUS_TEMPLATE_FFHQ_512] = "ffhq_512",
        [FUS_TEMPLATE_MTCNN_512] = "mtcnn_512",
        [FUS_TEMPLATE_STYLEGANEX_384] = "styleganex_384",
    };
    for (int i = 0; i < FUS_TEMPLATE_COUNT; i++)
        if (strcmp(names[i], model->face_template) == 0)
            return (enum fus_template)i;
    return family->template;
}

static bool is_boost(const struct fus_model *model, int size)
{
    return size > 0 && size % model->input_width == 0;
}

static int bad_boost(const struct fus_model *model, const char *text, struct fus_error *err)
{
    char sizes[96] = "";
    size_t used = 0;
    for (size_t i = 0; i < model->size_count && used < sizeof sizes; i++)
        if (is_boost(model, model->sizes[i]))
            used += (size_t)snprintf(sizes + used, sizeof sizes - used, "%s%dx%d", used ? ", " : "",
                                     model->sizes[i], model->sizes[i]);
    return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/face_swapper_pixel_boost",
                            "face_swapper_pixel_boost %.20s is not a size of %s; it works at %s",
                            text, model->id, sizes);
}

int fus_swap_boost_size(const struct fus_model *model, const char *text, int *size,
                        struct fus_error *err)
{
    if (model->input_width <= 0 || model->input_width != model->input_height)
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "the row of the face_swapper model %s has no width and height that "
                             "are alike",
                             model->id);
    *size = model->input_width;
    if (!text)
        return 0;
    for (size_t i = 0; i < model->size_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "%dx%d", model->sizes[i], model->sizes[i]);
        if (strcmp(name, text) == 0 && is_boost(model, model->sizes[i])) {
            *size = model->sizes[i];
            return 0;
        }
    }
    return bad_boost(model, text, err);
}

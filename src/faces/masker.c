#include "faces/masker.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "faces/occluder.h"
#include "faces/parser.h"
#include "vision/face_mask.h"

#define OCCLUDER "face_occluder"
#define PARSER "face_parser"
#define STANDARD_OCCLUDER "xseg_1"
#define STANDARD_PARSER "bisenet_resnet_34"

enum { OCCLUDERS = 3, SIZE_MAX_PX = 4096 };
static const char *const many[OCCLUDERS] = {"xseg_1", "xseg_2", "xseg_3"};

struct fus_masker {
    struct fus_masker_options options; /* without the names */
    struct fus_occluder *occluders[OCCLUDERS];
    size_t occluder_count;
    struct fus_parser *parser;
    struct fus_resampler *resampler;
    int size;       /* that the following have room for; 0: none yet */
    float *scratch; /* of vision/face_mask.h */
    float *other;   /* a second mask */
    float *third;   /* and a third: several occluders */
    float *box;     /* ready for box_size; 0: not made yet */
    int box_size;
};

/* ---- options ---- */

static unsigned bits(const struct fus_params *params, const char *name, const char *const *words,
                     const unsigned *values, size_t count)
{
    unsigned all = 0;
    for (size_t i = 0; i < fus_params_list_count(params, name); i++) {
        const char *word = fus_params_list_text(params, name, i);
        for (size_t k = 0; k < count; k++)
            all |= strcmp(word, words[k]) == 0 ? values[k] : 0u;
    }
    return all;
}

void fus_masker_options_from_params(const struct fus_params *params,
                                    struct fus_masker_options *options)
{
    static const char *const types[] = {"box", "occlusion", "area", "region"};
    static const unsigned type_bits[] = {FUS_MASK_BOX, FUS_MASK_OCCLUSION, FUS_MASK_AREA,
                                         FUS_MASK_REGION};
    static const char *const areas[] = {"upper-face", "lower-face", "mouth"};
    static const unsigned area_bits[] = {FUS_AREA_UPPER_FACE, FUS_AREA_LOWER_FACE, FUS_AREA_MOUTH};
    static const char *const regions[] = {"skin",      "left-eyebrow", "right-eyebrow", "left-eye",
                                          "right-eye", "glasses",      "nose",          "mouth",
                                          "upper-lip", "lower-lip"};
    static const unsigned region_bits[] = {
        FUS_REGION_SKIN,      FUS_REGION_LEFT_EYEBROW, FUS_REGION_RIGHT_EYEBROW,
        FUS_REGION_LEFT_EYE,  FUS_REGION_RIGHT_EYE,    FUS_REGION_GLASSES,
        FUS_REGION_NOSE,      FUS_REGION_MOUTH,        FUS_REGION_UPPER_LIP,
        FUS_REGION_LOWER_LIP,
    };
    *options = (struct fus_masker_options){
        .types = bits(params, "face_mask_types", types, type_bits, FUS_COUNT(types)),
        .areas = bits(params, "face_mask_areas", areas, area_bits, FUS_COUNT(areas)),
        .regions = bits(params, "face_mask_regions", regions, region_bits, FUS_COUNT(regions)),
        .blur = fus_params_float(params, "face_mask_blur"),
        .occluder_model = fus_params_text(params, "face_occluder_model"),
        .parser_model = fus_params_text(params, "face_parser_model"),
        .threads = 1,
    };
    fus_params_box(params, "face_mask_padding", options->padding);
}

/* ---- models ---- */

/* Names of the occluders that the options mean. */
static size_t occluder_names(const struct fus_masker_options *options, const char *names[OCCLUDERS])
{
    const char *named = options->occluder_model;
    if (!(options->types & FUS_MASK_OCCLUSION))
        return 0;
    if (named != NULL && strcmp(named, "many") == 0) {
        memcpy(names, many, sizeof(many));
        return OCCLUDERS;
    }
    names[0] = named != NULL ? named : STANDARD_OCCLUDER;
    return 1;
}

/* rows[FUS_MASKER_MODELS_MAX]: the occluders, then the parser. */
static int find_rows(const struct fus_models *models, const struct fus_masker_options *options,
                     const struct fus_model **rows, size_t *occluders, size_t *count,
                     struct fus_error *err)
{
    const char *names[OCCLUDERS];
    const size_t named = occluder_names(options, names);
    int rc = 0;
    *occluders = *count = 0;
    for (size_t i = 0; rc == 0 && i < named; i++) {
        rc = fus_models_choose(models, OCCLUDER, names[i], STANDARD_OCCLUDER, &rows[i], err);
        *occluders = *count = i + 1;
    }
    if (rc == 0 && options->types & FUS_MASK_REGION) {
        const char *name = options->parser_model ? options->parser_model : STANDARD_PARSER;
        rc = fus_models_choose(models, PARSER, name, STANDARD_PARSER, &rows[*count], err);
        *count += 1;
    }
    return rc;
}

int fus_masker_check(const struct fus_models *models, const struct fus_masker_options *options,
                     struct fus_error *err)
{
    const struct fus_model *rows[FUS_MASKER_MODELS_MAX];
    size_t occluders, count;
    const int rc = find_rows(models, options, rows, &occluders, &count, err);
    if (rc != 0 && err != NULL)
        (void)fus_strlcpy(err->pointer,
                          count > occluders ? "/face_parser_model" : "/face_occluder_model",
                          sizeof(err->pointer));
    return rc;
}

size_t fus_masker_models(const struct fus_models *models, const struct fus_masker_options *options,
                         const struct fus_model **out, size_t max)
{
    const struct fus_model *rows[FUS_MASKER_MODELS_MAX];
    size_t occluders, count;
    if (find_rows(models, options, rows, &occluders, &count, NULL) != 0)
        return 0;
    count = FUS_MIN(count, max);
    memcpy(out, rows, count * sizeof(*rows));
    return count;
}

/* ---- life ---- */

static int open_nets(struct fus_masker *masker, struct fus_models *models,
                     const struct fus_masker_options *options, struct fus_error *err)
{
    const struct fus_model *rows[FUS_MASKER_MODELS_MAX];
    size_t occluders, count;
    int rc = find_rows(models, options, rows, &occluders, &count, err);
    for (size_t i = 0; rc == 0 && i < occluders; i++) {
        rc = fus_occluder_new(models, rows[i], options->threads, &masker->occluders[i], err);
        masker->occluder_count = i + 1;
    }
    if (rc == 0 && count > occluders)
        rc = fus_parser_new(models, rows[occluders], options->threads, &masker->parser, err);
    return rc;
}

int fus_masker_new(struct fus_models *models, const struct fus_masker_options *options,
                   struct fus_masker **out, struct fus_error *err)
{
    FUS_CLEANUP(fus_masker_free) struct fus_masker *masker = fus_calloc(1, sizeof(*masker));
    if (masker != NULL)
        masker->resampler = fus_resampler_new();
    if (masker == NULL || masker->resampler == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the face masks.");
    masker->options = *options;
    masker->options.occluder_model = masker->options.parser_model = NULL;
    const int rc = open_nets(masker, models, options, err);
    if (rc != 0)
        return rc;
    *out = FUS_TAKE(masker);
    return 0;
}

void fus_masker_free(struct fus_masker *masker)
{
    if (masker == NULL)
        return;
    for (size_t i = 0; i < masker->occluder_count; i++)
        fus_occluder_free(masker->occluders[i]);
    fus_parser_free(masker->parser);
    fus_resampler_free(masker->resampler);
    fus_free(masker->scratch);
    fus_free(masker->other);
    fus_free(masker->third);
    fus_free(masker->box);
    fus_free(masker);
}

/* ---- masks ---- */

static bool grow(float **block, size_t count)
{
    float *grown = fus_realloc(*block, count, sizeof(float));
    if (grown != NULL)
        *block = grown;
    return grown != NULL;
}

static int reserve(struct fus_masker *masker, int size, struct fus_error *err)
{
    if (size <= 0 || size > SIZE_MAX_PX)
        return fus_error_set(err, FUS_E_INTERNAL, "A face crop of %d pixels has no mask.", size);
    if (size <= masker->size)
        return 0;
    const size_t count = (size_t)size * (size_t)size;
    masker->box_size = 0;
    if (!grow(&masker->scratch, fus_mask_scratch(size, size)) || !grow(&masker->other, count) ||
        !grow(&masker->third, count) || !grow(&masker->box, count))
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the face masks.");
    masker->size = size;
    return 0;
}

static void box_mask(struct fus_masker *masker, int size, float *mask)
{
    if (masker->box_size != size) {
        fus_mask_box(masker->box, size, masker->options.blur, masker->options.padding,
                     masker->scratch);
        masker->box_size = size;
    }
    memcpy(mask, masker->box, (size_t)size * (size_t)size * sizeof(*mask));
}

/* Into masker->other. */
static int occlusion_mask(struct fus_masker *masker, const struct fus_plane *crop,
                          struct fus_error *err)
{
    const int size = crop->width;
    for (size_t i = 0; i < masker->occluder_count; i++) {
        float *mask = i == 0 ? masker->other : masker->third;
        const int rc = fus_occluder_run(masker->occluders[i], masker->resampler, crop, mask, err);
        if (rc != 0)
            return rc;
        if (i > 0)
            fus_mask_min(masker->other, mask, (size_t)size * (size_t)size);
    }
    fus_mask_soften(masker->other, size, size, masker->scratch);
    return 0;
}

int fus_masker_begin(struct fus_masker *masker, const struct fus_plane *crop, float *mask,
                     struct fus_error *err)
{
    const int size = crop->width;
    const size_t count = (size_t)size * (size_t)size;
    int rc = reserve(masker, size, err);
    if (rc != 0)
        return rc;
    if (masker->options.types & FUS_MASK_BOX)
        box_mask(masker, size, mask);
    else
        fus_mask_ones(mask, count);
    if (masker->options.types & FUS_MASK_OCCLUSION) {
        rc = occlusion_mask(masker, crop, err);
        if (rc == 0)
            fus_mask_min(mask, masker->other, count);
    }
    return rc;
}

int fus_masker_end(struct fus_masker *masker, const struct fus_crop_pixels *result,
                   const struct fus_point landmarks_68[68], const struct fus_affine *m, float *mask,
                   struct fus_error *err)
{
    const int size = result->size;
    const size_t count = (size_t)size * (size_t)size;
    int rc = reserve(masker, size, err);
    if (rc != 0)
        return rc;
    if (masker->options.types & FUS_MASK_AREA) {
        struct fus_point points[68];
        for (size_t i = 0; i < 68; i++)
            points[i] = fus_affine_apply(m, landmarks_68[i]);
        fus_mask_area(masker->other, size, points, masker->options.areas, masker->scratch);
        fus_mask_min(mask, masker->other, count);
    }
    if (masker->options.types & FUS_MASK_REGION) {
        rc = fus_parser_run(masker->parser, masker->resampler, result, masker->options.regions,
                            masker->other, err);
        if (rc != 0)
            return rc;
        fus_mask_soften(masker->other, size, size, masker->scratch);
        fus_mask_min(mask, masker->other, count);
    }
    fus_mask_clip01(mask, count);
    return 0;
}

int fus_masker_all(struct fus_masker *masker, const struct fus_plane *crop,
                   const struct fus_point landmarks_68[68], const struct fus_affine *m, float *mask,
                   struct fus_error *err)
{
    const struct fus_crop_pixels pixels = {FUS_CROP_U8, crop->data, crop->width};
    const int rc = fus_masker_begin(masker, crop, mask, err);
    if (rc != 0)
        return rc;
    if (crop->stride_bytes != (ptrdiff_t)crop->width * 3)
        return fus_error_set(err, FUS_E_INTERNAL, "A face crop is to have tight rows.");
    return fus_masker_end(masker, &pixels, landmarks_68, m, mask, err);
}

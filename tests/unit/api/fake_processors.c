/* Stands in for the processors' table, so that the tests of the API know what is installed. */
#include <string.h>

#include "processors/processor.h"

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct fus_param common[] = {
    {.name = "face_detector_model",
     .type = FUS_PARAM_TEXT,
     .choices = CHOICES("builtin", "retinaface"),
     .flags = FUS_PARAM_MODEL,
     .role = "face_detector",
     .doc = "Model that finds faces"},
    {.name = "face_detector",
     .type = FUS_PARAM_TEXT,
     .choices = CHOICES("builtin", "retinaface"),
     .short_for = "face_detector_model",
     .flags = FUS_PARAM_MODEL,
     .role = "face_detector",
     .doc = "Short form"},
    {.name = "reference_face_position",
     .type = FUS_PARAM_INT,
     .max = 100,
     .default_text = "0",
     .doc = "Which face"},
    {.name = "output_video_fps", .type = FUS_PARAM_FLOAT, .min = 1, .max = 120, .doc = "Rate"},
    {.name = "fps",
     .type = FUS_PARAM_FLOAT,
     .min = 1,
     .max = 120,
     .short_for = "output_video_fps",
     .doc = "Short form"},
    {.name = "output_image_quality",
     .type = FUS_PARAM_INT,
     .max = 100,
     .default_text = "80",
     .doc = "Quality"},
    {.name = "output_video_quality",
     .type = FUS_PARAM_INT,
     .max = 100,
     .default_text = "80",
     .doc = "Quality"},
    {.name = "output_quality",
     .type = FUS_PARAM_INT,
     .max = 100,
     .short_for = "output_image_quality|output_video_quality",
     .doc = "Short form"},
    {.name = "temp_directory",
     .type = FUS_PARAM_TEXT,
     .flags = FUS_PARAM_IGNORED,
     .doc = "Not used"},
    {.name = "processors",
     .type = FUS_PARAM_TEXT_LIST,
     .choices = CHOICES("face_swapper", "face_enhancer"),
     .default_text = "face_swapper",
     .doc = "What is done"},
};
static const struct fus_param swapper[] = {
    {.name = "face_swapper_model",
     .type = FUS_PARAM_TEXT,
     .choices = CHOICES("mesh_blend"),
     .flags = FUS_PARAM_MODEL,
     .role = "face_swapper",
     .doc = "Model"},
};
static const struct fus_param_table common_table = {common, FUS_COUNT(common)};
static const struct fus_param_table swapper_table = {swapper, FUS_COUNT(swapper)};
static const struct fus_param_schema schema = {{&common_table, &swapper_table}, 2};

static int missing(const struct fus_params *params, const struct fus_models *models,
                   const struct fus_model **model, struct fus_error *err)
{
    return fus_error_set(err, FUS_E_MODEL_NOT_FOUND, "No enhancer is installed.");
}

static const struct fus_processor_descriptor face_swapper = {.name = "face_swapper",
                                                             .summary = "Puts in a face",
                                                             .params = &swapper_table,
                                                             .needs = FUS_NEEDS_FACES |
                                                                      FUS_NEEDS_SOURCE_FACE};
static const struct fus_processor_descriptor face_enhancer = {
    .name = "face_enhancer", .summary = "Sharpens", .needs = FUS_NEEDS_FACES, .check = missing};
static const struct fus_processor_descriptor *const all[] = {&face_swapper, &face_enhancer};

const struct fus_processor_descriptor *const *fus_processors(size_t *count)
{
    *count = FUS_COUNT(all);
    return all;
}

const struct fus_processor_descriptor *fus_processor_find(const char *name)
{
    for (size_t i = 0; i < FUS_COUNT(all); i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

const struct fus_param_schema *fus_processors_schema(void)
{
    return &schema;
}

void fus_processors_check_gate(const struct fus_params *params, const struct fus_models *models,
                               const char *policy, const char *prefix,
                               struct fus_error_list *errors)
{
}

void fus_processors_check(const struct fus_params *params, const struct fus_models *models,
                          const char *prefix, struct fus_error_list *errors)
{
    const char *detector = fus_params_text(params, "face_detector_model");
    if (detector != NULL && strcmp(detector, "builtin") != 0)
        fus_error_list_add(errors, FUS_E_MODEL_NOT_FOUND, "/parameters/face_detector_model",
                           "%s is not installed.", detector);
    for (size_t i = 0; i < fus_params_list_count(params, "processors"); i++)
        if (strcmp(fus_params_list_text(params, "processors", i), "face_enhancer") == 0)
            fus_error_list_add(errors, FUS_E_MODEL_NOT_FOUND, "/parameters/processors",
                               "No enhancer is installed.");
}

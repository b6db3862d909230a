#include "pipeline/options.h"

#include <string.h>

#include "base/str.h"

/* "640x640" -> 640; the table has checked the text. */
static int side_of(const char *size)
{
    char side[8] = "";
    const char *x = size ? strchr(size, 'x') : NULL;
    int64_t value = 0;

    if (!x || (size_t)(x - size) >= sizeof(side))
        return 0;
    memcpy(side, size, (size_t)(x - size));
    return fus_parse_int(side, 16, 4096, &value) ? (int)value : 0;
}

/* FaceFusion's meaning of a threshold of 0. */
static bool is_off(const struct fus_params *params, const char *name)
{
    return fus_params_is_set(params, name) && !(fus_params_float(params, name) > 0);
}

/* A threshold that nobody asked for is the model's own. */
static double score_of(const struct fus_params *params, const char *name)
{
    return fus_params_is_set(params, name) ? fus_params_float(params, name) : -1.0;
}

bool fus_options_compat(const struct fus_params *params)
{
    return fus_params_text(params, "compat") != NULL;
}

bool fus_options_opencv_4(const struct fus_params *params)
{
    const char *compat = fus_params_text(params, "compat");

    return compat && strcmp(compat, "facefusion-3.8-opencv-4") == 0;
}

void fus_options_analyser(const struct fus_params *params, int threads,
                          struct fus_analyser_options *options)
{
    *options = (struct fus_analyser_options){
        .detector_model = fus_params_text(params, "face_detector_model"),
        .landmarker_model = fus_params_text(params, "face_landmarker_model"),
        .detector_size = side_of(fus_params_text(params, "face_detector_size")),
        .detector_score = score_of(params, "face_detector_score"),
        .landmarker_score = score_of(params, "face_landmarker_score"),
        .detector_off = is_off(params, "face_detector_score"),
        .landmarker_off = is_off(params, "face_landmarker_score"),
        .compat = fus_options_compat(params),
        .opencv_4 = fus_options_opencv_4(params),
        .threads = threads,
    };
    fus_params_box(params, "face_detector_margin", options->margin);
    options->angle_count = (int)FUS_MIN(fus_params_list_count(params, "face_detector_angles"),
                                        FUS_COUNT(options->angles));
    for (int i = 0; i < options->angle_count; i++)
        options->angles[i] = (int)fus_params_list_int(params, "face_detector_angles", (size_t)i);
}

static void copy_text(const struct fus_params *params, const char *name, char *to, size_t size)
{
    const char *text = fus_params_text(params, name);

    if (text)
        fus_strlcpy(to, text, size);
}

void fus_options_writer(const struct fus_params *params, enum fus_container container, int threads,
                        const char *const *metadata, struct fus_writer_options *options)
{
    fus_writer_options_default(options);
    options->container = container;
    copy_text(params, "output_video_encoder", options->video_encoder,
              sizeof(options->video_encoder));
    copy_text(params, "output_video_preset", options->preset, sizeof(options->preset));
    options->quality = (int)fus_params_int(params, "output_video_quality");
    if (fus_params_has_value(params, "output_video_fps"))
        options->fps = fus_params_float(params, "output_video_fps");
    options->threads = threads;
    options->audio_encode = fus_params_is_set(params, "output_audio_encoder") ||
                            fus_params_is_set(params, "output_audio_quality") ||
                            fus_params_is_set(params, "output_audio_volume");
    copy_text(params, "output_audio_encoder", options->audio_encoder,
              sizeof(options->audio_encoder));
    options->audio_quality = (int)fus_params_int(params, "output_audio_quality");
    options->audio_volume = (int)fus_params_int(params, "output_audio_volume");
    options->metadata = metadata;
}

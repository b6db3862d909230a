/* Parameters of FaceFusion's processors that are not built yet: known by name, type and range, so
 * that a client gets a clear answer. A processor that is built takes its rows into its own
 * descriptor. */
#include "processors/common_params.h"

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define MODEL(prefix, standard, text, ...)                                       \
    {                                                                            \
        .name = prefix "_model", .type = FUS_PARAM_TEXT, .choices = __VA_ARGS__, \
        .default_text = standard, .group = "processors", .role = prefix,         \
        .flags = FUS_PARAM_MODEL | FUS_PARAM_LATER, .doc = text                  \
    }
#define NUMBER(key, kind, low, high, grid, standard, text)                                     \
    {                                                                                          \
        .name = key, .type = kind, .min = low, .max = high, .step = grid,                      \
        .default_text = standard, .group = "processors", .flags = FUS_PARAM_LATER, .doc = text \
    }
#define PERCENT(key, standard, text) NUMBER(key, FUS_PARAM_INT, 0, 100, 1, standard, text)
#define WEIGHT(key, text) NUMBER(key, FUS_PARAM_FLOAT, 0, 1, 0.05, "0.5", text)
#define EDIT(key, text) NUMBER("face_editor_" key, FUS_PARAM_FLOAT, -1, 1, 0.05, "0", text)
#define COLOR(key, text) NUMBER(key, FUS_PARAM_BOX, 0, 255, 1, "0 0 0 0", text)
#define NAMED(key, kind, standard, text, ...)                                        \
    {                                                                                \
        .name = key, .type = kind, .choices = __VA_ARGS__, .default_text = standard, \
        .group = "processors", .flags = FUS_PARAM_LATER, .doc = text                 \
    }

static const struct fus_param items[] = {
    MODEL("age_modifier", "fran", "Model that changes the age", CHOICES("fran", "styleganex_age")),
    NUMBER("age_modifier_direction", FUS_PARAM_INT, -100, 100, 1, "0", "Younger or older"),
    MODEL("background_remover", "modnet", "Model that separates people from the background",
          CHOICES("ben_2", "birefnet_general", "birefnet_portrait", "corridor_key_1024",
                  "corridor_key_2048", "isnet_general", "modnet", "ormbg", "rmbg_1.4", "rmbg_2.0",
                  "silueta", "u2net_cloth", "u2net_general", "u2net_human", "u2netp")),
    COLOR("background_remover_fill_color", "Colour of the new background: red green blue alpha"),
    COLOR("background_remover_despill_color", "Colour that is taken out: red green blue alpha"),
    MODEL("deep_swapper", "iperov/elon_musk_224", "Model that draws one certain face", NULL),
    PERCENT("deep_swapper_morph", "100", "Share of the drawn face"),
    MODEL("expression_restorer", "live_portrait", "Model that brings the expression back",
          CHOICES("live_portrait")),
    PERCENT("expression_restorer_factor", "80", "Share of the target's expression"),
    NAMED("expression_restorer_areas", FUS_PARAM_TEXT_LIST, "upper-face lower-face",
          "Areas whose expression is brought back", CHOICES("upper-face", "lower-face")),
    MODEL("face_editor", "live_portrait", "Model that edits the face", CHOICES("live_portrait")),
    EDIT("eyebrow_direction", "Eyebrows down or up"),
    EDIT("eye_gaze_horizontal", "Gaze to one side or the other"),
    EDIT("eye_gaze_vertical", "Gaze down or up"),
    EDIT("eye_open_ratio", "Eyes closed or open"),
    EDIT("lip_open_ratio", "Lips closed or open"),
    EDIT("mouth_grim", "Grim mouth"),
    EDIT("mouth_pout", "Pouting mouth"),
    EDIT("mouth_purse", "Pursed mouth"),
    EDIT("mouth_smile", "Smiling mouth"),
    EDIT("mouth_position_horizontal", "Mouth to one side or the other"),
    EDIT("mouth_position_vertical", "Mouth down or up"),
    EDIT("head_pitch", "Head down or up"),
    EDIT("head_yaw", "Head to one side or the other"),
    EDIT("head_roll", "Head tilted to one side or the other"),
    MODEL(
        "frame_colorizer", "ddcolor", "Model that colours grey frames",
        CHOICES("ddcolor", "ddcolor_artistic", "deoldify", "deoldify_artistic", "deoldify_stable")),
    NAMED("frame_colorizer_size", FUS_PARAM_TEXT, "256x256", "Size at which colours are found",
          CHOICES("192x192", "256x256", "384x384", "512x512")),
    PERCENT("frame_colorizer_blend", "100", "Share of the coloured frame"),
    MODEL("lip_syncer", "wav2lip_gan_96", "Model that moves the lips to the sound",
          CHOICES("edtalk_256", "wav2lip_96", "wav2lip_gan_96")),
    WEIGHT("lip_syncer_weight", "Strength of the movement"),
};

const struct fus_param_table fus_later_param_table = {items, FUS_COUNT(items)};

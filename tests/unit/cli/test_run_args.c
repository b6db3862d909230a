/* Every option of FaceFusion 3.8's headless-run, by name, arity and choices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cli/run_args.h"
#include "processors/processor.h"

/* words: values in FaceFusion's spelling that are all right, separated by spaces; for lists all of
 * them are one value. wrong: one that is not, NULL if any text will do. */
struct upstream {
    const char *key, *words, *wrong;
    bool list;
};
#define ANGLE_KEYS(name)                                     \
    {                                                        \
        "face_editor_" name, "-1.0 0 0.35 1.0", "1.5", false \
    }
static const struct upstream options[] = {
    {"face_detector_model", "many retinaface scrfd yolo_face yunet", "", false},
    {"face_detector_size", "160x160 320x320 480x480 512x512 640x640", "641x641", false},
    {"face_detector_margin", "0 10 20 100", "101", true},
    {"face_detector_angles", "0 90 180 270", "271", true},
    {"face_detector_score", "0.0 0.5 1.0", "1.05", false},
    {"face_landmarker_model", "many 2dfan4 peppa_wutz", "", false},
    {"face_landmarker_score", "0.0 0.5 1.0", "-0.1", false},
    {"face_selector_mode", "many one reference", "two", false},
    {"face_selector_order",
     "left-right right-left top-bottom bottom-top small-large large-small best-worst worst-best",
     "up-down", false},
    {"face_selector_age_start", "0 100", "101", false},
    {"face_selector_age_end", "0 100", "-1", false},
    {"face_selector_gender", "auto female male", "other", false},
    {"face_selector_race", "auto white black latino asian indian arabic", "x", false},
    {"reference_face_position", "0 3", "x", false},
    {"reference_face_distance", "0.0 0.3 1.0", "1.2", false},
    {"reference_frame_number", "0 500", "x", false},
    {"face_tracker_score", "0.0 0.5", "0.55", false},
    {"face_occluder_model", "many xseg_1 xseg_2 xseg_3", "", false},
    {"face_parser_model", "bisenet_resnet_18 bisenet_resnet_34", "", false},
    {"face_mask_types", "box occlusion area region", "hat", true},
    {"face_mask_areas", "upper-face lower-face mouth", "hat", true},
    {"face_mask_regions",
     "skin left-eyebrow right-eyebrow left-eye right-eye glasses nose mouth upper-lip lower-lip",
     "hat", true},
    {"face_mask_blur", "0.0 0.3 1.0", "1.1", false},
    {"face_mask_padding", "0 1 2 100", "101", true},
    {"voice_extractor_model", "kim_vocal_1 kim_vocal_2 uvr_mdxnet", "", false},
    {"trim_frame_start", "0 10", "x", false},
    {"trim_frame_end", "0 10", "x", false},
    {"temp_frame_format", "bmp jpeg png tiff", "gif", false},
    {"temp_pixel_format", "bgr24 bgra", "rgb24", false},
    {"target_frame_amount", "0 2 10", "11", false},
    {"output_image_quality", "0 80 100", "101", false},
    {"output_image_scale", "0.25 1.0 8.0", "9", false},
    {"output_audio_encoder", "flac aac libmp3lame libopus libvorbis pcm_s16le pcm_s32le", "mp3",
     false},
    {"output_audio_quality", "0 100", "101", false},
    {"output_audio_volume", "0 100", "101", false},
    {"output_video_encoder",
     "libx264 libx264rgb libx265 libvpx-vp9 h264_nvenc hevc_nvenc h264_amf hevc_amf h264_qsv "
     "hevc_qsv h264_videotoolbox hevc_videotoolbox rawvideo",
     "x264", false},
    {"output_video_preset", "ultrafast superfast veryfast faster fast medium slow slower veryslow",
     "fst", false},
    {"output_video_quality", "0 80 100", "101", false},
    {"output_video_scale", "0.25 1.0 8.0", "0.1", false},
    {"output_video_fps", "1 29.97 60", "x", false},
    {"workflow_mode", "auto image-to-image image-to-video", "x", false},
    {"workflow_strategy", "disk memory", "x", false},
    {"processors",
     "age_modifier background_remover deep_swapper expression_restorer face_debugger face_editor "
     "face_enhancer face_swapper frame_colorizer frame_enhancer lip_syncer",
     "x", true},
    {"age_modifier_model", "fran styleganex_age", "", false},
    {"age_modifier_direction", "-100 0 100", "101", false},
    {"background_remover_model",
     "ben_2 birefnet_general birefnet_portrait corridor_key_1024 corridor_key_2048 isnet_general "
     "modnet ormbg rmbg_1.4 rmbg_2.0 silueta u2net_cloth u2net_general u2net_human u2netp",
     "", false},
    {"background_remover_fill_color", "0 255 0 255", "256", true},
    {"background_remover_despill_color", "0 255 0 255", "-1", true},
    {"deep_swapper_model", "iperov/elon_musk_224 custom/me", "", false},
    {"deep_swapper_morph", "0 100", "101", false},
    {"expression_restorer_model", "live_portrait", "", false},
    {"expression_restorer_factor", "0 80 100", "101", false},
    {"expression_restorer_areas", "upper-face lower-face", "mouth", true},
    {"face_debugger_items",
     "bounding-box face-landmark-5 face-landmark-5/68 face-landmark-68 face-landmark-68/5 "
     "face-mask",
     "x", true},
    {"face_editor_model", "live_portrait", "", false},
    ANGLE_KEYS("eyebrow_direction"),
    ANGLE_KEYS("eye_gaze_horizontal"),
    ANGLE_KEYS("eye_gaze_vertical"),
    ANGLE_KEYS("eye_open_ratio"),
    ANGLE_KEYS("lip_open_ratio"),
    ANGLE_KEYS("mouth_grim"),
    ANGLE_KEYS("mouth_pout"),
    ANGLE_KEYS("mouth_purse"),
    ANGLE_KEYS("mouth_smile"),
    ANGLE_KEYS("mouth_position_horizontal"),
    ANGLE_KEYS("mouth_position_vertical"),
    ANGLE_KEYS("head_pitch"),
    ANGLE_KEYS("head_yaw"),
    ANGLE_KEYS("head_roll"),
    {"face_enhancer_model",
     "codeformer gfpgan_1.2 gfpgan_1.3 gfpgan_1.4 gpen_bfr_256 gpen_bfr_512 gpen_bfr_1024 "
     "gpen_bfr_2048 restoreformer_plus_plus",
     "", false},
    {"face_enhancer_blend", "0 80 100", "101", false},
    {"face_enhancer_weight", "0.0 0.5 1.0", "1.1", false},
    {"face_swapper_model",
     "blendswap_256 ghost_1_256 ghost_2_256 ghost_3_256 hififace_unofficial_256 hyperswap_1a_256 "
     "hyperswap_1b_256 hyperswap_1c_256 inswapper_128 inswapper_128_fp16 simswap_256 "
     "simswap_unofficial_512 uniface_256",
     "", false},
    {"face_swapper_pixel_boost", "256x256 512x512 1024x1024", NULL, false},
    {"face_swapper_weight", "0.0 0.5 1.0", "1.1", false},
    {"frame_colorizer_model", "ddcolor ddcolor_artistic deoldify deoldify_artistic deoldify_stable",
     "", false},
    {"frame_colorizer_size", "192x192 256x256 384x384 512x512", "1x1", false},
    {"frame_colorizer_blend", "0 100", "101", false},
    {"frame_enhancer_model",
     "clear_reality_x4 face_dat_x4 nomos8k_sc_x4 real_esrgan_x2 real_esrgan_x2_fp16 real_esrgan_x4 "
     "real_esrgan_x4_fp16 real_esrgan_x8 real_esrgan_x8_fp16 real_hatgan_x4 real_web_photo_x4 "
     "realistic_rescaler_x4 remacri_x4 siax_x4 span_kendata_x4 swin2_sr_x4 tghq_face_x8 "
     "ultra_sharp_x4 ultra_sharp_2_x4",
     "", false},
    {"frame_enhancer_blend", "0 80 100", "101", false},
    {"lip_syncer_model", "edtalk_256 wav2lip_96 wav2lip_gan_96", "", false},
    {"lip_syncer_weight", "0.0 0.5 1.0", "1.1", false},
    /* job options */
    {"temp_path", "/tmp", NULL, false},
    {"jobs_path", ".jobs", NULL, false},
    {"execution_device_ids", "0 1", "x", true},
    {"execution_providers", "cuda tensorrt rocm migraphx coreml openvino qnn directml cpu", "gpu",
     true},
    {"execution_thread_count", "1 8 32", "33", false},
    {"download_providers", "github huggingface", "x", true},
    {"download_scope", "lite full", "x", false},
    {"video_memory_strategy", "strict moderate tolerant", "x", false},
};

enum { WORDS_MAX = 40 };

/* argv of `fusiond run` with one option more; engine facefusion, which takes everything. */
static int parse_with(const char *key, const char *words, struct fus_run_args *args,
                      struct fus_error *err)
{
    static const char *const base[] = {"run",   "--engine",      "facefusion", "-s", "a.png",
                                       "b.png", "--target-path", "c.png",      "-o", "d.png"};
    static char copies[WORDS_MAX][200];
    static char *argv[WORDS_MAX + 1];
    int argc = 0;
    for (size_t i = 0; i < FUS_COUNT(base); i++)
        (void)snprintf(copies[argc++], sizeof(copies[0]), "%s", base[i]);
    (void)snprintf(copies[argc], sizeof(copies[0]), "--%s", key);
    for (char *c = copies[argc++]; *c != '\0'; c++)
        *c = (char)(*c == '_' ? '-' : *c);
    for (const char *at = words; *words != '\0' && *at != '\0'; at += at[0] == ' ') {
        size_t length = strcspn(at, " ");
        (void)snprintf(copies[argc++], sizeof(copies[0]), "%.*s", (int)length, at);
        at += length;
    }
    if (*words == '\0')
        copies[argc++][0] = '\0';
    for (int i = 0; i < argc; i++)
        argv[i] = copies[i];
    argv[argc] = NULL;
    return fus_run_args_parse(args, fus_processors_schema(), argc, argv, err);
}

static int take_option(const char *key, const char *words)
{
    FUS_AUTO_RUN_ARGS struct fus_run_args args = {0};
    struct fus_error err = {0};
    FUS_AUTO_FREE struct fus_error_list *errors = fus_calloc(1, sizeof(*errors));
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    int rc = parse_with(key, words, &args, &err);
    if (rc == 0)
        rc = fus_local_args_apply(&args.local, params, errors);
    return rc;
}

static void every_option_takes_what_facefusion_takes(void **state)
{
    for (size_t i = 0; i < FUS_COUNT(options); i++) {
        const struct upstream *option = &options[i];
        const struct fus_param *param = fus_param_find(fus_processors_schema(), option->key);
        if (param == NULL)
            fail_msg("there is no %s", option->key);
        if (option->list) {
            if (take_option(option->key, option->words) != 0)
                fail_msg("--%s does not take \"%s\"", option->key, option->words);
            continue;
        }
        for (const char *at = option->words; *at != '\0'; at += at[0] == ' ') {
            char word[64];
            size_t length = strcspn(at, " ");
            (void)snprintf(word, sizeof(word), "%.*s", (int)length, at);
            at += length;
            if (take_option(option->key, word) != 0)
                fail_msg("--%s does not take \"%s\"", option->key, word);
        }
    }
}

static void and_refuses_what_it_refuses(void **state)
{
    for (size_t i = 0; i < FUS_COUNT(options); i++) {
        const struct upstream *option = &options[i];
        if (option->wrong == NULL || *option->wrong == '\0')
            continue;
        if (take_option(option->key, option->wrong) != FUS_E_INVALID_PARAMETER)
            fail_msg("--%s takes \"%s\"", option->key, option->wrong);
    }
}

static void files_are_words_until_the_next_option(void **state)
{
    FUS_AUTO_RUN_ARGS struct fus_run_args args = {0};
    struct fus_error err = {0};
    assert_int_equal(parse_with("face_mask_types", "box occlusion", &args, &err), 0);
    assert_int_equal(args.source_count, 2);
    assert_string_equal(args.sources[1], "b.png");
    assert_string_equal(args.target, "c.png");
    assert_string_equal(args.output, "d.png");
    assert_true(args.local.second);
}

static void the_native_engine_says_what_it_does_not_do(void **state)
{
    static char *argv[] = {(char *)(uintptr_t) "run",   (char *)(uintptr_t) "-t",
                           (char *)(uintptr_t) "c.png", (char *)(uintptr_t) "-o",
                           (char *)(uintptr_t) "d.png", (char *)(uintptr_t) "--lip-syncer-weight",
                           (char *)(uintptr_t) "0.7",   NULL};
    FUS_AUTO_RUN_ARGS struct fus_run_args args = {0};
    struct fus_error err = {0};
    FUS_AUTO_FREE struct fus_error_list *errors = fus_calloc(1, sizeof(*errors));
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    assert_int_equal(
        fus_run_args_parse(&args, fus_processors_schema(), FUS_COUNT(argv) - 1, argv, &err), 0);
    assert_int_equal(fus_local_args_apply(&args.local, params, errors), FUS_E_INVALID_PARAMETER);
    assert_non_null(strstr(errors->items[0].detail, "engine: facefusion"));
}

static void the_ini_stands_in_for_what_is_left_out(void **state)
{
    char folder[] = "/tmp/fus-run-args-XXXXXX", path[64], option[] = "--config-path";
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/f.ini", folder);
    static const char text[] = "[paths]\nsource_paths = x.png y.png\ntarget_path = t.png\n"
                               "output_path = o.png\n[face_masker]\nface_mask_blur = 0.8\n"
                               "[misc]\nlog_level = error\n";
    assert_int_equal(fus_fs_write_atomic(path, text, sizeof(text) - 1, 0600, NULL), 0);
    char run[] = "run", t[] = "-t", other[] = "other.png";
    char *argv[] = {run, option, path, t, other, NULL};
    struct fus_error err = {0};
    {
        FUS_AUTO_RUN_ARGS struct fus_run_args args = {0};
        assert_int_equal(fus_run_args_parse(&args, fus_processors_schema(), 5, argv, &err), 0);
        assert_int_equal(args.source_count, 2);
        assert_string_equal(args.sources[1], "y.png");
        assert_string_equal(args.target, "other.png");
        assert_string_equal(args.output, "o.png");
        assert_true(args.local.quiet);
        FUS_AUTO_FREE struct fus_error_list *errors = fus_calloc(1, sizeof(*errors));
        FUS_CLEANUP(fus_params_free)
        struct fus_params *params = fus_params_new(fus_processors_schema());
        assert_int_equal(fus_local_args_apply(&args.local, params, errors), 0);
        assert_true(fus_params_float(params, "face_mask_blur") > 0.79);
    }
    assert_int_equal(fus_fs_remove_tree(folder, NULL), 0);
    FUS_AUTO_RUN_ARGS struct fus_run_args args = {0};
    assert_int_equal(fus_run_args_parse(&args, fus_processors_schema(), 5, argv, &err),
                     FUS_E_INVALID_PARAMETER);
    assert_non_null(strstr(err.detail, "there is no such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_takes_what_facefusion_takes),
        cmocka_unit_test(and_refuses_what_it_refuses),
        cmocka_unit_test(files_are_words_until_the_next_option),
        cmocka_unit_test(the_native_engine_says_what_it_does_not_do),
        cmocka_unit_test(the_ini_stands_in_for_what_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whole jobs with the real rooms and real pictures (../shared/media; skipped where it is missing).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "folder.h"
#include "media/still.h"
#include "pipeline/pipeline.h"
#include "processors/processor.h"
#include "safety/label.h"

struct scene {
    struct folder folder;
    struct fus_engine *engine;
    char *output;
    char warnings[256];
    struct fus_pipeline_result result;
    struct fus_error err;
};

static void media_path(char *path, size_t size, const char *name)
{
    const char *media = getenv("FUS_MEDIA_DIR"), *shared = getenv("FUS_SHARED_DIR");

    if (media)
        snprintf(path, size, "%s/%s", media, name);
    else
        snprintf(path, size, "%s/media/%s", shared ? shared : FUS_SOURCE_ROOT "/../shared", name);
}

static void need_media(void)
{
    char path[512];

    media_path(path, sizeof(path), "images/mona_lisa.jpg");
    if (!fus_fs_exists(path)) {
        print_message("../shared/media is not there\n");
        skip();
    }
}

static int set_up(void **state)
{
    const struct fus_engine_options options = {.threads = 2};
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->folder = new_folder();
    scene->output = in_folder(&scene->folder, "output");
    *state = scene;
    return fus_engine_new(&options, &scene->engine, &scene->err);
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    fus_engine_free(scene->engine);
    end_folder(&scene->folder);
    fus_free(scene->output);
    free(scene);
    return 0;
}

static void on_warning(void *user, const char *code, const char *text)
{
    struct scene *scene = user;

    snprintf(scene->warnings + strlen(scene->warnings),
             sizeof(scene->warnings) - strlen(scene->warnings), "%s ", code);
}

static int run(struct scene *scene, const char *donor, const char *target, const char *format)
{
    FUS_CLEANUP(fus_params_free)
    struct fus_params *params = fus_params_new(fus_processors_schema());
    const struct fus_pipeline_events events = {.user = scene, .warning = on_warning};
    char donor_path[512], target_path[512];
    const char *const sources[] = {donor_path};
    struct fus_pipeline_request request = {.source_paths = sources,
                                           .source_count = 1,
                                           .target_path = target_path,
                                           .output_path = scene->output,
                                           .output_format = format,
                                           .params = params};

    assert_non_null(params);
    media_path(donor_path, sizeof(donor_path), donor);
    media_path(target_path, sizeof(target_path), target);
    fus_media_limits_default(&request.limits);
    return fus_pipeline_run(scene->engine, &request, &events, &scene->result, &scene->err);
}

static void a_painting_gets_another_face_and_keeps_every_other_pixel(void **state)
{
    struct scene *scene = *state;
    FUS_AUTO_STILL struct fus_still before = {0}, after = {0};
    struct fus_media_limits limits;
    enum fus_digital_source_type type;
    char path[512];
    int changed = 0, width, height;

    need_media();
    fus_media_limits_default(&limits);
    assert_int_equal(run(scene, "images/mona_lisa.jpg", "images/astronaut.png", NULL), 0);
    media_path(path, sizeof(path), "images/astronaut.png");
    assert_int_equal(fus_still_read(path, &limits, &before, NULL), 0);
    assert_int_equal(fus_still_read(scene->output, &limits, &after, NULL), 0);
    width = before.image.width;
    height = before.image.height;
    assert_int_equal(after.image.width, width);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            if (memcmp(before.image.plane[0] + y * before.image.stride_bytes[0] + 3 * x,
                       after.image.plane[0] + y * after.image.stride_bytes[0] + 3 * x, 3) == 0)
                continue;
            /* the astronaut's head */
            assert_in_range(x, width * 28 / 100, width * 60 / 100);
            assert_in_range(y, 0, height * 45 / 100);
            changed++;
        }
    }
    assert_true(changed > 1000);
    assert_int_equal(fus_label_read(scene->output, &type, NULL), 0);
    assert_int_equal(type, FUS_DST_COMPOSITE_SYNTHETIC);
}

static void a_clip_is_swapped_in_every_container(void **state)
{
    static const char *const formats[] = {"mp4", "mov", "mkv"};
    struct scene *scene = *state;

    need_media();
    for (size_t i = 0; i < FUS_COUNT(formats); i++) {
        enum fus_digital_source_type type;

        assert_int_equal(run(scene, "images/mona_lisa.jpg",
                             "video/head-pose-face-detection-male.mp4", formats[i]),
                         0);
        assert_int_equal(scene->result.frames, 62);
        assert_int_equal(scene->result.faces_changed, 62);
        assert_int_equal(fus_label_read(scene->output, &type, NULL), 0);
        assert_non_null(strstr(scene->warnings, "reference_by_tracking"));
    }
}

static void targets_without_a_face_are_refused_and_nothing_is_written(void **state)
{
    static const char *const targets[] = {
        "images/chelsea.png", "images/coffee.png",  "images/rocket.jpg",
        "images/kodim03.png", "images/kodim23.png", "video/no-face-person-from-behind.mp4"};
    struct scene *scene = *state;

    need_media();
    for (size_t i = 0; i < FUS_COUNT(targets); i++) {
        assert_int_equal(run(scene, "images/mona_lisa.jpg", targets[i], NULL),
                         FUS_E_NO_FACE_IN_TARGET);
        assert_int_equal(count_files(&scene->folder), 0);
    }
}

static void a_donor_without_a_face_is_named(void **state)
{
    struct scene *scene = *state;

    need_media();
    assert_int_equal(run(scene, "images/coffee.png", "images/astronaut.png", NULL),
                     FUS_E_NO_FACE_IN_SOURCE);
    assert_string_equal(scene->err.pointer, "/source_images/0");
    assert_int_equal(count_files(&scene->folder), 0);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SCENE(a_painting_gets_another_face_and_keeps_every_other_pixel),
        SCENE(a_clip_is_swapped_in_every_container),
        SCENE(targets_without_a_face_are_refused_and_nothing_is_written),
        SCENE(a_donor_without_a_face_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

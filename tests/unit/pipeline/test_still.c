/* A still through the whole pipeline, with faces and processors that do as they are told (fakes.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fakes.h"
#include "folder.h"
#include "media/still.h"
#include "pipeline/engine.h"
#include "safety/label.h"

#define WIDTH 160
#define HEIGHT 80

struct scene {
    struct folder folder;
    char *source, *other_source, *target, *output;
    struct fus_engine *engine;
    struct told told;
    struct fus_pipeline_result result;
    struct fus_error err;
    const char *format;
    bool two_sources;
};

/* A picture of noise whose first pixel tells the faces. */
static void make_still(struct fus_still *still, int faces, bool alpha)
{
    uint32_t noise = 7;

    memset(still, 0, sizeof(*still));
    assert_int_equal(fus_image_alloc(&still->image, FUS_PIXEL_BGR8, WIDTH, HEIGHT, NULL), 0);
    if (alpha)
        assert_int_equal(fus_image_alloc(&still->alpha, FUS_PIXEL_GRAY8, WIDTH, HEIGHT, NULL), 0);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH * 3; x++) {
            noise = noise * 1664525u + 1013904223u;
            still->image.plane[0][y * still->image.stride_bytes[0] + x] = (uint8_t)(noise >> 25);
        }
        for (int x = 0; alpha && x < WIDTH; x++)
            still->alpha.plane[0][y * still->alpha.stride_bytes[0] + x] = (uint8_t)(x + y);
    }
    still->image.plane[0][0] = FAKE_FACES(faces);
}

static void save_still(const char *path, int faces, bool alpha)
{
    const struct fus_still_options options = {.container = FUS_CONTAINER_PNG, .quality = 100};
    FUS_AUTO_STILL struct fus_still still;
    FUS_AUTO_FREE uint8_t *bytes = NULL;
    size_t size;

    make_still(&still, faces, alpha);
    assert_int_equal(fus_still_encode(&still, &options, &bytes, &size, NULL), 0);
    assert_int_equal(fus_fs_write_atomic(path, bytes, size, 0644, NULL), 0);
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    memset(&fake, 0, sizeof(fake));
    scene->folder = new_folder();
    scene->source = in_folder(&scene->folder, "source.png");
    scene->other_source = in_folder(&scene->folder, "other.png");
    scene->target = in_folder(&scene->folder, "target.png");
    scene->output = in_folder(&scene->folder, "output");
    save_still(scene->source, 1, false);
    save_still(scene->other_source, 0, false);
    save_still(scene->target, 3, false);
    scene->engine = fake_engine(2);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    free(scene->engine);
    end_folder(&scene->folder);
    fus_free(scene->source);
    fus_free(scene->other_source);
    fus_free(scene->target);
    fus_free(scene->output);
    free(scene);
    return 0;
}

static int run(struct scene *scene, const char *params_json)
{
    FUS_CLEANUP(fus_params_free) struct fus_params *params = fake_params(params_json);
    const char *sources[] = {scene->source, scene->other_source};
    struct fus_pipeline_events events = told_events(&scene->told);
    struct fus_pipeline_request request = {
        .job_id = "job_test",
        .source_paths = sources,
        .source_count = scene->two_sources ? 2 : 1,
        .target_path = scene->target,
        .output_path = scene->output,
        .output_format = scene->format,
        .params = params,
    };

    fus_media_limits_default(&request.limits);
    return fus_pipeline_run(scene->engine, &request, &events, &scene->result, &scene->err);
}

/* source, other and target are always there */
static void assert_no_output(struct scene *scene)
{
    assert_false(fus_fs_exists(scene->output));
    assert_int_equal(count_files(&scene->folder), 3);
}

/* Pixels that differ between target and output: all must lie in [x1, x2) of the faces' rows. */
static int changed_pixels(struct scene *scene, int x1, int x2)
{
    FUS_AUTO_STILL struct fus_still before = {0}, after = {0};
    struct fus_media_limits limits;
    int changed = 0;

    fus_media_limits_default(&limits);
    assert_int_equal(fus_still_read(scene->target, &limits, &before, NULL), 0);
    assert_int_equal(fus_still_read(scene->output, &limits, &after, NULL), 0);
    assert_int_equal(after.image.width, WIDTH);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            if (memcmp(before.image.plane[0] + y * before.image.stride_bytes[0] + 3 * x,
                       after.image.plane[0] + y * after.image.stride_bytes[0] + 3 * x, 3) == 0)
                continue;
            assert_in_range(x, x1, x2 - 1);
            changed++;
        }
    }
    return changed;
}

static void a_swap_changes_the_face_and_nothing_else(void **state)
{
    struct scene *scene = *state;
    enum fus_digital_source_type type;

    assert_int_equal(run(scene, "{}"), 0);
    /* the default is the reference face, position 0 of large-small: the third */
    assert_in_range(changed_pixels(scene, 72, 90), 300, 18 * 18);
    assert_int_equal(fus_label_read(scene->output, &type, NULL), 0);
    assert_int_equal(type, FUS_DST_COMPOSITE_SYNTHETIC);
    assert_int_equal(count_files(&scene->folder), 4);
    assert_int_equal(scene->told.percent, 100);
    assert_false(scene->told.fell);
    assert_string_equal(scene->told.steps, "probing analysing_faces processing_frames "
                                           "encoding_output labelling done ");
    assert_string_equal(scene->told.warnings, "");
    assert_int_equal(fake.opened, 1);
    assert_int_equal(fake.closed, 1);
}

static void the_result_tells_the_facts(void **state)
{
    struct scene *scene = *state;
    const struct fus_pipeline_result *result = &scene->result;

    assert_int_equal(run(scene, "{}"), 0);
    assert_int_equal(result->container, FUS_CONTAINER_PNG);
    assert_false(result->is_video);
    assert_int_equal(result->width, WIDTH);
    assert_int_equal(result->height, HEIGHT);
    assert_int_equal(result->frames, 1);
    assert_int_equal(result->bytes, fus_fs_size(scene->output));
    assert_int_equal(strlen(result->sha256), 64);
    assert_int_equal(result->faces_source, 1);
    assert_int_equal(result->faces_target_max, 3);
    assert_int_equal(result->faces_changed, 1);
    assert_string_equal(result->label_term, "compositeSynthetic");
    assert_int_equal(result->model_count, 3);
    assert_string_equal(result->models[2].id, "mesh_blend");
    assert_true(result->timings.total_ms > 0);
}

static void the_selection_follows_its_parameters(void **state)
{
    static const struct {
        const char *params;
        int x1, x2, faces;
    } rows[] = {
        {"{\"face_selector_mode\":\"many\"}", 24, 90, 3},
        {"{\"face_selector_mode\":\"one\"}", 72, 90, 1},
        {"{\"face_selector_mode\":\"one\",\"face_selector_order\":\"left-right\"}", 24, 40, 1},
        {"{\"face_selector_mode\":\"one\",\"face_selector_order\":\"best-worst\"}", 24, 40, 1},
        {"{\"reference_face_position\":1}", 48, 65, 1},
        {"{\"reference_face_position\":99}", 24, 40, 1}, /* beyond the last: the last */
        {"{\"reference_face_position\":0,\"face_selector_order\":\"right-left\"}", 72, 90, 1},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < FUS_COUNT(rows); i++) {
        assert_int_equal(run(scene, rows[i].params), 0);
        assert_true(changed_pixels(scene, rows[i].x1, rows[i].x2) > 0);
        assert_int_equal(scene->result.faces_changed, rows[i].faces);
    }
}

static void an_empty_list_of_processors_changes_and_claims_nothing(void **state)
{
    struct scene *scene = *state;
    enum fus_digital_source_type type;

    assert_int_equal(run(scene, "{\"processors\":[]}"), 0);
    assert_int_equal(changed_pixels(scene, 0, 0), 0);
    assert_int_equal(fus_label_read(scene->output, &type, NULL), FUS_E_NOT_FOUND);
    assert_string_equal(scene->result.label_term, "");
    assert_int_equal(scene->result.model_count, 0);
}

static void a_target_that_says_it_is_synthetic_goes_on_saying_so(void **state)
{
    struct scene *scene = *state;
    const struct fus_label trained = {.type = FUS_DST_COMPOSITE_TRAINED, .tool = "other"};
    FUS_AUTO_FREE void *bytes = NULL;
    FUS_AUTO_FREE uint8_t *labelled = NULL;
    enum fus_digital_source_type type;
    size_t size;

    assert_int_equal(fus_fs_read(scene->target, 1 << 20, &bytes, &size, NULL), 0);
    assert_int_equal(
        fus_label_still(FUS_CONTAINER_PNG, bytes, size, &trained, &labelled, &size, NULL), 0);
    assert_int_equal(fus_fs_write_atomic(scene->target, labelled, size, 0644, NULL), 0);
    assert_int_equal(run(scene, "{\"processors\":[]}"), 0);
    assert_int_equal(fus_label_read(scene->output, &type, NULL), 0);
    assert_int_equal(type, FUS_DST_COMPOSITE_TRAINED);
    assert_int_equal(run(scene, "{}"), 0); /* a weaker claim does not replace it */
    assert_int_equal(fus_label_read(scene->output, &type, NULL), 0);
    assert_int_equal(type, FUS_DST_COMPOSITE_TRAINED);
}

static void several_processors_run_in_order_and_the_strongest_claim_counts(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(
        run(scene, "{\"processors\":[\"frame_colorizer\",\"face_enhancer\",\"face_swapper\"]}"), 0);
    assert_string_equal(fake.order, "frame_colorizer face_enhancer face_swapper ");
    assert_string_equal(scene->result.label_term, "compositeWithTrainedAlgorithmicMedia");
    assert_int_equal(fake.closed, 3);
}

static void a_processor_that_needs_no_face_runs_without_one(void **state)
{
    struct scene *scene = *state;

    save_still(scene->target, 0, false);
    assert_int_equal(run(scene, "{\"processors\":[\"frame_colorizer\"]}"), 0);
    assert_string_equal(fake.order, "frame_colorizer ");
}

static void a_target_without_a_face_fails_and_leaves_nothing(void **state)
{
    struct scene *scene = *state;

    save_still(scene->target, 0, false);
    assert_int_equal(run(scene, "{}"), FUS_E_NO_FACE_IN_TARGET);
    assert_int_equal(scene->err.code, FUS_E_NO_FACE_IN_TARGET);
    assert_no_output(scene);
}

static void a_source_without_a_face_beside_others_is_a_warning(void **state)
{
    struct scene *scene = *state;

    scene->two_sources = true;
    assert_int_equal(run(scene, "{}"), 0);
    assert_string_equal(scene->told.warnings, "source_without_face ");
    assert_int_equal(scene->result.faces_source, 1);
    assert_int_equal(fake.sources_seen, 2);
}

static void sources_without_any_face_are_an_error(void **state)
{
    struct scene *scene = *state;

    save_still(scene->source, 0, false);
    assert_int_equal(run(scene, "{}"), FUS_E_NO_FACE_IN_SOURCE);
    assert_string_equal(scene->err.pointer, "/source_images/0");
    scene->two_sources = true;
    assert_int_equal(run(scene, "{}"), FUS_E_NO_FACE_IN_SOURCE);
    assert_string_equal(scene->err.pointer, "/source_images");
    assert_non_null(strstr(scene->err.detail, "2"));
    assert_no_output(scene);
}

static void a_source_that_is_no_picture_is_named_too(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(fus_fs_write_atomic(scene->source, "nonsense", 8, 0644, NULL), 0);
    assert_int_equal(run(scene, "{}"), FUS_E_UNSUPPORTED_MEDIA);
    assert_string_equal(scene->err.pointer, "/source_images/0");
    assert_no_output(scene);
}

static void the_output_format_decides_and_must_fit(void **state)
{
    static const struct {
        const char *format;
        int rc;
        enum fus_container container;
    } rows[] = {
        {"jpg", 0, FUS_CONTAINER_JPEG},      {"JPEG", 0, FUS_CONTAINER_JPEG},
        {"webp", 0, FUS_CONTAINER_WEBP},     {"png", 0, FUS_CONTAINER_PNG},
        {"mp4", FUS_E_INVALID_PARAMETER, 0}, {"gif", FUS_E_INVALID_PARAMETER, 0},
        {"", FUS_E_INVALID_PARAMETER, 0},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < FUS_COUNT(rows); i++) {
        enum fus_digital_source_type type;
        enum fus_container container;

        scene->format = rows[i].format;
        unlink(scene->output);
        assert_int_equal(run(scene, "{}"), rows[i].rc);
        if (rows[i].rc) {
            assert_string_equal(scene->err.pointer, "/output_format");
            assert_no_output(scene);
            continue;
        }
        assert_int_equal(fus_media_sniff(scene->output, &container, NULL), 0);
        assert_int_equal(container, rows[i].container);
        assert_int_equal(fus_label_read(scene->output, &type, NULL), 0);
    }
}

static void transparency_stays_where_the_format_has_it(void **state)
{
    struct scene *scene = *state;
    FUS_AUTO_STILL struct fus_still after = {0};
    struct fus_media_limits limits;

    fus_media_limits_default(&limits);
    save_still(scene->target, 1, true);
    assert_int_equal(run(scene, "{}"), 0);
    assert_int_equal(fus_still_read(scene->output, &limits, &after, NULL), 0);
    assert_non_null(after.alpha.plane[0]);
    assert_int_equal(after.alpha.plane[0][5 * after.alpha.stride_bytes[0] + 7], 12);
    assert_string_equal(scene->told.warnings, "");
    scene->format = "jpg";
    assert_int_equal(run(scene, "{}"), 0);
    assert_string_equal(scene->told.warnings, "alpha_dropped ");
}

static void an_explicit_target_is_refused_with_its_reason(void **state)
{
    struct scene *scene = *state;

    fake.gate_installed = 1;
    fake.explicit_looks = 1;
    assert_int_equal(run(scene, "{}"), FUS_E_CONTENT_REJECTED);
    assert_int_equal(scene->result.moderation.state, FUS_MODERATION_REJECTED);
    assert_int_equal(scene->result.moderation.voted, 1);
    assert_int_equal(fake.looks, 1);
    assert_int_equal(fake.opened, 0);
    assert_no_output(scene);
}

static void a_decent_target_passes_and_the_result_says_so(void **state)
{
    struct scene *scene = *state;

    fake.gate_installed = 1;
    assert_int_equal(run(scene, "{}"), 0);
    assert_int_equal(scene->result.moderation.state, FUS_MODERATION_PASSED);
    assert_int_equal(scene->result.moderation.sampled, 1);
}

static void the_policy_decides_what_happens_without_the_gate(void **state)
{
    struct scene *scene = *state;

    /* a composite of the built-in swapper goes through, a generator doesn't */
    assert_int_equal(run(scene, "{}"), 0);
    assert_int_equal(scene->result.moderation.state, FUS_MODERATION_NOT_INSTALLED);
    fake.generator = 1;
    assert_int_equal(run(scene, "{}"), FUS_E_MODEL_NOT_FOUND);
    assert_non_null(strstr(scene->err.detail, "fusiond models pull"));
    fake.generator = 0;
    scene->engine->gate = FUS_GATE_REQUIRED;
    assert_int_equal(run(scene, "{}"), FUS_E_MODEL_NOT_FOUND);
    assert_int_equal(run(scene, "{\"processors\":[]}"), 0); /* nothing is made */
    assert_int_equal(scene->result.moderation.state, FUS_MODERATION_NONE);
    scene->engine->gate = FUS_GATE_OFF;
    fake.generator = 1;
    assert_int_equal(run(scene, "{}"), 0);
    assert_int_equal(scene->result.moderation.state, FUS_MODERATION_OFF);
    assert_non_null(strstr(scene->told.warnings, "content_gate_off"));
    assert_int_equal(fake.looks, 0);
}

static void the_picture_has_the_size_asked_for(void **state)
{
    static const struct {
        const char *params;
        int width, height;
    } cases[] = {
        {"{\"output_image_scale\":0.5}", WIDTH / 2, HEIGHT / 2},
        {"{\"output_image_scale\":2}", WIDTH * 2, HEIGHT * 2},
        {"{\"processors\":[\"frame_enhancer\"]}", WIDTH, HEIGHT},
        {"{\"processors\":[\"frame_enhancer\",\"face_debugger\"],\"output_image_scale\":2}",
         WIDTH * 2, HEIGHT * 2},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < FUS_COUNT(cases); i++) {
        FUS_AUTO_STILL struct fus_still still = {0};
        struct fus_media_limits limits;

        fus_media_limits_default(&limits);
        assert_int_equal(run(scene, cases[i].params), 0);
        assert_int_equal(fus_still_read(scene->output, &limits, &still, NULL), 0);
        assert_int_equal(still.image.width, cases[i].width);
        assert_int_equal(still.image.height, cases[i].height);
        assert_int_equal(scene->result.width, cases[i].width);
    }
}

static void a_cancel_at_any_moment_leaves_nothing(void **state)
{
    struct scene *scene = *state;
    long at = 0;
    int rc;

    do {
        memset(&scene->told, 0, sizeof(scene->told));
        scene->told.cancel_at = ++at;
        rc = run(scene, "{}");
        if (rc) {
            assert_int_equal(rc, FUS_E_CANCELLED);
            assert_no_output(scene);
        }
    } while (rc && at < 50);
    assert_int_equal(rc, 0);
    assert_true(at >= 4);
    assert_int_equal(fake.opened, fake.closed);
}

static void a_failing_processor_leaves_nothing_and_an_old_output_stays(void **state)
{
    struct scene *scene = *state;

    fake.fail_process_at = 1;
    assert_int_equal(run(scene, "{}"), FUS_E_OUT_OF_MEMORY);
    assert_no_output(scene);
    assert_int_equal(fake.closed, 1);
    assert_int_equal(fus_fs_write_atomic(scene->output, "old", 3, 0644, NULL), 0);
    fake.fail_process_at = 2;
    assert_int_equal(run(scene, "{}"), FUS_E_OUT_OF_MEMORY);
    assert_int_equal(fus_fs_size(scene->output), 3);
    fake.missing_model = true;
    assert_int_equal(run(scene, "{}"), FUS_E_MODEL_NOT_FOUND);
}

static void running_out_of_memory_at_any_call_is_an_error_without_a_file(void **state)
{
    struct scene *scene = *state;
    int rc = -1;

    for (long calls = 0; rc && calls < 2000; calls++) {
        FUS_CLEANUP(fus_params_free) struct fus_params *params = fake_params("{}");
        const char *sources[] = {scene->source};
        struct fus_pipeline_request request = {
            .source_paths = sources,
            .source_count = 1,
            .target_path = scene->target,
            .output_path = scene->output,
            .params = params,
        };
        bool failed;

        fus_media_limits_default(&request.limits);
        fus_mem_fail_after(calls);
        rc = fus_pipeline_run(scene->engine, &request, NULL, &scene->result, &scene->err);
        failed = fus_mem_failed();
        fus_mem_fail_off();
        if (rc) {
            assert_true(failed);
            assert_no_output(scene);
        }
    }
    assert_int_equal(rc, 0);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SCENE(a_swap_changes_the_face_and_nothing_else),
        SCENE(the_result_tells_the_facts),
        SCENE(the_selection_follows_its_parameters),
        SCENE(an_empty_list_of_processors_changes_and_claims_nothing),
        SCENE(a_target_that_says_it_is_synthetic_goes_on_saying_so),
        SCENE(several_processors_run_in_order_and_the_strongest_claim_counts),
        SCENE(a_processor_that_needs_no_face_runs_without_one),
        SCENE(a_target_without_a_face_fails_and_leaves_nothing),
        SCENE(a_source_without_a_face_beside_others_is_a_warning),
        SCENE(sources_without_any_face_are_an_error),
        SCENE(a_source_that_is_no_picture_is_named_too),
        SCENE(the_output_format_decides_and_must_fit),
        SCENE(transparency_stays_where_the_format_has_it),
        SCENE(an_explicit_target_is_refused_with_its_reason),
        SCENE(a_decent_target_passes_and_the_result_says_so),
        SCENE(the_policy_decides_what_happens_without_the_gate),
        SCENE(the_picture_has_the_size_asked_for),
        SCENE(a_cancel_at_any_moment_leaves_nothing),
        SCENE(a_failing_processor_leaves_nothing_and_an_old_output_stays),
        SCENE(running_out_of_memory_at_any_call_is_an_error_without_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

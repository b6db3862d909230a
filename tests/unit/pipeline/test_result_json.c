#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pipeline/pipeline.h"

static struct fus_pipeline_result sample(void)
{
    struct fus_pipeline_result result = {
        .container = FUS_CONTAINER_MP4,
        .is_video = true,
        .width = 1280,
        .height = 720,
        .frames = 250,
        .duration_seconds = 10.0,
        .fps = 25.0,
        .bytes = 5000000000,
        .faces_source = 1,
        .faces_target_max = 3,
        .frames_with_faces = 240,
        .faces_changed = 230,
        .has_audio = true,
        .audio_copied = true,
        .timings = {1.5, 2.25, 3, 4, 5, 6, 7},
        .label_term = "compositeSynthetic",
        .models = {{"builtin", "face_detector", ""}, {"mesh_blend", "face_swapper", "ab"}},
        .model_count = 2,
        .moderation = {.state = FUS_MODERATION_PASSED},
    };

    fus_moderation_count(&result.moderation, 0, false);
    fus_moderation_count(&result.moderation, 25, true);

    memset(result.sha256, 'a', 64);
    return result;
}

static void a_result_comes_back_as_it_was(void **state)
{
    struct fus_pipeline_result result = sample(), back;
    json_t *json = fus_pipeline_result_to_json(&result);

    assert_non_null(json);
    memset(&back, 0x55, sizeof(back));
    assert_int_equal(fus_pipeline_result_from_json(json, &back), 0);
    assert_int_equal(back.container, FUS_CONTAINER_MP4);
    assert_int_equal(back.bytes, 5000000000);
    assert_string_equal(back.sha256, result.sha256);
    assert_int_equal(back.model_count, 2);
    assert_string_equal(back.models[1].id, "mesh_blend");
    assert_string_equal(back.label_term, "compositeSynthetic");
    assert_true(back.timings.decode_ms == 2.25 && back.timings.total_ms == 7);
    assert_true(back.has_audio && back.audio_copied && back.is_video);
    assert_int_equal(back.faces_target_max, 3);
    assert_int_equal(back.moderation.voted_frames[0], 25);

    json_t *again = fus_pipeline_result_to_json(&back);

    assert_true(json_equal(json, again));
    json_decref(again);
    json_decref(json);
}

static void any_member_missing_or_of_a_wrong_kind_is_refused(void **state)
{
    struct fus_pipeline_result result = sample(), back = {.width = 77};
    json_t *whole = fus_pipeline_result_to_json(&result);
    const char *key;
    json_t *value;

    json_object_foreach(whole, key, value)
    {
        json_t *without = json_copy(whole), *wrong = json_copy(whole);

        json_object_del(without, key);
        assert_int_not_equal(fus_pipeline_result_from_json(without, &back), 0);
        json_object_set_new(wrong, key, json_null());
        assert_int_not_equal(fus_pipeline_result_from_json(wrong, &back), 0);
        json_decref(without);
        json_decref(wrong);
    }
    assert_int_equal(back.width, 77); /* outputs are written only on success */
    json_decref(whole);
    assert_int_not_equal(fus_pipeline_result_from_json(NULL, &back), 0);
}

static void values_out_of_range_are_refused(void **state)
{
    static const char *const patches[] = {
        "{\"width\":-1}",
        "{\"bytes\":-5}",
        "{\"sha256\":\"zz\"}",
        "{\"container\":\"gif\"}",
        "{\"fps\":-1.0}",
        "{\"height\":99999999999}",
        "{\"label\":\"012345678901234567890123456789012345678901234567890\"}",
        "{\"models\":[1]}",
        "{\"models\":[{},{},{},{},{},{},{},{},{}]}",
        "{\"moderation\":{\"state\":\"perhaps\",\"rate\":0,\"sampled\":0,\"voted\":0,"
        "\"sampled_frames\":[],\"voted_frames\":[]}}",
        "{\"moderation\":{\"state\":\"passed\",\"rate\":0,\"sampled\":1,\"voted\":2,"
        "\"sampled_frames\":[0],\"voted_frames\":[0,1]}}",
    };
    struct fus_pipeline_result result = sample(), back;
    json_t *whole = fus_pipeline_result_to_json(&result);

    for (size_t i = 0; i < FUS_COUNT(patches); i++) {
        json_t *patched = json_copy(whole), *patch = json_loads(patches[i], 0, NULL);

        assert_non_null(patch);
        json_object_update(patched, patch);
        assert_int_not_equal(fus_pipeline_result_from_json(patched, &back), 0);
        json_decref(patch);
        json_decref(patched);
    }
    json_decref(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_comes_back_as_it_was),
        cmocka_unit_test(any_member_missing_or_of_a_wrong_kind_is_refused),
        cmocka_unit_test(values_out_of_range_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

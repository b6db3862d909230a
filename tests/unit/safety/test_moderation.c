#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "safety/moderation.h"

static void the_rate_is_the_share_of_voted_frames(void **state)
{
    struct fus_moderation moderation = {.state = FUS_MODERATION_PASSED}, back;

    (void)state;
    for (int i = 0; i < 10; i++)
        fus_moderation_count(&moderation, 25 * i, i == 3);
    assert_true(moderation.rate == 10);
    assert_int_equal(moderation.voted_frames[0], 75);
    json_t *json = fus_moderation_to_json(&moderation);
    assert_string_equal(json_string_value(json_object_get(json, "state")), "passed");
    assert_true(fus_moderation_from_json(json, &back));
    assert_memory_equal(&back, &moderation, sizeof(back));
    json_decref(json);
}

static void a_long_clip_keeps_its_numbers_and_its_first_frames(void **state)
{
    struct fus_moderation moderation = {.state = FUS_MODERATION_REJECTED}, back;

    (void)state;
    for (int i = 0; i < 1000; i++)
        fus_moderation_count(&moderation, i, true);
    json_t *json = fus_moderation_to_json(&moderation);
    assert_int_equal(json_array_size(json_object_get(json, "voted_frames")),
                     FUS_MODERATION_FRAMES_MAX);
    assert_true(fus_moderation_from_json(json, &back));
    assert_int_equal(back.sampled, 1000);
    /* numbers that contradict each other are refused */
    json_object_set_new(json, "sampled", json_integer(3));
    assert_false(fus_moderation_from_json(json, &back));
    json_decref(json);
}

static void policies_have_names(void **state)
{
    (void)state;
    assert_int_equal(fus_gate_policy_parse("required"), FUS_GATE_REQUIRED);
    assert_int_equal(fus_gate_policy_parse("off"), FUS_GATE_OFF);
    assert_int_equal(fus_gate_policy_parse("auto"), FUS_GATE_AUTO);
    assert_int_equal(fus_gate_policy_parse(NULL), FUS_GATE_AUTO);
    assert_string_equal(fus_gate_policy_name(FUS_GATE_REQUIRED), "required");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_is_the_share_of_voted_frames),
        cmocka_unit_test(a_long_clip_keeps_its_numbers_and_its_first_frames),
        cmocka_unit_test(policies_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

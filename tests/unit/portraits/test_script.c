/* What happens in a clip: smooth poses, a mouth and a voice that belong together. */
#include "../cmocka_all.h"

#include <math.h>

#include "script.h"

static void a_script_is_the_same_at_every_call(void **state)
{
    (void)state;
    struct pt_pose a, b;
    for (int s = 0; s < PT_SCRIPTS; s++) {
        pt_script_pose((enum pt_script)s, 7, 1.36, &a);
        pt_script_pose((enum pt_script)s, 7, 1.36, &b);
        assert_memory_equal(&a, &b, sizeof(a));
    }
}

static void turning_goes_to_both_sides_without_jumps(void **state)
{
    (void)state;
    float low = 0, high = 0, before = 0;
    for (int i = 0; i <= 100; i++) {
        struct pt_pose pose;
        pt_script_pose(PT_SCRIPT_TURNING, 3, i / 25.0, &pose);
        low = fminf(low, pose.yaw);
        high = fmaxf(high, pose.yaw);
        assert_true(i == 0 || fabsf(pose.yaw - before) < 3);
        before = pose.yaw;
    }
    assert_true(low < -28 && high > 28);
}

static void blinking_shuts_both_eyes_and_opens_them(void **state)
{
    (void)state;
    int shut = 0, open = 0;
    for (int i = 0; i < 250; i++) {
        struct pt_pose pose;
        pt_script_pose(PT_SCRIPT_BLINKING, 3, i / 50.0, &pose);
        assert_true(pose.expression.blink[0] == pose.expression.blink[1]);
        shut += pose.expression.blink[0] > 0.9f;
        open += pose.expression.blink[0] < 0.1f;
    }
    assert_true(shut > 5 && open > 125);
}

static void the_voice_is_loud_when_the_mouth_is_open(void **state)
{
    (void)state;
    enum { RATE = 8000, BLOCK = 320 };
    struct pt_voice voice = {.random = 1};
    double open_power = 0, shut_power = 0;
    int opened = 0, closed = 0;
    for (int b = 0; b < 200; b++) {
        float samples[BLOCK], round;
        double power = 0;
        pt_voice_make(&voice, PT_SCRIPT_TALKING, 11, RATE, (int64_t)b * BLOCK, samples, BLOCK);
        for (int i = 0; i < BLOCK; i++) {
            assert_true(samples[i] >= -1 && samples[i] <= 1);
            power += (double)(samples[i] * samples[i]) / BLOCK;
        }
        float open = pt_script_mouth(11, (b + 0.5) * BLOCK / RATE, &round);
        if (open > 0.5f) {
            open_power += power;
            opened++;
        } else if (open < 0.02f) {
            shut_power += power;
            closed++;
        }
    }
    assert_true(opened > 10 && closed > 10);
    assert_true(open_power / opened > 20 * shut_power / closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_is_the_same_at_every_call),
        cmocka_unit_test(turning_goes_to_both_sides_without_jumps),
        cmocka_unit_test(blinking_shuts_both_eyes_and_opens_them),
        cmocka_unit_test(the_voice_is_loud_when_the_mouth_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

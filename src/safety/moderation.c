#include "safety/moderation.h"

#include <math.h>
#include <string.h>

#include "base/macros.h"

static const char *const state_names[] = {"none", "passed", "rejected", "off", "not_installed"};
static const char *const policy_names[] = {"auto", "required", "off"};

enum fus_gate_policy fus_gate_policy_parse(const char *text)
{
    for (size_t i = 0; text && i < FUS_COUNT(policy_names); i++) {
        if (strcmp(text, policy_names[i]) == 0)
            return (enum fus_gate_policy)i;
    }
    return FUS_GATE_AUTO;
}

const char *fus_gate_policy_name(enum fus_gate_policy policy)
{
    return policy_names[policy];
}

void fus_moderation_count(struct fus_moderation *moderation, int64_t frame, bool voted)
{
    if (moderation->sampled < FUS_MODERATION_FRAMES_MAX)
        moderation->sampled_frames[moderation->sampled] = frame;
    moderation->sampled++;
    if (voted && moderation->voted < FUS_MODERATION_FRAMES_MAX)
        moderation->voted_frames[moderation->voted] = frame;
    moderation->voted += voted;
    moderation->rate = 100.0 * (double)moderation->voted / (double)moderation->sampled;
}

static json_t *frames_to_json(const int64_t *frames, int64_t count)
{
    json_t *array = json_array();

    for (int64_t i = 0; array && i < FUS_MIN(count, FUS_MODERATION_FRAMES_MAX); i++)
        json_array_append_new(array, json_integer(frames[i]));
    return array;
}

json_t *fus_moderation_to_json(const struct fus_moderation *moderation)
{
    return json_pack("{s:s, s:f, s:I, s:I, s:o, s:o}", "state", state_names[moderation->state],
                     "rate", moderation->rate, "sampled", (json_int_t)moderation->sampled, "voted",
                     (json_int_t)moderation->voted, "sampled_frames",
                     frames_to_json(moderation->sampled_frames, moderation->sampled),
                     "voted_frames", frames_to_json(moderation->voted_frames, moderation->voted));
}

static bool take_frames(const json_t *array, int64_t count, int64_t *frames)
{
    size_t kept = (size_t)FUS_MIN(count, FUS_MODERATION_FRAMES_MAX);

    if (!json_is_array(array) || json_array_size(array) != kept)
        return false;
    for (size_t i = 0; i < kept; i++) {
        const json_t *frame = json_array_get(array, i);

        if (!json_is_integer(frame) || json_integer_value(frame) < 0)
            return false;
        frames[i] = json_integer_value(frame);
    }
    return true;
}

static int state_of(const char *name)
{
    for (size_t i = 0; name && i < FUS_COUNT(state_names); i++) {
        if (strcmp(name, state_names[i]) == 0)
            return (int)i;
    }
    return -1;
}

bool fus_moderation_from_json(const json_t *json, struct fus_moderation *moderation)
{
    struct fus_moderation made = {0};
    const json_t *rate = json_object_get(json, "rate");
    const json_t *sampled = json_object_get(json, "sampled");
    const json_t *voted = json_object_get(json, "voted");
    int state = state_of(json_string_value(json_object_get(json, "state")));

    if (state < 0 || !json_is_number(rate) || !json_is_integer(sampled) || !json_is_integer(voted))
        return false;
    made.state = (enum fus_moderation_state)state;
    made.rate = json_number_value(rate);
    made.sampled = json_integer_value(sampled);
    made.voted = json_integer_value(voted);
    if (!(made.rate >= 0 && made.rate <= 100) || made.sampled < 0 || made.voted < 0 ||
        made.voted > made.sampled ||
        !take_frames(json_object_get(json, "sampled_frames"), made.sampled, made.sampled_frames) ||
        !take_frames(json_object_get(json, "voted_frames"), made.voted, made.voted_frames))
        return false;
    *moderation = made;
    return true;
}

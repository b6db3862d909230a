/* What the content gate found, as it stands on a job. Plain data. */
#ifndef FUS_SAFETY_MODERATION_H
#define FUS_SAFETY_MODERATION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* policy.gate. Left out (auto): jobs that use a generator need the gate; others pass it if its
 * models are installed. */
enum fus_gate_policy { FUS_GATE_AUTO, FUS_GATE_REQUIRED, FUS_GATE_OFF };
/* "required", "off", "" or NULL. */
enum fus_gate_policy fus_gate_policy_parse(const char *text);
const char *fus_gate_policy_name(enum fus_gate_policy policy); /* "auto", ... */

enum fus_moderation_state {
    FUS_MODERATION_NONE, /* nothing was made, so nothing was looked at */
    FUS_MODERATION_PASSED,
    FUS_MODERATION_REJECTED,
    FUS_MODERATION_OFF,           /* policy.gate = off */
    FUS_MODERATION_NOT_INSTALLED, /* no generator in the job and no models of the gate */
};

#define FUS_MODERATION_FRAMES_MAX 256

struct fus_moderation {
    enum fus_moderation_state state;
    double rate;            /* percent of the sampled frames that were voted explicit */
    int64_t sampled, voted; /* frames looked at; frames voted explicit */
    int64_t sampled_frames[FUS_MODERATION_FRAMES_MAX]; /* the first of them, by number */
    int64_t voted_frames[FUS_MODERATION_FRAMES_MAX];
};

void fus_moderation_count(struct fus_moderation *moderation, int64_t frame, bool voted);
/* {"state":"passed","rate":0.0,"sampled":4,"voted":0,"sampled_frames":[..],"voted_frames":[..]};
 * new reference, NULL out of memory. */
json_t *fus_moderation_to_json(const struct fus_moderation *moderation);
/* false: it is not one; *moderation unchanged. */
bool fus_moderation_from_json(const json_t *json, struct fus_moderation *moderation);

#endif

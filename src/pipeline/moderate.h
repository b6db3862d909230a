/* The content gate's place in a job: before anything is made. Internal to pipeline. */
#ifndef FUS_PIPELINE_MODERATE_H
#define FUS_PIPELINE_MODERATE_H

#include "media/media.h"
#include "pipeline/pipeline.h"
#include "pipeline/progress.h"

struct fus_moderation_request {
    struct fus_models *models;
    enum fus_gate_policy policy;
    bool makes_pictures; /* a processor runs at all */
    bool generates;      /* one of them with a generator */
    const char *target_path;
    const struct fus_media_info *info;
    const struct fus_media_limits *limits;
    int64_t start_frame, end_frame; /* of a clip; end_frame 0 or less: its end */
    int threads;
};

/* Looks at the target on a decode of its own. FUS_E_CONTENT_REJECTED; FUS_E_MODEL_NOT_FOUND when
 * the policy wants a gate that is not installed. *moderation is filled in both cases. */
int fus_moderate(const struct fus_moderation_request *request, struct fus_progress *progress,
                 struct fus_moderation *moderation, struct fus_error *err) FUS_MUST_CHECK;

#endif

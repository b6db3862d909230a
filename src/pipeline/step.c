#include "pipeline/pipeline.h"

#include <string.h>

static const char *const names[] = {
    [FUS_STEP_QUEUED] = "queued",
    [FUS_STEP_FETCHING_INPUTS] = "fetching_inputs",
    [FUS_STEP_PROBING] = "probing",
    [FUS_STEP_MODERATING] = "moderating",
    [FUS_STEP_ANALYSING_FACES] = "analysing_faces",
    [FUS_STEP_PROCESSING_FRAMES] = "processing_frames",
    [FUS_STEP_ENCODING_OUTPUT] = "encoding_output",
    [FUS_STEP_LABELLING] = "labelling",
    [FUS_STEP_STORING_RESULT] = "storing_result",
    [FUS_STEP_DONE] = "done",
};

const char *fus_step_name(enum fus_step step)
{
    return (size_t)step < FUS_COUNT(names) ? names[step] : names[FUS_STEP_QUEUED];
}

int fus_step_from_name(const char *name)
{
    for (size_t i = 0; name && i < FUS_COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0)
            return (int)i;
    }
    return -1;
}

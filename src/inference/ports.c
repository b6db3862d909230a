#include "inference/ports.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "[1, 3, ?, ?]" */
static const char *shape_text(const int64_t *shape, int rank, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (int i = 0; i < rank && used < size; i++) {
        const char *gap = i > 0 ? ", " : "";
        used +=
            (size_t)(shape[i] > 0 ? snprintf(text + used, size - used, "%s%" PRId64, gap, shape[i])
                                  : snprintf(text + used, size - used, "%s?", gap));
    }
    if (used + 1 < size)
        snprintf(text + used, size - used, "]");
    return text;
}

static bool fits(const int64_t *has, int has_rank, const int64_t *want, int rank)
{
    bool same = has_rank == rank;
    for (int i = 0; same && i < rank; i++)
        same = has[i] <= 0 || want[i] <= 0 || has[i] == want[i];
    return same;
}

int fus_ports_inputs(const struct fus_model *model, const struct fus_session *session,
                     const char *const *names, size_t count, struct fus_error *err)
{
    for (size_t i = 0; i < fus_session_inputs(session); i++) {
        const char *name = fus_session_input_name(session, i);
        bool known = false;
        for (size_t k = 0; !known && k < count; k++)
            known = strcmp(names[k], name) == 0;
        if (!known)
            return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                                 "The %s model %s does not fit its kind (%s): it wants an input "
                                 "%.60s.",
                                 model->role, model->id, model->family, name);
    }
    return 0;
}

int fus_port_input(const struct fus_model *model, const struct fus_session *session,
                   const char *name, const int64_t *shape, int rank, size_t *index,
                   struct fus_error *err)
{
    const int found = fus_session_input_index(session, name);
    if (found < 0)
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The %s model %s does not fit its kind (%s): it has no input %s.",
                             model->role, model->id, model->family, name);
    const int64_t *has;
    const int has_rank = fus_session_input_shape(session, (size_t)found, &has);
    char text[2][80];
    if (!fits(has, has_rank, shape, rank))
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The %s model %s does not fit its kind (%s): its input %s is %s, not "
                             "%s.",
                             model->role, model->id, model->family, name,
                             shape_text(has, has_rank, text[0], sizeof text[0]),
                             shape_text(shape, rank, text[1], sizeof text[1]));
    *index = (size_t)found;
    return 0;
}

int fus_port_output(const struct fus_model *model, const struct fus_session *session, size_t index,
                    const int64_t *shape, int rank, struct fus_error *err)
{
    if (index >= fus_session_outputs(session))
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The %s model %s does not fit its kind (%s): it has %zu outputs.",
                             model->role, model->id, model->family, fus_session_outputs(session));
    const int64_t *has;
    const int has_rank = fus_session_output_shape(session, index, &has);
    char text[2][80];
    /* A net may leave even the number of its output's axes open; then the first run tells. */
    if (has_rank == 0 || fits(has, has_rank, shape, rank))
        return 0;
    return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                         "The %s model %s does not fit its kind (%s): its output %.60s is %s, not "
                         "%s.",
                         model->role, model->id, model->family,
                         fus_session_output_name(session, index),
                         shape_text(has, has_rank, text[0], sizeof text[0]),
                         shape_text(shape, rank, text[1], sizeof text[1]));
}

int fus_port_result(const struct fus_model *model, struct fus_run *run, size_t index, size_t count,
                    struct fus_tensor *tensor, struct fus_error *err)
{
    const int rc = fus_run_output(run, index, tensor, err);
    if (rc != 0)
        return rc;
    if (tensor->count == count && tensor->data != NULL)
        return 0;
    return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                         "The %s model %s does not fit its kind (%s): its output %zu has %zu "
                         "numbers, not %zu.",
                         model->role, model->id, model->family, index, tensor->count, count);
}

/* Does a net have the tensors of its row? */
#include <string.h>

#include "base/str.h"
#include "inference/ort.h"
#include "inference/store.h"

static bool shape_fits(const struct fus_tensor_spec *spec, const int64_t *shape, int rank)
{
    bool fits = spec->rank == rank;
    for (int i = 0; fits && i < rank; i++)
        fits = spec->shape[i] == 0 || shape[i] <= 0 || spec->shape[i] == shape[i];
    return fits;
}

/* Its index in the net, -1 if there is none. */
static int tensor_index(const struct fus_session *session, bool input, const char *name)
{
    int64_t position = 0;
    size_t count = input ? fus_session_inputs(session) : fus_session_outputs(session);
    if (name[0] == '#' && fus_parse_int(name + 1, 0, 63, &position))
        return (size_t)position < count ? (int)position : -1;
    return input ? fus_session_input_index(session, name) : fus_session_output_index(session, name);
}

/* What the code feeds has to be exactly what the row says; of outputs, which are converted to
 * float32 whatever they are, only numbers and indices are told apart. */
static bool type_fits(enum fus_tensor_type want, enum ONNXTensorElementDataType is, bool input)
{
    switch (is) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
        return want == FUS_TENSOR_FLOAT32 || (!input && want != FUS_TENSOR_INT64);
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
        return want == FUS_TENSOR_FLOAT64 || (!input && want != FUS_TENSOR_INT64);
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
        return want == FUS_TENSOR_FLOAT16 || (!input && want != FUS_TENSOR_INT64);
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
        return want == FUS_TENSOR_INT64;
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
        return !input && want == FUS_TENSOR_INT64;
    default:
        return false;
    }
}

static int check_tensor(const struct fus_model *model, const struct fus_session *session,
                        bool input, const struct fus_tensor_spec *spec, struct fus_error *err)
{
    int index = tensor_index(session, input, spec->name);
    if (index < 0 && spec->optional)
        return 0;
    const struct fus_port *port = index < 0 ? NULL
                                  : input   ? &session->inputs[index]
                                            : &session->outputs[index];
    const char *side = input ? "input" : "output";
    if (port == NULL || !shape_fits(spec, port->shape, port->rank))
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The %s model %s has no %s %.60s of the shape that its manifest row "
                             "says.",
                             model->role, model->id, side, spec->name);
    if (!type_fits(spec->type, port->type, input))
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The %s model %s has an %s %.60s of another element type than its "
                             "manifest row says.",
                             model->role, model->id, side, spec->name);
    return 0;
}

/* An input that nobody feeds would only fail in the middle of a job. */
static int check_extra_inputs(const struct fus_model *model, const struct fus_session *session,
                              struct fus_error *err)
{
    for (size_t i = 0; model->input_count > 0 && !model->of_folder && i < session->input_count;
         i++) {
        bool known = false;
        for (size_t k = 0; !known && k < model->input_count; k++)
            known = strcmp(model->inputs[k].name, session->inputs[i].name) == 0 ||
                    model->inputs[k].name[0] == '#';
        if (!known)
            return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                                 "The %s model %s asks for an input %.60s that its manifest row "
                                 "does not know.",
                                 model->role, model->id, session->inputs[i].name);
    }
    return 0;
}

int fus_store_fits(const struct fus_model *model, const struct fus_session *session,
                   struct fus_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < model->input_count; i++)
        rc = check_tensor(model, session, true, &model->inputs[i], err);
    for (size_t i = 0; rc == 0 && i < model->output_count; i++)
        rc = check_tensor(model, session, false, &model->outputs[i], err);
    return rc != 0 ? rc : check_extra_inputs(model, session, err);
}

#include <string.h>

#include "base/mem.h"
#include "inference/convert.h"
#include "inference/ort.h"

enum { TENSORS_MAX = 64 }; /* inputs or outputs of one net */

static void ports_free(struct fus_port *ports, size_t count)
{
    for (size_t i = 0; ports != NULL && i < count; i++)
        fus_free(ports[i].name);
    fus_free(ports);
}

void fus_session_free(struct fus_session *session)
{
    if (session == NULL)
        return;
    if (session->session != NULL)
        session->runtime->api->ReleaseSession(session->session);
    ports_free(session->inputs, session->input_count);
    ports_free(session->outputs, session->output_count);
    fus_free(session);
}

/* Only tensors of numbers with up to FUS_TENSOR_MAX_RANK axes are taken. */
static int read_shape(struct fus_session *session, OrtTypeInfo *info, struct fus_port *port,
                      struct fus_error *err)
{
    const OrtApi *api = session->runtime->api;
    const OrtTensorTypeAndShapeInfo *tensor = NULL;
    enum ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    size_t rank = 0;
    int rc = fus_ort_check(session->runtime, api->CastTypeInfoToTensorInfo(info, &tensor),
                           FUS_E_MODEL_CORRUPT, "A model's tensors", err);
    if (rc != 0)
        return rc;
    if (tensor != NULL) {
        rc = fus_ort_check(session->runtime, api->GetTensorElementType(tensor, &type),
                           FUS_E_MODEL_CORRUPT, "A model's tensors", err);
        if (rc == 0)
            rc = fus_ort_check(session->runtime, api->GetDimensionsCount(tensor, &rank),
                               FUS_E_MODEL_CORRUPT, "A model's tensors", err);
        if (rc != 0)
            return rc;
    }
    if (fus_element_size(type) == 0 || rank > FUS_TENSOR_MAX_RANK)
        return fus_error_set(err, FUS_E_MODEL_CORRUPT,
                             "The model's tensor %s is not a tensor of numbers with at most %d "
                             "axes.",
                             port->name, FUS_TENSOR_MAX_RANK);
    port->rank = (int)rank;
    port->type = type;
    return fus_ort_check(session->runtime, api->GetDimensions(tensor, port->shape, rank),
                         FUS_E_MODEL_CORRUPT, "A model's tensors", err);
}

static int read_port(struct fus_session *session, bool input, size_t index, struct fus_port *port,
                     struct fus_error *err)
{
    const OrtApi *api = session->runtime->api;
    OrtAllocator *allocator = NULL;
    char *name = NULL;
    int rc = fus_ort_check(session->runtime, api->GetAllocatorWithDefaultOptions(&allocator),
                           FUS_E_INTERNAL, "ONNX Runtime's memory", err);
    if (rc == 0)
        rc = fus_ort_check(
            session->runtime,
            input ? api->SessionGetInputName(session->session, index, allocator, &name)
                  : api->SessionGetOutputName(session->session, index, allocator, &name),
            FUS_E_MODEL_CORRUPT, "A model's tensors", err);
    if (rc != 0)
        return rc;
    port->name = fus_strdup(name);
    OrtStatus *freed = api->AllocatorFree(allocator, name);
    if (freed != NULL)
        api->ReleaseStatus(freed);
    if (port->name == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to open a model.");

    OrtTypeInfo *info = NULL;
    rc = fus_ort_check(session->runtime,
                       input ? api->SessionGetInputTypeInfo(session->session, index, &info)
                             : api->SessionGetOutputTypeInfo(session->session, index, &info),
                       FUS_E_MODEL_CORRUPT, "A model's tensors", err);
    if (rc != 0)
        return rc;
    rc = read_shape(session, info, port, err);
    api->ReleaseTypeInfo(info);
    return rc;
}

static int read_ports(struct fus_session *session, bool input, struct fus_port **ports,
                      size_t *count, struct fus_error *err)
{
    const OrtApi *api = session->runtime->api;
    size_t n = 0;
    int rc = fus_ort_check(session->runtime,
                           input ? api->SessionGetInputCount(session->session, &n)
                                 : api->SessionGetOutputCount(session->session, &n),
                           FUS_E_MODEL_CORRUPT, "A model's tensors", err);
    if (rc != 0)
        return rc;
    if (n == 0 || n > TENSORS_MAX)
        return fus_error_set(err, FUS_E_MODEL_CORRUPT, "The model has %zu tensors; 1 to %d can be.",
                             n, TENSORS_MAX);
    *ports = fus_calloc(n, sizeof(**ports));
    if (*ports == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to open a model.");
    *count = n;
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = read_port(session, input, i, &(*ports)[i], err);
    return rc;
}

static int set_options(const OrtApi *api, const struct fus_runtime *runtime,
                       OrtSessionOptions *options, int threads, struct fus_error *err)
{
    OrtStatus *status = api->SetIntraOpNumThreads(options, threads);
    if (status == NULL)
        status = api->SetInterOpNumThreads(options, 1);
    if (status == NULL)
        status = api->SetSessionExecutionMode(options, ORT_SEQUENTIAL);
    if (status == NULL)
        status = api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL);
    /* Spinning threads would take the cores from decoder, encoder and the other stages. */
    if (status == NULL)
        status = api->AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0");
    if (status == NULL)
        status = api->AddSessionConfigEntry(options, "session.use_env_allocators", "1");
    return fus_ort_check(runtime, status, FUS_E_INTERNAL, "Options of a model's session", err);
}

int fus_session_open(struct fus_runtime *runtime, const void *bytes, size_t size,
                     int intra_op_threads, struct fus_session **out, struct fus_error *err)
{
    const OrtApi *api = runtime->api;
    FUS_CLEANUP(fus_session_free)
    struct fus_session *session = fus_calloc(1, sizeof(*session));
    if (session == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to open a model.");
    session->runtime = runtime;
    OrtSessionOptions *options = NULL;
    int rc = fus_ort_check(runtime, api->CreateSessionOptions(&options), FUS_E_INTERNAL,
                           "Options of a model's session", err);
    if (rc != 0)
        return rc;
    rc = set_options(api, runtime, options, FUS_MAX(intra_op_threads, 1), err);
    if (rc == 0)
        rc = fus_ort_check(
            runtime,
            api->CreateSessionFromArray(runtime->env, bytes, size, options, &session->session),
            FUS_E_MODEL_CORRUPT, "The model cannot be read", err);
    api->ReleaseSessionOptions(options);
    if (rc == 0)
        rc = read_ports(session, true, &session->inputs, &session->input_count, err);
    if (rc == 0)
        rc = read_ports(session, false, &session->outputs, &session->output_count, err);
    if (rc == 0)
        *out = FUS_TAKE(session);
    return rc;
}

size_t fus_session_inputs(const struct fus_session *session)
{
    return session->input_count;
}

size_t fus_session_outputs(const struct fus_session *session)
{
    return session->output_count;
}

const char *fus_session_input_name(const struct fus_session *session, size_t index)
{
    return session->inputs[index].name;
}

const char *fus_session_output_name(const struct fus_session *session, size_t index)
{
    return session->outputs[index].name;
}

static int find_port(const struct fus_port *ports, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(ports[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

int fus_session_input_index(const struct fus_session *session, const char *name)
{
    return find_port(session->inputs, session->input_count, name);
}

int fus_session_output_index(const struct fus_session *session, const char *name)
{
    return find_port(session->outputs, session->output_count, name);
}

int fus_session_input_shape(const struct fus_session *session, size_t index, const int64_t **shape)
{
    *shape = session->inputs[index].shape;
    return session->inputs[index].rank;
}

int fus_session_output_shape(const struct fus_session *session, size_t index, const int64_t **shape)
{
    *shape = session->outputs[index].shape;
    return session->outputs[index].rank;
}

bool fus_session_free_axis(const struct fus_session *session, size_t input, int axis)
{
    return input < session->input_count && axis >= 0 && axis < session->inputs[input].rank &&
           session->inputs[input].shape[axis] <= 0;
}

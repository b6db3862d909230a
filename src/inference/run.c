#include <string.h>

#include "base/mem.h"
#include "inference/ort.h"

struct input {
    float *data;
    size_t capacity; /* floats */
    int64_t shape[FUS_TENSOR_MAX_RANK];
    int rank;
    OrtValue *value;
};

struct fus_run {
    struct fus_session *session;
    struct input *inputs;
    OrtValue **outputs; /* kept from run to run: ONNX Runtime then writes into them again */
    struct fus_tensor *tensors;
    const char **input_names, **output_names;
    const OrtValue **input_values;
    bool executed;
};

static void drop_outputs(struct fus_run *run)
{
    for (size_t i = 0; run->outputs != NULL && i < run->session->output_count; i++) {
        if (run->outputs[i] != NULL)
            run->session->runtime->api->ReleaseValue(run->outputs[i]);
        run->outputs[i] = NULL;
    }
    run->executed = false;
}

void fus_run_free(struct fus_run *run)
{
    if (run == NULL)
        return;
    drop_outputs(run);
    for (size_t i = 0; run->inputs != NULL && i < run->session->input_count; i++) {
        if (run->inputs[i].value != NULL)
            run->session->runtime->api->ReleaseValue(run->inputs[i].value);
        fus_free(run->inputs[i].data);
    }
    fus_free(run->inputs);
    fus_free(run->outputs);
    fus_free(run->tensors);
    fus_free(run->input_names);
    fus_free(run->output_names);
    fus_free(run->input_values);
    fus_free(run);
}

int fus_run_new(struct fus_session *session, struct fus_run **out, struct fus_error *err)
{
    FUS_CLEANUP(fus_run_free) struct fus_run *run = fus_calloc(1, sizeof(*run));
    if (run == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to run a model.");
    size_t in = session->input_count, n = session->output_count;
    run->session = session;
    run->inputs = fus_calloc(in, sizeof(*run->inputs));
    run->input_names = fus_calloc(in, sizeof(*run->input_names));
    run->input_values = fus_calloc(in, sizeof(*run->input_values));
    run->outputs = fus_calloc(n, sizeof(*run->outputs));
    run->output_names = fus_calloc(n, sizeof(*run->output_names));
    run->tensors = fus_calloc(n, sizeof(*run->tensors));
    if (run->inputs == NULL || run->input_names == NULL || run->input_values == NULL ||
        run->outputs == NULL || run->output_names == NULL || run->tensors == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to run a model.");
    for (size_t i = 0; i < in; i++)
        run->input_names[i] = session->inputs[i].name;
    for (size_t i = 0; i < n; i++)
        run->output_names[i] = session->outputs[i].name;
    *out = FUS_TAKE(run);
    return 0;
}

static bool same_shape(const struct input *input, const int64_t *shape, int rank)
{
    return input->value != NULL && input->rank == rank &&
           memcmp(input->shape, shape, (size_t)rank * sizeof(*shape)) == 0;
}

int fus_run_input(struct fus_run *run, size_t index, const int64_t *shape, int rank, float **data,
                  struct fus_error *err)
{
    if (index >= run->session->input_count || rank < 0 || rank > FUS_TENSOR_MAX_RANK)
        return fus_error_set(err, FUS_E_INTERNAL, "A model has no such input.");
    struct input *input = &run->inputs[index];
    if (same_shape(input, shape, rank)) {
        *data = input->data;
        return 0;
    }
    size_t count = 1, bytes;
    for (int i = 0; i < rank; i++) {
        if (shape[i] <= 0 || !fus_size_mul(count, (size_t)shape[i], &count))
            return fus_error_set(err, FUS_E_INTERNAL, "A model's input has an impossible size.");
    }
    if (!fus_size_mul(count, sizeof(float), &bytes) || bytes > FUS_TENSOR_MAX_BYTES)
        return fus_error_set(err, FUS_E_INTERNAL, "A model's input has an impossible size.");
    if (count > input->capacity) {
        float *grown = fus_malloc_aligned(bytes);
        if (grown == NULL)
            return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to run a model.");
        if (input->value != NULL)
            run->session->runtime->api->ReleaseValue(FUS_TAKE(input->value));
        fus_free(input->data);
        input->data = grown;
        input->capacity = count;
    }
    OrtValue *value = NULL;
    struct fus_runtime *runtime = run->session->runtime;
    int rc = fus_ort_check(runtime,
                           runtime->api->CreateTensorWithDataAsOrtValue(
                               runtime->memory, input->data, bytes, shape, (size_t)rank,
                               ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value),
                           FUS_E_INTERNAL, "A model's input", err);
    if (rc != 0)
        return rc;
    if (input->value != NULL)
        runtime->api->ReleaseValue(input->value);
    input->value = value;
    input->rank = rank;
    memcpy(input->shape, shape, (size_t)rank * sizeof(*shape));
    drop_outputs(run); /* their sizes follow the inputs' */
    *data = input->data;
    return 0;
}

static int describe_output(struct fus_run *run, size_t index, struct fus_error *err)
{
    struct fus_runtime *runtime = run->session->runtime;
    const OrtApi *api = runtime->api;
    struct fus_tensor tensor = {0};
    OrtTensorTypeAndShapeInfo *info = NULL;
    void *data = NULL;
    size_t rank = 0;
    OrtStatus *status = api->GetTensorMutableData(run->outputs[index], &data);
    if (status == NULL)
        status = api->GetTensorTypeAndShape(run->outputs[index], &info);
    if (status == NULL)
        status = api->GetDimensionsCount(info, &rank);
    if (status == NULL && rank <= FUS_TENSOR_MAX_RANK)
        status = api->GetDimensions(info, tensor.shape, rank);
    if (status == NULL)
        status = api->GetTensorShapeElementCount(info, &tensor.count);
    if (info != NULL)
        api->ReleaseTensorTypeAndShapeInfo(info);
    int rc = fus_ort_check(runtime, status, FUS_E_INTERNAL, "A model's output", err);
    if (rc != 0)
        return rc;
    if (rank > FUS_TENSOR_MAX_RANK)
        return fus_error_set(err, FUS_E_INTERNAL, "A model's output has too many axes.");
    tensor.data = data;
    tensor.rank = (int)rank;
    run->tensors[index] = tensor;
    return 0;
}

static OrtStatus *run_once(struct fus_run *run)
{
    struct fus_session *session = run->session;
    return session->runtime->api->Run(session->session, NULL, run->input_names, run->input_values,
                                      session->input_count, run->output_names,
                                      session->output_count, run->outputs);
}

int fus_run_execute(struct fus_run *run, struct fus_error *err)
{
    struct fus_session *session = run->session;
    const OrtApi *api = session->runtime->api;
    for (size_t i = 0; i < session->input_count; i++) {
        if (run->inputs[i].value == NULL)
            return fus_error_set(err, FUS_E_INTERNAL, "The model's input %s was not given.",
                                 session->inputs[i].name);
        run->input_values[i] = run->inputs[i].value;
    }
    bool reused = run->executed;
    OrtStatus *status = run_once(run);
    if (status != NULL && reused) {
        /* A net whose outputs' sizes depend on the data does not fit into the last run's. */
        api->ReleaseStatus(status);
        drop_outputs(run);
        reused = false;
        status = run_once(run);
    }
    int rc = fus_ort_check(session->runtime, status, FUS_E_INTERNAL, "The model failed", err);
    for (size_t i = 0; rc == 0 && !reused && i < session->output_count; i++)
        rc = describe_output(run, i, err);
    if (rc != 0) {
        drop_outputs(run);
        return rc;
    }
    run->executed = true;
    return 0;
}

int fus_run_output(struct fus_run *run, size_t index, struct fus_tensor *tensor,
                   struct fus_error *err)
{
    if (!run->executed || index >= run->session->output_count)
        return fus_error_set(err, FUS_E_INTERNAL, "A model has no such output.");
    *tensor = run->tensors[index];
    return 0;
}

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "inference/convert.h"
#include "inference/ort.h"

struct input {
    float *data;     /* what the caller fills */
    void *typed;     /* what the graph reads; NULL: data itself */
    size_t capacity; /* elements */
    size_t count;
    int64_t shape[FUS_TENSOR_MAX_RANK];
    int rank;
    OrtValue *value;
};

/* Memory for an output that is not float32. */
struct converted {
    float *data;
    size_t capacity;
    const void *from;
    enum ONNXTensorElementDataType type;
};

struct fus_run {
    struct fus_session *session;
    struct input *inputs;
    struct converted *converted; /* one an output */
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
        fus_free(run->inputs[i].typed);
    }
    for (size_t i = 0; run->converted != NULL && i < run->session->output_count; i++)
        fus_free(run->converted[i].data);
    fus_free(run->converted);
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
    run->converted = fus_calloc(n, sizeof(*run->converted));
    if (run->inputs == NULL || run->converted == NULL || run->input_names == NULL ||
        run->input_values == NULL || run->outputs == NULL || run->output_names == NULL ||
        run->tensors == NULL)
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

static int grow_input(struct fus_run *run, struct input *input, size_t count,
                      enum ONNXTensorElementDataType type, struct fus_error *err)
{
    if (count <= input->capacity)
        return 0;
    FUS_AUTO_FREE float *data = fus_malloc_aligned(count * sizeof(float));
    FUS_AUTO_FREE void *typed = NULL;
    if (type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
        typed = fus_malloc_aligned(count * fus_element_size(type));
    if (data == NULL || (typed == NULL && type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT))
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to run a model.");
    if (input->value != NULL)
        run->session->runtime->api->ReleaseValue(FUS_TAKE(input->value));
    fus_free(input->data);
    fus_free(input->typed);
    input->data = FUS_TAKE(data);
    input->typed = FUS_TAKE(typed);
    input->capacity = count;
    return 0;
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
    size_t count = 1;
    for (int i = 0; i < rank; i++) {
        if (shape[i] <= 0 || !fus_size_mul(count, (size_t)shape[i], &count))
            return fus_error_set(err, FUS_E_INTERNAL, "A model's input has an impossible size.");
    }
    if (count > FUS_TENSOR_MAX_BYTES / sizeof(double))
        return fus_error_set(err, FUS_E_INTERNAL, "A model's input has an impossible size.");
    enum ONNXTensorElementDataType type = run->session->inputs[index].type;
    int rc = grow_input(run, input, count, type, err);
    if (rc != 0)
        return rc;
    OrtValue *value = NULL;
    struct fus_runtime *runtime = run->session->runtime;
    rc = fus_ort_check(runtime,
                       runtime->api->CreateTensorWithDataAsOrtValue(
                           runtime->memory, input->typed != NULL ? input->typed : input->data,
                           count * fus_element_size(type), shape, (size_t)rank, type, &value),
                       FUS_E_INTERNAL, "A model's input", err);
    if (rc != 0)
        return rc;
    if (input->value != NULL)
        runtime->api->ReleaseValue(input->value);
    input->value = value;
    input->rank = rank;
    input->count = count;
    memcpy(input->shape, shape, (size_t)rank * sizeof(*shape));
    drop_outputs(run); /* their sizes follow the inputs' */
    *data = input->data;
    return 0;
}

static int grow_converted(struct converted *converted, size_t count, struct fus_error *err)
{
    if (count <= converted->capacity)
        return 0;
    float *data = count <= FUS_TENSOR_MAX_BYTES / sizeof(*data)
                      ? fus_malloc_aligned(count * sizeof(*data))
                      : NULL;
    if (data == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory to run a model.");
    fus_free(converted->data);
    converted->data = data;
    converted->capacity = count;
    return 0;
}

static int describe_output(struct fus_run *run, size_t index, struct fus_error *err)
{
    struct fus_runtime *runtime = run->session->runtime;
    const OrtApi *api = runtime->api;
    struct fus_tensor tensor = {0};
    OrtTensorTypeAndShapeInfo *info = NULL;
    enum ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    void *data = NULL;
    size_t rank = 0;
    OrtStatus *status = api->GetTensorMutableData(run->outputs[index], &data);
    if (status == NULL)
        status = api->GetTensorTypeAndShape(run->outputs[index], &info);
    if (status == NULL)
        status = api->GetTensorElementType(info, &type);
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
    struct converted *converted = &run->converted[index];
    converted->from = NULL;
    if (type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
        rc = grow_converted(converted, tensor.count, err);
        if (rc != 0)
            return rc;
        converted->from = data;
        converted->type = type;
        tensor.data = converted->data;
    }
    run->tensors[index] = tensor;
    return 0;
}

static int64_t thread_cpu_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static OrtStatus *run_once(struct fus_run *run)
{
    struct fus_session *session = run->session;
    int64_t start_ns = thread_cpu_ns();
    OrtStatus *status = session->runtime->api->Run(
        session->session, NULL, run->input_names, run->input_values, session->input_count,
        run->output_names, session->output_count, run->outputs);
    atomic_fetch_add_explicit(&session->runtime->cpu_ns, thread_cpu_ns() - start_ns,
                              memory_order_relaxed);
    return status;
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
        if (run->inputs[i].typed != NULL)
            fus_element_from_float(session->inputs[i].type, run->inputs[i].data,
                                   run->inputs[i].typed, run->inputs[i].count);
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
    for (size_t i = 0; i < session->output_count; i++) {
        if (run->converted[i].from != NULL)
            fus_element_to_float(run->converted[i].type, run->converted[i].from,
                                 run->tensors[i].data, run->tensors[i].count);
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

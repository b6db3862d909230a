/* ONNX Runtime's own types; only files of this room include it. */
#ifndef FUS_INFERENCE_ORT_H
#define FUS_INFERENCE_ORT_H

#include <onnxruntime_c_api.h>

#include "inference/runtime.h"

struct fus_runtime {
    void *library;
    const OrtApi *api;
    OrtEnv *env;
    OrtMemoryInfo *memory;  /* CPU */
    _Atomic int64_t cpu_ns; /* of the threads that called Run */
    char *path;
    char version[32];
};

/* An input or output of a net. */
struct fus_port {
    char *name;
    int64_t shape[FUS_TENSOR_MAX_RANK]; /* <= 0: free */
    int rank;
    enum ONNXTensorElementDataType type; /* one that fus_element_size knows */
};

struct fus_session {
    struct fus_runtime *runtime;
    OrtSession *session;
    struct fus_port *inputs, *outputs;
    size_t input_count, output_count;
};

/* 0 for NULL; else releases the status and returns code with `what` and ONNX Runtime's own words.
 */
int fus_ort_check(const struct fus_runtime *runtime, OrtStatus *status, int code, const char *what,
                  struct fus_error *err) FUS_MUST_CHECK;

#endif

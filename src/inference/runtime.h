/* ONNX Runtime behind one door: dlopen, one environment, sessions, tensors.
 *
 * A runtime is made once per process and shared; sessions may be run from several threads at once,
 * each with its own fus_run (preallocated tensors). Threads inside a session are set explicitly. */
#ifndef FUS_INFERENCE_RUNTIME_H
#define FUS_INFERENCE_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"

struct fus_runtime;
/* library: path of libonnxruntime.so, or NULL to search: $FUSIOND_INFERENCE_LIBRARY, folders next
 * to the executable (../.deps/onnxruntime/lib, ../lib/fusiond), the system's loader.
 * FUS_E_NOT_READY with a sentence on how to mend it when there is none or its API is older than 21.
 */
int fus_runtime_open(const char *library, struct fus_runtime **runtime,
                     struct fus_error *err) FUS_MUST_CHECK;
void fus_runtime_free(struct fus_runtime *runtime);
FUS_CLEANUP_DEFINE(fus_runtime_free, struct fus_runtime *)
const char *fus_runtime_version(const struct fus_runtime *runtime); /* "1.30.0" */
const char *fus_runtime_path(const struct fus_runtime *runtime);

/* CPU time that threads have spent inside ONNX Runtime's Run so far, ns. Its own helper threads
 * (intra_op_threads > 1) are not in it. */
int64_t fus_runtime_cpu_ns(const struct fus_runtime *runtime);

struct fus_session;
/* From bytes (which may be freed afterwards). intra_op_threads >= 1. FUS_E_MODEL_CORRUPT. */
int fus_session_open(struct fus_runtime *runtime, const void *bytes, size_t size,
                     int intra_op_threads, struct fus_session **session,
                     struct fus_error *err) FUS_MUST_CHECK;
void fus_session_free(struct fus_session *session);
FUS_CLEANUP_DEFINE(fus_session_free, struct fus_session *)
size_t fus_session_inputs(const struct fus_session *session);
size_t fus_session_outputs(const struct fus_session *session);
const char *fus_session_input_name(const struct fus_session *session, size_t index);
const char *fus_session_output_name(const struct fus_session *session, size_t index);
/* -1 if there is none of that name. */
int fus_session_input_index(const struct fus_session *session, const char *name);
int fus_session_output_index(const struct fus_session *session, const char *name);
/* The rank; *shape (owned by the session) has that many sizes, <= 0 where free. */
int fus_session_input_shape(const struct fus_session *session, size_t index, const int64_t **shape);
int fus_session_output_shape(const struct fus_session *session, size_t index,
                             const int64_t **shape);

#define FUS_TENSOR_MAX_RANK 6
#define FUS_TENSOR_MAX_BYTES ((size_t)1 << 31) /* of one input */
/* true if that axis of an input has no fixed size (a batch may be given). */
bool fus_session_free_axis(const struct fus_session *session, size_t input, int axis);

/* A graph's tensors may be float64, float16, int64, int32, uint8 or bool too: inputs and outputs
 * are float32 here and converted on the way. */
struct fus_tensor {
    float *data; /* float32, C order */
    int64_t shape[FUS_TENSOR_MAX_RANK];
    int rank;
    size_t count; /* elements */
};

/* One thread's use of a session: input tensors live in it and are reused; outputs are owned by it
 * until the next run. Not thread-safe. */
struct fus_run;
int fus_run_new(struct fus_session *session, struct fus_run **run,
                struct fus_error *err) FUS_MUST_CHECK;
void fus_run_free(struct fus_run *run);
FUS_CLEANUP_DEFINE(fus_run_free, struct fus_run *)
/* Sets the shape of input `index` (memory is kept when it does not grow); *data is to be filled. */
int fus_run_input(struct fus_run *run, size_t index, const int64_t *shape, int rank, float **data,
                  struct fus_error *err) FUS_MUST_CHECK;
int fus_run_execute(struct fus_run *run, struct fus_error *err) FUS_MUST_CHECK;
int fus_run_output(struct fus_run *run, size_t index, struct fus_tensor *tensor,
                   struct fus_error *err) FUS_MUST_CHECK;

#endif

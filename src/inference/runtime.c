#include <dlfcn.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "inference/ort.h"

enum { API_VERSION = 21 };

int fus_ort_check(const struct fus_runtime *runtime, OrtStatus *status, int code, const char *what,
                  struct fus_error *err)
{
    if (status == NULL)
        return 0;
    const char *text = runtime->api->GetErrorMessage(status);
    /* Whatever was being done, running out of memory is no fault of the model. */
    if (strstr(text, "bad_alloc") != NULL || strstr(text, "Failed to allocate memory") != NULL)
        code = fus_error_set(err, FUS_E_OUT_OF_MEMORY, "%s: not enough memory.", what);
    else
        fus_error_set(err, code, "%s: %s", what, text);
    runtime->api->ReleaseStatus(status);
    return code;
}

/* Libraries do not log: what ONNX Runtime has to say comes back as a status. */
static void ORT_API_CALL swallow(void *param, OrtLoggingLevel severity, const char *category,
                                 const char *logid, const char *code_location, const char *message)
{
    (void)param, (void)severity, (void)category, (void)logid, (void)code_location, (void)message;
}

/* dlopen and API of one candidate. *too_old is set when there is one that
 * does not know our API. */
static bool try_library(const char *path, struct fus_runtime *runtime, bool *too_old)
{
    /* NODELETE: its thread-local state must outlive us, and unloading gains nothing. */
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL)
        return false;
    const OrtApiBase *(*get_base)(void) = NULL;
    void *symbol = dlsym(library, "OrtGetApiBase");
    if (symbol != NULL)
        memcpy(&get_base, &symbol, sizeof(symbol));
    const OrtApiBase *base = get_base != NULL ? get_base() : NULL;
    const OrtApi *api = base != NULL ? base->GetApi(API_VERSION) : NULL;
    if (api == NULL) {
        *too_old = true;
        dlclose(library);
        return false;
    }
    runtime->library = library;
    runtime->api = api;
    fus_strlcpy(runtime->version, base->GetVersionString(), sizeof(runtime->version));
    return true;
}

static bool try_path(const char *path, struct fus_runtime *runtime, bool *too_old)
{
    if (!try_library(path, runtime, too_old))
        return false;
    runtime->path = fus_strdup(path);
    return true;
}

/* The folder of the running program, "" if it can't be told. */
static void executable_folder(char *out, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    out[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash != NULL)
        *slash = '\0';
}

/* *unloadable: a file is there, but the loader does not take it. */
static bool search(struct fus_runtime *runtime, bool *too_old, bool *unloadable)
{
    static const char *const BESIDE[] = {
        "../.deps/onnxruntime/lib/libonnxruntime.so.1",
        "../lib/fusiond/libonnxruntime.so.1",
        "libonnxruntime.so.1",
    };
    char folder[PATH_MAX], path[PATH_MAX + 64];
    executable_folder(folder, sizeof(folder));
    for (size_t i = 0; folder[0] != '\0' && i < FUS_COUNT(BESIDE); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, BESIDE[i]);
        if (!fus_fs_exists(path))
            continue;
        if (try_path(path, runtime, too_old))
            return true;
        *unloadable = true;
    }
#ifdef FUS_INFERENCE_LIBRARY_DEV
    /* Tests of a checkout lie deeper than the program. */
    if (fus_fs_exists(FUS_INFERENCE_LIBRARY_DEV) &&
        try_path(FUS_INFERENCE_LIBRARY_DEV, runtime, too_old))
        return true;
#endif
    return try_path("libonnxruntime.so.1", runtime, too_old) ||
           try_path("libonnxruntime.so", runtime, too_old);
}

static int load(const char *library, struct fus_runtime *runtime, struct fus_error *err)
{
    const char *named = library != NULL ? library : getenv("FUSIOND_INFERENCE_LIBRARY");
    bool too_old = false, unloadable = false, found;
    if (named != NULL && named[0] != '\0') {
        found = try_path(named, runtime, &too_old);
        unloadable = !found && fus_fs_exists(named);
    } else {
        found = search(runtime, &too_old, &unloadable);
    }
    if (found && runtime->path != NULL)
        return 0;
    if (found)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.");
    if (too_old)
        return fus_error_set(
            err, FUS_E_NOT_READY,
            "The ONNX Runtime library that was found is older than 1.%d. Run `make "
            "deps` in the checkout, or name a newer one with inference.library.",
            API_VERSION);
    if (unloadable)
        return fus_error_set(err, FUS_E_NOT_READY,
                             "The ONNX Runtime library that was found cannot be loaded. It is "
                             "damaged, made for another machine, or worker.memory_bytes is too "
                             "small for it.");
    return fus_error_set(
        err, FUS_E_NOT_READY,
        "ONNX Runtime (libonnxruntime.so.1) was not found%s. Run `make deps` in the "
        "checkout, or name the file with inference.library or "
        "FUSIOND_INFERENCE_LIBRARY.",
        named != NULL ? " where the settings say" : "");
}

/* One memory arena for all sessions that grows by what is asked for: nets of different sizes share
 * what their neighbours have given back, instead of each keeping its own peak. */
static int share_arena(struct fus_runtime *runtime, struct fus_error *err)
{
    OrtArenaCfg *arena = NULL;
    int rc = fus_ort_check(runtime, runtime->api->CreateArenaCfg(0, 1, -1, -1, &arena),
                           FUS_E_INTERNAL, "ONNX Runtime's memory", err);
    if (rc != 0)
        return rc;
    rc = fus_ort_check(
        runtime, runtime->api->CreateAndRegisterAllocator(runtime->env, runtime->memory, arena),
        FUS_E_INTERNAL, "ONNX Runtime's memory", err);
    runtime->api->ReleaseArenaCfg(arena);
    return rc;
}

int fus_runtime_open(const char *library, struct fus_runtime **out, struct fus_error *err)
{
    FUS_CLEANUP(fus_runtime_free)
    struct fus_runtime *runtime = fus_calloc(1, sizeof(*runtime));
    if (runtime == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.");
    int rc = load(library, runtime, err);
    if (rc != 0)
        return rc;
    const OrtApi *api = runtime->api;
    rc = fus_ort_check(runtime,
                       api->CreateEnvWithCustomLogger(swallow, NULL, ORT_LOGGING_LEVEL_ERROR,
                                                      "fusiond", &runtime->env),
                       FUS_E_NOT_READY, "ONNX Runtime does not start", err);
    if (rc == 0)
        rc = fus_ort_check(runtime, api->DisableTelemetryEvents(runtime->env), FUS_E_NOT_READY,
                           "ONNX Runtime does not start", err);
    if (rc == 0)
        rc = fus_ort_check(
            runtime,
            api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &runtime->memory),
            FUS_E_NOT_READY, "ONNX Runtime does not start", err);
    if (rc == 0)
        rc = share_arena(runtime, err);
    if (rc == 0)
        *out = FUS_TAKE(runtime);
    return rc;
}

void fus_runtime_free(struct fus_runtime *runtime)
{
    if (runtime == NULL)
        return;
    if (runtime->memory != NULL)
        runtime->api->ReleaseMemoryInfo(runtime->memory);
    if (runtime->env != NULL)
        runtime->api->ReleaseEnv(runtime->env);
    if (runtime->library != NULL)
        dlclose(runtime->library);
    fus_free(runtime->path);
    fus_free(runtime);
}

const char *fus_runtime_version(const struct fus_runtime *runtime)
{
    return runtime->version;
}

const char *fus_runtime_path(const struct fus_runtime *runtime)
{
    return runtime->path;
}

int64_t fus_runtime_cpu_ns(const struct fus_runtime *runtime)
{
    return atomic_load_explicit(&runtime->cpu_ns, memory_order_relaxed);
}

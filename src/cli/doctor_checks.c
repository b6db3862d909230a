#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/doctor.h"
#include "cli/engine_args.h"
#include "config/settings.h"
#include "inference/models.h"
#include "inference/runtime.h"
#include "media/capabilities.h"

/* ---- ONNX Runtime and models ---- */

/* What an installed model works with and is not there. */
static void check_helpers(struct fus_doctor *doctor, const struct fus_models *models,
                          const struct fus_model *model)
{
    char mend[160];
    const char *const *needs = NULL;
    size_t count = fus_models_helpers(models, model->role, &needs);
    if (model->builtin || model->file[0] == '\0' || !fus_models_installed(models, model))
        return;
    (void)snprintf(mend, sizeof(mend), "fusiond models pull %s", model->id);
    for (size_t i = 0; i < count; i++) {
        const struct fus_model *helper = fus_models_needed(models, needs[i]);
        if (helper != NULL && !fus_models_installed(models, helper))
            fus_doctor_weak(doctor, "model", mend, "%s works with %s, which is missing", model->id,
                            needs[i]);
    }
}

static void check_models(struct fus_doctor *doctor, struct fus_runtime *runtime)
{
    struct fus_error err = {0};
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    const char *folder = doctor->config->models_dir;
    bool there = fus_fs_exists(folder);
    if (fus_models_open(runtime, there ? folder : NULL, &models, &err) != 0) {
        fus_doctor_broken(doctor, "models", "correct the manifest.json in the models folder", "%s",
                          err.detail);
        return;
    }
    fus_models_set_commercial(models, fus_str_equal(doctor->config->policy_commercial, "true"));
    for (size_t i = 0; i < fus_models_count(models); i++) {
        const struct fus_model *model = fus_models_at(models, i);
        struct fus_session *session = NULL;
        check_helpers(doctor, models, model);
        if (!fus_models_installed(models, model))
            continue;
        struct fus_model_facts facts;
        fus_models_facts(models, model, &facts);
        if (facts.state == FUS_MODEL_CORRUPT || facts.state == FUS_MODEL_UNVERIFIABLE) {
            fus_doctor_broken(doctor, "model", "fusiond models verify; fusiond models pull",
                              "%s (%s): %s", model->id, model->role,
                              fus_model_state_name(facts.state));
            continue;
        }
        bool loads = runtime == NULL || !model->builtin || strcmp(model->file, "") == 0 ||
                     fus_models_session(models, model, 1, &session, &err) == 0;
        if (loads)
            fus_doctor_ok(doctor, "model", "%s (%s)%s%s", model->id, model->role,
                          model->builtin ? ", built in" : "",
                          model->commercial_use ? "" : ", not for commercial use");
        else
            fus_doctor_broken(doctor, "model", "build the program anew", "%s (%s): %s", model->id,
                              model->role, err.detail);
    }
    if (!there)
        fus_doctor_ok(doctor, "models", "%s is not there: built-in models only", folder);
}

void fus_doctor_check_inference(struct fus_doctor *doctor)
{
    struct fus_error err = {0};
    const char *library = doctor->config->runtime_library;
    FUS_CLEANUP(fus_runtime_free) struct fus_runtime *runtime = NULL;
    if (fus_runtime_open(*library != '\0' ? library : NULL, &runtime, &err) != 0)
        fus_doctor_broken(doctor, "ONNX Runtime",
                          "`make deps` in the checkout, or inference.library = /path/to/"
                          "libonnxruntime.so.1",
                          "%s", err.detail);
    else
        fus_doctor_ok(doctor, "ONNX Runtime", "%s, %s", fus_runtime_version(runtime),
                      fus_runtime_path(runtime));
    check_models(doctor, runtime);
}

/* ---- libav ---- */

void fus_doctor_check_media(struct fus_doctor *doctor)
{
    static const struct {
        const char *name;
        bool needed;
    } encoders[] = {{"libx264", true}, {"aac", true}, {"libx265", false}, {"libvpx-vp9", false}};
    static const char *const muxers[] = {"mp4", "mov", "matroska"};
    static const char *const decoders[] = {"h264", "hevc", "vp9", "mjpeg", "aac"};
    char text[160];
    fus_media_versions(text, sizeof(text));
    fus_doctor_ok(doctor, "FFmpeg", "%s", text);
    const char *mend = "install an FFmpeg (libavcodec) that has it";
    for (size_t i = 0; i < FUS_COUNT(encoders); i++) {
        if (fus_media_has_encoder(encoders[i].name))
            fus_doctor_ok(doctor, "encoder", "%s", encoders[i].name);
        else if (encoders[i].needed)
            fus_doctor_broken(doctor, "encoder", mend, "%s is missing", encoders[i].name);
        else
            fus_doctor_weak(doctor, "encoder", mend, "%s is missing", encoders[i].name);
    }
    for (size_t i = 0; i < FUS_COUNT(muxers); i++) {
        if (!fus_media_has_muxer(muxers[i]))
            fus_doctor_broken(doctor, "container", mend, "%s can't be written", muxers[i]);
    }
    for (size_t i = 0; i < FUS_COUNT(decoders); i++) {
        if (!fus_media_has_decoder(decoders[i]))
            fus_doctor_weak(doctor, "decoder", mend, "%s is missing", decoders[i]);
    }
}

/* ---- folders and space ---- */

/* The nearest folder above path that is there. */
static void existing_above(const char *path, char out[4096])
{
    (void)fus_strlcpy(out, path, 4096);
    while (!fus_fs_exists(out)) {
        char *slash = strrchr(out, '/');
        if (slash == NULL || slash == out) {
            (void)fus_strlcpy(out, "/", 4096);
            return;
        }
        *slash = '\0';
    }
}

static void check_data_dir(struct fus_doctor *doctor)
{
    const char *path = doctor->config->data_dir;
    char above[4096];
    existing_above(path, above);
    bool writable = access(above, W_OK | X_OK) == 0;
    if (!writable)
        fus_doctor_broken(doctor, "data directory",
                          "give it to this user, or name another one by "
                          "--data-dir or FUSIOND_STORAGE_DATA_DIR",
                          "%s can't be written", path);
    else
        fus_doctor_ok(doctor, "data directory", "%s%s", path,
                      strcmp(above, path) == 0 ? "" : " (will be made)");
    uint64_t free_bytes = fus_fs_free_bytes(above), floor = doctor->config->min_free_bytes;
    if (free_bytes < floor)
        fus_doctor_broken(doctor, "free space", "free some, or lower storage.min_free_bytes",
                          "%" PRIu64 " MiB, less than the floor of %" PRIu64 " MiB",
                          free_bytes >> 20, floor >> 20);
    else
        fus_doctor_ok(doctor, "free space", "%" PRIu64 " MiB (floor: %" PRIu64 " MiB)",
                      free_bytes >> 20, floor >> 20);
}

static void check_roots(struct fus_doctor *doctor)
{
    const char *roots = doctor->config->input_roots;
    const char *own = doctor->config->data_dir;
    while (*roots != '\0') {
        char root[4096];
        size_t length = strcspn(roots, ":");
        (void)snprintf(root, sizeof(root), "%.*s", (int)FUS_MIN(length, sizeof(root) - 1), roots);
        roots += length + (roots[length] == ':');
        /* The one in the data directory is made by the server. */
        bool made_later = fus_str_starts(root, own) && !fus_fs_exists(root);
        if (access(root, R_OK | X_OK) == 0 || made_later)
            fus_doctor_ok(doctor, "input root", "%s%s", root, made_later ? " (will be made)" : "");
        else
            fus_doctor_weak(doctor, "input root", "make it, or take it out of storage.input_roots",
                            "%s can't be read", root);
    }
}

void fus_doctor_check_storage(struct fus_doctor *doctor)
{
    check_data_dir(doctor);
    check_roots(doctor);
}

/* ---- addresses and keys ---- */

/* A server holds this lock as long as it runs. */
static bool server_runs(const struct fus_config *config)
{
    FUS_AUTO_FREE char *path = fus_fs_join(config->data_dir, "supervisor.lock");
    if (path == NULL)
        return false;
    FUS_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

static bool loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof(v4));
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof(v6));
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

/* 0, or the errno of bind. */
static int try_bind(const struct addrinfo *info)
{
    FUS_AUTO_FD int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0)
        return errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    return bind(fd, info->ai_addr, info->ai_addrlen) == 0 ? 0 : errno;
}

static void check_address(struct fus_doctor *doctor, const char *subject, const char *address,
                          bool wants_key)
{
    char host[256], service[16];
    int port = 0;
    struct addrinfo *info = NULL;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    if (!fus_parse_address(address, host, &port))
        return;
    (void)snprintf(service, sizeof(service), "%d", port);
    int failed = getaddrinfo(host, service, &hints, &info);
    if (failed != 0) {
        fus_doctor_broken(doctor, subject, "name an address of this machine", "%s: %s", address,
                          gai_strerror(failed));
        return;
    }
    int rc = port == 0 ? 0 : try_bind(info);
    if (rc == 0)
        fus_doctor_ok(doctor, subject, "%s is free", address);
    else if (rc == EADDRINUSE && server_runs(doctor->config))
        fus_doctor_ok(doctor, subject, "%s, a server is running", address);
    else
        fus_doctor_broken(doctor, subject, "end what uses it, or take another one", "%s: %s",
                          address, strerror(rc));
    if (wants_key && !loopback(info->ai_addr) && *doctor->config->api_key == '\0')
        fus_doctor_broken(doctor, "API key", "FUSIOND_AUTH_API_KEY=... or auth.api_key",
                          "%s is not loopback, and there is no key", address);
    freeaddrinfo(info);
}

void fus_doctor_check_network(struct fus_doctor *doctor)
{
    check_address(doctor, "API", doctor->config->listen, true);
    if (*doctor->config->metrics_listen != '\0')
        check_address(doctor, "metrics", doctor->config->metrics_listen, false);
}

/* ---- the kernel ---- */

static bool has_openat2(void)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
    long fd = syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof(how));
    if (fd >= 0)
        (void)close((int)fd);
    return fd >= 0;
}

static long landlock_version(void)
{
#ifdef SYS_landlock_create_ruleset
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1U /* LANDLOCK_CREATE_RULESET_VERSION */);
#else
    return -1;
#endif
}

void fus_doctor_check_kernel(struct fus_doctor *doctor)
{
    if (has_openat2())
        fus_doctor_ok(doctor, "openat2", "inputs are opened beneath their roots by the kernel");
    else
        fus_doctor_broken(doctor, "openat2",
                          "Linux 5.6 or newer; in a container, a seccomp profile that allows it",
                          "inputs given by path can't be opened safely: %s", strerror(errno));
    long version = landlock_version();
    if (version > 0)
        fus_doctor_ok(doctor, "Landlock", "version %ld", version);
    else
        fus_doctor_weak(doctor, "Landlock", "Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK",
                        "a worker can't be kept from other files");
    fus_doctor_ok(doctor, "processors", "%d", fus_cli_cores());
}

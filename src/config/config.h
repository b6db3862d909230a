/* The process's settings in one struct: defaults < ini files < environment < flags.
 *
 * Files: /etc/fusiond/fusiond.ini, $XDG_CONFIG_HOME/fusiond/fusiond.ini, --config. Environment:
 * FUSIOND_<SECTION>_<KEY>. Each value remembers where it came from (`fusiond doctor`). Made in main,
 * handed down, constant afterwards. */
#ifndef FUS_CONFIG_CONFIG_H
#define FUS_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/macros.h"

struct fus_config {
    /* [server] */
    char *listen;              /* "127.0.0.1:8000"; port 0: any free one */
    char *metrics_listen;      /* "127.0.0.1:8001"; "" turns it off */
    char *public_url;          /* "" : links are relative to the request's own address */
    uint64_t max_body_bytes;   /* of a multipart request: 2 GiB; JSON bodies: max_json_bytes */
    uint64_t max_json_bytes;   /* 1 MiB */
    int64_t http_threads;      /* 4 */
    int64_t connection_limit;  /* 1024 */
    int64_t connection_timeout_s; /* 30; key connection_timeout */
    int64_t stop_grace_ms;     /* 5000: for running jobs when the server is stopped */
    /* [auth] */
    char *api_key;             /* one static key, "" none */
    /* [storage] */
    char *data_dir;            /* /data or $XDG_DATA_HOME/fusiond */
    char *input_roots;         /* colon separated; default <data_dir>/input */
    uint64_t min_free_bytes;   /* 512M */
    int64_t link_seconds;      /* lifetime of result links: 3600; max 7 days */
    /* [retention] results, rows, inputs */
    int64_t result_seconds;    /* 24 h */
    int64_t row_seconds;       /* 30 days */
    int64_t input_seconds;     /* staged inputs after the end of the job: 0 = at once */
    /* [queue] */
    char *gate;                /* policy.gate: "auto", "required", "off" */
    int64_t queue_capacity;    /* 10000 */
    int64_t max_attempts;      /* 3 */
    int64_t lease_seconds;     /* 30 */
    int64_t timeout_seconds;   /* start-to-close of a job: 6 h */
    int64_t cancel_grace_ms;   /* 1000: then SIGKILL (kept under 1 s by the supervisor) */
    /* [worker] */
    int64_t workers;           /* worker processes: 1 */
    int64_t threads;           /* per worker; 0: number of cores */
    uint64_t memory_bytes;     /* ceiling of a worker's address space; 0 none */
    /* [limits] */
    uint64_t max_file_bytes;   /* 4 GiB */
    uint64_t max_pixels;       /* of a frame: 64 Mi */
    int64_t max_dimension;     /* 16384 */
    int64_t max_video_seconds; /* 6 h */
    int64_t max_frames;        /* 1500000 */
    int64_t max_sources;       /* 32 */
    /* [models] dir, [inference] library */
    char *models_dir;          /* <data_dir>/models */
    char *base_urls;           /* where models come from, separated by spaces */
    int64_t download_connections; /* 4 */
    int64_t stall_seconds;     /* 30: a download without a byte is given up; key stall_timeout */
    char *policy_commercial;   /* [policy] commercial: "true": only what is for commercial use */
    char *runtime_library;     /* path of libonnxruntime, "" search */
    /* [facefusion], [engine] */
    char *facefusion_config_path; /* a facefusion.ini with every job's defaults, "" none */
    char *facefusion_path;        /* folder of an installed FaceFusion, "" : engine off */
    char *facefusion_python;      /* its Python: a path, or a name on PATH */
    /* [log] level */
    char *log_level;           /* info */
};

struct fus_config_entry {
    const char *section, *key, *doc;
    char value[512];           /* as text; secrets as "(set)" or "" */
    char origin[160];          /* "default", "environment FUSIOND_...", a file's path, "flag --..." */
};

struct fus_config_builder; /* collects, then makes the struct */
struct fus_config_builder *fus_config_builder_new(void);
void fus_config_builder_free(struct fus_config_builder *builder);
FUS_CLEANUP_DEFINE(fus_config_builder_free, struct fus_config_builder *)
/* Reads the two standard files, extra (may be NULL; then missing is an error) and the environment. */
int fus_config_builder_load(struct fus_config_builder *builder, const char *extra_file,
                            struct fus_error *err) FUS_MUST_CHECK;
/* A flag's value: key "section.key". Unknown keys and wrong values: FUS_E_INVALID_PARAMETER. */
int fus_config_builder_set(struct fus_config_builder *builder, const char *key, const char *value,
                           const char *origin, struct fus_error *err) FUS_MUST_CHECK;
/* The finished settings, defaults filled in (data_dir decided, dependent paths derived). */
int fus_config_builder_finish(struct fus_config_builder *builder, struct fus_config **config,
                              struct fus_error *err) FUS_MUST_CHECK;
/* Every setting with value and origin, by index; false at the end. Valid after finish. */
bool fus_config_builder_entry(const struct fus_config_builder *builder, size_t index,
                              struct fus_config_entry *entry);
/* What was odd but no error (variables of the environment that look like settings and are none), a
 * sentence a line; "" if nothing. Owned by the builder. */
const char *fus_config_builder_warnings(const struct fus_config_builder *builder);
void fus_config_free(struct fus_config *config);
FUS_CLEANUP_DEFINE(fus_config_free, struct fus_config *)

#endif

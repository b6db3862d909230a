#include "config/settings.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "config/config.h"

#define AT(member) offsetof(struct fus_config, member)
#define KIB ((int64_t)1 << 10)
#define MIB ((int64_t)1 << 20)
#define DAY ((int64_t)86400)

static const char *const gate_policies[] = {"auto", "required", "off", NULL};
static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};

static const char *const false_true[] = {"false", "true", NULL};

static const struct fus_setting table[] = {
    {"server", "listen", FUS_SETTING_ADDRESS, AT(listen), "127.0.0.1:8000",
     .doc = "Address of the API, host:port; port 0 takes any free one"},
    {"server", "metrics_listen", FUS_SETTING_ADDRESS, AT(metrics_listen), "127.0.0.1:8001",
     .flags = FUS_SETTING_OPTIONAL,
     .doc = "Address of the Prometheus metrics; empty turns them off"},
    {"server", "public_url", FUS_SETTING_TEXT, AT(public_url), "", .flags = FUS_SETTING_OPTIONAL,
     .doc = "How clients reach the server, for links in answers; empty: links are relative"},
    {"server", "max_body_bytes", FUS_SETTING_BYTES, AT(max_body_bytes), "2G", KIB, INT64_MAX,
     .doc = "Largest multipart request"},
    {"server", "max_json_bytes", FUS_SETTING_BYTES, AT(max_json_bytes), "1M", KIB, 64 * MIB,
     .doc = "Largest JSON request"},
    {"server", "http_threads", FUS_SETTING_INT, AT(http_threads), "4", 1, 256,
     .doc = "Threads that serve HTTP"},
    {"server", "connection_limit", FUS_SETTING_INT, AT(connection_limit), "1024", 4, 1000000,
     .doc = "Connections at a time"},
    {"server", "connection_timeout", FUS_SETTING_SECONDS, AT(connection_timeout_s), "30s", 1, DAY,
     .doc = "Silence after which a connection is closed"},
    {"server", "stop_grace_ms", FUS_SETTING_MILLISECONDS, AT(stop_grace_ms), "5s", 0, 3600000,
     .doc = "Time that running jobs get to end when the server is stopped"},

    {"auth", "api_key", FUS_SETTING_TEXT, AT(api_key), "",
     .flags = FUS_SETTING_SECRET | FUS_SETTING_OPTIONAL,
     .doc = "One static API key; needed when the address is not loopback"},

    {"storage", "data_dir", FUS_SETTING_PATH, AT(data_dir), NULL,
     .doc = "Data directory; /data where it can be written, else $XDG_DATA_HOME/fusiond"},
    {"storage", "input_roots", FUS_SETTING_PATHS, AT(input_roots), NULL,
     .doc = "Folders whose files jobs may name, colon separated; <data_dir>/input"},
    {"storage", "min_free_bytes", FUS_SETTING_BYTES, AT(min_free_bytes), "512M", 0, INT64_MAX,
     .doc = "Free disk space below which submissions are refused"},
    {"storage", "link_seconds", FUS_SETTING_SECONDS, AT(link_seconds), "1h", 1, 7 * DAY,
     .doc = "Lifetime of a result's link"},

    {"retention", "results", FUS_SETTING_SECONDS, AT(result_seconds), "24h", 1, 3650 * DAY,
     .doc = "How long results are kept"},
    {"retention", "rows", FUS_SETTING_SECONDS, AT(row_seconds), "30d", 1, 3650 * DAY,
     .doc = "How long finished jobs are remembered"},
    {"retention", "inputs", FUS_SETTING_SECONDS, AT(input_seconds), "0", 0, 3650 * DAY,
     .doc = "How long staged inputs outlive their job"},

    {"policy", "gate", FUS_SETTING_CHOICE, AT(gate), "auto", .choices = gate_policies,
     .doc =
         "Content gate: required (every job), auto (required for jobs that use a generator), off"},

    {"queue", "capacity", FUS_SETTING_INT, AT(queue_capacity), "10000", 1, 10000000,
     .doc = "Queued jobs beyond which submissions are refused"},
    {"queue", "max_attempts", FUS_SETTING_INT, AT(max_attempts), "3", 1, 100,
     .doc = "Attempts a job gets before it has failed"},
    {"queue", "lease_seconds", FUS_SETTING_SECONDS, AT(lease_seconds), "30s", 1, DAY,
     .doc = "How long a claim lasts without being renewed"},
    {"queue", "timeout_seconds", FUS_SETTING_SECONDS, AT(timeout_seconds), "6h", 1, 30 * DAY,
     .doc = "Longest run of one job"},
    {"queue", "cancel_grace_ms", FUS_SETTING_MILLISECONDS, AT(cancel_grace_ms), "1000", 0, 60000,
     .doc = "Time a cancelled job gets to stop before its worker is killed"},

    {"worker", "workers", FUS_SETTING_INT, AT(workers), "1", 1, 256, .doc = "Worker processes"},
    {"worker", "threads", FUS_SETTING_INT, AT(threads), "0", 0, 1024,
     .doc = "Threads of a worker; 0: as many as there are cores"},
    {"worker", "memory_bytes", FUS_SETTING_BYTES, AT(memory_bytes), "0", 0, INT64_MAX,
     .doc = "Ceiling of a worker's address space; 0: none"},

    {"limits", "max_file_bytes", FUS_SETTING_BYTES, AT(max_file_bytes), "4G", KIB, INT64_MAX,
     .doc = "Largest input file"},
    {"limits", "max_pixels", FUS_SETTING_BYTES, AT(max_pixels), "64M", KIB, 256 * MIB,
     .doc = "Most pixels of a frame (64M is 67108864)"},
    {"limits", "max_dimension", FUS_SETTING_INT, AT(max_dimension), "16384", 16, 65535,
     .doc = "Longest side of a frame in pixels"},
    {"limits", "max_video_seconds", FUS_SETTING_SECONDS, AT(max_video_seconds), "6h", 1, 30 * DAY,
     .doc = "Longest clip"},
    {"limits", "max_frames", FUS_SETTING_INT, AT(max_frames), "1500000", 1, INT64_C(1000000000),
     .doc = "Most frames of a clip"},
    {"limits", "max_sources", FUS_SETTING_INT, AT(max_sources), "32", 1, 256,
     .doc = "Most source pictures of a job"},

    {"models", "dir", FUS_SETTING_PATH, AT(models_dir), NULL,
     .doc = "Folder of model files; <data_dir>/models"},
    {"models", "base_urls", FUS_SETTING_TEXT, AT(base_urls),
     "https://github.com/facefusion/facefusion-assets/releases/download/{release}/{file} "
     "https://huggingface.co/facefusion/{release}/resolve/main/{file} "
     "https://hf-mirror.com/facefusion/{release}/resolve/main/{file}",
     .flags = FUS_SETTING_OPTIONAL,
     .doc = "Where `fusiond models pull` looks, in this order: addresses or folders, separated by "
            "spaces"},
    {"models", "download_connections", FUS_SETTING_INT, AT(download_connections), "4", 1, 16,
     .doc = "Files that are downloaded at a time"},
    {"models", "stall_timeout", FUS_SETTING_SECONDS, AT(stall_seconds), "30s", 1, 3600,
     .doc = "Silence after which a download is tried again"},
    {"policy", "commercial", FUS_SETTING_CHOICE, AT(policy_commercial), "false",
     .choices = false_true,
     .doc = "true or false; true refuses models that are not for commercial use"},
    {"inference", "library", FUS_SETTING_PATH, AT(runtime_library), "",
     .flags = FUS_SETTING_OPTIONAL,
     .doc = "Path of libonnxruntime; empty: search the usual places"},

    {"facefusion", "config_path", FUS_SETTING_PATH, AT(facefusion_config_path), "",
     .flags = FUS_SETTING_OPTIONAL,
     .doc = "A facefusion.ini whose values are the defaults of every job; empty: none"},
    {"engine", "facefusion_path", FUS_SETTING_PATH, AT(facefusion_path), "",
     .flags = FUS_SETTING_OPTIONAL,
     .doc = "Folder of an installed FaceFusion, for jobs with engine: facefusion; empty: off"},
    {"engine", "facefusion_python", FUS_SETTING_TEXT, AT(facefusion_python), "python3",
     .doc = "Python that runs it: a path, such as that of its environment, or a name on PATH"},

    {"log", "level", FUS_SETTING_CHOICE, AT(log_level), "info", .choices = log_levels,
     .doc = "error, warn, info or debug"},
};

const struct fus_setting *fus_settings(size_t *count)
{
    *count = FUS_COUNT(table);
    return table;
}

static void full_name(const struct fus_setting *setting, char *out, size_t size)
{
    (void)snprintf(out, size, "%s.%s", setting->section, setting->key);
}

const struct fus_setting *fus_setting_find(const char *name)
{
    char full[64];
    for (size_t i = 0; i < FUS_COUNT(table); i++) {
        full_name(&table[i], full, sizeof(full));
        if (strcmp(full, name) == 0)
            return &table[i];
    }
    return NULL;
}

bool fus_setting_nearest(const char *name, char *out, size_t size)
{
    const char *dot = strchr(name, '.');
    const char *key = dot != NULL ? dot + 1 : name;
    const struct fus_setting *best = NULL;
    unsigned best_distance = (unsigned)FUS_MAX(2, strlen(key) / 3) + 1;
    for (size_t i = 0; i < FUS_COUNT(table); i++) {
        char full[64];
        full_name(&table[i], full, sizeof(full));
        /* The right key under the wrong section is near as well, whatever the section is called. */
        unsigned by_key = fus_edit_distance(key, table[i].key) + 1;
        unsigned distance = FUS_MIN(fus_edit_distance(name, full), by_key);
        if (distance < best_distance) {
            best_distance = distance;
            best = &table[i];
        }
    }
    if (best == NULL)
        return false;
    full_name(best, out, size);
    return true;
}

void fus_setting_env_name(const struct fus_setting *setting, char *out, size_t size)
{
    (void)snprintf(out, size, "FUSIOND_%s_%s", setting->section, setting->key);
    for (char *c = out; *c != '\0'; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    }
}

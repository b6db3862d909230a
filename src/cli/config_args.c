#include "cli/config_args.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* The tag of a row is the name of its setting; these two have none. */
static const char tag_file[] = "--config", tag_set[] = "--set";

static const struct fus_option rows[] = {
    {"config", 'c', FUS_OPTION_VALUE, "FILE", "Read this ini file as well", "Settings", tag_file},
    {"set", 0, FUS_OPTION_VALUE, "SECTION.KEY=VALUE",
     "Set any setting; `fusiond doctor` lists them", "Settings", tag_set},
    {"listen", 0, FUS_OPTION_VALUE, "HOST:PORT", "Address of the API", "Settings", "server.listen"},
    {"metrics-listen", 0, FUS_OPTION_VALUE, "HOST:PORT", "Address of the metrics; empty: none",
     "Settings", "server.metrics_listen"},
    {"data-dir", 0, FUS_OPTION_VALUE, "FOLDER", "Where inputs, results and the store live",
     "Settings", "storage.data_dir"},
    {"models-dir", 0, FUS_OPTION_VALUE, "FOLDER", "Where model files lie", "Settings",
     "models.dir"},
    {"workers", 0, FUS_OPTION_VALUE, "N", "Worker processes", "Settings", "worker.workers"},
    {"threads", 0, FUS_OPTION_VALUE, "N", "Threads of a worker; 0: one a core", "Settings",
     "worker.threads"},
    {"log-level", 0, FUS_OPTION_VALUE, "LEVEL", "error, warn, info or debug", "Settings",
     "log.level"},
};

const struct fus_option *fus_config_options(size_t *count)
{
    *count = FUS_COUNT(rows);
    return rows;
}

bool fus_config_option_is(const struct fus_option *option)
{
    for (size_t i = 0; i < FUS_COUNT(rows); i++) {
        if (option != NULL && option->tag == rows[i].tag)
            return true;
    }
    return false;
}

static int need_builder(struct fus_config_args *args, struct fus_error *err)
{
    if (args->builder == NULL)
        args->builder = fus_config_builder_new();
    return args->builder != NULL
               ? 0
               : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory for the settings");
}

int fus_config_args_take(struct fus_config_args *args, const struct fus_option *option,
                         const char *value, struct fus_error *err)
{
    int rc = need_builder(args, err);
    if (rc != 0)
        return rc;
    if (option->tag == tag_file) {
        args->file = value;
        return 0;
    }
    char origin[120], key[80];
    if (option->tag != tag_set) {
        (void)snprintf(origin, sizeof(origin), "flag --%s", option->name);
        return fus_config_builder_set(args->builder, option->tag, value, origin, err);
    }
    size_t length = strcspn(value, "=");
    if (value[length] != '=' || length >= sizeof(key))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "--set wants SECTION.KEY=VALUE, such as worker.threads=2");
    memcpy(key, value, length);
    key[length] = '\0';
    (void)snprintf(origin, sizeof(origin), "flag --set %s", key);
    return fus_config_builder_set(args->builder, key, value + length + 1, origin, err);
}

int fus_config_args_finish(struct fus_config_args *args, struct fus_config **config,
                           struct fus_error *err)
{
    int rc = need_builder(args, err);
    if (rc == 0)
        rc = fus_config_builder_load(args->builder, args->file, err);
    if (rc == 0)
        rc = fus_config_builder_finish(args->builder, config, err);
    return rc;
}

void fus_config_args_done(struct fus_config_args *args)
{
    fus_config_builder_free(args->builder);
    *args = (struct fus_config_args){0};
}

#include "cli/local_args.h"

#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

static const struct fus_option common[] = {
    {"config-path", 0, FUS_OPTION_VALUE, "FILE",
     "Take defaults from this facefusion.ini (default: ./facefusion.ini if there is one)", "Paths"},
    {"engine", 0, FUS_OPTION_VALUE, "NAME",
     "native, or facefusion: an installed FaceFusion (see engine.facefusion_path)", NULL},
    {"json", 0, FUS_OPTION_FLAG, NULL, "Print the result as JSON", NULL},
    {"quiet", 'q', FUS_OPTION_FLAG, NULL, "No progress", NULL},
};

int fus_local_args_init(struct fus_local_args *args, const struct fus_param_schema *schema,
                        const struct fus_option *own, size_t own_count, struct fus_error *err)
{
    size_t config_count = 0, count = 0;
    const struct fus_option *config = fus_config_options(&config_count);
    FUS_AUTO_FREE struct fus_option *rows =
        fus_calloc(own_count + FUS_COUNT(common) + config_count, sizeof(*rows));
    if (rows == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    for (size_t i = 0; i < own_count; i++)
        rows[count++] = own[i];
    for (size_t i = 0; i < FUS_COUNT(common); i++)
        rows[count++] = common[i];
    for (size_t i = 0; i < config_count; i++) {
        /* Addresses and workers are a server's. */
        if (strstr(config[i].name, "listen") == NULL && strcmp(config[i].name, "workers") != 0)
            rows[count++] = config[i];
    }
    return fus_param_args_init(&args->params, schema, rows, count, err);
}

void fus_local_args_done(struct fus_local_args *args)
{
    fus_config_args_done(&args->config);
    fus_param_args_done(&args->params);
    fus_facefusion_ini_free(args->ini);
    *args = (struct fus_local_args){0};
}

int fus_local_args_take(struct fus_local_args *args, const struct fus_option *option,
                        const char *value, struct fus_error *err)
{
    if (fus_config_option_is(option)) {
        int rc = fus_config_args_take(&args->config, option, value, err);
        return rc == 0 ? 1 : rc;
    }
    if (fus_param_args_take(&args->params, option, value))
        return 1;
    if (strcmp(option->name, "config-path") == 0) {
        args->ini_path = value;
    } else if (strcmp(option->name, "engine") == 0) {
        args->second = strcmp(value, "facefusion") == 0;
        if (!args->second && strcmp(value, "native") != 0)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                                 "--engine must be native or facefusion, not \"%.60s\"", value);
    } else if (strcmp(option->name, "json") == 0) {
        args->json = true;
    } else if (strcmp(option->name, "quiet") == 0) {
        args->quiet = true;
    } else {
        return 0;
    }
    return 1;
}

int fus_local_args_read_ini(struct fus_local_args *args, const char *program, struct fus_error *err)
{
    const char *path = args->ini_path != NULL ? args->ini_path : FUS_FACEFUSION_INI;
    if (args->ini_path == NULL && !fus_fs_exists(path))
        return 0;
    int rc = fus_facefusion_ini_load(path, args->params.schema, &args->ini, err);
    if (rc != 0) {
        if (err != NULL && rc == FUS_E_NOT_FOUND)
            err->code = FUS_E_INVALID_PARAMETER;
        return rc == FUS_E_NOT_FOUND ? FUS_E_INVALID_PARAMETER : rc;
    }
    /* FaceFusion hides its bars at these levels. */
    const char *level = fus_facefusion_ini_text(args->ini, "misc", "log_level");
    args->quiet = args->quiet || fus_str_equal(level, "warn") || fus_str_equal(level, "error");
    if (args->quiet)
        return 0;
    (void)fprintf(stderr, "%s: defaults are those of %s\n", program, path);
    const char *warning;
    for (size_t i = 0; (warning = fus_facefusion_ini_warning(args->ini, i)) != NULL; i++)
        (void)fprintf(stderr, "warning: %s\n", warning);
    return 0;
}

int fus_local_args_apply(const struct fus_local_args *args, struct fus_params *params,
                         struct fus_error_list *errors)
{
    struct fus_error err = {0};
    if (args->second)
        fus_params_take_later(params);
    int rc = fus_facefusion_ini_apply(args->ini, args->second, params, &err);
    if (rc != 0) {
        fus_error_list_add(errors, rc, "", "%s", err.detail);
        return rc;
    }
    return fus_param_args_apply(&args->params, params, errors);
}

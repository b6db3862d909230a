#include "cli/run_args.h"

#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"

static const struct fus_option own[] = {
    {"source-paths", 's', FUS_OPTION_WORDS, "FILE", "Pictures of the face that is drawn", "Paths"},
    {"target-path", 't', FUS_OPTION_VALUE, "FILE", "Picture or clip that is changed", "Paths"},
    {"output-path", 'o', FUS_OPTION_VALUE, "FILE",
     "Result; its ending says the format: jpg, png, webp, mp4, mov or mkv", "Paths"},
    {"json", 0, FUS_OPTION_FLAG, NULL, "Print the result as JSON", NULL},
    {"quiet", 'q', FUS_OPTION_FLAG, NULL, "No progress", NULL},
};

static int take_positional(const char *word, struct fus_error *err)
{
    return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                         "\"%.60s\" is no option; files are named by -s, -t and -o", word);
}

static int take(void *user, const struct fus_option *option, const char *value,
                struct fus_error *err)
{
    struct fus_run_args *args = user;
    if (option == NULL)
        return take_positional(value, err);
    if (fus_config_option_is(option))
        return fus_config_args_take(&args->config, option, value, err);
    if (fus_param_args_take(&args->params, option, value))
        return 0;
    if (strcmp(option->name, "source-paths") == 0)
        args->sources[args->source_count++] = value;
    else if (strcmp(option->name, "target-path") == 0)
        args->target = value;
    else if (strcmp(option->name, "output-path") == 0)
        args->output = value;
    else if (strcmp(option->name, "json") == 0)
        args->json = true;
    else
        args->quiet = true;
    return 0;
}

static int check(struct fus_run_args *args, struct fus_error *err)
{
    if (args->target == NULL || args->output == NULL)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s is needed",
                             args->target == NULL ? "-t, --target-path" : "-o, --output-path");
    const char *slash = strrchr(args->output, '/');
    const char *dot = strrchr(slash != NULL ? slash : args->output, '.');
    args->format = dot != NULL ? fus_container_from_name(dot + 1) : FUS_CONTAINER_UNKNOWN;
    if (args->format == FUS_CONTAINER_UNKNOWN)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "the output's name must end in .jpg, .png, .webp, .mp4, .mov or .mkv");
    return 0;
}

int fus_run_args_parse(struct fus_run_args *args, const struct fus_param_schema *schema, int argc,
                       char **argv, struct fus_error *err)
{
    size_t config_count = 0;
    const struct fus_option *config = fus_config_options(&config_count);
    FUS_AUTO_FREE struct fus_option *rows =
        fus_calloc(FUS_COUNT(own) + config_count, sizeof(*rows));
    args->sources = fus_calloc((size_t)argc + 1, sizeof(*args->sources));
    if (rows == NULL || args->sources == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    memcpy(rows, own, sizeof(own));
    size_t count = FUS_COUNT(own);
    for (size_t i = 0; i < config_count; i++) {
        /* Addresses and workers are a server's. */
        if (strstr(config[i].name, "listen") == NULL && strcmp(config[i].name, "workers") != 0)
            rows[count++] = config[i];
    }
    int rc = fus_param_args_init(&args->params, schema, rows, count, err);
    if (rc != 0)
        return rc;
    const struct fus_usage usage = {
        "fusiond run", "-s FILE... -t FILE -o FILE [options]",
        "Does one job here and now, without a server. The options that are parameters have the "
        "names\n"
        "of FaceFusion's headless-run; `fusiond params` lists all of them.\n\n"
        "Exit status: 0 done, 1 failed, 2 the command line is not right, 130 interrupted.",
        args->params.options, args->params.count};
    rc = fus_options_parse(&usage, argc, argv, take, args, err);
    return rc == 0 ? check(args, err) : rc;
}

void fus_run_args_done(struct fus_run_args *args)
{
    fus_config_args_done(&args->config);
    fus_param_args_done(&args->params);
    fus_free(args->sources);
    args->sources = NULL;
}

static int check_input(const char *path, const struct stat *output, struct fus_error *err)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return fus_error_set(err, FUS_E_NOT_FOUND, "%.200s: there is no such file", path);
    if (!S_ISREG(facts.st_mode))
        return fus_error_set(err, FUS_E_UNSUPPORTED_MEDIA, "%.200s is not a file", path);
    if (output != NULL && facts.st_dev == output->st_dev && facts.st_ino == output->st_ino)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "%.200s is an input; it would be overwritten by the output", path);
    return 0;
}

int fus_run_args_check_files(const struct fus_run_args *args, struct fus_error *err)
{
    struct stat facts;
    const struct stat *output = stat(args->output, &facts) == 0 ? &facts : NULL;
    int rc = check_input(args->target, output, err);
    for (size_t i = 0; rc == 0 && i < args->source_count; i++)
        rc = check_input(args->sources[i], output, err);
    if (rc != 0)
        return rc;
    if (output != NULL && !S_ISREG(facts.st_mode))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%.200s is there and is not a file",
                             args->output);
    const char *slash = strrchr(args->output, '/');
    FUS_AUTO_FREE char *folder =
        slash == NULL
            ? fus_strdup(".")
            : fus_strndup(args->output, FUS_MAX((size_t)(slash - args->output), (size_t)1));
    if (folder == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    if (stat(folder, &facts) != 0 || !S_ISDIR(facts.st_mode))
        return fus_error_set(err, FUS_E_NOT_FOUND, "%.200s: there is no such folder", folder);
    return 0;
}

#include "cli/run_args.h"

#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"

static const struct fus_option own[] = {
    {"source-paths", 's', FUS_OPTION_WORDS, "FILE", "Pictures of the face that is drawn", "Paths"},
    {"target-path", 't', FUS_OPTION_VALUE, "FILE", "Picture or clip that is changed", "Paths"},
    {"output-path", 'o', FUS_OPTION_VALUE, "FILE",
     "Result; its ending says the format: jpg, png, webp, tiff, mp4, mov, m4v, mkv, webm, avi or "
     "wmv",
     "Paths"},
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
    int rc = fus_local_args_take(&args->local, option, value, err);
    if (rc != 0)
        return rc > 0 ? 0 : rc;
    if (strcmp(option->name, "source-paths") == 0)
        args->sources[args->source_count++] = value;
    else if (strcmp(option->name, "target-path") == 0)
        args->target = value;
    else
        args->output = value;
    return 0;
}

/* What the command line does not name may stand in the facefusion.ini. */
static int take_ini_paths(struct fus_run_args *args, struct fus_error *err)
{
    const struct fus_facefusion_ini *ini = args->local.ini;
    if (args->target == NULL)
        args->target = fus_facefusion_ini_text(ini, "paths", "target_path");
    if (args->output == NULL)
        args->output = fus_facefusion_ini_text(ini, "paths", "output_path");
    const char *sources = fus_facefusion_ini_text(ini, "paths", "source_paths");
    if (args->source_count > 0 || sources == NULL)
        return 0;
    args->ini_sources = fus_strdup(sources);
    const char **room = fus_calloc(strlen(sources) / 2 + 2, sizeof(*room));
    fus_free(args->sources);
    args->sources = room;
    if (room == NULL || args->ini_sources == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    char *rest = NULL;
    for (char *word = strtok_r(args->ini_sources, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest))
        args->sources[args->source_count++] = word;
    return 0;
}

int fus_run_format(const char *output, enum fus_container *format, struct fus_error *err)
{
    const char *slash = strrchr(output, '/');
    const char *dot = strrchr(slash != NULL ? slash : output, '.');
    *format = dot != NULL ? fus_container_from_name(dot + 1) : FUS_CONTAINER_UNKNOWN;
    if (*format == FUS_CONTAINER_UNKNOWN)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "the output's name must end in .jpg, .png, .webp, .tiff, .mp4, .mov, "
                             ".m4v, .mkv, .webm, .avi or .wmv");
    return fus_container_check_output(*format, err);
}

static int check(struct fus_run_args *args, struct fus_error *err)
{
    if (args->target == NULL || args->output == NULL)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%s is needed",
                             args->target == NULL ? "-t, --target-path" : "-o, --output-path");
    return fus_run_format(args->output, &args->format, err);
}

int fus_run_args_parse(struct fus_run_args *args, const struct fus_param_schema *schema, int argc,
                       char **argv, struct fus_error *err)
{
    args->sources = fus_calloc((size_t)argc + 1, sizeof(*args->sources));
    if (args->sources == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    int rc = fus_local_args_init(&args->local, schema, own, FUS_COUNT(own), err);
    if (rc != 0)
        return rc;
    const struct fus_usage usage = {
        "fusiond run", "-s FILE... -t FILE -o FILE [options]",
        "Does one job here and now, without a server. Options, values and defaults are those of\n"
        "FaceFusion's headless-run; `fusiond params` lists all of them, docs/FACEFUSION.md tells\n"
        "what is different.\n\n"
        "Exit status: 0 done, 1 failed, 2 the command line or the facefusion.ini is not right,\n"
        "3 the content was refused, 130 interrupted.",
        args->local.params.options, args->local.params.count};
    rc = fus_options_parse(&usage, argc, argv, take, args, err);
    if (rc == 0)
        rc = fus_local_args_read_ini(&args->local, "fusiond run", err);
    if (rc == 0)
        rc = take_ini_paths(args, err);
    return rc == 0 ? check(args, err) : rc;
}

void fus_run_args_done(struct fus_run_args *args)
{
    fus_local_args_done(&args->local);
    fus_free(args->sources);
    fus_free(args->ini_sources);
    *args = (struct fus_run_args){0};
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

int fus_run_files_check(const struct fus_run_files *files, struct fus_error *err)
{
    struct stat facts;
    const struct stat *output = stat(files->output, &facts) == 0 ? &facts : NULL;
    int rc = check_input(files->target, output, err);
    for (size_t i = 0; rc == 0 && i < files->source_count; i++)
        rc = check_input(files->sources[i], output, err);
    if (rc != 0)
        return rc;
    if (output != NULL && !S_ISREG(facts.st_mode))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "%.200s is there and is not a file",
                             files->output);
    const char *slash = strrchr(files->output, '/');
    FUS_AUTO_FREE char *folder =
        slash == NULL
            ? fus_strdup(".")
            : fus_strndup(files->output, FUS_MAX((size_t)(slash - files->output), (size_t)1));
    if (folder == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    if (stat(folder, &facts) != 0 || !S_ISDIR(facts.st_mode))
        return fus_error_set(err, FUS_E_NOT_FOUND, "%.200s: there is no such folder", folder);
    return 0;
}

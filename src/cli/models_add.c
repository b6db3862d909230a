/* fusiond models add: a file of the operator's, checked against its row and written down. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/models.h"
#include "inference/verify.h"

#define MODEL_BYTES_MAX ((size_t)2 << 30)

static const struct fus_option own[] = {
    {"id", 0, FUS_OPTION_VALUE, "ID", "The model that it is; default: by the file's name"},
    {"role", 0, FUS_OPTION_VALUE, "ROLE", "Where several roles have a model of that id"},
};

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int find_row(const struct fus_models_args *args, const char *file,
                    const struct fus_model **out, struct fus_error *err)
{
    const struct fus_model *found = NULL;
    size_t matches = 0;
    for (size_t i = 0; i < fus_models_count(args->models); i++) {
        const struct fus_model *model = fus_models_at(args->models, i);
        bool named = args->id != NULL ? strcmp(model->id, args->id) == 0
                                      : strcmp(last_part(model->file), last_part(file)) == 0;
        if (!named || model->builtin || model->file[0] == '\0' ||
            (args->role != NULL && strcmp(args->role, model->role) != 0))
            continue;
        found = model;
        matches++;
    }
    if (matches == 0)
        return fus_error_set(err, FUS_E_MODEL_NOT_FOUND,
                             "no row of the manifest has %s %.120s; name the model with --id",
                             args->id != NULL ? "the id" : "a file of the name",
                             args->id != NULL ? args->id : last_part(file));
    if (matches > 1)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "several models have that name; tell --id and --role");
    *out = found;
    return 0;
}

static int make_folder_of(const char *path, struct fus_error *err)
{
    FUS_AUTO_FREE char *folder = fus_strdup(path);
    char *slash = folder != NULL ? strrchr(folder, '/') : NULL;
    if (slash == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    *slash = '\0';
    return fus_fs_mkdirs(folder, 0755, err);
}

static int same_file(const char *a, const char *b)
{
    struct stat fa, fb;
    return stat(a, &fa) == 0 && stat(b, &fb) == 0 && fa.st_dev == fb.st_dev &&
           fa.st_ino == fb.st_ino;
}

static int add(struct fus_models_args *args, struct fus_models *models, const char *file,
               struct fus_error *err)
{
    const struct fus_model *model = NULL;
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size = 0;
    int rc = find_row(args, file, &model, err);
    if (rc == 0)
        rc = fus_fs_read(file, MODEL_BYTES_MAX, &bytes, &size, err);
    if (rc == 0)
        rc = fus_models_probe(models, model, bytes, size, err);
    if (rc != 0)
        return rc;
    struct fus_digests digests;
    fus_digests_of(bytes, size, &digests);
    FUS_AUTO_FREE char *path = fus_fs_join(args->config->models_dir, model->file);
    if (path == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    if (!same_file(file, path)) {
        rc = make_folder_of(path, err);
        if (rc == 0)
            rc = fus_fs_write_atomic(path, bytes, size, 0644, err);
    }
    if (rc == 0)
        rc = fus_verify_record(args->config->models_dir, model->file, digests.sha256, err);
    if (rc == 0)
        (void)printf("%s (%s): %s, sha256 %s, license %s\n", model->id, model->role, model->file,
                     digests.sha256, model->license);
    return rc;
}

int fus_cli_models_add(int argc, char **argv)
{
    static const struct fus_usage usage = {
        "fusiond models add", "FILE [--id ID] [options]",
        "Copies a file into the models folder after checking that it is a net with the tensors of "
        "its manifest row, and\nwrites its SHA-256 down; that is what it is verified by from then "
        "on.",
        NULL, 0};
    FUS_AUTO_MODELS_ARGS struct fus_models_args args = {0};
    struct fus_error err = {0};
    int rc = fus_models_args_read(&args, &usage, own, FUS_COUNT(own), argc, argv);
    if (rc != 0)
        return fus_models_exit(rc);
    if (args.word_count != 1) {
        (void)fus_error_set(&err, FUS_E_INVALID_PARAMETER, "one file is to be named");
        return fus_cli_usage_error(usage.program, &err);
    }
    const char *library = args.config->runtime_library;
    FUS_CLEANUP(fus_runtime_free) struct fus_runtime *runtime = NULL;
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    FUS_AUTO_FD int lock = -1;
    rc = fus_models_lock(args.config->models_dir, &lock, &err);
    if (rc == 0)
        rc = fus_runtime_open(*library != '\0' ? library : NULL, &runtime, &err);
    if (rc == 0)
        rc = fus_models_open(runtime, args.config->models_dir, &models, &err);
    if (rc == 0)
        rc = add(&args, models, args.words[0], &err);
    return rc == 0 ? FUS_EXIT_OK : fus_cli_failure(usage.program, &err);
}

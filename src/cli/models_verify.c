/* fusiond models verify, fusiond models rm. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/models.h"
#include "inference/verify.h"

static const struct fus_option json_only[] = {
    {"json", 0, FUS_OPTION_FLAG, NULL, "For machines"},
};

/* 0 ok, 1 bad or missing. */
static int verify_one(const struct fus_models_args *args, const struct fus_model *model,
                      json_t *list)
{
    struct fus_error err = {0};
    int rc = fus_models_verify(args->models, model, &err);
    const char *word = rc == 0 ? "ok" : rc == FUS_E_MODEL_NOT_FOUND ? "missing" : "bad";
    if (args->json)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "id", model->id, "role",
                                              model->role, "result", word, "detail", err.detail));
    else
        (void)printf("%-8s %-28s %-19s %s\n", word, model->id, model->role, err.detail);
    (void)fflush(stdout);
    return rc == 0 ? 0 : 1;
}

static int verify_words(const struct fus_models_args *args, const char *program, json_t *list)
{
    int bad = 0;
    for (size_t i = 0; i < args->word_count; i++) {
        const struct fus_model *rows[16];
        size_t count = 0;
        struct fus_error err = {0};
        if (fus_models_named_or_fail(args->models, args->words[i], rows, FUS_COUNT(rows), &count,
                                     &err) != 0)
            bad |= fus_cli_failure(program, &err);
        for (size_t k = 0; k < count; k++)
            bad |= verify_one(args, rows[k], list);
    }
    for (size_t i = 0; args->word_count == 0 && i < fus_models_count(args->models); i++) {
        const struct fus_model *model = fus_models_at(args->models, i);
        struct fus_model_facts facts;
        if (model->builtin || model->file[0] == '\0')
            continue;
        fus_models_facts(args->models, model, &facts);
        if (facts.state != FUS_MODEL_MISSING)
            bad |= verify_one(args, model, list);
    }
    return bad;
}

int fus_cli_models_verify(int argc, char **argv)
{
    static const struct fus_usage usage = {
        "fusiond models verify", "[ID...] [options]",
        "Measures the named models' files anew, or all that are there. Exit status 1: one is bad "
        "or missing.",
        NULL, 0};
    FUS_AUTO_MODELS_ARGS struct fus_models_args args = {0};
    int rc = fus_models_args_read(&args, &usage, json_only, FUS_COUNT(json_only), argc, argv);
    if (rc != 0)
        return fus_models_exit(rc);
    json_t *list = json_array();
    int bad = verify_words(&args, usage.program, list);
    if (args.json) {
        char *text = json_dumps(list, JSON_INDENT(2));
        (void)printf("{\"models\": %s}\n", text != NULL ? text : "[]");
        free(text);
    }
    json_decref(list);
    return bad != 0 ? FUS_EXIT_FAILED : FUS_EXIT_OK;
}

static int remove_beside(const char *folder, const char *name, const char *suffix, bool *removed,
                         struct fus_error *err)
{
    FUS_AUTO_STR struct fus_str path = {0};
    fus_str_printf(&path, "%s/%s%s", folder, name, suffix);
    if (path.failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    if (unlink(path.text) == 0)
        *removed = true;
    else if (errno != ENOENT && errno != ENOTDIR)
        return fus_error_errno(err, errno, "a model's file could not be removed");
    return 0;
}

static int remove_model(const struct fus_models_args *args, const struct fus_model *model,
                        struct fus_error *err)
{
    const char *folder = args->config->models_dir;
    bool removed = false, other = false;
    FUS_AUTO_FREE char *hash = fus_hash_name(model->file);
    if (hash == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    int rc = remove_beside(folder, model->file, "", &removed, err);
    if (rc == 0)
        rc = remove_beside(folder, model->file, ".part", &removed, err);
    if (rc == 0)
        rc = remove_beside(folder, hash, "", &other, err);
    if (rc == 0)
        rc = fus_verify_record(folder, model->file, NULL, err);
    if (rc == 0 && !removed)
        return fus_error_set(err, FUS_E_MODEL_NOT_FOUND, "the model %s is not installed",
                             model->id);
    if (rc == 0)
        (void)fprintf(stderr, "removed %s\n", model->file);
    return rc;
}

int fus_cli_models_rm(int argc, char **argv)
{
    static const struct fus_usage usage = {"fusiond models rm", "ID... [options]",
                                           "Removes the files of models.", NULL, 0};
    FUS_AUTO_MODELS_ARGS struct fus_models_args args = {0};
    struct fus_error err = {0};
    int rc = fus_models_args_read(&args, &usage, NULL, 0, argc, argv);
    if (rc != 0)
        return fus_models_exit(rc);
    if (args.word_count == 0) {
        (void)fus_error_set(&err, FUS_E_INVALID_PARAMETER, "which model?");
        return fus_cli_usage_error(usage.program, &err);
    }
    FUS_AUTO_FD int lock = -1;
    rc = fus_models_lock(args.config->models_dir, &lock, &err);
    for (size_t i = 0; rc == 0 && i < args.word_count; i++) {
        const struct fus_model *rows[16];
        size_t count = 0;
        rc = fus_models_named_or_fail(args.models, args.words[i], rows, FUS_COUNT(rows), &count,
                                      &err);
        for (size_t k = 0; rc == 0 && k < count; k++) {
            if (rows[k]->builtin)
                rc = fus_error_set(&err, FUS_E_INVALID_PARAMETER,
                                   "%s is part of the program and cannot be removed", rows[k]->id);
            else if (rows[k]->file[0] != '\0')
                rc = remove_model(&args, rows[k], &err);
        }
    }
    return rc == 0 ? FUS_EXIT_OK : fus_cli_failure(usage.program, &err);
}

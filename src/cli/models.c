/* fusiond models: the subcommands and what they share. */
#include "cli/models.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"

static const struct fus_command commands[] = {
    {"list", "Known models, and which are installed", fus_cli_models_list, false},
    {"pull", "Download models and what they work with", fus_cli_models_pull, false},
    {"verify", "Measure the files anew", fus_cli_models_verify, false},
    {"add", "Take in a file of your own", fus_cli_models_add, false},
    {"rm", "Remove a model's file", fus_cli_models_rm, false},
};

int fus_cli_models(int argc, char **argv)
{
    bool help = argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;
    if (help) {
        (void)printf("Usage: fusiond models COMMAND [options]\n\nModel files: where they come "
                     "from, what they may be used for, whether they are right.\n\nCommands:\n");
        fus_command_list(commands, FUS_COUNT(commands));
        (void)printf("\n'fusiond models COMMAND --help' tells more about one of them.\n");
        return argc < 2 ? FUS_EXIT_USAGE : FUS_EXIT_OK;
    }
    const struct fus_command *command =
        fus_command_find(commands, FUS_COUNT(commands), "fusiond models", argv[1]);
    return command == NULL ? FUS_EXIT_USAGE : command->run(argc - 1, argv + 1);
}

void fus_models_args_done(struct fus_models_args *args)
{
    fus_models_free(args->models);
    fus_config_free(args->config);
    fus_config_args_done(&args->config_args);
}

static int take(void *user, const struct fus_option *option, const char *value,
                struct fus_error *err)
{
    struct fus_models_args *args = user;
    if (option == NULL) {
        if (args->word_count == FUS_MODELS_WORDS_MAX)
            return fus_error_set(err, FUS_E_INVALID_PARAMETER, "too many words");
        args->words[args->word_count++] = value;
        return 0;
    }
    if (fus_config_option_is(option))
        return fus_config_args_take(&args->config_args, option, value, err);
    if (strcmp(option->name, "role") == 0 || strcmp(option->name, "all-of") == 0)
        args->role = value;
    else if (strcmp(option->name, "id") == 0)
        args->id = value;
    else if (strcmp(option->name, "json") == 0)
        args->json = true;
    else if (strcmp(option->name, "installed") == 0)
        args->installed = true;
    else if (strcmp(option->name, "only") == 0)
        args->only = true;
    else
        args->accept_license = true;
    return 0;
}

int fus_models_args_read(struct fus_models_args *args, const struct fus_usage *usage,
                         const struct fus_option *own, size_t own_count, int argc, char **argv)
{
    struct fus_option rows[40];
    struct fus_usage whole = *usage;
    size_t shared = 0;
    const struct fus_option *config = fus_config_options(&shared);
    own_count = FUS_MIN(own_count, 8);
    shared = FUS_MIN(shared, FUS_COUNT(rows) - 8);
    if (own_count > 0)
        memcpy(rows, own, own_count * sizeof(*rows));
    memcpy(rows + own_count, config, shared * sizeof(*rows));
    whole.options = rows;
    whole.count = own_count + shared;
    struct fus_error err = {0};
    int rc = fus_options_parse(&whole, argc, argv, take, args, &err);
    if (rc == FUS_OPTIONS_HELP)
        return rc;
    if (rc == 0)
        rc = fus_config_args_finish(&args->config_args, &args->config, &err);
    if (rc != 0) {
        (void)fus_cli_usage_error(usage->program, &err);
        return -2;
    }
    const char *folder = args->config->models_dir;
    rc = fus_models_open(NULL, folder, &args->models, &err);
    if (rc != 0) {
        (void)fus_cli_failure(usage->program, &err);
        return -1;
    }
    fus_models_set_commercial(args->models, fus_str_equal(args->config->policy_commercial, "true"));
    return 0;
}

int fus_models_exit(int rc)
{
    return rc == FUS_OPTIONS_HELP ? FUS_EXIT_OK : rc == -2 ? FUS_EXIT_USAGE : FUS_EXIT_FAILED;
}

size_t fus_models_named(const struct fus_models *models, const char *word,
                        const struct fus_model **rows, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < fus_models_count(models) && count < max; i++) {
        const struct fus_model *model = fus_models_at(models, i);
        size_t role = strlen(model->role);
        bool full = strncmp(word, model->role, role) == 0 && word[role] == '/' &&
                    strcmp(word + role + 1, model->id) == 0;
        if (full || strcmp(word, model->id) == 0)
            rows[count++] = model;
    }
    return count;
}

int fus_models_named_or_fail(const struct fus_models *models, const char *word,
                             const struct fus_model **rows, size_t max, size_t *count,
                             struct fus_error *err)
{
    *count = fus_models_named(models, word, rows, max);
    if (*count > 0)
        return 0;
    const char *near = NULL;
    unsigned best = (unsigned)FUS_MAX(2, strlen(word) / 3) + 1;
    for (size_t i = 0; i < fus_models_count(models); i++) {
        const char *id = fus_models_at(models, i)->id;
        unsigned distance = fus_edit_distance(id, word);
        if (distance < best) {
            best = distance;
            near = id;
        }
    }
    return fus_error_set(err, FUS_E_MODEL_NOT_FOUND, "there is no model \"%.80s\"%s%s%s", word,
                         near != NULL ? "; did you mean " : "; `fusiond models list` shows them",
                         near != NULL ? near : "", near != NULL ? "?" : "");
}

int fus_models_lock(const char *folder, int *fd, struct fus_error *err)
{
    int rc = fus_fs_mkdirs(folder, 0755, err);
    if (rc != 0)
        return rc;
    FUS_AUTO_FREE char *path = fus_fs_join(folder, ".fusiond-models.lock");
    if (path == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
    FUS_AUTO_FD int made = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (made < 0)
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                             "the models folder %.300s cannot be written: %s", folder,
                             strerror(errno));
    if (flock(made, LOCK_EX | LOCK_NB) != 0)
        return fus_error_set(err, FUS_E_CONFLICT,
                             "another fusiond models is at work in this folder");
    *fd = made;
    made = -1;
    return 0;
}

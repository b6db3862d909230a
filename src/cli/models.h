/* What the subcommands of `fusiond models` share. */
#ifndef FUS_CLI_MODELS_H
#define FUS_CLI_MODELS_H

#include "cli/config_args.h"
#include "cli/options.h"
#include "inference/models.h"

enum { FUS_MODELS_WORDS_MAX = 512 };

struct fus_models_args {
    struct fus_config_args config_args;
    struct fus_config *config;
    struct fus_models *models; /* without a runtime */
    const char *words[FUS_MODELS_WORDS_MAX];
    size_t word_count;
    const char *role, *id;
    bool json, installed, only, accept_license;
};
#define FUS_AUTO_MODELS_ARGS __attribute__((cleanup(fus_models_args_done)))
void fus_models_args_done(struct fus_models_args *args);
/* Parses, reads settings and opens the store. own: the command's rows; their names are those of the
 * members above ("role", "json", ...). 0, FUS_OPTIONS_HELP, or the exit code below zero: -1 failed,
 * -2 usage; the message was printed. */
int fus_models_args_read(struct fus_models_args *args, const struct fus_usage *usage,
                         const struct fus_option *own, size_t own_count, int argc, char **argv);
/* -1 -> FUS_EXIT_FAILED and so on. */
int fus_models_exit(int rc);

/* Rows that a word names: an id (of any role) or "role/id". Their number comes back. */
size_t fus_models_named(const struct fus_models *models, const char *word,
                        const struct fus_model **rows, size_t max);
/* Like fus_models_named, but none is an error with the nearest name. */
int fus_models_named_or_fail(const struct fus_models *models, const char *word,
                             const struct fus_model **rows, size_t max, size_t *count,
                             struct fus_error *err) FUS_MUST_CHECK;

/* models_plan.c: what has to be there for a row to be used: itself, what it needs and, with
 * helpers, what its role works with. Rows with a file of their own, none twice; appended to rows.
 */
int fus_models_plan(const struct fus_models *models, const struct fus_model *model, bool helpers,
                    const struct fus_model **rows, size_t max, size_t *count,
                    struct fus_error *err) FUS_MUST_CHECK;

/* One at a time changes a models folder, which is made if it is not there. FUS_E_CONFLICT: another
 * program is at it. */
int fus_models_lock(const char *folder, int *fd, struct fus_error *err) FUS_MUST_CHECK;

int fus_cli_models_list(int argc, char **argv);
int fus_cli_models_pull(int argc, char **argv);
int fus_cli_models_verify(int argc, char **argv);
int fus_cli_models_add(int argc, char **argv);
int fus_cli_models_rm(int argc, char **argv);

#endif

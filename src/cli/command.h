/* Subcommands: a file each behind one row of the table in main.c. Programs print; what a command
 * prints for people goes to stderr, its answer to stdout. */
#ifndef FUS_CLI_COMMAND_H
#define FUS_CLI_COMMAND_H

#include <stdbool.h>

#include "base/error.h"

enum fus_exit {
    FUS_EXIT_OK = 0,
    FUS_EXIT_FAILED = 1,
    FUS_EXIT_USAGE = 2,
    FUS_EXIT_REJECTED = 3, /* the content was refused */
    FUS_EXIT_INTERRUPTED = 130,
};

struct fus_command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; an exit code comes back */
    bool hidden;
};

int fus_cli_serve(int argc, char **argv);
int fus_cli_run(int argc, char **argv);
int fus_cli_batch(int argc, char **argv);
int fus_cli_jobs(int argc, char **argv);
int fus_cli_models(int argc, char **argv);
int fus_cli_doctor(int argc, char **argv);
int fus_cli_params(int argc, char **argv);
int fus_cli_version(int argc, char **argv);
int fus_cli_worker_child(int argc, char **argv);

/* Finds a command among count rows, or prints that there is none, with the nearest name, and gives
 * NULL. program stands before the name in messages: "fusiond", "fusiond jobs". */
const struct fus_command *fus_command_find(const struct fus_command *commands, size_t count,
                                           const char *program, const char *name);
/* Names and summaries of what is not hidden. */
void fus_command_list(const struct fus_command *commands, size_t count);

/* "fusiond run: <detail>" and where help is; returns FUS_EXIT_USAGE. */
int fus_cli_usage_error(const char *program, const struct fus_error *err);
/* "fusiond run: <detail>"; returns FUS_EXIT_FAILED. */
int fus_cli_failure(const char *program, const struct fus_error *err);

#endif

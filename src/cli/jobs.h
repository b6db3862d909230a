/* What the subcommands of `fusiond jobs` share. */
#ifndef FUS_CLI_JOBS_H
#define FUS_CLI_JOBS_H

#include "cli/client.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/options.h"

struct fus_jobs_args {
    const char *program; /* "fusiond jobs watch" */
    const char *server, *key;
    const char *id; /* the positional word, for those that take one */
    bool json, quiet;
    struct fus_client *client;
    struct fus_interrupt *interrupt;
};
void fus_jobs_args_init(struct fus_jobs_args *args, const char *program);
void fus_jobs_args_done(struct fus_jobs_args *args);
#define FUS_AUTO_JOBS_ARGS __attribute__((cleanup(fus_jobs_args_done)))

/* Rows that all of them have: --server, --api-key, --json, --quiet. */
#define FUS_JOBS_OPTIONS                                                                   \
    {"server", 0, FUS_OPTION_VALUE, "URL", "The server (default: http://127.0.0.1:8000)"}, \
        {"api-key", 0, FUS_OPTION_VALUE, "KEY",                                            \
         "Key; better in the environment, as FUSIOND_API_KEY"},                            \
        {"json", 0, FUS_OPTION_FLAG, NULL, "Print the server's answer as JSON"},           \
    {                                                                                      \
        "quiet", 'q', FUS_OPTION_FLAG, NULL, "No progress"                                 \
    }
/* false if it is none of them. */
bool fus_jobs_args_take(struct fus_jobs_args *args, const struct fus_option *option,
                        const char *value);
/* The one positional word as a job's id: checked, so that it can stand in a path. */
int fus_jobs_args_take_id(struct fus_jobs_args *args, const char *word,
                          struct fus_error *err) FUS_MUST_CHECK;
/* For the subcommands without options of their own: parses, wants an id, connects. 0, help, or
 * error. */
int fus_jobs_args_parse(struct fus_jobs_args *args, const struct fus_usage *usage, int argc,
                        char **argv, struct fus_error *err) FUS_MUST_CHECK;
/* Client and signal watcher. */
int fus_jobs_connect(struct fus_jobs_args *args, struct fus_error *err) FUS_MUST_CHECK;

/* Prints what failed; the exit code. */
int fus_jobs_fail(const struct fus_jobs_args *args, const struct fus_error *err);
/* Prints JSON on stdout. */
int fus_jobs_print(const json_t *json, struct fus_error *err);

/* GET of the job. */
int fus_jobs_get(struct fus_jobs_args *args, const char *id, json_t **job,
                 struct fus_error *err) FUS_MUST_CHECK;
/* Polls with progress until the job has ended; a server that is away for a moment is waited for. */
int fus_jobs_follow(struct fus_jobs_args *args, const char *id, json_t **job,
                    struct fus_error *err) FUS_MUST_CHECK;
/* 0 if the job completed, else its error. */
int fus_jobs_outcome(const json_t *job, struct fus_error *err) FUS_MUST_CHECK;
/* The result of a completed job into path, atomically, length and digest verified. */
int fus_jobs_fetch(struct fus_jobs_args *args, const json_t *job, const char *path,
                   struct fus_error *err) FUS_MUST_CHECK;

const char *fus_json_text(const json_t *object, const char *key); /* "" if there is none */

int fus_cli_jobs_submit(int argc, char **argv);
int fus_cli_jobs_list(int argc, char **argv);
int fus_cli_jobs_watch(int argc, char **argv);
int fus_cli_jobs_result(int argc, char **argv);
int fus_cli_jobs_cancel(int argc, char **argv);

#endif

/* A job done in this process: what `fusiond run` and `fusiond batch` share behind their command
 * lines. One thread. */
#ifndef FUS_CLI_LOCAL_H
#define FUS_CLI_LOCAL_H

#include "cli/interrupt.h"
#include "cli/local_args.h"
#include "cli/progress.h"
#include "cli/run_args.h"
#include "pipeline/pipeline.h"

struct fus_local {
    const char *program;               /* "fusiond run", in messages */
    const struct fus_local_args *args; /* of the command */
    struct fus_config *config;
    struct fus_interrupt *interrupt;
    struct fus_engine *engine;
    struct fus_params *params;
    struct fus_cli_progress view;
    json_t *warnings;               /* of the present job: array of {code, detail} */
    size_t items_done, items_total; /* of a batch, for its one progress line; 0: there is one job */
};

/* Settings, signals, engine, parameters checked; what is wrong with the parameters is printed but
 * for the last problem, which is err's. Say what has no effect, too. The struct may be half made
 * after a failure; done takes it. */
int fus_local_open(struct fus_local *local, const char *program, struct fus_local_args *args,
                   struct fus_error *err) FUS_MUST_CHECK;
void fus_local_done(struct fus_local *local);
#define FUS_AUTO_LOCAL __attribute__((cleanup(fus_local_done)))

/* One job from its files to its published output. Progress and warnings go to stderr. */
int fus_local_run(struct fus_local *local, const struct fus_run_files *files,
                  struct fus_pipeline_result *result, struct fus_error *err) FUS_MUST_CHECK;

/* enum fus_exit of a job's error: failed, refused content, or interrupted. */
int fus_local_exit(const struct fus_local *local, int code);
/* Prints the object, which is the caller's, to stdout; enum fus_exit. */
int fus_local_print(const json_t *object);

#endif

/* Progress for people: a bar that is drawn over itself on a terminal, a line now and then
 * elsewhere. */
#ifndef FUS_CLI_PROGRESS_H
#define FUS_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct fus_cli_progress {
    FILE *out;
    bool terminal, quiet;
    bool drawn;       /* a bar stands on the present line */
    int last_percent; /* of the last line, -1 none */
    char last_step[32];
    char prefix[48]; /* stands before the step; steps then make no lines of their own */
};

/* out stays the caller's. quiet: nothing is written at all. */
void fus_cli_progress_init(struct fus_cli_progress *view, FILE *out, bool quiet);
/* step is a name such as "processing_frames"; frames_total and fps may be 0. */
void fus_cli_progress_show(struct fus_cli_progress *view, int percent, const char *step,
                           int64_t frames_done, int64_t frames_total, double fps);
/* Takes the bar away so that other lines can be written. */
void fus_cli_progress_clear(struct fus_cli_progress *view);

#endif

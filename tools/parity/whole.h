/* Whole runs: every folder of the parity folder with a case.json is run through our pipeline and
 * its output compared with the file that upstream wrote.
 *
 * case.json: {"name", "sources": [paths], "target": path, "expected": file beside it, "options":
 * {parameter: value}, "sha256": of the expected file}. Paths that begin with media/ lie in the
 * media folder, others in the parity folder. Models: <parity folder>/models. */
#ifndef FUS_PARITY_WHOLE_H
#define FUS_PARITY_WHOLE_H

#include "pipeline/pipeline.h"
#include "recorded.h"

struct parity_whole {
    struct parity *run;
    const char *folder, *media;
    const char *keep; /* folder for pictures to look at, or NULL */
    char scratch[64]; /* where outputs go for a moment */
    struct fus_engine *engine;
    bool verbose, quick; /* quick: a few stills only */
    bool opencv_5;       /* the one that FaceFusion pins, not 4.10, which recorded the runs */
};

/* One case.json. */
struct parity_job {
    char name[96]; /* of its folder */
    char target[2048], expected[2048];
    char sources[16][2048];
    size_t source_count;
    double scale; /* output_image_scale */
    struct fus_params *params;
};

/* Runs all (or the wanted) cases; the engine is opened for them. An error is of the harness itself:
 * a case that fails is an outcome. */
int parity_whole_runs(struct parity_whole *whole, struct fus_error *err) FUS_MUST_CHECK;

/* Comparing our output file with the expected one (compare.c). */
void parity_compare_stills(const struct parity_whole *whole, const struct parity_job *job,
                           const char *ours, struct parity_outcome *outcome);
void parity_compare_clips(const struct parity_whole *whole, const struct parity_job *job,
                          const char *ours, struct parity_outcome *outcome);
/* Runs the pipeline on a job into `output` (its extension says the format), with other processors
 * if `processors` is not NULL. */
int parity_job_run(const struct parity_whole *whole, const struct parity_job *job,
                   const char *processors, const char *output,
                   struct fus_error *err) FUS_MUST_CHECK;
void parity_outcome_miss(struct parity_outcome *outcome, const char *format, ...) FUS_PRINTF(2, 3);

#endif

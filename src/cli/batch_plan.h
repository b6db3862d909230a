/* What a batch does: every source with every target, each to its own output.
 *
 * The patterns are those of FaceFusion's batch-run: sources and targets are globs (sorted; folders
 * among them are left out), sources are the outer loop; the output pattern is a Python format of
 * {index} (from 0, also {index:03d}), {source_name} and {target_name} (without folder and ending)
 * and {target_extension} (with its dot). {{ and }} are braces. */
#ifndef FUS_CLI_BATCH_PLAN_H
#define FUS_CLI_BATCH_PLAN_H

#include <glob.h>
#include <stddef.h>

#include "base/error.h"
#include "base/macros.h"
#include "base/str.h"

#define FUS_BATCH_ITEMS_MAX 100000

struct fus_batch_item {
    const char *source; /* NULL without a source pattern */
    const char *target;
    char *output;
};
struct fus_batch_plan {
    glob_t source_files, target_files; /* own the paths */
    const char **sources, **targets;
    size_t source_count, target_count;
    struct fus_batch_item *items;
    size_t count;
};

/* source_pattern may be NULL. FUS_E_NOT_FOUND: a pattern matches nothing, or its folder is not
 * there; FUS_E_INVALID_PARAMETER: the output pattern is wrong, outputs would collide or would
 * overwrite an input; FUS_E_OUT_OF_MEMORY. *plan must be zeroed; done takes it after a failure. */
int fus_batch_plan_make(struct fus_batch_plan *plan, const char *source_pattern,
                        const char *target_pattern, const char *output_pattern,
                        struct fus_error *err) FUS_MUST_CHECK;
void fus_batch_plan_done(struct fus_batch_plan *plan);
#define FUS_AUTO_BATCH_PLAN __attribute__((cleanup(fus_batch_plan_done)))

/* One output's name, appended. source may be NULL. FUS_E_INVALID_PARAMETER. */
int fus_batch_output(const char *pattern, size_t index, const char *source, const char *target,
                     struct fus_str *out, struct fus_error *err) FUS_MUST_CHECK;

#endif

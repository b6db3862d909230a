/* What `make parity` found: one outcome a case, gathered by family, printed as a table, a list of
 * misses, or JSON. Not thread-safe. */
#ifndef FUS_PARITY_REPORT_H
#define FUS_PARITY_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

enum parity_state {
    PARITY_PASSED,
    PARITY_MISSED,
    PARITY_SKIPPED,   /* its file is not here, or it needs weights that are not */
    PARITY_NOT_BUILT, /* of a processor that this version does not have */
};

struct parity_outcome {
    enum parity_state state;
    /* How near to the tolerance it came: 0 equal, 1 just met, more: missed. */
    double worst;
    double psnr;      /* of pictures, dB; INFINITY when equal, NAN when not measured */
    char figure[128]; /* "max 1, 0.004 % differ (E1)" */
};

struct parity_report;
struct parity_report *parity_report_new(bool verbose); /* NULL: out of memory */
void parity_report_free(struct parity_report *report);
FUS_CLEANUP_DEFINE(parity_report_free, struct parity_report *)

/* Families are listed in the order in which they are first named. Out of memory is remembered and
 * makes the report fail. */
void parity_report_add(struct parity_report *report, const char *family, const char *name,
                       const struct parity_outcome *outcome);
/* `count` cases at once that were not run: PARITY_SKIPPED or PARITY_NOT_BUILT. */
void parity_report_count(struct parity_report *report, const char *family, enum parity_state state,
                         size_t count, const char *why);
size_t parity_report_total(const struct parity_report *report, enum parity_state state);
/* Nothing missed, something ran, and nothing was lost for want of memory. */
bool parity_report_passed(const struct parity_report *report);
void parity_report_print(const struct parity_report *report);
json_t *parity_report_json(const struct parity_report *report); /* a new reference, or NULL */

#endif

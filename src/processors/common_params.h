/* The parameters of FaceFusion 3.8 that belong to no processor (detector, landmarker, selector,
 * masks, output, ...), the short forms, and those of processors that are not built yet.
 *
 * A processor that is built carries its own table in its descriptor; its rows then leave
 * later_params.c. fus_processors_schema joins all of them. Static, thread-safe. */
#ifndef FUS_PROCESSORS_COMMON_PARAMS_H
#define FUS_PROCESSORS_COMMON_PARAMS_H

#include <stddef.h>

#include "config/param.h"

const struct fus_param_table *const *fus_common_param_tables(size_t *count);

/* One of those tables: parameters of processors that are not built yet. */
extern const struct fus_param_table fus_later_param_table;

#endif

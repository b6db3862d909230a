/* Sources and target of a submission. */
#ifndef FUS_API_JOB_INPUTS_H
#define FUS_API_JOB_INPUTS_H

#include "api/form.h"
#include "api/internal.h"

/* What the job's worker stages, as JSON: {"kind":"path","value":…} or {"kind":"upload","file":…,
 * "name":…}. Faults go to the list and leave the value out. `missing` tells whether sources are
 * needed. New references, NULL out of memory. */
json_t *fus_job_sources(struct fus_api *api, const json_t *body, const struct fus_form *form,
                        bool needed, struct fus_error_list *errors) FUS_MUST_CHECK;
json_t *fus_job_target(struct fus_api *api, const json_t *body, const struct fus_form *form,
                       struct fus_error_list *errors) FUS_MUST_CHECK;
/* Files of the form that nothing refers to. */
void fus_job_unused_parts(const json_t *sources, const json_t *target, const struct fus_form *form,
                          struct fus_error_list *errors);

#endif

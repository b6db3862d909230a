/* Are a net's tensors those that code is about to use? Asked once, when a model is opened, so that
 * a file that does not fit its row is a sentence and not a failure in the middle of a job.
 * Thread-safe. */
#ifndef FUS_INFERENCE_PORTS_H
#define FUS_INFERENCE_PORTS_H

#include "inference/models.h"

/* The net has inputs of these names and no others. FUS_E_MODEL_CORRUPT. */
int fus_ports_inputs(const struct fus_model *model, const struct fus_session *session,
                     const char *const *names, size_t count, struct fus_error *err) FUS_MUST_CHECK;
/* *index of the input of that name, whose shape can be `shape` (sizes 0: any; free sizes of the net
 * fit everything). FUS_E_MODEL_CORRUPT naming what is there instead. */
int fus_port_input(const struct fus_model *model, const struct fus_session *session,
                   const char *name, const int64_t *shape, int rank, size_t *index,
                   struct fus_error *err) FUS_MUST_CHECK;
/* Output `index` exists and can have that shape. */
int fus_port_output(const struct fus_model *model, const struct fus_session *session, size_t index,
                    const int64_t *shape, int rank, struct fus_error *err) FUS_MUST_CHECK;
/* Output `index` of a finished run, which has exactly `count` elements. */
int fus_port_result(const struct fus_model *model, struct fus_run *run, size_t index, size_t count,
                    struct fus_tensor *tensor, struct fus_error *err) FUS_MUST_CHECK;

#endif

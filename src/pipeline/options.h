/* From a job's parameters to the options of the rooms below. Internal to pipeline. */
#ifndef FUS_PIPELINE_OPTIONS_H
#define FUS_PIPELINE_OPTIONS_H

#include "config/param.h"
#include "faces/analyser.h"
#include "media/writer.h"

/* FaceFusion 3.8's known defects are wanted. */
bool fus_options_compat(const struct fus_params *params);
/* Those of one that runs with OpenCV 4. */
bool fus_options_opencv_4(const struct fus_params *params);
/* Texts stay the set's. */
void fus_options_analyser(const struct fus_params *params, int threads,
                          struct fus_analyser_options *options);
/* metadata: as in fus_writer_options, or NULL; it must outlive the writer. */
void fus_options_writer(const struct fus_params *params, enum fus_container container, int threads,
                        const char *const *metadata, struct fus_writer_options *options);

#endif

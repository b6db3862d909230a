/* The source pictures of a job with their faces. Internal to pipeline. */
#ifndef FUS_PIPELINE_SOURCES_H
#define FUS_PIPELINE_SOURCES_H

#include "faces/analyser.h"
#include "pipeline/pipeline.h"
#include "pipeline/progress.h"
#include "processors/processor.h"

#define FUS_SOURCES_MAX 64

struct fus_sources {
    struct fus_source *items;
    size_t count;
    int faces; /* in all pictures together */
    struct fus_faces
        *all; /* the same in one list, as far as it reaches; NULL if nothing is wanted */
};

/* Reads every picture and finds its faces, with what is wanted of them (enum fus_face_has). A
 * picture without a face stays in the list, with a warning source_without_face, as long as another
 * has one; else FUS_E_NO_FACE_IN_SOURCE. Media's errors point to /source_images/<n>. The caller
 * ends with fus_sources_done, also after a failure.
 */
int fus_sources_read(struct fus_sources *sources, const struct fus_pipeline_request *request,
                     struct fus_analyser *analyser, unsigned wants, struct fus_progress *progress,
                     struct fus_error *err) FUS_MUST_CHECK;
void fus_sources_done(struct fus_sources *sources);

#endif

/* Which of a frame's faces are changed, by the job's parameters. One per job, one thread. Internal
 * to pipeline. */
#ifndef FUS_PIPELINE_SELECTION_H
#define FUS_PIPELINE_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "config/param.h"
#include "faces/reference.h"

struct fus_selection {
    enum fus_selector_mode mode;
    enum fus_selector_order order;
    int position;         /* of the reference face */
    int64_t frame_number; /* of the reference frame */
    bool frame_given;     /* named by the request, not the default */
    struct fus_reference reference;
    const struct fus_face *faces[FUS_FACES_MAX]; /* the choice, in selection order */
    size_t count;
};

void fus_selection_init(struct fus_selection *selection, const struct fus_params *params);
/* The reference face of a clip from the faces of the frame that the request named; it is found in
 * the clip by place and size. FUS_E_REFERENCE_FACE_NOT_FOUND if there is none. */
int fus_selection_refer(struct fus_selection *selection, const struct fus_faces *faces,
                        struct fus_error *err) FUS_MUST_CHECK;
/* Chooses among faces (sorted here), which must outlive the choice. In reference mode a clip's
 * first frame with a face is the reference unless fus_selection_refer set it. */
void fus_selection_choose(struct fus_selection *selection, struct fus_faces *faces, bool clip);
/* The only track that matters from now on, or -1. */
int fus_selection_track(const struct fus_selection *selection);

#endif

/* Which of a frame's faces are changed, by the job's parameters. One per job, one thread. Internal
 * to pipeline. */
#ifndef FUS_PIPELINE_SELECTION_H
#define FUS_PIPELINE_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "config/param.h"
#include "faces/reference.h"
#include "faces/selector.h"
#include "inference/models.h"

struct fus_selection {
    struct fus_selector_options options;
    bool by_embedding;    /* mode reference with a recognizer; else the face is followed by place */
    bool strict;          /* as FaceFusion: a reference frame without a face selects nothing */
    int64_t frame_number; /* of the reference frame */
    bool frame_given;     /* named by the request, not the default */
    struct fus_faces *reference_faces;           /* of the reference frame, or NULL; owned */
    bool referred;                               /* the reference frame was looked at */
    struct fus_reference reference;              /* by place */
    const struct fus_faces *source_faces;        /* of all sources, or NULL; the owner's */
    const struct fus_face *faces[FUS_FACES_MAX]; /* the choice, in selection order */
    size_t count;
};

void fus_selection_init(struct fus_selection *selection, const struct fus_params *params,
                        const struct fus_models *models);
/* What it looks at (enum fus_face_has): of every target face, of the reference frame's, of the
 * sources'. */
unsigned fus_selection_wants(const struct fus_selection *selection);
unsigned fus_selection_reference_wants(const struct fus_selection *selection);
unsigned fus_selection_source_wants(const struct fus_selection *selection);
/* The faces of a clip's reference frame. FUS_E_REFERENCE_FACE_NOT_FOUND if the request named that
 * frame and it has none. */
int fus_selection_refer(struct fus_selection *selection, const struct fus_faces *faces,
                        struct fus_error *err) FUS_MUST_CHECK;
/* Chooses among faces (sorted here), which must outlive the choice. In reference mode a clip's
 * first frame with a face is the reference unless fus_selection_refer set it. */
int fus_selection_choose(struct fus_selection *selection, struct fus_faces *faces, bool clip,
                         struct fus_error *err) FUS_MUST_CHECK;
/* The only track that matters from now on, or -1. */
int fus_selection_track(const struct fus_selection *selection);
void fus_selection_done(struct fus_selection *selection);

#endif

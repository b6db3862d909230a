/* Which of the faces are changed: many, one, reference; orders and filters of FaceFusion
 * (spec/pipeline.md 12). Pure. */
#ifndef FUS_FACES_SELECTOR_H
#define FUS_FACES_SELECTOR_H

#include "faces/face.h"

enum fus_selector_mode { FUS_SELECT_MANY, FUS_SELECT_ONE, FUS_SELECT_REFERENCE };
enum fus_selector_order {
    FUS_ORDER_LEFT_RIGHT,
    FUS_ORDER_RIGHT_LEFT,
    FUS_ORDER_TOP_BOTTOM,
    FUS_ORDER_BOTTOM_TOP,
    FUS_ORDER_SMALL_LARGE,
    FUS_ORDER_LARGE_SMALL,
    FUS_ORDER_BEST_WORST,
    FUS_ORDER_WORST_BEST,
};
/* Filters' values: one of enum fus_gender or enum fus_race, where UNKNOWN lets all pass, or: */
#define FUS_SELECT_AUTO (-1) /* that of the largest source face */

struct fus_selector_options {
    enum fus_selector_mode mode;
    enum fus_selector_order order;
    int gender, race;          /* 0: all; enum fus_gender, enum fus_race; FUS_SELECT_AUTO */
    int age_start, age_end;    /* years, end exclusive; -1: not given */
    int reference_position;    /* clamped to the last face */
    double reference_distance; /* 0..1 */
};

/* From the parameters' values ("left-right", "female", "auto", ...); the parameter table has
 * checked them. NULL: no filter. */
enum fus_selector_mode fus_selector_mode_parse(const char *name);
enum fus_selector_order fus_selector_order_parse(const char *name);
int fus_selector_gender_parse(const char *name);
int fus_selector_race_parse(const char *name);

/* Stable sort in place. */
void fus_faces_sort(struct fus_faces *faces, enum fus_selector_order order);
/* The largest face, the first of equals; NULL if there is none. */
const struct fus_face *fus_faces_largest(const struct fus_faces *faces);

/* The faces to be changed, in the order in which they are changed, into chosen (room for
 * FUS_FACES_MAX); returns their number.
 *
 * many, one: faces is sorted, then filtered; all of them or the first. reference: the one of
 * reference_frame_faces that stands at reference_position after sorting and filtering is the
 * reference; faces that are near enough to it by embedding are chosen, in the order that they have,
 * unfiltered. No reference (reference_frame_faces NULL or none passes): none. Faces without an
 * embedding are near to nothing.
 *
 * Filters need classes (FUS_FACE_HAS_CLASSES) of the faces that they look at; `auto` looks at
 * source_faces, all faces of all sources, which may be NULL: then `auto` finds nothing for gender,
 * and for race either. An age filter counts only if one of its ends is above 0; an end that is not
 * given is open. */
size_t fus_faces_select(const struct fus_selector_options *options,
                        const struct fus_faces *reference_frame_faces,
                        const struct fus_faces *source_faces, struct fus_faces *faces,
                        const struct fus_face *chosen[FUS_FACES_MAX]);
/* The reference face as fus_faces_select picks it, or NULL. */
const struct fus_face *fus_faces_reference(const struct fus_selector_options *options,
                                           const struct fus_faces *reference_frame_faces,
                                           const struct fus_faces *source_faces);
/* What of a face the options look at (enum fus_face_has): of each target face, of the reference
 * frame's, and of the sources' faces. */
unsigned fus_selector_wants(const struct fus_selector_options *options);
unsigned fus_selector_reference_wants(const struct fus_selector_options *options);
unsigned fus_selector_source_wants(const struct fus_selector_options *options);

/* Distance of two faces by their embeddings, 0 (the same) to 1; 1 if one has none. */
double fus_face_distance(const struct fus_face *a, const struct fus_face *b);

/* One face of several pictures of one person (spec/pipeline.md 2): of each picture the largest; the
 * mean of their embeddings, and the mean of their normalised embeddings, which isn't normalised
 * again; everything else is the first's. false, *out unchanged: no picture has a face. */
bool fus_faces_average(const struct fus_faces *const *per_image, size_t images,
                       struct fus_face *out);

#endif

/* The surface of a head: a grid over the directions from the skull's centre, sculpted into a face.
 *
 * The grid's rest shape is made once for a person (pt_head_make): a smooth skull through the points
 * of the mean head, then nose, sockets, lids and lips by displacement in depth, then the person's
 * own shape. What an expression moves is prepared there too, as differences; pt_head_move adds them
 * up for a frame. Eyes and mouth are openings that the rasteriser cuts along the curves of
 * curves.h. */
#ifndef PORTRAITS_HEAD_H
#define PORTRAITS_HEAD_H

#include "base/error.h"
#include "person.h"
#include "raster.h"

/* The centre from which the head is star-shaped (before sculpting). */
#define PT_HEAD_CENTRE_Y 0.25f
#define PT_HEAD_CENTRE_Z 0.95f
#define PT_HEAD_COLUMNS_MAX 224
#define PT_HEAD_ROWS_MAX 160
#define PT_EYE_X 0.4922f
#define PT_EYE_Z 0.165f /* centre of the eyeball */
#define PT_EYE_RADIUS 0.196f

enum pt_move {
    PT_MOVE_CLOSE_LIPS,
    PT_MOVE_SMILE,
    PT_MOVE_PUCKER,
    PT_MOVE_BROW,
    PT_MOVE_FROWN,
    PT_MOVE_BLINK_LEFT,
    PT_MOVE_BLINK_RIGHT,
    PT_MOVE_BULGE_LEFT, /* the second half of a blink: lids travel over a ball, not through it */
    PT_MOVE_BULGE_RIGHT,
    PT_MOVES
};

struct pt_head {
    int columns, rows;
    float azimuth[PT_HEAD_COLUMNS_MAX], elevation[PT_HEAD_ROWS_MAX]; /* degrees */
    struct v3 *canonical; /* before the person's shape: painting and openings go by it */
    struct v3 *rest;      /* lips a little open, as the mean head */
    struct v3 *moves[PT_MOVES];
    float *jaw_weight, *ao;
    struct v3 *now;    /* rest + expression (pt_head_move), model space */
    struct v3 *normal; /* of now */
    float site[68][2]; /* grid place (column, row) of each landmark */
};

int pt_head_make(const struct pt_person *person, struct pt_head *head) FUS_MUST_CHECK;
void pt_head_done(struct pt_head *head);

/* Grid place of a direction; clamped. */
void pt_head_locate(const struct pt_head *head, float azimuth, float elevation, float *column,
                    float *row);
/* `field` (canonical, rest or now) at a grid place. */
struct v3 pt_head_at(const struct pt_head *head, const struct v3 *field, float column, float row);

/* The weighted moves and the jaw of an expression, into now and normal. */
void pt_head_move(struct pt_head *head, const struct pt_expression *expression);
/* Where the lower jaw carries a point of the model (teeth, tongue). */
struct v3 pt_head_jaw(const struct pt_expression *expression, struct v3 p, float weight);

/* head_shape.c: the skull as a function of direction, and the sculpted depth at a canonical place.
 */
struct pt_skull;
int pt_skull_make(struct pt_skull **skull) FUS_MUST_CHECK;
void pt_skull_free(struct pt_skull *skull);
float pt_skull_radius(const struct pt_skull *skull, struct v3 direction);
float pt_skull_sculpt(struct v3 skull_point);

/* head_moves.c: what each move does to a canonical point of rest. */
struct v3 pt_move_point(enum pt_move move, struct v3 p);
float pt_move_jaw_weight(struct v3 p);

#endif

#include "faces/turn.h"

#include <math.h>

#include "vision/crop.h"

struct fus_turn fus_turn_of(int width, int height, int degrees)
{
    double w = width, h = height, radians = degrees * M_PI / 180;
    double c = cos(radians), s = sin(radians);
    double cx = (double)(float)(w / 2), cy = (double)(float)(h / 2);
    double turned_w = fabs(c) * w + fabs(s) * h, turned_h = fabs(s) * w + fabs(c) * h;
    struct fus_turn turn = {
        .to = {c, s, (1 - c) * cx - s * cy, -s, c, s * cx + (1 - c) * cy},
        .width = FUS_MAX((int)turned_w, 1),
        .height = FUS_MAX((int)turned_h, 1),
    };
    turn.to.tx += (turned_w - w) * 0.5;
    turn.to.ty += (turned_h - h) * 0.5;
    turn.back = (struct fus_affine){1, 0, 0, 0, 1, 0};
    (void)!fus_crop_inverse(&turn.to, &turn.back); /* a turn has one */
    return turn;
}

#include "vision/affine.h"

#include <math.h>

bool fus_affine_similarity(const struct fus_point *from, const struct fus_point *to, size_t count,
                           struct fus_affine *out)
{
    if (count < 2)
        return false;
    double n = (double)count, fx = 0, fy = 0, gx = 0, gy = 0;
    for (size_t i = 0; i < count; i++) {
        fx += (double)from[i].x;
        fy += (double)from[i].y;
        gx += (double)to[i].x;
        gy += (double)to[i].y;
    }
    fx /= n;
    fy /= n;
    gx /= n;
    gy /= n;

    double spread = 0, dot = 0, cross = 0;
    for (size_t i = 0; i < count; i++) {
        double ax = (double)from[i].x - fx, ay = (double)from[i].y - fy;
        double bx = (double)to[i].x - gx, by = (double)to[i].y - gy;
        spread += ax * ax + ay * ay;
        dot += ax * bx + ay * by;
        cross += ax * by - ay * bx;
    }
    double c = dot / spread, s = cross / spread;
    if (!(spread > 1e-12) || !isfinite(c) || !isfinite(s) || !(c * c + s * s > 1e-18))
        return false;
    *out = (struct fus_affine){
        .xx = c,
        .xy = -s,
        .tx = gx - (c * fx - s * fy),
        .yx = s,
        .yy = c,
        .ty = gy - (s * fx + c * fy),
    };
    return true;
}

bool fus_affine_invert(const struct fus_affine *m, struct fus_affine *out)
{
    double det = m->xx * m->yy - m->xy * m->yx;
    if (!isfinite(det) || fabs(det) < 1e-18)
        return false;
    double xx = m->yy / det, xy = -m->xy / det, yx = -m->yx / det, yy = m->xx / det;
    *out = (struct fus_affine){
        .xx = xx,
        .xy = xy,
        .tx = -(xx * m->tx + xy * m->ty),
        .yx = yx,
        .yy = yy,
        .ty = -(yx * m->tx + yy * m->ty),
    };
    return true;
}

struct fus_affine fus_affine_compose(const struct fus_affine *first,
                                     const struct fus_affine *second)
{
    return (struct fus_affine){
        .xx = second->xx * first->xx + second->xy * first->yx,
        .xy = second->xx * first->xy + second->xy * first->yy,
        .tx = second->xx * first->tx + second->xy * first->ty + second->tx,
        .yx = second->yx * first->xx + second->yy * first->yx,
        .yy = second->yx * first->xy + second->yy * first->yy,
        .ty = second->yx * first->tx + second->yy * first->ty + second->ty,
    };
}

struct fus_point fus_affine_apply(const struct fus_affine *m, struct fus_point p)
{
    double x = (double)p.x, y = (double)p.y;
    return (struct fus_point){(float)(m->xx * x + m->xy * y + m->tx),
                              (float)(m->yx * x + m->yy * y + m->ty)};
}

double fus_affine_scale(const struct fus_affine *m)
{
    return sqrt(fabs(m->xx * m->yy - m->xy * m->yx));
}

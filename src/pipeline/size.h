/* Sizes of pictures by output_image_scale and output_video_scale (spec/pipeline.md 3.4). Pure.
 * Internal to pipeline. */
#ifndef FUS_PIPELINE_SIZE_H
#define FUS_PIPELINE_SIZE_H

#include <stdbool.h>

struct fus_size {
    int width, height;
};

/* The output's size: scaled, then each side made even (halves go to the even half). At a scale of 1
 * a picture keeps its odd sides unless even_always, as FaceFusion does it, says otherwise. */
struct fus_size fus_size_scaled(struct fus_size native, double scale, bool even_always);
/* The size to process in: never above the target's own; as FaceFusion compares sizes, the width
 * decides and the height only among equals. */
struct fus_size fus_size_working(struct fus_size native, struct fus_size output);
static inline bool fus_size_equal(struct fus_size a, struct fus_size b)
{
    return a.width == b.width && a.height == b.height;
}

#endif

#include "pipeline/size.h"

#include <math.h>

#include "base/macros.h"

static int even_side(int side, double scale)
{
    /* nearbyint: to even in the usual rounding mode */
    int even = (int)nearbyint((int)(side * scale) / 2.0) * 2;

    return FUS_MAX(even, 2);
}

struct fus_size fus_size_scaled(struct fus_size native, double scale, bool even_always)
{
    if (scale == 1.0 && !even_always)
        return native;
    return (struct fus_size){even_side(native.width, scale), even_side(native.height, scale)};
}

struct fus_size fus_size_working(struct fus_size native, struct fus_size output)
{
    bool native_is_less = native.width < output.width ||
                          (native.width == output.width && native.height < output.height);

    return native_is_less ? native : output;
}

#include "pipeline/size.h"

#include "base/macros.h"
#include "vision/fit.h"

struct fus_size fus_size_scaled(struct fus_size native, double scale, bool even_always)
{
    struct fus_size size;

    if (scale == 1.0 && !even_always)
        return native;
    fus_fit_scaled(native.width, native.height, scale, &size.width, &size.height);
    return (struct fus_size){FUS_MAX(size.width, 2), FUS_MAX(size.height, 2)};
}

struct fus_size fus_size_working(struct fus_size native, struct fus_size output)
{
    bool native_is_less = native.width < output.width ||
                          (native.width == output.width && native.height < output.height);

    return native_is_less ? native : output;
}

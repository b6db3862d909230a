/* What FaceFusion says while it works: bars of tqdm ("processing:  37%|###  | 111/300 [...") and
 * lines "[FACEFUSION.CORE] ...". Any bytes, in any pieces. Internal to the room. */
#ifndef FUS_FACEFUSION_OUTPUT_H
#define FUS_FACEFUSION_OUTPUT_H

#include "base/str.h"
#include "pipeline/pipeline.h"

enum { FUS_OUTPUT_LINE = 512, FUS_OUTPUT_TAIL = 4 };

struct fus_facefusion_output {
    char line[FUS_OUTPUT_LINE]; /* the present one; longer ones are cut */
    size_t length;
    char tail[FUS_OUTPUT_TAIL][160]; /* the last lines that are no bars, printable, no folders */
    size_t lines;                    /* of those, ever */
    struct fus_pipeline_progress progress;
};
/* true: progress has moved. */
bool fus_facefusion_output_take(struct fus_facefusion_output *output, const char *bytes,
                                size_t size);
/* The end of the last line, if it had none. */
void fus_facefusion_output_end(struct fus_facefusion_output *output);
/* The last lines, joined; "" if it said nothing. */
void fus_facefusion_output_tail(const struct fus_facefusion_output *output, struct fus_str *out);

#endif

/* One recorded value ("golden"): its arrays, our result against it.
 *
 * A case is one file that the golden README names as a result:
 *
 *     struct parity_case c;
 *     if (parity_open(&c, run, "vision/frame", "vision/frame/restrict_200x100.npy")) {
 *         const struct fus_npy *v0 = parity_input(&c, "vision/video/frames/....npy");
 *         if (v0) { ...; parity_u8(&c, ours, PARITY_E); }
 *     }
 *     parity_close(&c);
 *
 * A file that is not here makes the case a skipped one; a case that is closed without having been
 * compared is a miss. Not thread-safe. */
#ifndef FUS_PARITY_RECORDED_H
#define FUS_PARITY_RECORDED_H

#include <jansson.h>

#include "npy.h"
#include "report.h"
#include "vision/resize.h"

#define PARITY_ARRAYS_MAX 192
struct parity {
    struct parity_report *report;
    const char *golden;                  /* folder */
    const char *only_case, *only_family; /* NULL: all; a case by any part of its name */
    /* arrays read so far, kept to the end of the family */
    struct {
        char name[120];
        struct fus_npy array;
    } arrays[PARITY_ARRAYS_MAX];
    size_t array_count;
};

/* README's tolerance codes. */
struct parity_tolerance {
    double max;   /* greatest difference of a value */
    double share; /* percent of the values that may differ */
    const char *code;
};
extern const struct parity_tolerance PARITY_E, PARITY_E1;
struct parity_tolerance parity_f(double max); /* F(max) */

struct parity_case {
    struct parity *run;
    const char *family;
    char name[120];
    const struct fus_npy *want; /* NULL for .json */
    json_t *want_json;
    bool wanted, compared;
    struct parity_outcome outcome;
};

/* false: filtered out, or (counted as skipped) the file is not here. parity_close either way. */
bool parity_open(struct parity_case *c, struct parity *run, const char *family, const char *file);
/* An array that the case starts from; NULL: the case is skipped. Belongs to the run. */
const struct fus_npy *parity_input(struct parity_case *c, const char *file);
/* The same for JSON; a new reference. */
json_t *parity_input_json(struct parity_case *c, const char *file);
void parity_close(struct parity_case *c);
/* Forgets the arrays read so far. */
void parity_forget(struct parity *run);

/* Our result, as many elements as the recorded one has. Several comparisons of one case add up: the
 * worst counts. The names say our type; the recorded array may be of another. */
void parity_u8(struct parity_case *c, const uint8_t *got, struct parity_tolerance tolerance);
void parity_f32(struct parity_case *c, const float *got, struct parity_tolerance tolerance);
void parity_f64(struct parity_case *c, const double *got, struct parity_tolerance tolerance);
/* The first `count` of the recorded array's elements from `offset` on. */
void parity_part_u8(struct parity_case *c, const uint8_t *got, size_t offset, size_t count,
                    struct parity_tolerance tolerance);
/* A picture: interleaved, `got` may have wider rows. Sizes must match. */
void parity_picture(struct parity_case *c, const struct fus_plane *got,
                    struct parity_tolerance tolerance);
/* A single number. */
void parity_number(struct parity_case *c, double got, double want,
                   struct parity_tolerance tolerance);
/* Ends the case as missed, with the reason. */
void parity_fail(struct parity_case *c, const char *format, ...) FUS_PRINTF(2, 3);
/* rc of one of our functions: a failure ends the case as missed. */
bool parity_ok(struct parity_case *c, int rc, const struct fus_error *err);
/* Ends the case as skipped. */
void parity_skip(struct parity_case *c, const char *why);
/* Rows that need the real weights: skipped where their file is here, and where it is not. */
void parity_needs_weights(struct parity *run, const char *family, const char *const *files,
                          size_t count);

/* View of a recorded H x W x C picture; only to read from. */
struct fus_plane parity_plane(const struct fus_npy *array);

#endif

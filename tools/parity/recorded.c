#include "recorded.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

const struct parity_tolerance PARITY_E = {0, 0, "E"}, PARITY_E1 = {1, 0.02, "E1"};

struct parity_tolerance parity_f(double max)
{
    return (struct parity_tolerance){max, 100, "F"};
}

/* ---- files ---- */

void parity_forget(struct parity *run)
{
    for (size_t i = 0; i < run->array_count; i++)
        fus_npy_done(&run->arrays[i].array);
    run->array_count = 0;
}

static const struct fus_npy *load(struct parity *run, const char *name, struct fus_error *err)
{
    for (size_t i = 0; i < run->array_count; i++)
        if (fus_str_equal(run->arrays[i].name, name))
            return &run->arrays[i].array;
    if (run->array_count == PARITY_ARRAYS_MAX) {
        fus_error_set(err, FUS_E_INTERNAL, "Too many arrays in one family.");
        return NULL;
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", run->golden, name);
    struct fus_npy array = {0};
    if (fus_npy_read(path, &array, err) != 0)
        return NULL;
    fus_strlcpy(run->arrays[run->array_count].name, name, sizeof run->arrays[0].name);
    run->arrays[run->array_count].array = array;
    return &run->arrays[run->array_count++].array;
}

static json_t *load_json(const struct parity *run, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", run->golden, name);
    return json_load_file(path, JSON_DECODE_ANY, NULL);
}

static bool is_json(const char *file)
{
    return fus_str_ends(file, ".json");
}

static bool selected(const struct parity *run, const char *family, const char *file)
{
    return (!run->only_family || strstr(family, run->only_family)) &&
           (!run->only_case || strstr(file, run->only_case));
}

/* ---- a case's life ---- */

bool parity_open(struct parity_case *c, struct parity *run, const char *family, const char *file)
{
    struct fus_error err = {0};
    *c = (struct parity_case){.run = run, .family = family};
    c->outcome.psnr = NAN;
    c->outcome.state = PARITY_PASSED;
    fus_strlcpy(c->name, file, sizeof c->name);
    c->wanted = selected(run, family, file);
    if (!c->wanted)
        return false;
    if (is_json(file))
        c->want_json = load_json(run, file);
    else
        c->want = load(run, file, &err);
    if (c->want || c->want_json)
        return true;
    if (err.code && err.code != FUS_E_NOT_FOUND)
        parity_fail(c, "%s", err.detail);
    else
        parity_skip(c, "file not here");
    return false;
}

const struct fus_npy *parity_input(struct parity_case *c, const char *file)
{
    struct fus_error err = {0};
    const struct fus_npy *array = load(c->run, file, &err);
    if (array)
        return array;
    if (err.code != FUS_E_NOT_FOUND)
        parity_fail(c, "%s: %s", file, err.detail);
    else
        parity_skip(c, "its input is not here");
    return NULL;
}

json_t *parity_input_json(struct parity_case *c, const char *file)
{
    json_t *json = load_json(c->run, file);
    if (!json)
        parity_skip(c, "its input is not here");
    return json;
}

void parity_close(struct parity_case *c)
{
    if (c->wanted) {
        if (!c->compared && c->outcome.state == PARITY_PASSED)
            parity_fail(c, "nothing was compared");
        parity_report_add(c->run->report, c->family, c->name, &c->outcome);
    }
    json_decref(c->want_json);
    c->want_json = NULL;
    c->wanted = false;
}

void parity_fail(struct parity_case *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->outcome.figure, sizeof c->outcome.figure, format, args);
    va_end(args);
    c->outcome.state = PARITY_MISSED;
    c->outcome.worst = INFINITY;
}

bool parity_ok(struct parity_case *c, int rc, const struct fus_error *err)
{
    if (rc != 0)
        parity_fail(c, "%s: %s", fus_error_info(rc)->name, err ? err->detail : "");
    return rc == 0;
}

void parity_skip(struct parity_case *c, const char *why)
{
    if (c->outcome.state == PARITY_MISSED)
        return;
    c->outcome.state = PARITY_SKIPPED;
    fus_strlcpy(c->outcome.figure, why, sizeof c->outcome.figure);
}

void parity_needs_weights(struct parity *run, const char *family, const char *const *files,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct parity_outcome outcome = {PARITY_SKIPPED, 0, NAN, "needs the real weights"};
        if (selected(run, family, files[i]))
            parity_report_add(run->report, family, files[i], &outcome);
    }
}

/* ---- comparing ---- */

/* Differences seen so far. */
struct difference {
    double max, squares;
    size_t count, differ, worst_at;
};

static void see(struct difference *d, double got, double want, size_t at)
{
    double by = fabs(got - want);
    if (!(by == 0)) { /* NaN too */
        d->differ++;
        if (isnan(by))
            by = INFINITY;
        if (by > d->max) {
            d->max = by;
            d->worst_at = at;
        }
        d->squares += by * by;
    }
    d->count++;
}

static double ratio(double error, double tolerance)
{
    if (error == 0)
        return 0;
    return tolerance > 0 ? error / tolerance : INFINITY;
}

static void judge(struct parity_case *c, const struct difference *d,
                  struct parity_tolerance tolerance, bool picture)
{
    double share = d->count ? 100.0 * (double)d->differ / (double)d->count : 0;
    double worst = FUS_MAX(ratio(d->max, tolerance.max), ratio(share, tolerance.share));
    struct parity_outcome *out = &c->outcome;
    if (out->state == PARITY_SKIPPED)
        return;
    if (picture) {
        double mse = d->squares / (double)FUS_MAX(d->count, 1);
        double psnr = mse > 0 ? 10 * log10(255 * 255 / mse) : INFINITY;
        out->psnr = isnan(out->psnr) ? psnr : FUS_MIN(out->psnr, psnr);
    }
    if (c->compared && worst <= out->worst)
        return;
    c->compared = true;
    out->worst = worst;
    if (worst > 1)
        out->state = PARITY_MISSED;
    if (tolerance.max == 0)
        snprintf(out->figure, sizeof out->figure, "%zu of %zu differ, by %.3g at %zu; none may",
                 d->differ, d->count, d->max, d->worst_at);
    else if (tolerance.share < 100)
        snprintf(out->figure, sizeof out->figure, "max %.3g of %.3g, %.4f of %.4g %% differ",
                 d->max, tolerance.max, share, tolerance.share);
    else
        snprintf(out->figure, sizeof out->figure, "max %.2g of %.2g", d->max, tolerance.max);
    if (d->differ == 0)
        fus_strlcpy(out->figure, "equal", sizeof out->figure);
}

void parity_part_u8(struct parity_case *c, const uint8_t *got, size_t offset, size_t count,
                    struct parity_tolerance tolerance)
{
    struct difference d = {0};
    if (offset + count > c->want->count) {
        parity_fail(c, "has %zu values, %zu were wanted", c->want->count, offset + count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        see(&d, got[i], fus_npy_at(c->want, offset + i), i);
    judge(c, &d, tolerance, true);
}

void parity_u8(struct parity_case *c, const uint8_t *got, struct parity_tolerance tolerance)
{
    parity_part_u8(c, got, 0, c->want->count, tolerance);
}

void parity_f32(struct parity_case *c, const float *got, struct parity_tolerance tolerance)
{
    struct difference d = {0};
    for (size_t i = 0; i < c->want->count; i++)
        see(&d, (double)got[i], fus_npy_at(c->want, i), i);
    judge(c, &d, tolerance, false);
}

void parity_f64(struct parity_case *c, const double *got, struct parity_tolerance tolerance)
{
    struct difference d = {0};
    for (size_t i = 0; i < c->want->count; i++)
        see(&d, got[i], fus_npy_at(c->want, i), i);
    judge(c, &d, tolerance, false);
}

void parity_picture(struct parity_case *c, const struct fus_plane *got,
                    struct parity_tolerance tolerance)
{
    struct difference d = {0};
    const struct fus_npy *want = c->want;
    size_t row = (size_t)got->width * (size_t)got->channels;
    if (want->rank < 2 || want->shape[0] != (size_t)got->height ||
        want->count != row * (size_t)got->height) {
        parity_fail(c, "is %zu values, ours %d x %d x %d", want->count, got->width, got->height,
                    got->channels);
        return;
    }
    for (int y = 0; y < got->height; y++) {
        const uint8_t *line = got->data + y * got->stride_bytes;
        for (size_t x = 0; x < row; x++)
            see(&d, line[x], fus_npy_at(want, (size_t)y * row + x), (size_t)y * row + x);
    }
    judge(c, &d, tolerance, true);
}

void parity_number(struct parity_case *c, double got, double want,
                   struct parity_tolerance tolerance)
{
    struct difference d = {0};
    see(&d, got, want, 0);
    judge(c, &d, tolerance, false);
}

struct fus_plane parity_plane(const struct fus_npy *array)
{
    int channels = array->rank > 2 ? (int)array->shape[2] : 1;
    return (struct fus_plane){.data = array->data,
                              .stride_bytes = (ptrdiff_t)array->shape[1] * channels,
                              .width = (int)array->shape[1],
                              .height = (int)array->shape[0],
                              .channels = channels};
}

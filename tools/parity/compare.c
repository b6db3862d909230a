/* Our output file against the one that upstream wrote. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "media/reader.h"
#include "media/still.h"
#include "picture.h"
#include "vision/color.h"
#include "whole.h"

#define REGION_DB 44.0
#define STILL_DB 38.0
#define CLIP_MEAN_DB 42.0
#define CLIP_WORST_DB 36.0
#define TIME_US 1000 /* the finest step of a container's clock that ours may differ by */

/* 1 at the tolerance, above it when missed. */
static double worst_of(double psnr, double wanted)
{
    return isinf(psnr) ? 0 : pow(10, (wanted - psnr) / 20);
}

static void fail_with(struct parity_outcome *outcome, const char *what, const struct fus_error *err)
{
    parity_outcome_miss(outcome, "%s: %s", what, err->detail);
}

/* ---- stills ---- */

static int read_still(const char *path, struct fus_still *still, struct fus_error *err)
{
    struct fus_media_limits limits;
    fus_media_limits_default(&limits);
    return fus_still_read(path, &limits, still, err);
}

/* The target as it looks with nothing changed: at another size what our pipeline makes of it. */
static int read_baseline(const struct parity_whole *whole, const struct parity_job *job,
                         const struct fus_image *expected, struct fus_still *baseline,
                         struct fus_error *err)
{
    char path[128];
    int rc = read_still(job->target, baseline, err);
    if (rc ||
        (baseline->image.width == expected->width && baseline->image.height == expected->height))
        return rc;
    snprintf(path, sizeof path, "%s/baseline.png", whole->scratch);
    rc = parity_job_run(whole, job, "", path, err);
    if (rc)
        return rc;
    fus_still_done(baseline);
    *baseline = (struct fus_still){0};
    rc = read_still(path, baseline, err);
    (void)remove(path);
    if (!rc &&
        (baseline->image.width != expected->width || baseline->image.height != expected->height))
        return fus_error_set(err, FUS_E_INTERNAL, "The target unchanged is %d x %d, not %d x %d.",
                             baseline->image.width, baseline->image.height, expected->width,
                             expected->height);
    return rc;
}

static void judge_region(const struct parity_region *region, struct parity_outcome *outcome)
{
    outcome->psnr = region->psnr;
    outcome->worst = worst_of(region->psnr, REGION_DB);
    snprintf(outcome->figure, sizeof outcome->figure,
             "%.1f dB of %.0f inside %zu px (max %d), %zu px differ outside", region->psnr,
             REGION_DB, region->changed, region->max, region->stray);
    if (region->stray) {
        outcome->worst = INFINITY;
        size_t used = strlen(outcome->figure);
        snprintf(outcome->figure + used, sizeof outcome->figure - used, ", one at %d,%d",
                 region->stray_x, region->stray_y);
    }
    if (outcome->worst > 1)
        outcome->state = PARITY_MISSED;
}

static void judge_whole(double psnr, int max, struct parity_outcome *outcome)
{
    outcome->psnr = psnr;
    outcome->worst = worst_of(psnr, STILL_DB);
    snprintf(outcome->figure, sizeof outcome->figure, "%.1f dB of %.0f over the whole (max %d)",
             psnr, STILL_DB, max);
    if (outcome->worst > 1)
        outcome->state = PARITY_MISSED;
}

/* What has no losses of its own. */
static bool lossless(const char *path)
{
    static const char *const names[] = {".png", ".bmp", ".tiff", ".tif"};
    for (size_t i = 0; i < FUS_COUNT(names); i++)
        if (fus_str_ends(path, names[i]))
            return true;
    return false;
}

void parity_compare_stills(const struct parity_whole *whole, const struct parity_job *job,
                           const char *ours_path, struct parity_outcome *outcome)
{
    FUS_AUTO_STILL struct fus_still ours = {0}, expected = {0}, baseline = {0};
    struct fus_error err = {0};
    struct parity_region region;
    int max = 0;
    if (read_still(ours_path, &ours, &err) || read_still(job->expected, &expected, &err)) {
        fail_with(outcome, "decoding", &err);
        return;
    }
    if (whole->keep && parity_keep(whole->keep, job->name, &ours.image, &expected.image, &err))
        printf("%s: %s\n", job->name, err.detail);
    if (ours.image.width != expected.image.width || ours.image.height != expected.image.height) {
        parity_outcome_miss(outcome, "is %d x %d, should be %d x %d", ours.image.width,
                            ours.image.height, expected.image.width, expected.image.height);
        return;
    }
    if (!lossless(job->expected) || job->scale != 1) {
        double psnr = parity_psnr(&ours.image, &expected.image, &max);
        judge_whole(psnr, max, outcome);
        return;
    }
    if (read_baseline(whole, job, &expected.image, &baseline, &err)) {
        fail_with(outcome, "the target unchanged", &err);
        return;
    }
    parity_region(&baseline.image, &expected.image, &ours.image, &region);
    judge_region(&region, outcome);
}

/* ---- clips ---- */

struct clip {
    struct fus_reader *reader;
    struct fus_message *message; /* the frame looked at */
    struct fus_image bgr;        /* it, as shown */
};

static void clip_done(struct clip *clip)
{
    fus_message_free(clip->message);
    fus_reader_free(clip->reader);
    fus_image_done(&clip->bgr);
}

static int clip_open(struct clip *clip, const char *path, struct fus_error *err)
{
    const struct fus_reader_options options = {.threads = 2, .video_only = true};
    struct fus_media_limits limits;
    fus_media_limits_default(&limits);
    return fus_reader_open(path, &limits, &options, &clip->reader, err);
}

static uint8_t *at(const struct fus_image *image, int x, int y)
{
    return image->plane[0] + y * image->stride_bytes[0] + 3 * x;
}

/* Stored pixels into the upright picture; degrees clockwise. */
static void turn(const struct fus_image *from, int degrees, struct fus_image *to)
{
    for (int y = 0; y < to->height; y++) {
        for (int x = 0; x < to->width; x++) {
            int u = x, v = y;
            if (degrees == 90) {
                u = y;
                v = from->height - 1 - x;
            } else if (degrees == 180) {
                u = from->width - 1 - x;
                v = from->height - 1 - y;
            } else if (degrees == 270) {
                u = from->width - 1 - y;
                v = x;
            }
            memcpy(at(to, x, y), at(from, u, v), 3);
        }
    }
}

/* The next frame; *end: there is none. */
static int clip_next(struct clip *clip, bool *end, struct fus_error *err)
{
    FUS_AUTO_IMAGE struct fus_image stored = {0};
    fus_message_free(clip->message);
    clip->message = NULL;
    int rc = fus_reader_next(clip->reader, &clip->message, err);
    if (rc)
        return rc;
    *end = clip->message->kind == FUS_MESSAGE_END;
    if (*end)
        return 0;
    const struct fus_image *image = &clip->message->frame.image;
    int degrees = fus_reader_info(clip->reader)->rotation;
    bool side = degrees == 90 || degrees == 270;
    rc = fus_image_alloc(&stored, FUS_PIXEL_BGR8, image->width, image->height, err);
    if (!rc && !clip->bgr.plane[0])
        rc = fus_image_alloc(&clip->bgr, FUS_PIXEL_BGR8, side ? image->height : image->width,
                             side ? image->width : image->height, err);
    if (rc)
        return rc;
    fus_color_to_bgr(image, (struct fus_rect){0, 0, image->width, image->height}, stored.plane[0],
                     stored.stride_bytes[0]);
    turn(&stored, degrees, &clip->bgr);
    return 0;
}

struct clip_figures {
    int64_t frames;
    double noise; /* sum over frames of 10^(-dB/10) */
    double worst; /* dB */
    int64_t worst_frame;
    int64_t late_frame; /* the first whose time differs, or -1 */
    int64_t late_us;
};

static int compare_frames(const struct parity_whole *whole, const struct parity_job *job,
                          struct clip *ours, struct clip *expected, struct clip_figures *figures,
                          struct parity_outcome *outcome, struct fus_error *err)
{
    bool our_end = false, their_end = false;
    *figures = (struct clip_figures){.worst = INFINITY, .late_frame = -1};
    for (;;) {
        int rc = clip_next(ours, &our_end, err);
        if (!rc)
            rc = clip_next(expected, &their_end, err);
        if (rc)
            return rc;
        if (our_end || their_end)
            break;
        if (ours->bgr.width != expected->bgr.width || ours->bgr.height != expected->bgr.height) {
            parity_outcome_miss(outcome, "is %d x %d, should be %d x %d", ours->bgr.width,
                                ours->bgr.height, expected->bgr.width, expected->bgr.height);
            return 0;
        }
        double psnr = parity_psnr(&ours->bgr, &expected->bgr, NULL);
        int64_t late = ours->message->frame.pts_us - expected->message->frame.pts_us;
        if (llabs(late) > TIME_US && figures->late_frame < 0) {
            figures->late_frame = figures->frames;
            figures->late_us = late;
        }
        if (psnr < figures->worst) {
            figures->worst = psnr;
            figures->worst_frame = figures->frames;
            if (whole->keep &&
                (rc = parity_keep(whole->keep, job->name, &ours->bgr, &expected->bgr, err)) != 0)
                return rc;
        }
        figures->noise += isinf(psnr) ? 0 : pow(10, -psnr / 10);
        figures->frames++;
    }
    if (our_end != their_end)
        parity_outcome_miss(outcome, "%s after %lld frames, upstream's does not",
                            our_end ? "ends" : "goes on", (long long)figures->frames);
    return 0;
}

static void judge_clip(const struct clip_figures *figures, struct parity_outcome *outcome)
{
    double mean = figures->noise > 0
                      ? -10 * log10(figures->noise / (double)FUS_MAX(figures->frames, 1))
                      : INFINITY;
    outcome->psnr = figures->worst;
    outcome->worst = FUS_MAX(worst_of(mean, CLIP_MEAN_DB), worst_of(figures->worst, CLIP_WORST_DB));
    snprintf(outcome->figure, sizeof outcome->figure,
             "%lld frames, mean %.1f dB of %.0f, worst %.1f of %.0f (frame %lld)",
             (long long)figures->frames, mean, CLIP_MEAN_DB, figures->worst, CLIP_WORST_DB,
             (long long)figures->worst_frame);
    if (figures->late_frame >= 0)
        parity_outcome_miss(outcome, "frame %lld comes %lld us too late",
                            (long long)figures->late_frame, (long long)figures->late_us);
    else if (figures->frames == 0)
        parity_outcome_miss(outcome, "has no frames");
    else if (outcome->worst > 1)
        outcome->state = PARITY_MISSED;
}

void parity_compare_clips(const struct parity_whole *whole, const struct parity_job *job,
                          const char *ours_path, struct parity_outcome *outcome)
{
    struct clip ours = {0}, expected = {0};
    struct fus_error err = {0};
    struct clip_figures figures;
    int rc = clip_open(&ours, ours_path, &err);
    if (!rc)
        rc = clip_open(&expected, job->expected, &err);
    if (!rc)
        rc = compare_frames(whole, job, &ours, &expected, &figures, outcome, &err);
    if (rc)
        fail_with(outcome, "decoding", &err);
    else if (outcome->state != PARITY_MISSED)
        judge_clip(&figures, outcome);
    clip_done(&ours);
    clip_done(&expected);
}

/* portraits_check: do face detectors take the rendered heads for faces, and do their points agree
 * with the truth? Renders the fixed set in memory and prints recall and mean error for YuNet (by
 * its manifest row, when its file is there) and for the built-in nets.
 *
 *   portraits_check [COUNT [SEED [MODELS_FOLDER]]]      200, 1, ../shared/models
 *
 * Exit: 0 good, 1 YuNet below the goals (98 % found, five points within 10 % of the eye distance)
 * or an error, 77 without YuNet's file (the built-in nets are still measured). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "faces/analyser.h"
#include "sampleset.h"

struct tally {
    const char *name;
    int pictures, found, false_boxes;
    double five, each[5], all_68, worst_68;
    double group[5]; /* jaw, brows, nose, eyes, mouth */
    double bias[68][2], five_bias[5][2];
    int landmarked;
};

static double distance(const float truth[2], struct fus_point p)
{
    double dx = (double)p.x - (double)truth[0], dy = (double)p.y - (double)truth[1];
    return sqrt(dx * dx + dy * dy);
}

static int group_of(int point)
{
    return point < 17 ? 0 : point < 27 ? 1 : point < 36 ? 2 : point < 48 ? 3 : 4;
}

/* A box counts for the face if its five points lie within half an eye distance of it on average. */
static void count_five(struct tally *tally, const struct pt_truth *truth,
                       const struct fus_detection *found, size_t count)
{
    double best = 1e9, best_each[5] = {0};
    size_t nearest = 0;
    for (size_t i = 0; i < count; i++) {
        double each[5], sum = 0;
        for (int k = 0; k < 5; k++) {
            each[k] = distance(truth->five[k], found[i].points_5[k]) / (double)truth->eye_distance;
            sum += each[k] / 5;
        }
        if (sum < best) {
            best = sum;
            nearest = i;
            memcpy(best_each, each, sizeof(each));
        }
    }
    tally->pictures++;
    bool hit = best < 0.5;
    tally->false_boxes += (int)count - (hit ? 1 : 0);
    if (!hit) {
        return;
    }
    tally->found++;
    tally->five += best;
    for (int k = 0; k < 5; k++) {
        tally->each[k] += best_each[k];
        tally->five_bias[k][0] += (double)(found[nearest].points_5[k].x - truth->five[k][0]) /
                                  (double)truth->eye_distance;
        tally->five_bias[k][1] += (double)(found[nearest].points_5[k].y - truth->five[k][1]) /
                                  (double)truth->eye_distance;
    }
}

static void count_68(struct tally *tally, const struct pt_truth *truth,
                     const struct fus_faces *faces)
{
    for (size_t i = 0; i < faces->count; i++) {
        double sum = 0, group[5] = {0};
        static const double members[5] = {17, 10, 9, 12, 20};
        for (int k = 0; k < 68; k++) {
            double e = distance(truth->landmarks[k], faces->items[i].landmarks_68[k]) /
                       (double)truth->eye_distance;
            sum += e / 68;
            group[group_of(k)] += e / members[group_of(k)];
        }
        if (sum > 0.5) {
            continue;
        }
        tally->landmarked++;
        tally->all_68 += sum;
        tally->worst_68 = fmax(tally->worst_68, sum);
        for (int g = 0; g < 5; g++) {
            tally->group[g] += group[g];
        }
        for (int k = 0; k < 68; k++) {
            tally->bias[k][0] +=
                ((double)faces->items[i].landmarks_68[k].x - (double)truth->landmarks[k][0]) /
                (double)truth->eye_distance;
            tally->bias[k][1] +=
                ((double)faces->items[i].landmarks_68[k].y - (double)truth->landmarks[k][1]) /
                (double)truth->eye_distance;
        }
        return;
    }
}

static void report(const struct tally *t)
{
    double n = t->found > 0 ? t->found : 1, m = t->landmarked > 0 ? t->landmarked : 1;
    printf("%-8s found %d of %d (%.1f %%), %d other boxes; five points %.4f of the eye distance"
           " (eyes %.3f %.3f, nose %.3f, mouth %.3f %.3f)\n",
           t->name, t->found, t->pictures, 100.0 * t->found / t->pictures, t->false_boxes,
           t->five / n, t->each[0] / n, t->each[1] / n, t->each[2] / n, t->each[3] / n,
           t->each[4] / n);
    if (t->landmarked > 0) {
        printf("%-8s 68 points on %d of %d: %.4f (worst picture %.3f; jaw %.3f, brows %.3f, nose "
               "%.3f, eyes %.3f,"
               " mouth %.3f)\n",
               t->name, t->landmarked, t->pictures, t->all_68 / m, t->worst_68, t->group[0] / m,
               t->group[1] / m, t->group[2] / m, t->group[3] / m, t->group[4] / m);
    }
    for (int k = 0; getenv("PORTRAITS_BIAS") && k < 5; k++) {
        printf("%d: %+.3f %+.3f%s", k, t->five_bias[k][0] / n, t->five_bias[k][1] / n,
               k == 4 ? "\n" : "   ");
    }
    for (int k = 0; t->landmarked > 0 && getenv("PORTRAITS_BIAS") && k < 68; k++) {
        printf("%2d: %+.3f %+.3f%s", k, t->bias[k][0] / m, t->bias[k][1] / m,
               k % 6 == 5 || k == 67 ? "\n" : "   ");
    }
}

static int measure(int count, uint32_t seed, struct fus_analyser *yunet,
                   struct fus_analyser *builtin, struct tally *yunet_tally,
                   struct tally *builtin_tally, struct fus_error *err)
{
    FUS_AUTO_FREE struct fus_faces *faces = fus_malloc(sizeof(*faces));
    FUS_AUTO_FREE struct fus_detection *found = fus_calloc(FUS_FACES_MAX, sizeof(*found));
    int rc = faces && found ? 0 : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory");
    for (int i = 0; rc == 0 && i < count; i++) {
        FUS_CLEANUP(pt_scene_free) struct pt_scene *scene = NULL;
        FUS_AUTO_IMAGE struct fus_image bgr = {0};
        struct pt_scene_spec spec;
        struct pt_pose pose;
        struct pt_truth truth;
        size_t boxes = 0;
        pt_sampleset_item(seed, i, &spec, &pose);
        rc = pt_scene_open(&spec, &scene, err);
        rc = rc ? rc : fus_image_alloc(&bgr, FUS_PIXEL_BGR8, spec.width, spec.height, err);
        rc = rc ? rc : pt_scene_render(scene, &pose, (uint32_t)i, &bgr, &truth, err);
        if (rc == 0 && yunet) {
            rc = fus_analyser_detect(yunet, &bgr, found, &boxes, err);
            if (rc == 0) {
                count_five(yunet_tally, &truth, found, boxes);
            }
        }
        rc = rc ? rc : fus_analyser_detect(builtin, &bgr, found, &boxes, err);
        rc = rc ? rc : fus_analyser_find(builtin, &bgr, faces, err);
        if (rc == 0) {
            count_five(builtin_tally, &truth, found, boxes);
            count_68(builtin_tally, &truth, faces);
        }
    }
    return rc;
}

int main(int argc, char **argv)
{
    int64_t count = 200, seed = 1;
    if ((argc > 1 && !fus_parse_int(argv[1], 1, 100000, &count)) ||
        (argc > 2 && !fus_parse_int(argv[2], 0, 1000000, &seed))) {
        (void)fprintf(stderr, "portraits_check [COUNT [SEED [MODELS_FOLDER]]]\n");
        return 2;
    }
    const char *shared = getenv("FUS_SHARED_DIR"), *models_env = getenv("FUS_MODELS_DIR");
    char folder[1024];
    (void)snprintf(folder, sizeof(folder), "%s%s", shared ? shared : FUS_SOURCE_ROOT "/../shared",
                   "/models");
    const char *models_folder = argc > 3 ? argv[3] : models_env ? models_env : folder;
    FUS_CLEANUP(fus_runtime_free) struct fus_runtime *runtime = NULL;
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    FUS_CLEANUP(fus_analyser_free) struct fus_analyser *yunet = NULL;
    FUS_CLEANUP(fus_analyser_free) struct fus_analyser *builtin = NULL;
    struct fus_error err = {0};
    static struct tally yunet_tally, builtin_tally;
    yunet_tally.name = "YuNet";
    builtin_tally.name = "built-in";
    int rc = fus_runtime_open(NULL, &runtime, &err);
    rc = rc ? rc : fus_models_open(runtime, models_folder, &models, &err);
    struct fus_analyser_options options = {
        .detector_model = "builtin", .landmarker_model = "builtin", .threads = 1};
    rc = rc ? rc : fus_analyser_new(models, &options, &builtin, &err);
    const struct fus_model *row = rc ? NULL : fus_models_find(models, "face_detector", "yunet");
    bool has_yunet = row && fus_models_installed(models, row);
    if (has_yunet) {
        options.detector_model = "yunet";
        rc = fus_analyser_new(models, &options, &yunet, &err);
    }
    rc = rc ? rc
            : measure((int)count, (uint32_t)seed, yunet, builtin, &yunet_tally, &builtin_tally,
                      &err);
    if (rc) {
        (void)fprintf(stderr, "portraits_check: %s: %s\n", fus_error_info(rc)->title, err.detail);
        return 1;
    }
    if (has_yunet) {
        report(&yunet_tally);
    }
    report(&builtin_tally);
    if (!has_yunet) {
        printf("YuNet was not measured: %s is not there\n", row ? row->file : "its manifest row");
        return 77;
    }
    bool good = yunet_tally.found >= 0.98 * yunet_tally.pictures &&
                yunet_tally.five <= 0.10 * yunet_tally.found;
    printf("%s\n", good ? "YuNet meets the goals" : "YuNet is below the goals");
    return good ? 0 : 1;
}

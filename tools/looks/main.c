/* looks: contact sheets and figures of the built-in face swap, for eyes and for the gate.
 *
 * Needs the folders of real pictures and of test models beside the checkout; says so and ends well
 * when they are not there. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "looks.h"

int looks_blend(bool clip, struct fus_mesh_blend **blend, struct fus_error *err)
{
    const struct fus_mesh_blend_options options = {
        .strength = 1.0f,
        .feather = 0.22f,
        .inset = 0.05f,
        .keep_mouth = true,
        .eyes = clip ? FUS_BLEND_EYES_TARGET : FUS_BLEND_EYES_BY_GAZE,
        .clip = clip,
    };
    return fus_mesh_blend_new(&options, blend, err);
}

void looks_verdict(struct looks *looks, const char *name, float value, bool at_least, float goal,
                   const char *beside)
{
    const bool good = at_least ? value >= goal : value <= goal;
    printf("%-50s %6.3f  goal %s %.3f  %s  (%s)\n", name, (double)value,
           at_least ? ">=" : "<=", (double)goal, good ? "PASS" : "missed", beside);
    looks->missed = looks->missed || !good;
}

static void folder(const char *variable, const char *sub, char out[512])
{
    const char *own = variable ? getenv(variable) : NULL, *shared = getenv("FUS_SHARED_DIR");
    if (own)
        snprintf(out, 512, "%s", own);
    else
        snprintf(out, 512, "%s/%s", shared ? shared : FUS_SOURCE_ROOT "/../shared", sub);
}

static int run(struct looks *looks, struct fus_error *err)
{
    FUS_CLEANUP(fus_runtime_free) struct fus_runtime *runtime = NULL;
    FUS_CLEANUP(fus_models_free) struct fus_models *models = NULL;
    FUS_CLEANUP(fus_analyser_free) struct fus_analyser *analyser = NULL;
    int failed = fus_runtime_open(NULL, &runtime, err);
    if (!failed)
        failed = fus_models_open(runtime, NULL, &models, err);
    const struct fus_analyser_options options = {.detector_model = "builtin",
                                                 .landmarker_model = "builtin",
                                                 .detector_score = -1,
                                                 .landmarker_score = -1,
                                                 .threads = 1};
    if (!failed)
        failed = fus_analyser_new(models, &options, &analyser, err);
    if (failed)
        return failed;
    looks->runtime = runtime;
    looks->models = models;
    looks->analyser = analyser;
    char pairs[600];
    snprintf(pairs, sizeof pairs, "%s/pairs.txt", looks->study);
    if (fus_fs_exists(pairs) && fus_fs_exists(looks->media) && fus_fs_exists(looks->model_folder)) {
        failed = looks_pairs(looks, err);
        if (!failed)
            failed = looks_flicker(looks, err);
    } else {
        printf("skipped: pairs and flicker (no folder of real pictures and test models here)\n");
    }
    return failed ? failed : looks_lag(looks, err);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: looks OUT_FOLDER\n");
        return 2;
    }
    static struct looks looks;
    struct fus_error err = {0};
    snprintf(looks.out, sizeof looks.out, "%s", argv[1]);
    folder("FUS_MEDIA_DIR", "media", looks.media);
    folder("FUS_MODELS_DIR", "models", looks.model_folder);
    folder(NULL, "builtin/mesh_blend", looks.study);
    if (fus_fs_mkdirs(looks.out, 0755, &err) != 0 || run(&looks, &err) != 0) {
        fprintf(stderr, "looks: %s\n", err.detail);
        return 1;
    }
    printf("pictures: %s\n%s\n", looks.out,
           looks.missed ? "a goal is missed" : "all goals are met");
    return looks.missed ? 1 : 0;
}

#include "faces/classifier.h"

#include "base/mem.h"
#include "faces/aligned.h"

struct fus_classifier {
    struct fus_aligned aligned;
};

int fus_classifier_new(struct fus_models *models, const struct fus_model *model, bool opencv_4,
                       int threads, struct fus_classifier **out, struct fus_error *err)
{
    static const double MEAN[3] = {0.485, 0.456, 0.406}, DEVIATION[3] = {0.229, 0.224, 0.225};
    FUS_CLEANUP(fus_classifier_free)
    struct fus_classifier *classifier = fus_calloc(1, sizeof(*classifier));
    if (classifier == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the classifier.");
    int rc = fus_aligned_open(&classifier->aligned, models, model, 224, 3, threads, err);
    classifier->aligned.opencv_4 = opencv_4;
    if (rc != 0)
        return rc;
    fus_lut_mixed(&classifier->aligned.lut, MEAN, DEVIATION, true);
    *out = FUS_TAKE(classifier);
    return 0;
}

void fus_classifier_free(struct fus_classifier *classifier)
{
    if (classifier == NULL)
        return;
    fus_aligned_close(&classifier->aligned);
    fus_free(classifier);
}

void fus_classes_of(int race_id, int gender_id, int age_id, struct fus_face *face)
{
    static const enum fus_race RACES[] = {FUS_RACE_WHITE, FUS_RACE_BLACK, FUS_RACE_LATINO,
                                          FUS_RACE_ASIAN, FUS_RACE_ASIAN, FUS_RACE_INDIAN,
                                          FUS_RACE_ARABIC};
    static const int AGES[][2] = {{0, 2},   {3, 9},   {10, 19}, {20, 29}, {30, 39},
                                  {40, 49}, {50, 59}, {60, 69}, {70, 100}};
    const int races = (int)FUS_COUNT(RACES), ages = (int)FUS_COUNT(AGES);
    const int *age = AGES[age_id >= 0 && age_id < ages ? age_id : ages - 1];
    face->race = race_id >= 0 && race_id < races ? RACES[race_id] : FUS_RACE_WHITE;
    face->gender = gender_id == 1 ? FUS_GENDER_FEMALE : FUS_GENDER_MALE;
    face->age_start = age[0];
    face->age_end = age[1];
    face->has |= FUS_FACE_HAS_CLASSES;
}

int fus_classifier_find(struct fus_classifier *classifier, const struct fus_plane *bgr,
                        struct fus_face *face, struct fus_error *err)
{
    bool ran = false;
    int rc = fus_aligned_run(&classifier->aligned, bgr, face->points_5, &ran, err);
    int ids[3] = {0};
    for (size_t i = 0; rc == 0 && ran && i < 3; i++) {
        struct fus_tensor output;
        rc = fus_aligned_output(&classifier->aligned, i, 1, &output, err);
        if (rc == 0)
            ids[i] = output.data[0] >= 0 && output.data[0] < 1000 ? (int)output.data[0] : -1;
    }
    if (rc == 0 && ran)
        fus_classes_of(ids[0], ids[1], ids[2], face);
    return rc;
}

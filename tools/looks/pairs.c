/* All pairs of the study: gain in identity, colour seam, contact sheets. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "figures.h"
#include "looks.h"
#include "pictures.h"
#include "processors/mesh_blend/stats.h"

#define PAIRS_MAX 256
#define PICTURES_MAX 32
#define PAIRS_A_SHEET 8 /* rows of a sheet */
#define PROTOTYPE_GAIN 0.364f
#define PROTOTYPE_SEAM 2.79f

struct picture {
    char name[200];
    struct fus_image image;
    float shrink;
    struct fus_faces faces;
};
/* One side of a pair. */
struct side {
    const struct picture *picture;
    struct fus_point five[5];    /* reference, pixels of the picture */
    const struct fus_face *face; /* NULL: not found */
};
struct pair {
    char names[2][200];
    float five[2][10];
    float gain, seam; /* of the prototype */
};
struct album {
    struct picture *pictures;
    size_t count;
    struct fus_run *run;
    struct fus_image sheet;
    int sheet_rows, sheets;
};

static void album_done(struct album *album)
{
    for (size_t i = 0; i < album->count; i++)
        fus_image_done(&album->pictures[i].image);
    fus_free(album->pictures);
    fus_image_done(&album->sheet);
    fus_run_free(album->run);
}

static bool read_pair(char *line, struct pair *pair)
{
    char *save = NULL, *word = strtok_r(line, " \n", &save);
    for (int side = 0; side < 2; side++) {
        if (!word || !memccpy(pair->names[side], word, 0, sizeof pair->names[side]))
            return false;
        for (int i = 0; i < 10; i++) {
            word = strtok_r(NULL, " \n", &save);
            if (!word || sscanf(word, "%f", &pair->five[side][i]) != 1)
                return false;
        }
        word = strtok_r(NULL, " \n", &save);
    }
    char *last = strtok_r(NULL, " \n", &save);
    return word && last && sscanf(word, "%f", &pair->gain) == 1 &&
           sscanf(last, "%f", &pair->seam) == 1;
}

static int find_picture(struct looks *looks, struct album *album, const char *name,
                        struct picture **picture, struct fus_error *err)
{
    for (size_t i = 0; i < album->count; i++) {
        if (strcmp(album->pictures[i].name, name) == 0) {
            *picture = &album->pictures[i];
            return 0;
        }
    }
    if (album->count == PICTURES_MAX)
        return fus_error_set(err, FUS_E_INTERNAL, "too many pictures in the list of pairs");
    struct picture *made = &album->pictures[album->count];
    char path[800];
    snprintf(path, sizeof path, "%s/%s", looks->media, name);
    int failed = pictures_read(path, &made->image, &made->shrink, err);
    if (failed)
        return failed;
    snprintf(made->name, sizeof made->name, "%s", name);
    album->count++;
    failed = fus_analyser_find(looks->analyser, &made->image, &made->faces, err);
    *picture = made;
    return failed;
}

static int find_side(struct looks *looks, struct album *album, const struct pair *pair, int which,
                     struct side *side, struct fus_error *err)
{
    struct picture *picture = NULL;
    const int failed = find_picture(looks, album, pair->names[which], &picture, err);
    if (failed)
        return failed;
    *side = (struct side){.picture = picture};
    struct fus_point middle = {0.0f, 0.0f};
    for (int i = 0; i < 5; i++) {
        side->five[i] = (struct fus_point){pair->five[which][2 * i] / picture->shrink,
                                           pair->five[which][2 * i + 1] / picture->shrink};
        middle.x += side->five[i].x / 5.0f;
        middle.y += side->five[i].y / 5.0f;
    }
    for (size_t i = 0; i < picture->faces.count && !side->face; i++) {
        const struct fus_face *face = &picture->faces.items[i];
        struct fus_point own = {0.0f, 0.0f};
        for (int k = 0; k < 5; k++) {
            own.x += face->points_5[k].x / 5.0f;
            own.y += face->points_5[k].y / 5.0f;
        }
        if (hypotf(own.x - middle.x, own.y - middle.y) < 0.5f * fus_face_eye_distance(face))
            side->face = face;
    }
    return 0;
}

static int swap(const struct side *donor, const struct side *target, struct fus_image *result,
                float *seam, struct fus_error *err)
{
    FUS_CLEANUP(fus_mesh_blend_free) struct fus_mesh_blend *blend = NULL;
    int failed = looks_blend(false, &blend, err);
    if (!failed)
        failed = fus_mesh_blend_add_donor(blend, &donor->picture->image, donor->face->landmarks_68,
                                          NULL, err);
    if (!failed)
        failed = fus_mesh_blend_frame(blend, result, &target->face, 1, 0, 0, err);
    struct fus_mesh mesh;
    if (failed || !fus_mesh_place(target->face->landmarks_68, &mesh))
        return failed;
    return figures_seam(&target->picture->image, result, fus_mesh_blend_trace(blend), mesh.scale,
                        seam, err);
}

static int save_sheet(struct looks *looks, struct album *album, struct fus_error *err)
{
    char path[800];
    if (album->sheet_rows == 0)
        return 0;
    snprintf(path, sizeof path, "%s/pairs-%d.png", looks->out, ++album->sheets);
    const int failed = pictures_write_png(path, &album->sheet, err);
    fus_image_done(&album->sheet);
    album->sheet_rows = 0;
    return failed;
}

static int put_on_sheet(struct looks *looks, struct album *album, const struct side sides[2],
                        const struct fus_image *result, struct fus_error *err)
{
    int failed = 0;
    if (album->sheet_rows == 0)
        failed = pictures_sheet(&album->sheet, 3, PAIRS_A_SHEET, err);
    const struct fus_image *pictures[3] = {&sides[0].picture->image, &sides[1].picture->image,
                                           result};
    for (int i = 0; !failed && i < 3; i++) {
        const struct fus_face *face = sides[i > 0].face;
        failed = pictures_put(&album->sheet, i, album->sheet_rows, pictures[i], face->points_5[2],
                              2.6f * fus_face_eye_distance(face), err);
    }
    if (!failed && ++album->sheet_rows == PAIRS_A_SHEET)
        failed = save_sheet(looks, album, err);
    return failed;
}

static int do_pair(struct looks *looks, struct album *album, const struct pair *pair, float *gain,
                   float *seam, struct fus_error *err)
{
    struct side sides[2];
    *gain = *seam = 0.0f;
    for (int i = 0; i < 2; i++) {
        const int failed = find_side(looks, album, pair, i, &sides[i], err);
        if (failed)
            return failed;
    }
    if (!sides[0].face || !sides[1].face)
        return 0;
    FUS_AUTO_IMAGE struct fus_image result = {0};
    float donor[EMBEDDING_SIZE], before[EMBEDDING_SIZE], after[EMBEDDING_SIZE];
    int failed = pictures_copy(&sides[1].picture->image, &result, err);
    if (!failed)
        failed = swap(&sides[0], &sides[1], &result, seam, err);
    if (!failed)
        failed = figures_embed(album->run, &sides[0].picture->image, sides[0].five, donor, err);
    if (!failed)
        failed = figures_embed(album->run, &sides[1].picture->image, sides[1].five, before, err);
    if (!failed)
        failed = figures_embed(album->run, &result, sides[1].five, after, err);
    if (failed)
        return failed;
    *gain = figures_cosine(donor, after) - figures_cosine(donor, before);
    return put_on_sheet(looks, album, sides, &result, err);
}

static int open_album(struct looks *looks, struct album *album, struct fus_session **session,
                      struct fus_error *err)
{
    char path[800];
    snprintf(path, sizeof path, "%s/mobilefacenet_512.onnx", looks->model_folder);
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size;
    int failed = fus_fs_read(path, 64 << 20, &bytes, &size, err);
    if (!failed)
        failed = fus_session_open(looks->runtime, bytes, size, 1, session, err);
    if (!failed)
        failed = fus_run_new(*session, &album->run, err);
    if (failed)
        return failed;
    album->pictures = fus_calloc(PICTURES_MAX, sizeof *album->pictures);
    return album->pictures ? 0 : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "not enough memory");
}

static void sum_up(struct looks *looks, float *gains, float *seams, size_t count)
{
    size_t missed = 0, drawn = 0;
    for (size_t i = 0; i < count; i++) {
        missed += gains[i] == 0.0f && seams[i] == 0.0f;
        if (seams[i] > 0.0f)
            seams[drawn++] = seams[i];
    }
    printf(
        "\n%zu pairs, %zu with a face that is not found (gain 0); lower quarter of the gain %.3f "
        "(prototype 0.281)\n",
        count, missed, (double)fus_stats_quantile(gains, count, 0.25f));
    looks_verdict(looks, "median gain", fus_stats_median(gains, count), true, PROTOTYPE_GAIN,
                  "prototype 0.364");
    looks_verdict(looks, "median seam", fus_stats_median(seams, drawn), false, PROTOTYPE_SEAM,
                  "prototype 2.79 with these nets");
}

int looks_pairs(struct looks *looks, struct fus_error *err)
{
    char path[800];
    snprintf(path, sizeof path, "%s/pairs.txt", looks->study);
    FUS_AUTO_FREE void *bytes = NULL;
    size_t size;
    int failed = fus_fs_read(path, 1 << 20, &bytes, &size, err);
    if (failed)
        return failed;
    __attribute__((cleanup(album_done))) struct album album = {0};
    FUS_CLEANUP(fus_session_free) struct fus_session *session = NULL;
    failed = open_album(looks, &album, &session, err);
    float gains[PAIRS_MAX], seams[PAIRS_MAX];
    size_t count = 0;
    char *save = NULL;
    printf("%-26s %-26s %15s %15s\n", "donor", "target", "gain (proto)", "seam (proto)");
    for (char *line = strtok_r(bytes, "\n", &save); !failed && line && count < PAIRS_MAX;
         line = strtok_r(NULL, "\n", &save)) {
        struct pair pair;
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (!read_pair(line, &pair))
            return fus_error_set(err, FUS_E_INTERNAL, "pairs.txt: a line is not as it should be");
        failed = do_pair(looks, &album, &pair, &gains[count], &seams[count], err);
        if (failed)
            break;
        printf("%-26.26s %-26.26s  %6.3f (%.3f)   %6.2f (%.2f)\n",
               strrchr(pair.names[0], '/') ? strrchr(pair.names[0], '/') + 1 : pair.names[0],
               strrchr(pair.names[1], '/') ? strrchr(pair.names[1], '/') + 1 : pair.names[1],
               (double)gains[count], (double)pair.gain, (double)seams[count], (double)pair.seam);
        count++;
    }
    if (!failed)
        failed = save_sheet(looks, &album, err);
    fus_run_free(FUS_TAKE(album.run)); /* before its session */
    if (!failed)
        sum_up(looks, gains, seams, count);
    return failed;
}

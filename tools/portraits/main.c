/* portraits: renders sample media with nobody's likeness. `portraits --help` says how. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "noise.h"
#include "output.h"
#include "sampleset.h"

static const char usage[] =
    "portraits still [options] -o FILE.{png,jpg,webp}   one picture\n"
    "portraits clip  [options] -o FILE.{mp4,mov,mkv}    a clip\n"
    "portraits set   [--count 200] [--seed 1] -o FOLDER the fixed set of stills with their truth\n"
    "\n"
    "  --seed N           who is drawn, 0 to 1000000 (1); further people have the seeds after it\n"
    "  --tone T           skin, 0 lightest to 7 darkest (by the seed)\n"
    "  --hair STYLE       crop side back fringe bob long afro buzz (by the seed)\n"
    "  --yaw --pitch --roll DEGREES   nose to the left, nose down, clockwise (0)\n"
    "  --light L          studio left right warm cold rim top flat (studio)\n"
    "  --expression E     neutral smile laugh open shut surprised frown (neutral)\n"
    "  --size WxH         pixels (512x512; clips 640x360)\n"
    "  --eye-distance D   pixels (a fifth of the height; fewer for several people)\n"
    "  --people N         1 to 4 (1)\n"
    "  --truth FILE.json  the exact landmarks of each face\n"
    "  --script S         clips: turning talking blinking nodding (talking)\n"
    "  --seconds S        clips: length (4)\n"
    "  --fps F            clips: frames a second (25)\n"
    "  --sound            clips: a babble in time with the mouth\n";

enum option {
    OPT_SEED,
    OPT_TONE,
    OPT_HAIR,
    OPT_YAW,
    OPT_PITCH,
    OPT_ROLL,
    OPT_LIGHT,
    OPT_EXPRESSION,
    OPT_SIZE,
    OPT_EYE_DISTANCE,
    OPT_PEOPLE,
    OPT_TRUTH,
    OPT_SCRIPT,
    OPT_SECONDS,
    OPT_FPS,
    OPT_SOUND,
    OPT_COUNT,
    OPT_OUT,
    OPT_TOTAL
};
static const char *const option_names[OPT_TOTAL] = {
    "--seed",   "--tone",       "--hair", "--yaw",          "--pitch",  "--roll",
    "--light",  "--expression", "--size", "--eye-distance", "--people", "--truth",
    "--script", "--seconds",    "--fps",  "--sound",        "--count",  "-o"};
static const char *const hair_names[PT_HAIR_STYLES] = {"crop", "side", "back", "fringe",
                                                       "bob",  "long", "afro", "buzz"};

struct arguments {
    const char *out, *truth;
    int64_t seed, tone, people, count, width, height;
    int hair;
    double yaw, pitch, roll, eye_distance;
    enum pt_light_kind light;
    enum pt_face face;
    struct pt_clip clip;
};

static bool pick(const char *value, const char *const *names, int count, int *out)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(value, names[i]) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool parse_size(const char *value, struct arguments *a)
{
    char width[16];
    const char *x = strchr(value, 'x');
    if (!x || (size_t)(x - value) >= sizeof(width)) {
        return false;
    }
    memcpy(width, value, (size_t)(x - value));
    width[x - value] = 0;
    return fus_parse_int(width, 16, PT_SIZE_MAX, &a->width) &&
           fus_parse_int(x + 1, 16, PT_SIZE_MAX, &a->height);
}

static bool set_option(struct arguments *a, int option, const char *value)
{
    int choice = 0;
    bool ok = true;
    switch ((enum option)option) {
    case OPT_SEED:
        return fus_parse_int(value, 0, 1000000, &a->seed);
    case OPT_TONE:
        return fus_parse_int(value, 0, PT_TONES - 1, &a->tone);
    case OPT_HAIR:
        return pick(value, hair_names, PT_HAIR_STYLES, &a->hair);
    case OPT_YAW:
        return fus_parse_double(value, -80, 80, &a->yaw);
    case OPT_PITCH:
        return fus_parse_double(value, -45, 45, &a->pitch);
    case OPT_ROLL:
        return fus_parse_double(value, -180, 180, &a->roll);
    case OPT_LIGHT:
        ok = pick(value, pt_light_names, PT_LIGHT_KINDS, &choice);
        a->light = (enum pt_light_kind)choice;
        return ok;
    case OPT_EXPRESSION:
        ok = pick(value, pt_face_names, PT_FACES, &choice);
        a->face = (enum pt_face)choice;
        return ok;
    case OPT_SIZE:
        return parse_size(value, a);
    case OPT_EYE_DISTANCE:
        return fus_parse_double(value, 8, 1000, &a->eye_distance);
    case OPT_PEOPLE:
        return fus_parse_int(value, 1, PT_PEOPLE_MAX, &a->people);
    case OPT_TRUTH:
        a->truth = value;
        return true;
    case OPT_SCRIPT:
        ok = pick(value, pt_script_names, PT_SCRIPTS, &choice);
        a->clip.script = (enum pt_script)choice;
        return ok;
    case OPT_SECONDS:
        return fus_parse_double(value, 0.04, 3600, &a->clip.seconds);
    case OPT_FPS:
        return fus_parse_double(value, 1, 120, &a->clip.fps);
    case OPT_COUNT:
        return fus_parse_int(value, 1, 100000, &a->count);
    case OPT_OUT:
        a->out = value;
        return true;
    case OPT_SOUND:
    case OPT_TOTAL:
        break;
    }
    return false;
}

static bool parse(int argc, char **argv, struct arguments *a)
{
    for (int i = 2; i < argc; i++) {
        int option = OPT_TOTAL;
        if (!pick(argv[i], option_names, OPT_TOTAL, &option)) {
            (void)fprintf(stderr, "portraits: unknown option %s\n", argv[i]);
            return false;
        }
        if (option == OPT_SOUND) {
            a->clip.sound = true;
            continue;
        }
        if (i + 1 >= argc || !set_option(a, option, argv[i + 1])) {
            (void)fprintf(stderr, "portraits: %s needs a valid value\n", argv[i]);
            return false;
        }
        i++;
    }
    if (!a->out) {
        (void)fprintf(stderr, "portraits: -o is missing\n");
    }
    return a->out != NULL;
}

static void arrange(const struct arguments *a, struct pt_scene_spec *spec)
{
    memset(spec, 0, sizeof(*spec));
    spec->width = (int)a->width;
    spec->height = (int)a->height;
    spec->light = a->light;
    spec->background_seed = (uint32_t)a->seed;
    spec->people = (int)a->people;
    float largest = lowerf(0.20f * (float)a->height, 0.26f * (float)a->width / (float)a->people);
    for (int i = 0; i < spec->people; i++) {
        struct pt_sitter *sitter = &spec->sitters[i];
        sitter->seed = (uint32_t)a->seed + (uint32_t)i;
        sitter->tone = i == 0 ? (int)a->tone : -1;
        sitter->hair_style = i == 0 ? a->hair : -1;
        sitter->eye_distance_px = a->eye_distance > 0 ? (float)a->eye_distance : largest;
        sitter->centre_x = ((float)i + 0.5f) * (float)a->width / (float)a->people - 0.5f;
        sitter->centre_y =
            0.45f * (float)a->height + (i % 2 ? 0.25f * sitter->eye_distance_px : 0.0f);
    }
}

static int run_still(const struct pt_scene_spec *spec, const struct pt_pose *poses, const char *out,
                     const char *truth_path, struct fus_error *err)
{
    FUS_CLEANUP(pt_scene_free) struct pt_scene *scene = NULL;
    FUS_AUTO_IMAGE struct fus_image bgr = {0};
    struct pt_truth truth[PT_PEOPLE_MAX];
    int rc = pt_scene_open(spec, &scene, err);
    rc = rc ? rc : fus_image_alloc(&bgr, FUS_PIXEL_BGR8, spec->width, spec->height, err);
    rc = rc ? rc : pt_scene_render(scene, poses, spec->sitters[0].seed, &bgr, truth, err);
    rc = rc ? rc : pt_output_still(out, &bgr, err);
    return rc || !truth_path ? rc : pt_output_truth(truth_path, spec, truth, err);
}

static int run_set(const struct arguments *a, struct fus_error *err)
{
    int rc = 0;
    (void)mkdir(a->out, 0755); /* may be there */
    for (int i = 0; rc == 0 && i < (int)a->count; i++) {
        char picture[512], truth[512];
        struct pt_scene_spec spec;
        struct pt_pose pose;
        pt_sampleset_item((uint32_t)a->seed, i, &spec, &pose);
        (void)snprintf(picture, sizeof(picture), "%s/%03d.png", a->out, i);
        (void)snprintf(truth, sizeof(truth), "%s/%03d.json", a->out, i);
        rc = run_still(&spec, &pose, picture, truth, err);
    }
    return rc;
}

int main(int argc, char **argv)
{
    struct arguments a = {.seed = 1,
                          .tone = -1,
                          .hair = -1,
                          .people = 1,
                          .count = 200,
                          .width = 512,
                          .height = 512,
                          .clip = {.script = PT_SCRIPT_TALKING, .seconds = 4, .fps = 25}};
    const char *command = argc > 1 ? argv[1] : "";
    bool still = strcmp(command, "still") == 0, clip = strcmp(command, "clip") == 0;
    if (strcmp(command, "--help") == 0) {
        return fputs(usage, stdout) < 0;
    }
    if (clip) {
        a.width = 640;
        a.height = 360;
    }
    if ((!still && !clip && strcmp(command, "set") != 0) || !parse(argc, argv, &a)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    struct fus_error err = {0};
    struct pt_scene_spec spec;
    arrange(&a, &spec);
    int rc;
    if (still) {
        struct pt_pose poses[PT_PEOPLE_MAX];
        for (int i = 0; i < PT_PEOPLE_MAX; i++) {
            poses[i] = (struct pt_pose){
                .yaw = (float)a.yaw, .pitch = (float)a.pitch, .roll = (float)a.roll};
            pt_face_make(&poses[i].expression, a.face);
        }
        rc = run_still(&spec, poses, a.out, a.truth, &err);
    } else if (clip) {
        a.clip.yaw = (float)a.yaw;
        rc = pt_output_clip(a.out, a.truth, &spec, &a.clip, &err);
    } else {
        rc = run_set(&a, &err);
    }
    if (rc) {
        (void)fprintf(stderr, "portraits: %s: %s\n", fus_error_info(rc)->title, err.detail);
    }
    return rc ? 1 : 0;
}

/* A picture of one to four busts before a background, frame by frame, with its truth.
 *
 * Everything that does not move (heads, painted skins, hair, background) is made in pt_scene_open;
 * a frame then only moves, rasterises and shades. One thread. The same spec and poses give the same
 * bytes. */
#ifndef PORTRAITS_SCENE_H
#define PORTRAITS_SCENE_H

#include "base/image.h"
#include "shade.h"

#define PT_PEOPLE_MAX 4
#define PT_SIZE_MAX 4096

struct pt_sitter {
    uint32_t seed;
    int tone, hair_style;     /* negative: by the seed */
    float centre_x, centre_y; /* place of the eyes of an unturned head, pixels */
    float eye_distance_px;    /* 8..1000 */
};
struct pt_scene_spec {
    int width, height;
    enum pt_light_kind light;
    uint32_t background_seed;
    int people;
    struct pt_sitter sitters[PT_PEOPLE_MAX];
};
/* How one person is held in a frame; angles in degrees, see m3_pose for their signs. */
struct pt_pose {
    float yaw, pitch, roll, sway;
    struct pt_expression expression;
};
/* What is true of one person in a frame; pixels, centres at whole numbers.
 *
 * Points in the order of the picture, fixed to the head as the nets of this project take them: on a
 * turned head the far jaw (0 to 16) lies behind the cheek. Where iBUG's annotators would put it, on
 * the contour that is seen, is jaw_contour: the outermost place of the face at each point's height.
 * Points that the head itself hides (an inner corner behind the nose) are given where they are. */
struct pt_truth {
    float landmarks[68][2];
    float jaw_contour[17][2];
    float five[5]
              [2]; /* eye centres (means of 36-41, 42-47), nose tip 30, mouth corners 48 and 54 */
    float box[4];  /* of the 68 points, the forehead added: left, top, right, bottom */
    float eye_distance;
    float yaw, pitch, roll; /* degrees */
};

struct pt_scene;
int pt_scene_open(const struct pt_scene_spec *spec, struct pt_scene **scene,
                  struct fus_error *err) FUS_MUST_CHECK;
void pt_scene_free(struct pt_scene *scene);
FUS_CLEANUP_DEFINE(pt_scene_free, struct pt_scene *)
/* poses and truth: one for each person. bgr: BGR8 of the scene's size. noise_seed: the camera's
 * grain. */
int pt_scene_render(struct pt_scene *scene, const struct pt_pose *poses, uint32_t noise_seed,
                    const struct fus_image *bgr, struct pt_truth *truth,
                    struct fus_error *err) FUS_MUST_CHECK;
/* The person as drawn from the seed. */
const struct pt_person *pt_scene_person(const struct pt_scene *scene, int index);

/* truth.c */
void pt_truth_find(const struct pt_head *head, const struct pt_view *view, struct pt_truth *truth);
/* One frame's people as a JSON array, into text (size bytes, cut if too small). */
#define PT_TRUTH_JSON_MAX 16384
void pt_truth_json(const struct pt_truth *truth, int people, char *text, size_t size);

/* background.c: linear colour of the backdrop. */
void pt_background_paint(struct v3 *pixels, int width, int height, enum pt_light_kind light,
                         uint32_t seed);

#endif

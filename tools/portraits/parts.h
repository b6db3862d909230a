/* Everything of a bust but the head's grid and the hair: eyeballs, teeth, tongue, ears, neck,
 * clothes; and the way from the model into camera space and the picture. */
#ifndef PORTRAITS_PARTS_H
#define PORTRAITS_PARTS_H

#include "head.h"
#include "skin.h"

/* Where a person stands and how the head is held. */
struct pt_view {
    float yaw, pitch, roll;   /* radians, see m3_pose */
    float centre_x, centre_y; /* picture place of the eyes of an unturned head, samples */
    float focal;              /* samples: eye distance * distance */
    float distance;           /* camera to eyes, eye distances */
    float depth;              /* added to every distance, to order people */
    float sway;               /* of the body, eye distances */
    struct m3 rotation;       /* filled by pt_view_prepare */
};
void pt_view_prepare(struct pt_view *view);
/* Model point to camera space; share of the head's rotation (1 head, 0 chest). */
struct v3 pt_view_place(const struct pt_view *view, struct v3 p, float share);
/* Camera space to samples. */
void pt_view_project(const struct pt_view *view, struct v3 pos, float *sx, float *sy, float *iz);

struct pt_bust {
    const struct pt_person *person;
    const struct pt_head *head;
    const struct pt_skin *skin;
    const struct pt_expression *expression;
    const struct pt_view *view;
    int index; /* of the person in the frame */
};
int pt_parts_head(const struct pt_bust *bust, struct pt_soup *soup) FUS_MUST_CHECK;
int pt_parts_eyes(const struct pt_bust *bust, struct pt_soup *soup) FUS_MUST_CHECK;
int pt_parts_mouth(const struct pt_bust *bust, struct pt_soup *soup) FUS_MUST_CHECK;
int pt_parts_ears(const struct pt_bust *bust, struct pt_soup *soup) FUS_MUST_CHECK;
int pt_parts_body(const struct pt_bust *bust, struct pt_soup *soup) FUS_MUST_CHECK;

/* A rectangular patch of places already in camera space; normals are found from neighbours. Shared
 * with hair.c. columns * rows <= PT_PATCH_MAX. */
#define PT_PATCH_MAX 2048
struct pt_patch {
    int columns, rows;
    struct v3 pos[PT_PATCH_MAX], rest[PT_PATCH_MAX], normal[PT_PATCH_MAX];
    float u[PT_PATCH_MAX], v[PT_PATCH_MAX], ao[PT_PATCH_MAX];
};
int pt_patch_add(const struct pt_bust *bust, struct pt_patch *patch, enum pt_material material,
                 bool own_normals, struct pt_soup *soup) FUS_MUST_CHECK;

#endif

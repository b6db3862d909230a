#include "scene.h"

#include <string.h>

#include "base/mem.h"
#include "hair.h"
#include "noise.h"

struct actor {
    struct pt_person person;
    struct pt_head head;
    struct pt_skin skin;
    struct pt_hair hair;
    struct pt_view view;
    struct pt_expression expression;
    struct pt_bust bust;
    struct pt_shadow *shadow;
};
struct pt_scene {
    struct pt_scene_spec spec;
    struct pt_lights lights;
    struct actor actors[PT_PEOPLE_MAX];
    struct pt_soup soup;
    struct pt_visibility vis;
    struct v3 *background; /* display values */
    float display[4097];   /* pt_display over 0..2 */
};

static float display(const struct pt_scene *scene, float linear)
{
    float at = clampf(linear, 0.0f, 1.999f) * 2048.0f;
    int i = (int)at;
    return mixf(scene->display[i], scene->display[i + 1], at - (float)i);
}

static int actor_open(struct actor *actor, const struct pt_sitter *sitter, int index)
{
    pt_person_make(&actor->person, sitter->seed, sitter->tone, sitter->hair_style);
    int rc = pt_head_make(&actor->person, &actor->head);
    rc = rc ? rc
            : pt_skin_paint(&actor->person, &actor->head, 1.15f * sitter->eye_distance_px,
                            &actor->skin);
    rc =
        rc ? rc : pt_hair_make(&actor->person, &actor->head, sitter->eye_distance_px, &actor->hair);
    actor->shadow = fus_malloc(sizeof(*actor->shadow));
    actor->view.distance = 15.0f;
    actor->view.focal = 2.0f * sitter->eye_distance_px * actor->view.distance;
    actor->view.centre_x = 2.0f * (sitter->centre_x + 0.5f);
    actor->view.centre_y = 2.0f * (sitter->centre_y + 0.5f);
    actor->view.depth = (float)index * 0.01f;
    actor->bust = (struct pt_bust){.person = &actor->person,
                                   .head = &actor->head,
                                   .skin = &actor->skin,
                                   .expression = &actor->expression,
                                   .view = &actor->view,
                                   .index = index};
    return rc ? rc : actor->shadow ? 0 : FUS_E_OUT_OF_MEMORY;
}

int pt_scene_open(const struct pt_scene_spec *spec, struct pt_scene **out, struct fus_error *err)
{
    if (spec->width < 16 || spec->height < 16 || spec->width > PT_SIZE_MAX ||
        spec->height > PT_SIZE_MAX || spec->people < 1 || spec->people > PT_PEOPLE_MAX) {
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "size must be 16 to %d, people 1 to %d",
                             PT_SIZE_MAX, PT_PEOPLE_MAX);
    }
    FUS_CLEANUP(pt_scene_free) struct pt_scene *scene = fus_calloc(1, sizeof(*scene));
    if (!scene) {
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory for the scene");
    }
    scene->spec = *spec;
    pt_lights_make(&scene->lights, spec->light);
    int rc = pt_visibility_init(&scene->vis, spec->width, spec->height);
    scene->background =
        fus_calloc((size_t)spec->width * (size_t)spec->height, sizeof(*scene->background));
    if (rc || !scene->background) {
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "no memory for the picture");
    }
    pt_background_paint(scene->background, spec->width, spec->height, spec->light,
                        spec->background_seed);
    for (int i = 0; i < 4097; i++) {
        scene->display[i] = pt_display((float)i / 2048.0f);
    }
    for (size_t i = 0; i < (size_t)spec->width * (size_t)spec->height; i++) {
        struct v3 *c = &scene->background[i];
        *c = v3(display(scene, c->x), display(scene, c->y), display(scene, c->z));
    }
    for (int i = 0; i < spec->people; i++) {
        rc = actor_open(&scene->actors[i], &spec->sitters[i], i);
        if (rc) {
            return fus_error_set(err, rc, "a head could not be made");
        }
    }
    *out = FUS_TAKE(scene);
    return 0;
}

void pt_scene_free(struct pt_scene *scene)
{
    if (!scene) {
        return;
    }
    for (int i = 0; i < PT_PEOPLE_MAX; i++) {
        pt_head_done(&scene->actors[i].head);
        pt_skin_done(&scene->actors[i].skin);
        pt_hair_done(&scene->actors[i].hair);
        fus_free(scene->actors[i].shadow);
    }
    pt_soup_done(&scene->soup);
    pt_visibility_done(&scene->vis);
    fus_free(scene->background);
    fus_free(scene);
}

const struct pt_person *pt_scene_person(const struct pt_scene *scene, int index)
{
    return &scene->actors[index].person;
}

/* What throws shadows: everything but single strands; the head's grid by every second line. */
static void cast_shadows(struct pt_scene *scene, struct actor *actor, size_t from, size_t to)
{
    struct pt_shadow *map = actor->shadow;
    pt_shadow_init(map, PT_SHADOW_SIZE, v3_scale(scene->lights.key.towards, -1.0f),
                   v3(actor->view.sway, 0.6f, 1.0f), 3.3f);
    for (size_t i = from; i < to; i++) {
        const struct pt_triangle *t = &scene->soup.triangles[i];
        if (t->material != PT_SKIN && t->material != PT_CAP && t->material != PT_PLAIN &&
            t->material != PT_CLOTH) {
            continue;
        }
        const struct pt_vertex *v = scene->soup.vertices;
        pt_shadow_triangle(map, pt_shadow_place(map, v[t->a].pos),
                           pt_shadow_place(map, v[t->b].pos), pt_shadow_place(map, v[t->c].pos));
    }
}

static int actor_add(struct pt_scene *scene, struct actor *actor, const struct pt_pose *pose)
{
    const float degree = PT_PI / 180.0f;
    actor->expression = pose->expression;
    actor->view.yaw = pose->yaw * degree;
    actor->view.pitch = pose->pitch * degree;
    actor->view.roll = pose->roll * degree;
    actor->view.sway = pose->sway;
    pt_view_prepare(&actor->view);
    pt_head_move(&actor->head, &actor->expression);
    size_t from = scene->soup.triangle_count;
    int rc = pt_parts_head(&actor->bust, &scene->soup);
    rc = rc ? rc : pt_parts_ears(&actor->bust, &scene->soup);
    rc = rc ? rc : pt_parts_body(&actor->bust, &scene->soup);
    rc = rc ? rc : pt_parts_eyes(&actor->bust, &scene->soup);
    rc = rc ? rc : pt_parts_mouth(&actor->bust, &scene->soup);
    rc = rc ? rc : pt_hair_add(&actor->bust, &actor->hair, &scene->soup);
    if (rc == 0) {
        cast_shadows(scene, actor, from, scene->soup.triangle_count);
    }
    return rc;
}

/* The surface of a triangle at a sample; perspective is undone by the 1 / distance of the corners.
 */
static void surface_at(const struct pt_scene *scene, const struct pt_triangle *t, float x, float y,
                       struct pt_surface *out)
{
    const struct pt_vertex *a = &scene->soup.vertices[t->a], *b = &scene->soup.vertices[t->b];
    const struct pt_vertex *c = &scene->soup.vertices[t->c];
    float inv = 1.0f / ((b->sx - a->sx) * (c->sy - a->sy) - (c->sx - a->sx) * (b->sy - a->sy));
    float wa = clampf(((c->sx - b->sx) * (y - b->sy) - (c->sy - b->sy) * (x - b->sx)) * inv, 0, 1);
    float wb =
        clampf(((a->sx - c->sx) * (y - c->sy) - (a->sy - c->sy) * (x - c->sx)) * inv, 0, 1 - wa);
    float wc = 1 - wa - wb;
    wa *= a->iz;
    wb *= b->iz;
    wc *= c->iz;
    float sum = 1.0f / (wa + wb + wc);
    wa *= sum;
    wb *= sum;
    wc *= sum;
    out->material = (enum pt_material)t->material;
    out->pos = v3_mad(v3_mad(v3_scale(a->pos, wa), b->pos, wb), c->pos, wc);
    out->normal = v3_unit(v3_mad(v3_mad(v3_scale(a->normal, wa), b->normal, wb), c->normal, wc));
    out->rest = v3_mad(v3_mad(v3_scale(a->rest, wa), b->rest, wb), c->rest, wc);
    out->u = wa * a->u + wb * b->u + wc * c->u;
    out->v = wa * a->v + wb * b->v + wc * c->v;
    out->ao = wa * a->ao + wb * b->ao + wc * c->ao;
}

/* Mean colour of a pixel's four samples in display values. Samples of one material of one person
 * that lie near each other are shaded once. */
static struct v3 pixel_colour(const struct pt_scene *scene, int x, int y)
{
    size_t w = (size_t)scene->vis.width, at[4];
    uint32_t ids[4];
    struct v3 sum = v3(0, 0, 0);
    for (int k = 0; k < 4; k++) {
        at[k] = (size_t)(2 * y + (k >> 1)) * w + (size_t)(2 * x + (k & 1));
        ids[k] = scene->vis.id[at[k]];
    }
    if (!(ids[0] | ids[1] | ids[2] | ids[3])) {
        return scene->background[(size_t)y * (size_t)scene->spec.width + (size_t)x];
    }
    bool done[4] = {false};
    for (int k = 0; k < 4; k++) {
        if (done[k]) {
            continue;
        }
        float mx = 0, my = 0;
        int members = 0;
        const struct pt_triangle *t = ids[k] ? &scene->soup.triangles[ids[k] - 1] : NULL;
        for (int m = k; m < 4; m++) {
            const struct pt_triangle *o = ids[m] ? &scene->soup.triangles[ids[m] - 1] : NULL;
            bool same = !t || !o ? t == o : t->material == o->material && t->person == o->person;
            float gap = scene->vis.depth[at[m]] / higherf(scene->vis.depth[at[k]], 1e-9f);
            if (!done[m] && same && (!t || (gap > 0.99f && gap < 1.01f))) {
                done[m] = true;
                members++;
                mx += (float)(2 * x + (m & 1)) + 0.5f;
                my += (float)(2 * y + (m >> 1)) + 0.5f;
            }
        }
        struct v3 shown = scene->background[(size_t)y * (size_t)scene->spec.width + (size_t)x];
        if (t) {
            struct pt_surface surface;
            const struct actor *actor = &scene->actors[t->person];
            surface_at(scene, t, mx / (float)members, my / (float)members, &surface);
            struct v3 c = pt_shade(&scene->lights, &actor->bust, actor->shadow, &surface);
            shown = v3(display(scene, c.x), display(scene, c.y), display(scene, c.z));
        }
        sum = v3_mad(sum, shown, 0.25f * (float)members);
    }
    return sum;
}

static void resolve(const struct pt_scene *scene, uint32_t noise_seed, const struct fus_image *bgr)
{
    for (int y = 0; y < scene->spec.height; y++) {
        uint8_t *row = bgr->plane[0] + y * bgr->stride_bytes[0];
        for (int x = 0; x < scene->spec.width; x++) {
            struct v3 c = pixel_colour(scene, x, y);
            uint32_t h = pt_hash(noise_seed * 0x9e3779b9u + (uint32_t)(y * scene->spec.width + x));
            /* grain: the sum of two bytes is nearly round enough */
            float grain = ((float)(h & 255u) + (float)((h >> 8) & 255u)) * (3.2f / 510.0f) - 1.6f;
            float tinted = ((float)((h >> 16) & 255u)) * (1.2f / 255.0f) - 0.6f;
            row[3 * x] = (uint8_t)clampf(c.z + grain + tinted + 0.5f, 0, 255);
            row[3 * x + 1] = (uint8_t)clampf(c.y + grain + 0.5f, 0, 255);
            row[3 * x + 2] = (uint8_t)clampf(c.x + grain - tinted + 0.5f, 0, 255);
        }
    }
}

int pt_scene_render(struct pt_scene *scene, const struct pt_pose *poses, uint32_t noise_seed,
                    const struct fus_image *bgr, struct pt_truth *truth, struct fus_error *err)
{
    scene->soup.vertex_count = scene->soup.triangle_count = 0;
    for (int i = 0; i < scene->spec.people; i++) {
        int rc = actor_add(scene, &scene->actors[i], &poses[i]);
        if (rc) {
            return fus_error_set(err, rc, "no memory for a frame");
        }
        pt_truth_find(&scene->actors[i].head, &scene->actors[i].view, &truth[i]);
    }
    pt_visibility_clear(&scene->vis);
    pt_visibility_draw(&scene->vis, &scene->soup);
    resolve(scene, noise_seed, bgr);
    return 0;
}

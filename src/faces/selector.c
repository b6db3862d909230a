#include "faces/selector.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

enum fus_selector_mode fus_selector_mode_parse(const char *name)
{
    if (fus_str_equal(name, "many"))
        return FUS_SELECT_MANY;
    return fus_str_equal(name, "one") ? FUS_SELECT_ONE : FUS_SELECT_REFERENCE;
}

enum fus_selector_order fus_selector_order_parse(const char *name)
{
    static const struct {
        const char *name;
        enum fus_selector_order order;
    } ORDERS[] = {
        {"left-right", FUS_ORDER_LEFT_RIGHT},   {"right-left", FUS_ORDER_RIGHT_LEFT},
        {"top-bottom", FUS_ORDER_TOP_BOTTOM},   {"bottom-top", FUS_ORDER_BOTTOM_TOP},
        {"small-large", FUS_ORDER_SMALL_LARGE}, {"best-worst", FUS_ORDER_BEST_WORST},
        {"worst-best", FUS_ORDER_WORST_BEST},
    };
    for (size_t i = 0; i < FUS_COUNT(ORDERS); i++) {
        if (fus_str_equal(name, ORDERS[i].name))
            return ORDERS[i].order;
    }
    return FUS_ORDER_LARGE_SMALL;
}

/* The number by which an order sorts, ascending. */
static float sort_key(const struct fus_face *face, enum fus_selector_order order)
{
    float area = (face->box.x2 - face->box.x1) * (face->box.y2 - face->box.y1);
    switch (order) {
    case FUS_ORDER_LEFT_RIGHT:
        return face->box.x1;
    case FUS_ORDER_RIGHT_LEFT:
        return -face->box.x1;
    case FUS_ORDER_TOP_BOTTOM:
        return face->box.y1;
    case FUS_ORDER_BOTTOM_TOP:
        return -face->box.y1;
    case FUS_ORDER_SMALL_LARGE:
        return area;
    case FUS_ORDER_LARGE_SMALL:
        return -area;
    case FUS_ORDER_BEST_WORST:
        return -face->score;
    case FUS_ORDER_WORST_BEST:
        return face->score;
    }
    return 0;
}

/* Indices of the faces in the wanted order; ties keep theirs. */
static void sorted_indices(const struct fus_faces *faces, enum fus_selector_order order,
                           size_t indices[FUS_FACES_MAX])
{
    float keys[FUS_FACES_MAX];
    for (size_t i = 0; i < faces->count; i++) {
        keys[i] = sort_key(&faces->items[i], order);
        size_t j = i;
        for (; j > 0 && keys[i] < keys[indices[j - 1]]; j--)
            indices[j] = indices[j - 1];
        indices[j] = i;
    }
}

void fus_faces_sort(struct fus_faces *faces, enum fus_selector_order order)
{
    size_t indices[FUS_FACES_MAX];
    sorted_indices(faces, order, indices);
    /* Each cycle of the permutation is walked once, with one face in hand. */
    for (size_t start = 0; start < faces->count; start++) {
        if (indices[start] == start)
            continue;
        struct fus_face held = faces->items[start];
        size_t hole = start;
        while (indices[hole] != start) {
            size_t from = indices[hole];
            faces->items[hole] = faces->items[from];
            indices[hole] = hole;
            hole = from;
        }
        faces->items[hole] = held;
        indices[hole] = hole;
    }
}

static void remember(struct fus_reference *reference, const struct fus_face *face)
{
    reference->set = true;
    reference->track_id = face->track_id;
    reference->centre = fus_face_centre(face->points_5);
    reference->eye_distance = fus_face_eye_distance(face);
    reference->missed_frames = 0;
}

bool fus_reference_pick(struct fus_reference *reference, const struct fus_faces *faces,
                        enum fus_selector_order order, int position)
{
    if (faces->count == 0)
        return false;
    size_t indices[FUS_FACES_MAX];
    sorted_indices(faces, order, indices);
    size_t wanted = position > 0 ? (size_t)position : 0;
    remember(reference, &faces->items[indices[FUS_MIN(wanted, faces->count - 1)]]);
    return true;
}

/* How far a face is from the remembered place, in eye distances; negative if it cannot be the one:
 * another size, or farther than a head moves in the time that it was missing. */
static float distance_from_place(const struct fus_reference *reference, const struct fus_face *face)
{
    float eyes = fus_face_eye_distance(face);
    float larger = FUS_MAX(eyes, reference->eye_distance);
    float smaller = FUS_MIN(eyes, reference->eye_distance);
    if (!(larger > 0) || smaller < 0.6f * larger)
        return -1;
    struct fus_point centre = fus_face_centre(face->points_5);
    float distance =
        hypotf(centre.x - reference->centre.x, centre.y - reference->centre.y) / larger;
    float reach = FUS_MIN(1.0f + 0.1f * (float)reference->missed_frames, 3.0f);
    return distance <= reach ? distance : -1;
}

int fus_reference_follow(struct fus_reference *reference, const struct fus_faces *faces)
{
    int found = -1;
    float nearest = INFINITY;
    for (size_t i = 0; reference->set && i < faces->count; i++) {
        if (faces->items[i].track_id == reference->track_id) {
            found = (int)i;
            break;
        }
        float distance = distance_from_place(reference, &faces->items[i]);
        if (distance >= 0 && distance < nearest) {
            nearest = distance;
            found = (int)i;
        }
    }
    if (found >= 0)
        remember(reference, &faces->items[found]);
    else
        reference->missed_frames++;
    return found;
}

#include "faces/reference.h"

#include <math.h>

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
    const struct fus_selector_options options = {
        .order = order, .age_start = -1, .age_end = -1, .reference_position = position};
    remember(reference, fus_faces_reference(&options, faces, NULL));
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

#include "pipeline/selection.h"

void fus_selection_init(struct fus_selection *selection, const struct fus_params *params)
{
    *selection = (struct fus_selection){
        .mode = fus_selector_mode_parse(fus_params_text(params, "face_selector_mode")),
        .order = fus_selector_order_parse(fus_params_text(params, "face_selector_order")),
        .position = (int)fus_params_int(params, "reference_face_position"),
        .frame_number = fus_params_int(params, "reference_frame_number"),
        .frame_given = fus_params_is_set(params, "reference_frame_number"),
    };
}

int fus_selection_refer(struct fus_selection *selection, const struct fus_faces *faces,
                        struct fus_error *err)
{
    if (!fus_reference_pick(&selection->reference, faces, selection->order, selection->position))
        return fus_error_set_at(
            err, FUS_E_REFERENCE_FACE_NOT_FOUND, "/parameters/reference_frame_number",
            "Frame %lld has no face to refer to.", (long long)selection->frame_number);
    selection->reference.track_id = -1; /* the number was that picture's own */
    return 0;
}

static void choose_reference(struct fus_selection *selection, const struct fus_faces *faces,
                             bool clip)
{
    struct fus_reference *reference = &selection->reference;
    int index;

    if (!clip) {
        index = FUS_CLAMP(selection->position, 0, (int)faces->count - 1);
    } else {
        if (!reference->set)
            (void)fus_reference_pick(reference, faces, selection->order, selection->position);
        index = fus_reference_follow(reference, faces);
    }
    if (index >= 0)
        selection->faces[selection->count++] = &faces->items[index];
}

void fus_selection_choose(struct fus_selection *selection, struct fus_faces *faces, bool clip)
{
    selection->count = 0;
    if (faces->count == 0) {
        if (clip && selection->mode == FUS_SELECT_REFERENCE && selection->reference.set)
            (void)fus_reference_follow(&selection->reference, faces); /* counts the miss */
        return;
    }
    fus_faces_sort(faces, selection->order);
    switch (selection->mode) {
    case FUS_SELECT_MANY:
        for (size_t i = 0; i < faces->count; i++)
            selection->faces[selection->count++] = &faces->items[i];
        break;
    case FUS_SELECT_ONE:
        selection->faces[selection->count++] = &faces->items[0];
        break;
    case FUS_SELECT_REFERENCE:
        choose_reference(selection, faces, clip);
        break;
    }
}

int fus_selection_track(const struct fus_selection *selection)
{
    return selection->mode == FUS_SELECT_REFERENCE && selection->reference.set
               ? selection->reference.track_id
               : -1;
}

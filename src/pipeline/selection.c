#include "pipeline/selection.h"

#include <string.h>

#include "base/mem.h"
#include "faces/analyser.h"
#include "pipeline/options.h"

static int age_of(const struct fus_params *params, const char *name)
{
    return fus_params_has_value(params, name) ? (int)fus_params_int(params, name) : -1;
}

void fus_selection_init(struct fus_selection *selection, const struct fus_params *params,
                        const struct fus_models *models)
{
    *selection = (struct fus_selection){
        .options =
            {
                .mode = fus_selector_mode_parse(fus_params_text(params, "face_selector_mode")),
                .order = fus_selector_order_parse(fus_params_text(params, "face_selector_order")),
                .gender =
                    fus_selector_gender_parse(fus_params_text(params, "face_selector_gender")),
                .race = fus_selector_race_parse(fus_params_text(params, "face_selector_race")),
                .age_start = age_of(params, "face_selector_age_start"),
                .age_end = age_of(params, "face_selector_age_end"),
                .reference_position = (int)fus_params_int(params, "reference_face_position"),
                .reference_distance = fus_params_float(params, "reference_face_distance"),
            },
        .strict = fus_options_compat(params),
        .frame_number = fus_params_int(params, "reference_frame_number"),
        .frame_given = fus_params_is_set(params, "reference_frame_number"),
    };
    selection->by_embedding =
        selection->options.mode == FUS_SELECT_REFERENCE && fus_analyser_can_embed(models);
}

/* Without a recognizer nothing is wanted of it. */
static unsigned possible(const struct fus_selection *selection, unsigned wants)
{
    return selection->by_embedding ? wants : wants & ~(unsigned)FUS_FACE_HAS_EMBEDDING;
}

unsigned fus_selection_wants(const struct fus_selection *selection)
{
    return possible(selection, fus_selector_wants(&selection->options));
}

unsigned fus_selection_reference_wants(const struct fus_selection *selection)
{
    return possible(selection, fus_selector_reference_wants(&selection->options));
}

unsigned fus_selection_source_wants(const struct fus_selection *selection)
{
    return fus_selector_source_wants(&selection->options);
}

static int keep_reference(struct fus_selection *selection, const struct fus_faces *faces,
                          struct fus_error *err)
{
    if (!selection->reference_faces)
        selection->reference_faces = fus_calloc(1, sizeof(*selection->reference_faces));
    if (!selection->reference_faces)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the faces.");
    *selection->reference_faces = *faces;
    return 0;
}

static int no_face_to_refer_to(const struct fus_selection *selection, struct fus_error *err)
{
    return fus_error_set_at(
        err, FUS_E_REFERENCE_FACE_NOT_FOUND, "/parameters/reference_frame_number",
        "Frame %lld has no face to refer to.", (long long)selection->frame_number);
}

int fus_selection_refer(struct fus_selection *selection, const struct fus_faces *faces,
                        struct fus_error *err)
{
    bool none = faces->count == 0;

    if (none && selection->frame_given && !selection->strict)
        return no_face_to_refer_to(selection, err);
    selection->referred = !none || selection->strict;
    if (none)
        return 0;
    if (selection->by_embedding)
        return keep_reference(selection, faces, err);
    (void)fus_reference_pick(&selection->reference, faces, selection->options.order,
                             selection->options.reference_position);
    selection->reference.track_id = -1; /* the number was that picture's own */
    return 0;
}

static void choose_by_place(struct fus_selection *selection, struct fus_faces *faces, bool clip)
{
    struct fus_reference *reference = &selection->reference;
    const struct fus_selector_options *options = &selection->options;
    int index;

    fus_faces_sort(faces, options->order);
    if (!clip) {
        index = FUS_CLAMP(options->reference_position, 0, (int)faces->count - 1);
    } else {
        if (!reference->set)
            (void)fus_reference_pick(reference, faces, options->order, options->reference_position);
        index = fus_reference_follow(reference, faces);
    }
    if (index >= 0)
        selection->faces[selection->count++] = &faces->items[index];
}

static int choose_by_embedding(struct fus_selection *selection, struct fus_faces *faces, bool clip,
                               struct fus_error *err)
{
    int rc = 0;

    if (!clip || (!selection->referred && faces->count > 0)) {
        rc = keep_reference(selection, faces, err);
        selection->referred = true;
    }
    if (rc)
        return rc;
    selection->count = fus_faces_select(&selection->options, selection->reference_faces,
                                        selection->source_faces, faces, selection->faces);
    return 0;
}

int fus_selection_choose(struct fus_selection *selection, struct fus_faces *faces, bool clip,
                         struct fus_error *err)
{
    bool reference = selection->options.mode == FUS_SELECT_REFERENCE;

    selection->count = 0;
    if (faces->count == 0) {
        if (clip && reference && selection->reference.set)
            (void)fus_reference_follow(&selection->reference, faces); /* counts the miss */
        return 0;
    }
    if (selection->by_embedding)
        return choose_by_embedding(selection, faces, clip, err);
    if (reference)
        choose_by_place(selection, faces, clip);
    else
        selection->count = fus_faces_select(&selection->options, NULL, selection->source_faces,
                                            faces, selection->faces);
    return 0;
}

int fus_selection_track(const struct fus_selection *selection)
{
    return selection->options.mode == FUS_SELECT_REFERENCE && !selection->by_embedding &&
                   selection->reference.set
               ? selection->reference.track_id
               : -1;
}

void fus_selection_done(struct fus_selection *selection)
{
    fus_free(FUS_TAKE(selection->reference_faces));
}

#include "faces/selector.h"

#include "base/str.h"

struct name {
    const char *name;
    int value;
};

static int value_of(const struct name *names, size_t count, const char *name, int otherwise)
{
    for (size_t i = 0; name != NULL && i < count; i++) {
        if (fus_str_equal(name, names[i].name))
            return names[i].value;
    }
    return otherwise;
}

enum fus_selector_mode fus_selector_mode_parse(const char *name)
{
    static const struct name MODES[] = {{"many", FUS_SELECT_MANY}, {"one", FUS_SELECT_ONE}};
    return (enum fus_selector_mode)value_of(MODES, FUS_COUNT(MODES), name, FUS_SELECT_REFERENCE);
}

enum fus_selector_order fus_selector_order_parse(const char *name)
{
    static const struct name ORDERS[] = {
        {"left-right", FUS_ORDER_LEFT_RIGHT},   {"right-left", FUS_ORDER_RIGHT_LEFT},
        {"top-bottom", FUS_ORDER_TOP_BOTTOM},   {"bottom-top", FUS_ORDER_BOTTOM_TOP},
        {"small-large", FUS_ORDER_SMALL_LARGE}, {"best-worst", FUS_ORDER_BEST_WORST},
        {"worst-best", FUS_ORDER_WORST_BEST},
    };
    return (enum fus_selector_order)value_of(ORDERS, FUS_COUNT(ORDERS), name,
                                             FUS_ORDER_LARGE_SMALL);
}

int fus_selector_gender_parse(const char *name)
{
    static const struct name GENDERS[] = {
        {"auto", FUS_SELECT_AUTO}, {"female", FUS_GENDER_FEMALE}, {"male", FUS_GENDER_MALE}};
    return value_of(GENDERS, FUS_COUNT(GENDERS), name, FUS_GENDER_UNKNOWN);
}

int fus_selector_race_parse(const char *name)
{
    static const struct name RACES[] = {
        {"auto", FUS_SELECT_AUTO},   {"white", FUS_RACE_WHITE}, {"black", FUS_RACE_BLACK},
        {"latino", FUS_RACE_LATINO}, {"asian", FUS_RACE_ASIAN}, {"indian", FUS_RACE_INDIAN},
        {"arabic", FUS_RACE_ARABIC},
    };
    return value_of(RACES, FUS_COUNT(RACES), name, FUS_RACE_UNKNOWN);
}

/* ------------------------------------------------------------------ orders */

static double area_of(const struct fus_face *face)
{
    return ((double)face->box.x2 - (double)face->box.x1) *
           ((double)face->box.y2 - (double)face->box.y1);
}

/* The number by which an order sorts, ascending. */
static double sort_key(const struct fus_face *face, enum fus_selector_order order)
{
    switch (order) {
    case FUS_ORDER_LEFT_RIGHT:
        return (double)face->box.x1;
    case FUS_ORDER_RIGHT_LEFT:
        return (double)-face->box.x1;
    case FUS_ORDER_TOP_BOTTOM:
        return (double)face->box.y1;
    case FUS_ORDER_BOTTOM_TOP:
        return (double)-face->box.y1;
    case FUS_ORDER_SMALL_LARGE:
        return area_of(face);
    case FUS_ORDER_LARGE_SMALL:
        return -area_of(face);
    case FUS_ORDER_BEST_WORST:
        return (double)-face->score;
    case FUS_ORDER_WORST_BEST:
        return (double)face->score;
    }
    return 0;
}

/* Indices of the faces in the wanted order; ties keep theirs. */
static void sorted_indices(const struct fus_faces *faces, enum fus_selector_order order,
                           size_t indices[FUS_FACES_MAX])
{
    double keys[FUS_FACES_MAX];
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

const struct fus_face *fus_faces_largest(const struct fus_faces *faces)
{
    const struct fus_face *largest = NULL;
    for (size_t i = 0; i < faces->count; i++) {
        if (largest == NULL || area_of(&faces->items[i]) > area_of(largest))
            largest = &faces->items[i];
    }
    return largest;
}

/* ------------------------------------------------------------------ filters */

struct filter {
    int gender, race; /* FUS_SELECT_AUTO, where there was nobody to take it from, fits no face */
    bool by_age;
    int age_start, age_end;
};

static bool filters_by_age(const struct fus_selector_options *options)
{
    return options->age_start > 0 || options->age_end > 0;
}

static struct filter filter_of(const struct fus_selector_options *options,
                               const struct fus_faces *source_faces)
{
    struct filter filter = {
        .gender = options->gender,
        .race = options->race,
        .by_age = filters_by_age(options),
        .age_start = FUS_MAX(options->age_start, 0),
        .age_end = options->age_end >= 0 ? options->age_end : 1000,
    };
    const struct fus_face *source = source_faces != NULL ? fus_faces_largest(source_faces) : NULL;
    if (source != NULL && filter.gender == FUS_SELECT_AUTO)
        filter.gender = (int)source->gender;
    if (source != NULL && filter.race == FUS_SELECT_AUTO)
        filter.race = (int)source->race;
    return filter;
}

static bool passes(const struct filter *filter, const struct fus_face *face)
{
    if (filter->gender != FUS_GENDER_UNKNOWN && filter->gender != (int)face->gender)
        return false;
    if (filter->race != FUS_RACE_UNKNOWN && filter->race != (int)face->race)
        return false;
    return !filter->by_age ||
           FUS_MAX(filter->age_start, face->age_start) < FUS_MIN(filter->age_end, face->age_end);
}

/* ------------------------------------------------------------------ the choice */

const struct fus_face *fus_faces_reference(const struct fus_selector_options *options,
                                           const struct fus_faces *reference_frame_faces,
                                           const struct fus_faces *source_faces)
{
    size_t indices[FUS_FACES_MAX];
    sorted_indices(reference_frame_faces, options->order, indices);
    const struct filter filter = filter_of(options, source_faces);
    const struct fus_face *found = NULL;
    int position = 0;
    for (size_t i = 0; i < reference_frame_faces->count; i++) {
        const struct fus_face *face = &reference_frame_faces->items[indices[i]];
        if (!passes(&filter, face))
            continue;
        found = face;
        if (position++ >= options->reference_position)
            break;
    }
    return found;
}

double fus_face_distance(const struct fus_face *a, const struct fus_face *b)
{
    if (!(a->has & FUS_FACE_HAS_EMBEDDING) || !(b->has & FUS_FACE_HAS_EMBEDDING))
        return 1;
    double dot = 0;
    for (size_t i = 0; i < FUS_EMBEDDING_SIZE; i++)
        dot += (double)a->embedding_norm[i] * (double)b->embedding_norm[i];
    return FUS_CLAMP((1 - dot) / 2, 0.0, 1.0);
}

static size_t near_to_reference(const struct fus_selector_options *options,
                                const struct fus_face *reference, const struct fus_faces *faces,
                                const struct fus_face *chosen[FUS_FACES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; reference != NULL && i < faces->count; i++) {
        const struct fus_face *face = &faces->items[i];
        if ((face->has & FUS_FACE_HAS_EMBEDDING) &&
            fus_face_distance(face, reference) < options->reference_distance)
            chosen[count++] = face;
    }
    return count;
}

size_t fus_faces_select(const struct fus_selector_options *options,
                        const struct fus_faces *reference_frame_faces,
                        const struct fus_faces *source_faces, struct fus_faces *faces,
                        const struct fus_face *chosen[FUS_FACES_MAX])
{
    if (options->mode == FUS_SELECT_REFERENCE) {
        const struct fus_face *reference = NULL;
        if (reference_frame_faces != NULL)
            reference = fus_faces_reference(options, reference_frame_faces, source_faces);
        return near_to_reference(options, reference, faces, chosen);
    }
    const struct filter filter = filter_of(options, source_faces);
    size_t count = 0;
    fus_faces_sort(faces, options->order);
    for (size_t i = 0; i < faces->count; i++) {
        if (!passes(&filter, &faces->items[i]))
            continue;
        chosen[count++] = &faces->items[i];
        if (options->mode == FUS_SELECT_ONE)
            break;
    }
    return count;
}

/* ------------------------------------------------------------------ what it looks at */

static unsigned filter_wants(const struct fus_selector_options *options)
{
    bool any = options->gender != FUS_GENDER_UNKNOWN || options->race != FUS_RACE_UNKNOWN ||
               filters_by_age(options);
    return any ? FUS_FACE_HAS_CLASSES : 0;
}

unsigned fus_selector_wants(const struct fus_selector_options *options)
{
    return options->mode == FUS_SELECT_REFERENCE ? FUS_FACE_HAS_EMBEDDING : filter_wants(options);
}

unsigned fus_selector_reference_wants(const struct fus_selector_options *options)
{
    return options->mode == FUS_SELECT_REFERENCE ? FUS_FACE_HAS_EMBEDDING | filter_wants(options)
                                                 : 0;
}

unsigned fus_selector_source_wants(const struct fus_selector_options *options)
{
    bool automatic = options->gender == FUS_SELECT_AUTO || options->race == FUS_SELECT_AUTO;
    return automatic ? FUS_FACE_HAS_CLASSES : 0;
}

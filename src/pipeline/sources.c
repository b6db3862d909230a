#include "pipeline/sources.h"

#include <stdio.h>

#include "base/mem.h"
#include "media/still.h"

static void point_to(struct fus_error *err, size_t index)
{
    if (err && !err->pointer[0])
        snprintf(err->pointer, sizeof(err->pointer), "/source_images/%zu", index);
}

static int read_one(struct fus_source *source, const char *path,
                    const struct fus_media_limits *limits, struct fus_analyser *analyser,
                    unsigned wants, struct fus_error *err)
{
    FUS_AUTO_STILL struct fus_still still = {0};
    int rc = fus_still_read(path, limits, &still, err);

    if (rc)
        return rc;
    source->image = still.image;
    still.image = (struct fus_image){0};
    rc = fus_analyser_find(analyser, &source->image, &source->faces, err);
    for (size_t i = 0; !rc && wants && i < source->faces.count; i++)
        rc = fus_analyser_add(analyser, &source->image, wants, &source->faces.items[i], err);
    return rc;
}

/* One face in all pictures is enough; those without are named in warnings. */
static int require_face(const struct fus_sources *sources, struct fus_progress *progress,
                        struct fus_error *err)
{
    if (sources->faces == 0 && sources->count == 1)
        return fus_error_set_at(err, FUS_E_NO_FACE_IN_SOURCE, "/source_images/0",
                                "No face was found in source picture 1.");
    if (sources->faces == 0)
        return fus_error_set_at(err, FUS_E_NO_FACE_IN_SOURCE, "/source_images",
                                "No face was found in any of the %zu source pictures.",
                                sources->count);
    for (size_t i = 0; i < sources->count; i++) {
        char text[96];

        if (sources->items[i].faces.count > 0)
            continue;
        snprintf(text, sizeof(text), "source_images/%zu: no face was found; it is not used", i);
        fus_progress_warn(progress, "source_without_face", text);
    }
    return 0;
}

/* What filters of the value `auto` look at. */
static int join_faces(struct fus_sources *sources, struct fus_error *err)
{
    struct fus_faces *all = fus_calloc(1, sizeof(*all));

    if (!all)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory for the faces.");
    for (size_t i = 0; i < sources->count; i++) {
        const struct fus_faces *faces = &sources->items[i].faces;

        for (size_t k = 0; k < faces->count && all->count < FUS_FACES_MAX; k++)
            all->items[all->count++] = faces->items[k];
    }
    sources->all = all;
    return 0;
}

int fus_sources_read(struct fus_sources *sources, const struct fus_pipeline_request *request,
                     struct fus_analyser *analyser, unsigned wants, struct fus_progress *progress,
                     struct fus_error *err)
{
    int rc;

    *sources = (struct fus_sources){0};
    if (request->source_count == 0)
        return fus_error_set_at(err, FUS_E_NO_FACE_IN_SOURCE, "/source_images",
                                "The job names no source picture.");
    if (request->source_count > FUS_SOURCES_MAX)
        return fus_error_set_at(err, FUS_E_INVALID_PARAMETER, "/source_images",
                                "More than %d source pictures.", FUS_SOURCES_MAX);
    sources->items = fus_calloc(request->source_count, sizeof(*sources->items));
    if (!sources->items)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY,
                             "Not enough memory for the source pictures.");
    for (size_t i = 0; i < request->source_count; i++) {
        struct fus_source *source = &sources->items[i];

        rc = fus_progress_check(progress, err);
        if (rc)
            return rc;
        source->index = (int)i;
        sources->count = i + 1; /* from here on fus_sources_done looks after it */
        rc = read_one(source, request->source_paths[i], &request->limits, analyser, wants, err);
        if (rc) {
            point_to(err, i);
            return rc;
        }
        sources->faces += (int)source->faces.count;
    }
    rc = require_face(sources, progress, err);
    return rc || !wants ? rc : join_faces(sources, err);
}

void fus_sources_done(struct fus_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        fus_image_done(&sources->items[i].image);
    fus_free(sources->items);
    fus_free(sources->all);
    *sources = (struct fus_sources){0};
}

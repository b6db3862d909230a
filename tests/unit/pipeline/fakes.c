#include "fakes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "faces/tracker.h"
#include "pipeline/engine.h"
#include "processors/common_params.h"
#include "processors/processor.h"
#include "safety/gate.h"

struct fake fake;

/* ---- models ---- */

int fus_runtime_open(const char *library, struct fus_runtime **runtime, struct fus_error *err)
{
    return fus_error_set(err, FUS_E_NOT_READY, "fake");
}
void fus_runtime_free(struct fus_runtime *runtime)
{
}
int64_t fus_runtime_cpu_ns(const struct fus_runtime *runtime)
{
    return 0;
}
int fus_models_open(struct fus_runtime *runtime, const char *folder, struct fus_models **models,
                    struct fus_error *err)
{
    return fus_error_set(err, FUS_E_NOT_READY, "fake");
}
void fus_models_set_commercial(struct fus_models *models, bool commercial_only)
{
}

void fus_models_free(struct fus_models *models)
{
}
const char *fus_models_sha256(const struct fus_models *models, const struct fus_model *model)
{
    return model->sha256;
}

static const struct fus_model detector = {.id = "fake", .role = "face_detector", .sha256 = "aa"};
static const struct fus_model landmarker = {
    .id = "fake", .role = "face_landmarker", .sha256 = "bb"};
static const struct fus_model swapper = {.id = "mesh_blend", .role = "face_swapper", .sha256 = ""};
static const struct fus_model generator = {
    .id = "hyperswap", .role = "face_swapper", .sha256 = "", .generator = true};

/* ---- faces ---- */

static void show_faces(const struct fus_image *image, struct fus_faces *faces)
{
    faces->count = image->plane[0][0] / 60;
    for (size_t k = 0; k < faces->count; k++) {
        struct fus_face *face = &faces->items[k];
        float x = 24 + 24 * (float)k, size = 16 + (float)k;

        memset(face, 0, sizeof(*face));
        face->box = (struct fus_box){x, 24, x + size, 24 + size};
        face->score = 0.9f - 0.1f * (float)k;
        face->track_id = (int)k;
        for (int i = 0; i < 68; i++)
            face->landmarks_68[i] = (struct fus_point){x + size / 2, 24 + size / 2};
        for (int i = 36; i < 42; i++)
            face->landmarks_68[i].x = x + size / 4;
        for (int i = 42; i < 48; i++)
            face->landmarks_68[i].x = x + size * 3 / 4;
        memcpy(face->landmarks_68_raw, face->landmarks_68, sizeof(face->landmarks_68));
        fus_face_points_5(face->landmarks_68, face->points_5);
    }
}

int fus_analyser_new(struct fus_models *models, const struct fus_analyser_options *options,
                     struct fus_analyser **analyser, struct fus_error *err)
{
    *analyser = (struct fus_analyser *)fus_malloc(1);
    return *analyser ? 0 : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "fake");
}
void fus_analyser_free(struct fus_analyser *analyser)
{
    fus_free(analyser);
}
int fus_analyser_find(struct fus_analyser *analyser, const struct fus_image *image,
                      struct fus_faces *faces, struct fus_error *err)
{
    show_faces(image, faces);
    return 0;
}
bool fus_analyser_can_embed(const struct fus_models *models)
{
    return fake.recognizer;
}
int fus_analyser_add(struct fus_analyser *analyser, const struct fus_image *image, unsigned wants,
                     struct fus_face *face, struct fus_error *err)
{
    fake.added++;
    face->has |= wants;
    if (wants & FUS_FACE_HAS_EMBEDDING) {
        memset(face->embedding, 0, sizeof(face->embedding));
        face->embedding[face->track_id] = 1;
        memcpy(face->embedding_norm, face->embedding, sizeof(face->embedding));
    }
    return 0;
}
size_t fus_analyser_models(const struct fus_analyser *analyser, const struct fus_model **rows,
                           size_t max)
{
    rows[0] = &detector;
    rows[1] = &landmarker;
    return 2;
}

int fus_tracker_new(struct fus_analyser *analyser, const struct fus_tracker_options *options,
                    struct fus_tracker **tracker, struct fus_error *err)
{
    *tracker = (struct fus_tracker *)fus_malloc(1);
    return *tracker ? 0 : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "fake");
}
void fus_tracker_free(struct fus_tracker *tracker)
{
    fus_free(tracker);
}
int fus_tracker_next(struct fus_tracker *tracker, const struct fus_image *image, int64_t pts_us,
                     int wanted_track, struct fus_faces *faces, struct fus_error *err)
{
    fake.wanted_track = wanted_track;
    show_faces(image, faces);
    return 0;
}

/* ---- content gate ---- */

bool fus_gate_installed(const struct fus_models *models, const struct fus_model **missing)
{
    return fake.gate_installed;
}
int fus_gate_new(struct fus_models *models, int threads, struct fus_gate **gate,
                 struct fus_error *err)
{
    if (!fake.gate_installed)
        return fus_error_set(err, FUS_E_MODEL_NOT_FOUND, "fusiond models pull nsfw_1");
    *gate = (struct fus_gate *)fus_malloc(1);
    return *gate ? 0 : fus_error_set(err, FUS_E_OUT_OF_MEMORY, "fake");
}
void fus_gate_free(struct fus_gate *gate)
{
    fus_free(gate);
}
int fus_gate_look(struct fus_gate *gate, const struct fus_image *bgr, bool *explicit_content,
                  double scores[FUS_GATE_NETS], struct fus_error *err)
{
    *explicit_content = fake.explicit_looks >> fake.looks++ & 1;
    return 0;
}

/* ---- processors ---- */

static void note(const char *name)
{
    if (strlen(fake.order) + strlen(name) + 2 < sizeof(fake.order)) {
        strcat(fake.order, name);
        strcat(fake.order, " ");
    }
}

static int open_any(const struct fus_processor_context *context, struct fus_processor **processor,
                    struct fus_error *err)
{
    *processor = (struct fus_processor *)fus_malloc(1);
    if (!*processor)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "fake");
    fake.opened++;
    fake.sources_seen = (long)context->source_count;
    fake.clip_seen = context->clip;
    return 0;
}

static void close_any(struct fus_processor *processor)
{
    fus_free(processor);
    fake.closed++;
}

static int check_swapper(const struct fus_params *params, const struct fus_models *models,
                         const struct fus_model **model, struct fus_error *err)
{
    if (fake.missing_model)
        return fus_error_set(err, FUS_E_MODEL_NOT_FOUND, "fake");
    *model = fake.generator ? &generator : &swapper;
    return 0;
}

static int swap(struct fus_processor *processor, struct fus_processor_frame *frame,
                struct fus_error *err)
{
    const struct fus_image *image = frame->image;
    int bytes = image->format == FUS_PIXEL_BGR8 ? 3 : 1;

    fake.processed++;
    if (frame->index == 0)
        note("face_swapper");
    if (fake.slow_ms)
        fus_clock_sleep_ms(fake.slow_ms);
    if (fake.processed == fake.fail_process_at)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "The fake fails.");
    for (size_t i = 0; i < frame->face_count; i++) {
        struct fus_box box = frame->faces[i]->box;

        for (int y = (int)box.y1; y < (int)box.y2; y++)
            memset(image->plane[0] + y * image->stride_bytes[0] + (int)box.x1 * bytes, 255,
                   (size_t)((int)(box.x2 - box.x1) * bytes));
    }
    return 0;
}

static int enhance(struct fus_processor *processor, struct fus_processor_frame *frame,
                   struct fus_error *err)
{
    if (frame->index == 0)
        note("face_enhancer");
    return 0;
}

static int colorize(struct fus_processor *processor, struct fus_processor_frame *frame,
                    struct fus_error *err)
{
    struct fus_image *image = frame->image;

    if (frame->index == 0)
        note("frame_colorizer");
    image->plane[0][(image->height - 1) * image->stride_bytes[0]] = 0;
    return 0;
}

static int debug(struct fus_processor *processor, struct fus_processor_frame *frame,
                 struct fus_error *err)
{
    struct fus_image *image = frame->image;

    if (image->format != FUS_PIXEL_BGR8)
        return fus_error_set(err, FUS_E_INTERNAL, "The fake wants BGR.");
    if (frame->index == 0)
        note("face_debugger");
    for (size_t i = 0; i < frame->face_count; i++) {
        struct fus_box box = frame->faces[i]->box;

        for (int y = (int)box.y1; y < (int)box.y2; y++)
            memset(image->plane[0] + y * image->stride_bytes[0] + (int)box.x1 * 3, 0,
                   (size_t)((int)(box.x2 - box.x1) * 3));
    }
    return 0;
}

static int twice(const struct fus_processor *processor)
{
    return 2;
}

static int double_size(struct fus_processor *processor, struct fus_processor_frame *frame,
                       struct fus_error *err)
{
    const struct fus_image *from = frame->image;
    struct fus_image *to = frame->enlarged;

    if (to->width != 2 * from->width || to->height != 2 * from->height)
        return fus_error_set(err, FUS_E_INTERNAL, "The fake wants twice the size.");
    if (frame->index == 0)
        note("frame_enhancer");
    for (int y = 0; y < to->height; y++) {
        for (int x = 0; x < to->width; x++)
            memcpy(to->plane[0] + y * to->stride_bytes[0] + 3 * x,
                   from->plane[0] + y / 2 * from->stride_bytes[0] + 3 * (x / 2), 3);
    }
    return 0;
}

static enum fus_processor_pixels bgr(const struct fus_params *params,
                                     const struct fus_models *models)
{
    return FUS_PIXELS_BGR;
}

static unsigned tracks(const struct fus_params *params, const struct fus_models *models)
{
    return FUS_WANTS_TRACKS;
}

static enum fus_source_type composite(const struct fus_params *params,
                                      const struct fus_models *models)
{
    return FUS_SOURCE_TYPE_COMPOSITE;
}

static enum fus_source_type trained(const struct fus_params *params,
                                    const struct fus_models *models)
{
    return FUS_SOURCE_TYPE_COMPOSITE_TRAINED;
}

static const struct fus_processor_descriptor descriptors[] = {
    {.name = "face_swapper",
     .needs = FUS_NEEDS_FACES | FUS_NEEDS_SOURCE_FACE,
     .check = check_swapper,
     .source_type = composite,
     .open = open_any,
     .process = swap,
     .close = close_any,
     .wants = tracks},
    {.name = "face_enhancer",
     .needs = FUS_NEEDS_FACES,
     .source_type = trained,
     .open = open_any,
     .process = enhance,
     .close = close_any},
    {.name = "frame_colorizer", .open = open_any, .process = colorize, .close = close_any},
    {.name = "face_debugger",
     .needs = FUS_NEEDS_FACES,
     .open = open_any,
     .process = debug,
     .close = close_any,
     .pixels = bgr},
    {.name = "frame_enhancer",
     .open = open_any,
     .process = double_size,
     .close = close_any,
     .pixels = bgr,
     .scale = twice},
};

const struct fus_processor_descriptor *fus_processor_find(const char *name)
{
    for (size_t i = 0; i < FUS_COUNT(descriptors); i++) {
        if (strcmp(descriptors[i].name, name) == 0)
            return &descriptors[i];
    }
    return NULL;
}

/* ---- a job's surroundings ---- */

struct fus_engine *fake_engine(int threads)
{
    struct fus_engine *engine = calloc(1, sizeof(*engine));

    if (!engine)
        abort();
    engine->threads = threads;
    return engine;
}

struct fus_params *fake_params(const char *json)
{
    struct fus_param_schema schema = {0};
    const struct fus_param_table *const *tables = fus_common_param_tables(&schema.count);
    struct fus_params *params;
    struct fus_error_list errors = {0};
    json_t *object = json_loads(json, 0, NULL);

    for (size_t i = 0; i < schema.count; i++)
        schema.tables[i] = tables[i];
    params = fus_params_new(&schema);
    if (!params || !object || fus_params_take_json(params, object, "/parameters", &errors) != 0) {
        fprintf(stderr, "parameters: %s\n", errors.items[0].detail);
        abort();
    }
    json_decref(object);
    return params;
}

static void on_progress(void *user, const struct fus_pipeline_progress *progress)
{
    struct told *told = user;
    const char *name = fus_step_name(progress->step);

    told->fell = told->fell || progress->percent < told->percent;
    told->percent = progress->percent;
    told->frames_done = progress->frames_done;
    told->calls++;
    if (strlen(told->steps) + strlen(name) + 2 < sizeof(told->steps) &&
        !strstr(told->steps, name)) {
        strcat(told->steps, name);
        strcat(told->steps, " ");
    }
}

static void on_warning(void *user, const char *code, const char *text)
{
    struct told *told = user;

    if (strlen(told->warnings) + strlen(code) + 2 < sizeof(told->warnings)) {
        strcat(told->warnings, code);
        strcat(told->warnings, " ");
    }
}

static bool on_cancelled(void *user)
{
    struct told *told = user;

    told->polls++;
    return told->cancel_at && told->polls >= told->cancel_at;
}

struct fus_pipeline_events told_events(struct told *told)
{
    return (struct fus_pipeline_events){
        .user = told, .progress = on_progress, .warning = on_warning, .cancelled = on_cancelled};
}

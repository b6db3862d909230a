#include "whole.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/crypto.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "processors/processor.h"

/* The runs were recorded with OpenCV 4.10. */
#define COMPAT_OPENCV_5 "facefusion-3.8"
#define COMPAT_OPENCV_4 "facefusion-3.8-opencv-4"

void parity_outcome_miss(struct parity_outcome *outcome, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(outcome->figure, sizeof outcome->figure, format, args);
    va_end(args);
    outcome->state = PARITY_MISSED;
    outcome->worst = INFINITY;
}

/* ---- case.json ---- */

static bool resolve(const struct parity_whole *whole, const char *path, char out[2048])
{
    static const char media[] = "media/";
    if (fus_str_starts(path, media))
        snprintf(out, 2048, "%s/%s", whole->media, path + strlen(media));
    else
        snprintf(out, 2048, "%s/%s", whole->folder, path);
    return fus_fs_exists(out);
}

/* A value as the command line takes it: lists as words. */
static void value_text(const json_t *value, struct fus_str *out)
{
    size_t i;
    const json_t *item;
    if (json_is_array(value)) {
        json_array_foreach(value, i, item)
        {
            if (i)
                fus_str_append(out, " ");
            value_text(item, out);
        }
    } else if (json_is_string(value)) {
        fus_str_append(out, json_string_value(value));
    } else if (json_is_integer(value)) {
        fus_str_printf(out, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        fus_str_printf(out, "%.12g", json_real_value(value));
    } else {
        fus_str_append(out, json_is_true(value) ? "true" : "false");
    }
}

static int take_option(struct parity_job *job, const char *name, const json_t *value,
                       struct fus_error *err)
{
    FUS_AUTO_STR struct fus_str text = {0};
    fus_str_append(&text, "");
    value_text(value, &text);
    if (text.failed)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.");
    return fus_params_take_text(job->params, name, text.text, err);
}

/* FaceFusion's processors that this version does not have. */
static bool is_not_built(const char *processor)
{
    static const char *const names[] = {
        "age_modifier", "background_remover", "deep_swapper", "expression_restorer",
        "face_editor",  "frame_colorizer",    "lip_syncer"};
    for (size_t i = 0; i < FUS_COUNT(names); i++)
        if (fus_str_equal(names[i], processor))
            return true;
    return false;
}

/* The first such processor of a case; NULL: none. */
static const char *processor_not_built(const json_t *options)
{
    const json_t *processors = json_object_get(options, "processors"), *item;
    size_t i;
    if (json_is_string(processors) && is_not_built(json_string_value(processors)))
        return json_string_value(processors);
    json_array_foreach(processors, i, item)
    {
        if (json_is_string(item) && is_not_built(json_string_value(item)))
            return json_string_value(item);
    }
    return NULL;
}

static int take_options(struct parity_job *job, const json_t *options, const char *compat,
                        struct fus_error *err)
{
    const char *name;
    const json_t *value;
    job->params = fus_params_new(fus_processors_schema());
    if (!job->params)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.");
    int failed = fus_params_take_text(job->params, "compat", compat, err);
    if (failed)
        return failed;
    json_object_foreach((json_t *)(uintptr_t)options, name, value)
    {
        int rc = take_option(job, name, value, err);
        if (rc)
            return rc;
    }
    value = json_object_get(options, "output_image_scale");
    job->scale = json_is_number(value) ? json_number_value(value) : 1;
    return 0;
}

/* false: the outcome says why. */
static bool take_files(const struct parity_whole *whole, const json_t *json, struct parity_job *job,
                       struct parity_outcome *outcome)
{
    const char *target = json_string_value(json_object_get(json, "target")),
               *expected = json_string_value(json_object_get(json, "expected"));
    const json_t *sources = json_object_get(json, "sources"), *item;
    char relative[512];
    size_t i;
    if (!target || !expected || json_array_size(sources) > FUS_COUNT(job->sources)) {
        parity_outcome_miss(outcome, "case.json is not understood");
        return false;
    }
    snprintf(relative, sizeof relative, "%s/%s", job->name, expected);
    bool here = resolve(whole, target, job->target) && resolve(whole, relative, job->expected);
    json_array_foreach(sources, i, item)
    {
        const char *path = json_string_value(item);
        here = here && path && resolve(whole, path, job->sources[job->source_count++]);
    }
    if (!here) {
        outcome->state = PARITY_SKIPPED;
        fus_strlcpy(outcome->figure, "a file is not here", sizeof outcome->figure);
    }
    return here;
}

static int sha256_of(const char *path, char hex[FUS_SHA256_HEX_SIZE])
{
    FUS_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? FUS_E_NOT_FOUND : fus_sha256_fd(fd, hex, NULL);
}

static bool undamaged(const struct parity_job *job, const json_t *json,
                      struct parity_outcome *outcome)
{
    const char *promised = json_string_value(json_object_get(json, "sha256"));
    char found[FUS_SHA256_HEX_SIZE] = "";
    if (promised && (sha256_of(job->expected, found) || strcasecmp(promised, found) != 0)) {
        parity_outcome_miss(outcome, "%s is damaged: its SHA-256 is not that of case.json",
                            strrchr(job->expected, '/') + 1);
        return false;
    }
    return true;
}

/* ---- running ---- */

static void on_warning(void *user, const char *code, const char *text)
{
    const struct parity_whole *whole = user;
    if (whole->verbose)
        printf("      warning %s: %s\n", code, text);
}

int parity_job_run(const struct parity_whole *whole, const struct parity_job *job,
                   const char *processors, const char *output, struct fus_error *err)
{
    const struct fus_pipeline_events events = {.user = (void *)(uintptr_t)whole,
                                               .warning = on_warning};
    const char *sources[FUS_COUNT(job->sources)];
    struct fus_pipeline_result *result = fus_calloc(1, sizeof(*result));
    FUS_AUTO_FREE struct fus_pipeline_result *owned = result;
    struct fus_pipeline_request request = {.source_paths = sources,
                                           .source_count = processors ? 0 : job->source_count,
                                           .target_path = job->target,
                                           .output_path = output,
                                           .output_format = strrchr(output, '.') + 1,
                                           .params = job->params};
    if (!owned)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "Not enough memory.");
    for (size_t i = 0; i < job->source_count; i++)
        sources[i] = job->sources[i];
    fus_media_limits_default(&request.limits);
    if (processors) {
        int rc = fus_params_take_text(job->params, "processors", processors, err);
        if (rc)
            return rc;
    }
    return fus_pipeline_run(whole->engine, &request, &events, result, err);
}

/* <keep>/<name>-ours.<extension> */
static void keep_file(const struct parity_whole *whole, const struct parity_job *job,
                      const char *output)
{
    FUS_AUTO_FREE void *bytes = NULL;
    struct fus_error err = {0};
    char path[2200];
    size_t size = 0;
    snprintf(path, sizeof path, "%s/%s-ours%s", whole->keep, job->name, strrchr(output, '.'));
    if (fus_str_ends(path, ".png"))
        return; /* written as a picture already */
    int rc = fus_fs_mkdirs(whole->keep, 0755, &err);
    if (!rc)
        rc = fus_fs_read(output, (size_t)1 << 30, &bytes, &size, &err);
    if (!rc)
        rc = fus_fs_write_atomic(path, bytes, size, 0644, &err);
    if (rc)
        printf("%s: %s\n", job->name, err.detail);
}

static void run_and_compare(const struct parity_whole *whole, const struct parity_job *job,
                            struct parity_outcome *outcome)
{
    struct fus_error err = {0};
    struct fus_media_info info;
    struct fus_media_limits limits;
    char output[2200];
    snprintf(output, sizeof output, "%s/ours%s", whole->scratch, strrchr(job->expected, '.'));
    int rc = parity_job_run(whole, job, NULL, output, &err);
    if (rc) {
        parity_outcome_miss(outcome, "%s: %s", fus_error_info(rc)->name, err.detail);
        return;
    }
    fus_media_limits_default(&limits);
    rc = fus_media_probe(job->expected, &limits, &info, &err);
    if (rc)
        parity_outcome_miss(outcome, "expected file: %s", err.detail);
    else if (info.is_video)
        parity_compare_clips(whole, job, output, outcome);
    else
        parity_compare_stills(whole, job, output, outcome);
    if (whole->keep)
        keep_file(whole, job, output);
    (void)remove(output);
}

/* "swap_inswapper_one" belongs to "run swap". */
static void family_of(const char *name, char family[64])
{
    snprintf(family, 64, "run %.*s", (int)FUS_MIN(strcspn(name, "_"), (size_t)48), name);
}

static void run_case(struct parity_whole *whole, const char *name, const json_t *json)
{
    struct parity_outcome outcome = {.psnr = NAN};
    struct parity_job job = {.scale = 1};
    struct fus_error err = {0};
    const json_t *options = json_object_get(json, "options");
    const char *strange = processor_not_built(options);
    char family[64], title[128];
    fus_strlcpy(job.name, name, sizeof job.name);
    family_of(name, family);
    snprintf(title, sizeof title, "parity/%s", name);
    if (strange) {
        snprintf(family, sizeof family, "run %s", strange);
        outcome.state = PARITY_NOT_BUILT;
    } else if (take_files(whole, json, &job, &outcome) && undamaged(&job, json, &outcome)) {
        int rc =
            take_options(&job, options, whole->opencv_5 ? COMPAT_OPENCV_5 : COMPAT_OPENCV_4, &err);
        if (rc)
            parity_outcome_miss(&outcome, "%s: %s", fus_error_info(rc)->name, err.detail);
        else
            run_and_compare(whole, &job, &outcome);
    }
    parity_report_add(whole->run->report, family, title, &outcome);
    fus_params_free(job.params);
}

/* ---- finding ---- */

/* What `make test` runs: a swap, every mask, the enhancer. */
static bool is_quick(const char *name)
{
    static const char *const names[] = {"swap_inswapper_two_sources", "mask_all", "enh_gfpgan"};
    for (size_t i = 0; i < FUS_COUNT(names); i++)
        if (fus_str_equal(names[i], name))
            return true;
    return false;
}

static bool wanted(const struct parity_whole *whole, const char *name)
{
    const struct parity *run = whole->run;
    char family[64], title[128];
    if (whole->quick && !is_quick(name))
        return false;
    family_of(name, family);
    snprintf(title, sizeof title, "parity/%s", name);
    return (!run->only_family || strstr(family, run->only_family)) &&
           (!run->only_case || strstr(title, run->only_case));
}

static void run_folder(struct parity_whole *whole, const char *name)
{
    char path[2200];
    json_error_t error;
    snprintf(path, sizeof path, "%s/%s/case.json", whole->folder, name);
    if (!wanted(whole, name) || !fus_fs_exists(path))
        return;
    json_t *json = json_load_file(path, 0, &error);
    run_case(whole, name, json);
    json_decref(json);
}

static int open_engine(struct parity_whole *whole, struct fus_error *err)
{
    char models[2200];
    snprintf(models, sizeof models, "%s/models", whole->folder);
    const struct fus_engine_options options = {.models_dir = models, .threads = 2};
    fus_strlcpy(whole->scratch, "/tmp/fusiond-parity-XXXXXX", sizeof whole->scratch);
    if (!mkdtemp(whole->scratch))
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE, "No folder for outputs can be made.");
    return fus_engine_new(&options, &whole->engine, err);
}

int parity_whole_runs(struct parity_whole *whole, struct fus_error *err)
{
    struct dirent **names = NULL;
    int count = scandir(whole->folder, &names, NULL, alphasort);
    if (count < 0) {
        parity_report_count(whole->run->report, "run", PARITY_SKIPPED, 1,
                            "folder of whole runs not here");
        return 0;
    }
    int rc = open_engine(whole, err);
    for (int i = 0; i < count; i++) {
        if (!rc)
            run_folder(whole, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    fus_engine_free(whole->engine);
    whole->engine = NULL;
    (void)fus_fs_remove_tree(whole->scratch, NULL);
    return rc;
}

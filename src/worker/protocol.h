/* What supervisor and worker say to each other.
 *
 *   supervisor -> worker                           worker -> supervisor
 *   hello   threads, models_dir, runtime_library, gate, commercial   ready
 *   job     a task                                 progress, warning, alive   while a job runs
 *   cancel  job_id                                 result | failed            its end
 *   stop                                           (exits)
 *
 * A worker that cannot start says `failed` with an empty job_id in place of `ready`. `alive` says
 * that the pipeline moved since the last one, not merely that the process exists. */
#ifndef FUS_WORKER_PROTOCOL_H
#define FUS_WORKER_PROTOCOL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/error.h"
#include "base/macros.h"
#include "media/media.h"

enum { FUS_PROTOCOL_VERSION = 1 };

/* What is to be done with a task: the whole job, or what comes before and after another engine
 * (fus_pipeline_screen, fus_pipeline_adopt). */
enum fus_task_stage { FUS_TASK_RUN, FUS_TASK_SCREEN, FUS_TASK_ADOPT };

/* One job, all inputs staged. Owns its strings and JSON. */
struct fus_task {
    char job_id[FUS_ID_SIZE];
    char **sources;
    size_t source_count;
    char *target;
    char *output;
    char *output_format; /* NULL: the pipeline's choice */
    json_t *parameters;  /* object */
    bool second;         /* another engine does it */
    enum fus_task_stage stage;
    char *made; /* ADOPT: what that engine wrote */
    struct fus_media_limits limits;
};
void fus_task_done(struct fus_task *task); /* zeroes; takes a zeroed one */
#define FUS_AUTO_TASK __attribute__((cleanup(fus_task_done)))
/* New reference, NULL out of memory. */
json_t *fus_task_to_json(const struct fus_task *task);
/* FUS_E_INVALID_REQUEST when it is not a task. *task is written only on success. */
int fus_task_from_json(const json_t *message, struct fus_task *task,
                       struct fus_error *err) FUS_MUST_CHECK;

enum fus_report_type {
    FUS_REPORT_READY,
    FUS_REPORT_PROGRESS,
    FUS_REPORT_WARNING,
    FUS_REPORT_ALIVE,
    FUS_REPORT_RESULT,
    FUS_REPORT_FAILED,
};
/* What a worker said. The JSON stays the message's. */
struct fus_report {
    enum fus_report_type type;
    char job_id[FUS_ID_SIZE];
    char step[24]; /* progress */
    int percent;
    int64_t frames_done, frames_total;
    double fps;
    const char *code, *text;  /* warning */
    const json_t *result;     /* result: of fus_pipeline_result */
    struct fus_error error;   /* failed */
    const json_t *moderation; /* failed: of a refused target, or NULL */
};
/* Checks shape and ranges of everything: FUS_E_INVALID_REQUEST. */
int fus_report_from_json(const json_t *message, struct fus_report *report,
                         struct fus_error *err) FUS_MUST_CHECK;

/* A JSON string of any bytes: where they are not UTF-8 (a text cut in the middle of a character, a
 * tag of a file), '?' stands for what is not ASCII. */
json_t *fus_text_to_json(const char *text);
/* {code, detail, pointer}: how an error stands in messages and in the store. */
json_t *fus_error_to_json(const struct fus_error *error);
json_t *fus_message_warning(const char *job_id, const char *code, const char *text);

/* New references, NULL out of memory. */
json_t *fus_message_hello(int threads, const char *models_dir, const char *runtime_library,
                          const char *gate);
json_t *fus_message_simple(const char *type, const char *job_id);
/* moderation (taken over) may be NULL. */
json_t *fus_message_failed(const char *job_id, const struct fus_error *error, json_t *moderation);

#endif

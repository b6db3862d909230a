/* /api/v1/jobs: submit and list. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/form.h"
#include "api/idempotency.h"
#include "api/internal.h"
#include "api/job_request.h"
#include "api/job_view.h"
#include "api/json.h"
#include "api/problem.h"
#include "base/clock.h"
#include "base/mem.h"

#define TENANT "default"
#define PREFER_WAIT_MAX_S 30
#define PAGE 50
#define PAGE_MAX 200

int fus_jobs_admit(struct fus_api *api, struct fus_error *err)
{
    if (atomic_load(&api->draining))
        return fus_error_set(err, FUS_E_NOT_READY, "The server is shutting down.");
    if (!fus_storage_has_space(api->options.storage))
        return fus_error_set(err, FUS_E_STORAGE_UNAVAILABLE,
                             "The disk is nearly full: no jobs are taken until there is room.");
    return 0;
}

/* ---- submit ---- */

static int read_body(const struct fus_http_request *request, json_t **body, struct fus_error *err)
{
    if (request->form != NULL)
        return fus_job_request_from_form(request->form, body, err);
    if (request->body.length == 0)
        return fus_error_set(err, FUS_E_INVALID_REQUEST,
                             "The body is empty: a JSON object is needed.");
    int rc = fus_json_parse(request->body.text, request->body.length, body, err);
    if (rc != 0 || json_is_object(*body))
        return rc;
    json_decref(FUS_TAKE(*body));
    return fus_error_set(err, FUS_E_INVALID_REQUEST, "The body must be a JSON object.");
}

static bool has_files(const struct fus_form *form)
{
    for (size_t i = 0; form != NULL && i < form->count; i++)
        if (form->parts[i].file[0] != '\0')
            return true;
    return false;
}

static int insert(struct fus_api *api, const struct fus_http_request *request, struct fus_job *job,
                  struct fus_error *err)
{
    fus_strlcpy(job->id, request->job_id, sizeof(job->id));
    job->tenant = fus_strdup(TENANT);
    job->request_id = fus_strdup(request->request_id);
    job->created_us = job->updated_us = fus_clock_real_us();
    job->state = FUS_JOB_QUEUED;
    fus_strlcpy(job->step, "queued", sizeof(job->step));
    if (job->tenant == NULL || job->request_id == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory for the job.");
    /* The files first: a job in the store always finds what it refers to. */
    bool files = has_files(request->form);
    int rc = files ? fus_storage_upload_adopt(api->options.storage, job->id, err) : 0;
    if (rc == 0)
        rc = fus_store_insert(api->options.store, job, api->options.config->queue_capacity, err);
    if (rc != 0 && files)
        fus_storage_job_dir_remove(api->options.storage, job->id);
    return rc;
}

static void answer(struct fus_api *api, const struct fus_http_request *request,
                   struct fus_http_response *response, const struct fus_job *job)
{
    char location[96];
    bool done = fus_job_state_terminal(job->state);
    snprintf(location, sizeof(location), "/api/v1/jobs/%s", job->id);
    fus_http_response_json(response, done ? 200 : 202, fus_job_view(api, request, job, false));
    fus_http_response_header(response, "Location", location);
    if (!done)
        fus_http_response_header(response, "Retry-After", "1");
    const char *prefer = fus_http_header(request, "Prefer");
    if (request->resumed)
        fus_http_response_header(response, "Preference-Applied", "wait");
    else if (prefer != NULL && strcasestr(prefer, "respond-async") != NULL)
        fus_http_response_header(response, "Preference-Applied", "respond-async");
}

/* Called again after "Prefer: wait": the job is in the store, done or not. */
static void answer_after_wait(struct fus_api *api, const struct fus_http_request *request,
                              struct fus_http_response *response)
{
    FUS_AUTO_JOB struct fus_job job = {0};
    struct fus_error err = {0};
    if (fus_store_get(api->options.store, TENANT, request->job_id, &job, &err) != 0)
        fus_problem(request, response, &err);
    else
        answer(api, request, response, &job);
}

/* Fills the job and puts it into the store; or finds the one that the same key made before. */
static int make_job(struct fus_api *api, const struct fus_http_request *request, const char *preset,
                    struct fus_job *job, bool *replayed, struct fus_http_response *response)
{
    FUS_AUTO_JSON json_t *body = NULL;
    struct fus_error err = {0};
    char digest[FUS_SHA256_HEX_SIZE];
    FUS_AUTO_FREE struct fus_error_list *errors = fus_calloc(1, sizeof(*errors));
    int rc = errors == NULL ? fus_error_set(&err, FUS_E_OUT_OF_MEMORY, "No memory for the job.")
                            : read_body(request, &body, &err);
    if (rc == 0 && request->keyed)
        rc = fus_idempotency_digest(request, body, digest, &err);
    if (rc == 0 && request->keyed)
        rc = fus_idempotency_find(api, request, digest, job, replayed, &err);
    if (rc == 0 && !*replayed) {
        rc = fus_job_request_check(api, body, request->form, preset, request->keyed ? digest : NULL,
                                   job, errors);
        if (rc != 0) {
            fus_problem_list(request, response, errors);
            return rc;
        }
        rc = insert(api, request, job, &err);
    }
    if (rc != 0)
        fus_problem(request, response, &err);
    return rc;
}

void fus_jobs_submit(struct fus_api *api, struct fus_http_request *request,
                     struct fus_http_response *response, const char *preset)
{
    if (request->resumed) {
        answer_after_wait(api, request, response);
        return;
    }
    FUS_AUTO_JOB struct fus_job job = {0};
    bool replayed = false;
    if (make_job(api, request, preset, &job, &replayed, response) != 0)
        return;
    if (replayed) {
        answer(api, request, response, &job);
        fus_http_response_header(response, "Idempotency-Replayed", "true");
        return;
    }
    fus_log(api->options.log, FUS_LOG_INFO, "job queued", FUS_F("job_id", job.id),
            FUS_F("request_id", request->request_id), FUS_F_INT("priority", job.priority));
    if (api->options.wake != NULL)
        api->options.wake(api->options.user);
    int64_t wait = fus_http_prefer_wait(request, PREFER_WAIT_MAX_S);
    if (wait == 0) {
        answer(api, request, response, &job);
        return;
    }
    fus_strlcpy(response->wait.job_id, job.id, sizeof(response->wait.job_id));
    response->wait.until_us = fus_clock_monotonic_us() + wait * 1000000;
    response->wait.until_terminal = true;
}

void fus_jobs_post(struct fus_api *api, struct fus_http_request *request,
                   struct fus_http_response *response)
{
    fus_jobs_submit(api, request, response, NULL);
}

/* ---- list ---- */

/* "<created_us>.<id>": opaque to clients, and harmless if they make one up. */
static bool read_cursor(const char *text, struct fus_job_filter *filter)
{
    char number[24];
    size_t length = strcspn(text, ".");
    if (text[length] != '.' || length >= sizeof(number))
        return false;
    memcpy(number, text, length);
    number[length] = '\0';
    const char *id = text + length + 1;
    return fus_parse_int(number, 1, INT64_MAX, &filter->before_created_us) &&
           fus_str_starts(id, "job_") &&
           strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(id) &&
           fus_strlcpy(filter->before_id, id, sizeof(filter->before_id));
}

static int read_filter(const struct fus_http_request *request, struct fus_job_filter *filter,
                       struct fus_error *err)
{
    const char *status = fus_http_query(request, "status");
    const char *after = fus_http_query(request, "created_after");
    const char *limit = fus_http_query(request, "limit");
    const char *cursor = fus_http_query(request, "cursor");
    int64_t number = PAGE;
    *filter = (struct fus_job_filter){.tenant = TENANT, .state = -1};
    if (status != NULL && (filter->state = fus_job_state_from_name(status)) < 0)
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "status must be queued, processing, completed, failed, cancelled, "
                             "rejected or expired.");
    if (after != NULL && !fus_clock_parse_rfc3339(after, &filter->created_after_us))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER,
                             "created_after must be a time as in RFC 3339.");
    if (limit != NULL && !fus_parse_int(limit, 1, PAGE_MAX, &number))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "limit must be from 1 to %d.", PAGE_MAX);
    if (cursor != NULL && !read_cursor(cursor, filter))
        return fus_error_set(err, FUS_E_INVALID_PARAMETER, "The cursor is not one of this server.");
    filter->limit = (int)number;
    return 0;
}

static void link_next(const struct fus_http_request *request, struct fus_http_response *response,
                      const struct fus_job *last, int limit)
{
    FUS_AUTO_STR struct fus_str link = {0};
    fus_str_printf(&link, "</api/v1/jobs?limit=%d&cursor=%lld.%s", limit,
                   (long long)last->created_us, last->id);
    const char *status = fus_http_query(request, "status");
    const char *after = fus_http_query(request, "created_after");
    if (status != NULL)
        fus_str_printf(&link, "&status=%s", status);
    if (after != NULL) {
        fus_str_append(&link, "&created_after=");
        for (; *after != '\0'; after++) /* a time has been parsed; '+' alone needs its escape */
            fus_str_printf(&link, *after == '+' || *after == ' ' ? "%%%02X" : "%c", *after);
    }
    fus_str_append(&link, ">; rel=\"next\"");
    if (link.failed)
        response->failed = true;
    else
        fus_http_response_header(response, "Link", link.text);
}

void fus_jobs_list(struct fus_api *api, struct fus_http_request *request,
                   struct fus_http_response *response)
{
    struct fus_job_filter filter;
    struct fus_error err = {0};
    struct fus_job *jobs = NULL;
    size_t count = 0;
    if (read_filter(request, &filter, &err) != 0) {
        fus_problem(request, response, &err);
        return;
    }
    int limit = filter.limit;
    filter.limit = FUS_MIN(limit + 1, PAGE_MAX); /* one more tells whether a page follows */
    if (fus_store_list(api->options.store, &filter, &jobs, &count, &err) != 0) {
        fus_problem(request, response, &err);
        return;
    }
    size_t shown = FUS_MIN(count, (size_t)limit);
    bool more = count > shown || (limit == PAGE_MAX && count == PAGE_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < shown; i++)
        json_array_append_new(list, fus_job_view(api, request, &jobs[i], false));
    if (more && shown > 0)
        link_next(request, response, &jobs[shown - 1], limit);
    for (size_t i = 0; i < count; i++)
        fus_job_done(&jobs[i]);
    fus_free(jobs);
    fus_http_response_json(response, 200, json_pack("{s:o}", "jobs", list));
}

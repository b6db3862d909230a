/* /api/v1/jobs/{id}: look, wait, fetch the result, cancel, purge. */
#include <stdio.h>
#include <string.h>

#include "api/internal.h"
#include "api/job_view.h"
#include "api/json.h"
#include "api/problem.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#define TENANT "default"
#define WAIT_MAX_S 30

static int load(struct fus_api *api, const struct fus_http_request *request, struct fus_job *job,
                struct fus_http_response *response)
{
    struct fus_error err = {0};
    int rc = fus_store_get(api->options.store, TENANT, request->captures[0], job, &err);
    if (rc == FUS_E_NOT_FOUND)
        fus_problem_set(request, response, rc, "There is no such job.");
    else if (rc != 0)
        fus_problem(request, response, &err);
    return rc;
}

/* ---- look ---- */

/* A strong validator: of the very bytes that are sent. */
static void add_etag(struct fus_http_response *response, char etag[40])
{
    uint8_t digest[FUS_SHA256_SIZE];
    char hex[33];
    fus_sha256(response->body.text != NULL ? response->body.text : "", response->body.length,
               digest);
    fus_hex(digest, 16, hex);
    snprintf(etag, 40, "\"%s\"", hex);
    fus_http_response_header(response, "ETag", etag);
}

/* If-None-Match compares weakly (RFC 9110, 13.1.2). */
static bool none_match_fails(const char *header, const char *etag)
{
    while (header != NULL && *header != '\0') {
        header += strspn(header, " \t,");
        if (*header == '*')
            return true;
        if (strncmp(header, "W/", 2) == 0)
            header += 2;
        size_t length = strcspn(header, ",");
        while (length > 0 && (header[length - 1] == ' ' || header[length - 1] == '\t'))
            length--;
        if (length == strlen(etag) && memcmp(header, etag, length) == 0)
            return true;
        header += strcspn(header, ",");
    }
    return false;
}

static void write_job(struct fus_api *api, const struct fus_http_request *request,
                      struct fus_http_response *response, const struct fus_job *job, bool fixed)
{
    char etag[40];
    fus_http_response_json(response, 200, fus_job_view(api, request, job, fixed));
    add_etag(response, etag);
    fus_http_response_header(response, "Cache-Control", "private, no-cache");
    if (!fus_job_state_terminal(job->state))
        fus_http_response_header(response, "Retry-After", "1");
    if (!response->failed && none_match_fails(fus_http_header(request, "If-None-Match"), etag)) {
        response->status = 304;
        response->content_type = NULL;
        fus_str_clear(&response->body);
    }
}

static int read_wait(const struct fus_http_request *request, int64_t *seconds,
                     struct fus_http_response *response)
{
    const char *wait = fus_http_query(request, "wait");
    *seconds = 0;
    if (wait == NULL || fus_parse_int(wait, 0, 3600, seconds)) {
        *seconds = FUS_MIN(*seconds, WAIT_MAX_S);
        return 0;
    }
    fus_problem_set(request, response, FUS_E_INVALID_PARAMETER,
                    "wait must be a number of seconds, at most %d.", WAIT_MAX_S);
    return FUS_E_INVALID_PARAMETER;
}

static void look(struct fus_api *api, struct fus_http_request *request,
                 struct fus_http_response *response, bool fixed)
{
    FUS_AUTO_JOB struct fus_job job = {0};
    int64_t wait = 0;
    if (read_wait(request, &wait, response) != 0 || load(api, request, &job, response) != 0)
        return;
    write_job(api, request, response, &job, fixed);
    /* Somebody who holds an older version is told at once what it has become. */
    bool stale = fus_http_header(request, "If-None-Match") != NULL && response->status != 304;
    if (wait == 0 || request->resumed || stale || fus_job_state_terminal(job.state))
        return;
    request->seen.state = (int)job.state;
    request->seen.progress = job.progress;
    request->seen.attempt = job.attempt;
    fus_strlcpy(request->seen.step, job.step, sizeof(request->seen.step));
    fus_http_response_done(response);
    fus_strlcpy(response->wait.job_id, job.id, sizeof(response->wait.job_id));
    response->wait.until_us = fus_clock_monotonic_us() + wait * 1000000;
}

void fus_job_get(struct fus_api *api, struct fus_http_request *request,
                 struct fus_http_response *response)
{
    look(api, request, response, false);
}

void fus_job_status(struct fus_api *api, struct fus_http_request *request,
                    struct fus_http_response *response)
{
    look(api, request, response, true);
}

/* ---- result ---- */

static void send_stream(struct fus_api *api, const struct fus_http_request *request,
                        struct fus_http_response *response, const char *object,
                        const json_t *result)
{
    struct fus_error err = {0};
    uint64_t size = 0;
    int fd = -1;
    int rc = fus_storage_open_result(api->options.storage, object, &fd, &size, &err);
    if (rc == FUS_E_NOT_FOUND)
        fus_problem_set(request, response, FUS_E_GONE, "The result has been removed.");
    else if (rc != 0)
        fus_problem(request, response, &err);
    else
        fus_files_send(request, response, fd, size, object,
                       json_string_value(json_object_get(result, "sha256")));
}

static void send_link(struct fus_api *api, const struct fus_http_request *request,
                      struct fus_http_response *response, const struct fus_job *job,
                      const char *object)
{
    FUS_AUTO_FREE char *link =
        fus_storage_sign(api->options.storage, object, fus_job_link_expires(api, job));
    FUS_AUTO_STR struct fus_str url = {0};
    fus_api_base_url(api, request, &url);
    fus_str_append(&url, link != NULL ? link : "");
    if (link == NULL || url.failed) {
        response->failed = true;
        return;
    }
    fus_http_response_json(response, 303, json_pack("{s:s}", "result_url", url.text));
    fus_http_response_header(response, "Location", url.text);
}

/* Why there is no result; the error of a failed job is the job's own. */
static void refuse_result(const struct fus_http_request *request,
                          struct fus_http_response *response, const struct fus_job *job)
{
    FUS_AUTO_JSON json_t *error = job->error != NULL ? json_loads(job->error, 0, NULL) : NULL;
    const char *name = json_string_value(json_object_get(error, "code"));
    const char *detail = json_string_value(json_object_get(error, "detail"));
    char text[480];
    if (job->purged || job->state == FUS_JOB_EXPIRED || job->state == FUS_JOB_COMPLETED) {
        fus_problem_set(request, response, FUS_E_GONE, "The result has been removed.");
    } else if (!fus_job_state_terminal(job->state)) {
        snprintf(text, sizeof(text), "The job is not done: it is %s.",
                 fus_job_state_name(job->state));
        fus_problem_status(request, response, 409, FUS_E_CONFLICT, text);
        fus_http_response_header(response, "Retry-After", "1");
    } else {
        int code = name != NULL ? fus_error_from_name(name) : FUS_E_CONFLICT;
        snprintf(text, sizeof(text), "The job was %s and has no result.",
                 fus_job_state_name(job->state));
        fus_problem_status(request, response, 409, code, detail != NULL ? detail : text);
    }
}

void fus_job_result(struct fus_api *api, struct fus_http_request *request,
                    struct fus_http_response *response)
{
    FUS_AUTO_JOB struct fus_job job = {0};
    FUS_AUTO_JSON json_t *result = NULL;
    const char *redirect = fus_http_query(request, "redirect");
    bool by_link = true;
    if (redirect != NULL && !fus_parse_bool(redirect, &by_link)) {
        fus_problem_set(request, response, FUS_E_INVALID_PARAMETER, "redirect is true or false.");
        return;
    }
    if (load(api, request, &job, response) != 0)
        return;
    const char *object = fus_job_object(&job, &result);
    if (!fus_job_has_result(&job, object))
        refuse_result(request, response, &job);
    else if (by_link)
        send_link(api, request, response, &job, object);
    else
        send_stream(api, request, response, object, result);
}

/* ---- cancel and purge ---- */

void fus_job_cancel(struct fus_api *api, struct fus_http_request *request,
                    struct fus_http_response *response)
{
    FUS_AUTO_JOB struct fus_job job = {0};
    struct fus_error err = {0};
    enum fus_job_state state = FUS_JOB_QUEUED;
    int rc = fus_store_cancel(api->options.store, TENANT, request->captures[0], fus_clock_real_us(),
                              &state, &err);
    if (rc == FUS_E_NOT_FOUND)
        fus_problem_set(request, response, rc, "There is no such job.");
    else if (rc != 0)
        fus_problem(request, response, &err);
    if (rc != 0 || load(api, request, &job, response) != 0)
        return;
    if (api->options.wake != NULL)
        api->options.wake(api->options.user);
    fus_log(api->options.log, FUS_LOG_INFO, "job cancel", FUS_F("job_id", job.id),
            FUS_F("state", fus_job_state_name(state)), FUS_F("request_id", request->request_id));
    if (state == FUS_JOB_CANCELLED)
        fus_storage_job_dir_remove(api->options.storage, job.id);
    int status = state == FUS_JOB_PROCESSING ? 202 : 200;
    fus_http_response_json(response, status, fus_job_view(api, request, &job, false));
    if (status == 202)
        fus_http_response_header(response, "Retry-After", "1");
}

/* The row first: if the server dies in between, the reaper finds files that belong to nobody. */
static void purge(struct fus_api *api, struct fus_http_request *request,
                  struct fus_http_response *response)
{
    FUS_AUTO_JOB struct fus_job job = {0};
    FUS_AUTO_JSON json_t *result = NULL;
    struct fus_error err = {0};
    if (load(api, request, &job, response) != 0)
        return;
    const char *object = fus_job_object(&job, &result);
    if (fus_store_purge(api->options.store, TENANT, job.id, fus_clock_real_us(), &err) != 0 ||
        (object[0] != '\0' && fus_storage_delete_result(api->options.storage, object, &err) != 0)) {
        fus_problem(request, response, &err);
        return;
    }
    fus_storage_job_dir_remove(api->options.storage, job.id);
    fus_log(api->options.log, FUS_LOG_INFO, "job purged", FUS_F("job_id", job.id),
            FUS_F("request_id", request->request_id));
    response->status = 204;
}

void fus_job_delete(struct fus_api *api, struct fus_http_request *request,
                    struct fus_http_response *response)
{
    const char *text = fus_http_query(request, "purge");
    bool wanted = false;
    if (text != NULL && !fus_parse_bool(text[0] != '\0' ? text : "true", &wanted)) {
        fus_problem_set(request, response, FUS_E_INVALID_PARAMETER, "purge is true or false.");
        return;
    }
    if (wanted)
        purge(api, request, response);
    else
        fus_job_cancel(api, request, response);
}

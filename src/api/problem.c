#include "api/problem.h"

#include <stdarg.h>
#include <stdio.h>

json_t *fus_problem_json(int code, int status, const char *detail)
{
    const struct fus_error_info *info = fus_error_info(code);
    return json_pack("{s:o, s:s, s:i, s:s, s:s, s:b}", "type",
                     json_sprintf("urn:fusiond:error:%s", info->name), "title", info->title,
                     "status", status, "detail", detail, "code", info->name, "retryable",
                     (int)info->retryable);
}

static void write_problem(const struct fus_http_request *request,
                          struct fus_http_response *response, int status, int code,
                          const char *detail, json_t *errors)
{
    fus_http_response_done(response);
    json_t *problem = fus_problem_json(code, status, detail);
    FUS_AUTO_STR struct fus_str instance = {0};
    for (size_t i = 0; i < request->target.segment_count; i++)
        fus_str_printf(&instance, "/%s", request->target.segments[i]);
    if (problem != NULL) {
        if (instance.length > 0 && !instance.failed)
            json_object_set_new(problem, "instance", json_string(instance.text));
        json_object_set_new(problem, "request_id", json_string(request->request_id));
        if (errors != NULL)
            json_object_set(problem, "errors", errors);
    }
    json_decref(errors);
    fus_http_response_json(response, status, problem);
    response->content_type = "application/problem+json";
    if (status == 503)
        fus_http_response_header(response, "Retry-After", "5");
    if (status == 401)
        fus_http_response_header(response, "WWW-Authenticate", "Bearer realm=\"fusiond\"");
}

static json_t *error_json(const struct fus_error *err)
{
    return json_pack("{s:s, s:s, s:s}", "pointer", err->pointer, "code",
                     fus_error_info(err->code)->name, "detail", err->detail);
}

void fus_problem(const struct fus_http_request *request, struct fus_http_response *response,
                 const struct fus_error *err)
{
    json_t *errors = NULL;
    if (err->pointer[0] != '\0') {
        errors = json_array();
        json_array_append_new(errors, error_json(err));
    }
    write_problem(request, response, fus_error_info(err->code)->http_status, err->code, err->detail,
                  errors);
}

void fus_problem_set(const struct fus_http_request *request, struct fus_http_response *response,
                     int code, const char *format, ...)
{
    char detail[480];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    write_problem(request, response, fus_error_info(code)->http_status, code, detail, NULL);
}

void fus_problem_list(const struct fus_http_request *request, struct fus_http_response *response,
                      const struct fus_error_list *list)
{
    size_t kept = fus_error_list_kept(list);
    int code = list->items[0].code;
    json_t *errors = json_array();
    for (size_t i = 0; i < kept; i++) {
        if (list->items[i].code != code)
            code = FUS_E_INVALID_PARAMETER;
        json_array_append_new(errors, error_json(&list->items[i]));
    }
    char detail[600];
    if (list->count == 1)
        snprintf(detail, sizeof(detail), "%s", list->items[0].detail);
    else
        snprintf(detail, sizeof(detail), "%zu things are wrong with the request; the first: %s",
                 list->count, list->items[0].detail);
    write_problem(request, response, fus_error_info(code)->http_status, code, detail, errors);
}

void fus_problem_status(const struct fus_http_request *request, struct fus_http_response *response,
                        int status, int code, const char *detail)
{
    write_problem(request, response, status, code, detail, NULL);
}

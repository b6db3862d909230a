/* Is it alive, is it ready, what is it; and the metrics of the second listener. */
#include <stdio.h>
#include <string.h>

#include "api/internal.h"
#include "api/problem.h"

void fus_health_live(struct fus_api *api, struct fus_http_request *request,
                     struct fus_http_response *response)
{
    fus_http_response_json(response, 200, json_pack("{s:s}", "status", "alive"));
}

struct check {
    const char *name;
    bool passed;
    char detail[160]; /* why not */
};

static void check_all(struct fus_api *api, struct check checks[4])
{
    struct fus_error err = {0};
    const struct fus_api_options *options = &api->options;
    int workers = options->workers_ready != NULL ? options->workers_ready(options->user) : 0;
    checks[0] = (struct check){"accepting", !atomic_load(&api->draining), "It is shutting down."};
    checks[1] = (struct check){"store", fus_store_ping(options->store, &err) == 0, ""};
    snprintf(checks[1].detail, sizeof(checks[1].detail), "%.150s", err.detail);
    checks[2] = (struct check){"space", fus_storage_has_space(options->storage),
                               "The disk is nearly full."};
    checks[3] = (struct check){"workers", workers > 0, "No worker is up."};
}

void fus_health_ready(struct fus_api *api, struct fus_http_request *request,
                      struct fus_http_response *response)
{
    struct check checks[4];
    const struct check *failed = NULL;
    check_all(api, checks);
    json_t *list = json_object();
    for (size_t i = 0; i < FUS_COUNT(checks); i++) {
        json_object_set_new(list, checks[i].name,
                            json_string(checks[i].passed ? "ok" : checks[i].detail));
        if (!checks[i].passed && failed == NULL)
            failed = &checks[i];
    }
    json_object_set_new(list, "content_gate", json_string(api->options.config->gate));
    bool verbose = fus_http_query(request, "verbose") != NULL;
    json_t *body = failed == NULL ? json_pack("{s:s}", "status", "ready")
                                  : fus_problem_json(FUS_E_NOT_READY, 503, failed->detail);
    if (body != NULL && failed != NULL)
        json_object_set_new(body, "request_id", json_string(request->request_id));
    if (body != NULL && verbose)
        json_object_set(body, "checks", list);
    json_decref(list);
    fus_http_response_json(response, failed == NULL ? 200 : 503, body);
    if (failed == NULL)
        return;
    response->content_type = "application/problem+json";
    fus_http_response_header(response, "Retry-After", "2");
}

void fus_health_version(struct fus_api *api, struct fus_http_request *request,
                        struct fus_http_response *response)
{
    fus_http_response_json(
        response, 200,
        json_pack("{s:s, s:s, s:s}", "name", "fusiond", "version", FUS_VERSION, "api", "v1"));
}

void fus_metrics_get(struct fus_api *api, struct fus_http_request *request,
                     struct fus_http_response *response)
{
    fus_metrics_expose(api->options.metrics, &response->body);
    response->status = 200;
    response->content_type = "text/plain; version=0.0.4; charset=utf-8";
}

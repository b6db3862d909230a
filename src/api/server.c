#include "api/server.h"

#include "api/idempotency.h"
#include "api/internal.h"
#include "api/listen.h"
#include "api/mhd.h"
#include "api/waiters.h"
#include "base/mem.h"

static const struct fus_http_route routes[] = {
    {"POST", "/api/v1/jobs", fus_jobs_post, .admit = fus_jobs_admit, .body = FUS_BODY_JOB},
    {"GET", "/api/v1/jobs", fus_jobs_list, .query = "status created_after limit cursor"},
    {"GET", "/api/v1/jobs/{id}", fus_job_get, .query = "wait"},
    {"DELETE", "/api/v1/jobs/{id}", fus_job_delete, .query = "purge"},
    {"GET", "/api/v1/jobs/{id}/status", fus_job_status, .query = "wait"},
    {"GET", "/api/v1/jobs/{id}/result", fus_job_result, .query = "redirect"},
    {"POST", "/api/v1/jobs/{id}/cancel", fus_job_cancel},
    {"POST", "/api/v1/process/swap", fus_process_swap, .admit = fus_jobs_admit,
     .body = FUS_BODY_JOB},
    {"POST", "/api/v1/process/enhance", fus_process_enhance, .admit = fus_jobs_admit,
     .body = FUS_BODY_JOB},
    {"GET", "/api/v1/processors", fus_processors_list},
    {"GET", "/api/v1/models", fus_models_list},
    {"GET", "/api/v1/limits", fus_limits_get},
    /* the signature is the key */
    {"GET", "/files/{object}", fus_files_get, .query = "expires key signature", .open = true},
    {"GET", "/livez", fus_health_live, .query = "verbose", .open = true},
    {"GET", "/readyz", fus_health_ready, .query = "verbose", .open = true},
    {"GET", "/version", fus_health_version, .open = true},
};

static const struct fus_http_route metrics_routes[] = {
    {"GET", "/metrics", fus_metrics_get, .query = "collect[] name[]", .open = true},
};

static void make_metrics(struct fus_api *api)
{
    static const char *const labels[] = {"method", "endpoint", "code", NULL};
    struct fus_metrics *metrics = api->options.metrics;
    api->requests = fus_metrics_family(metrics, FUS_METRIC_COUNTER, "api_requests_total",
                                       "Requests answered.", labels, NULL, 0);
    api->durations =
        fus_metrics_family(metrics, FUS_METRIC_HISTOGRAM, "api_request_duration_seconds",
                           "Time from a request's first line to its answer.", labels,
                           fus_buckets_request, fus_buckets_request_count);
}

/* Without a key whoever can connect may do everything, so nobody but this machine may. */
static int check_open(struct fus_api *api, struct fus_error *err)
{
    const struct fus_config *config = api->options.config;
    bool loopback = false;
    int rc = fus_listen_is_loopback(config->listen, &loopback, err);
    api->keyless = config->api_key == NULL || config->api_key[0] == '\0';
    if (rc != 0 || !api->keyless || loopback)
        return rc;
    return fus_error_set(err, FUS_E_FORBIDDEN,
                         "%.100s can be reached from other machines, and no API key is set: set "
                         "FUSIOND_AUTH_API_KEY, or listen on 127.0.0.1.",
                         config->listen);
}

static int start_listeners(struct fus_api *api, struct fus_error *err)
{
    const struct fus_config *config = api->options.config;
    struct fus_http_server_options options = {
        .api = api,
        .listen = config->listen,
        .routes = routes,
        .route_count = FUS_COUNT(routes),
        .threads = (unsigned)FUS_CLAMP(config->http_threads, 1, 64),
        .connection_limit = (unsigned)FUS_CLAMP(config->connection_limit, 4, 65536),
        .timeout_s = (unsigned)FUS_CLAMP(config->connection_timeout_s, 1, 3600),
        .counted = true,
    };
    int rc = fus_http_server_start(&options, &api->server, err);
    if (rc != 0 || config->metrics_listen == NULL || config->metrics_listen[0] == '\0')
        return rc;
    options.listen = config->metrics_listen;
    options.routes = metrics_routes;
    options.route_count = FUS_COUNT(metrics_routes);
    options.threads = 1;
    options.connection_limit = 16;
    options.counted = false;
    return fus_http_server_start(&options, &api->metrics_server, err);
}

int fus_api_start(const struct fus_api_options *options, struct fus_api **api,
                  struct fus_error *err)
{
    struct fus_api *made = fus_calloc(1, sizeof(*made));
    if (made == NULL)
        return fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to start the server.");
    made->options = *options;
    atomic_init(&made->draining, false);
    make_metrics(made);
    made->idempotency = fus_idempotency_new();
    int rc = made->idempotency == NULL
                 ? fus_error_set(err, FUS_E_OUT_OF_MEMORY, "No memory to start the server.")
                 : check_open(made, err);
    if (rc == 0)
        rc = fus_waiters_new(options->store, fus_http_resume, &made->waiters, err);
    if (rc == 0)
        rc = start_listeners(made, err);
    if (rc != 0) {
        fus_api_stop(made);
        return rc;
    }
    if (made->keyless)
        fus_log(options->log, FUS_LOG_WARN,
                "no API key is set: every program on this machine may use "
                "this server",
                FUS_F("listen", options->config->listen));
    *api = made;
    return 0;
}

int fus_api_port(const struct fus_api *api)
{
    return fus_http_server_port(api->server);
}

int fus_api_metrics_port(const struct fus_api *api)
{
    return api->metrics_server != NULL ? fus_http_server_port(api->metrics_server) : 0;
}

void fus_api_drain(struct fus_api *api)
{
    atomic_store(&api->draining, true);
}

void fus_api_stop(struct fus_api *api)
{
    if (api == NULL)
        return;
    fus_api_drain(api);
    /* The library must not be stopped with connections suspended. */
    fus_waiters_close(api->waiters);
    fus_http_server_stop(api->server);
    fus_http_server_stop(api->metrics_server);
    fus_waiters_free(api->waiters);
    fus_idempotency_free(api->idempotency);
    fus_free(api);
}

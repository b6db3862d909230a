/* The HTTP API: routing, authentication, problems, resources. libmicrohttpd behind api/http.h. */
#ifndef FUS_API_SERVER_H
#define FUS_API_SERVER_H

#include "base/log.h"
#include "config/config.h"
#include "config/facefusion_ini.h"
#include "inference/models.h"
#include "jobs/store.h"
#include "metrics/metrics.h"
#include "storage/storage.h"

struct fus_api;
struct fus_api_options {
    const struct fus_config *config;
    struct fus_store *store;
    struct fus_storage *storage;
    const struct fus_models *models; /* for listing and checks; runtime may be absent */
    struct fus_metrics *metrics;
    struct fus_log *log;
    const struct fus_facefusion_ini *defaults; /* of every job's parameters; NULL: the tables' */
    /* Called after a job was queued or a cancel was asked for. */
    void (*wake)(void *user);
    /* Number of ready workers, for readyz; and why not, in a sentence. */
    int (*workers_ready)(void *user);
    void *user;
};
/* Binds and starts serving both listeners. FUS_E_FORBIDDEN: it would be open on an address that is
 * not loopback. FUS_E_CONFLICT: the address is in use. */
int fus_api_start(const struct fus_api_options *options, struct fus_api **api,
                  struct fus_error *err) FUS_MUST_CHECK;
/* Ports that were really bound (useful with port 0). */
int fus_api_port(const struct fus_api *api);
int fus_api_metrics_port(const struct fus_api *api);
/* readyz turns 503 and submissions are refused; what runs goes on. */
void fus_api_drain(struct fus_api *api);
void fus_api_stop(struct fus_api *api);

#endif

/* The table of all resources. Templates are also the `endpoint` label of the metrics. */
#ifndef FUS_API_ROUTE_H
#define FUS_API_ROUTE_H

#include "api/http.h"

enum fus_http_body {
    FUS_BODY_NONE, /* a small body is read and dropped */
    FUS_BODY_JSON,
    FUS_BODY_JOB, /* JSON or multipart/form-data */
};

struct fus_http_route {
    const char *method; /* a GET route also answers HEAD */
    const char *path;   /* template: "/api/v1/jobs/{id}" */
    void (*handle)(struct fus_api *api, struct fus_http_request *request,
                   struct fus_http_response *response);
    /* Asked before a body is read: 0, or why not. May be NULL. */
    int (*admit)(struct fus_api *api, struct fus_error *err);
    const char *query; /* names of query parameters, separated by spaces; others are refused */
    enum fus_http_body body;
    bool open; /* needs no key */
};

/* Finds the route of a target and method; captures point into the target. NULL: *allow is "" (no
 * such resource) or the list of methods it has. */
const struct fus_http_route *fus_route_find(const struct fus_http_route *routes, size_t count,
                                            const char *method,
                                            const struct fus_http_target *target,
                                            const char *captures[2], char allow[64]) FUS_MUST_CHECK;
/* FUS_E_INVALID_PARAMETER for a query parameter that the route does not know, with the nearest
 * name. */
int fus_route_check_query(const struct fus_http_route *route, const struct fus_http_target *target,
                          struct fus_error *err) FUS_MUST_CHECK;

#endif

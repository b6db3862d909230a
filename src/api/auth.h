/* Who may ask. */
#ifndef FUS_API_AUTH_H
#define FUS_API_AUTH_H

#include "api/http.h"

/* With a key configured: FUS_E_UNAUTHORIZED unless the request carries it. Without one (loopback
 * only): FUS_E_FORBIDDEN for what a web page of somebody else's makes a browser send. */
int fus_auth_check(const struct fus_api *api, const struct fus_http_request *request,
                   struct fus_error *err) FUS_MUST_CHECK;

#endif
